"""Which claims of a text hold, and which do not?"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from guantong.bulletin.corrections import Correction, Corrections
from guantong.bulletin.counts import counted
from guantong.bulletin.figures import Figure, Passed, Role
from guantong.bulletin.finding import Finding, Page
from guantong.bulletin.flow import Flow, addresses, flow
from guantong.bulletin.model import (
    BulletinError,
    Claim,
    Fault,
    Ground,
    NonClaim,
    Reason,
    Report,
    Rule,
    Verdict,
    in_order,
)
from guantong.bulletin.numbers import numbers
from guantong.bulletin.periods import Mention, Period, base_period, mentions
from guantong.bulletin.published import Rankings, Series, shipped_rankings, shipped_series
from guantong.bulletin.relations import RULES
from guantong.bulletin.statements import Statement, statements
from guantong.errors import fault

TEXT_MAX: Final = 200_000
"""Characters of a text: a bulletin of some 150 pages."""
_AROUND: Final = 12
"""Characters to either side that go into the key of a claim."""


def check(
    text: str,
    *,
    series: Series | None = None,
    rankings: Rankings | None = None,
    corrections: Corrections | None = None,
    period: str = "",
) -> Report:
    """Find every figure and statement of a bulletin, and judge each.

    Args:
        text: As printed; line breaks inside sentences and wide digits do not matter.
        series: Published values of the index; None for those of the package.
        rankings: Published rankings; None for those of the package.
        corrections: Readings by a person, which go before our own.
        period: What the text is about, such as ``2024-10``; "" to take it from the text.

    Returns:
        All claims in the order of the text, and the numbers that claim nothing.

    Raises:
        BulletinError: if the text is longer than `TEXT_MAX`.
    """
    if len(text) > TEXT_MAX:
        raise BulletinError(
            fault(Fault.SIZE, expected=f"at most {TEXT_MAX} characters", got=len(text))
        )
    run = flow(text)
    if not run.text:
        return Report(text, ())
    times = mentions(run.text, Period.parse(period) or base_period(run.text))
    figures, passed = numbers(run, times)
    kept = corrections or Corrections()
    keys = {figure.start: key_of(run, figure.start, figure.end) for figure in figures}
    figures, dropped = _corrected(figures, keys, kept)
    page = Page.of(
        run,
        figures,
        series if series is not None else shipped_series(),
        rankings if rankings is not None else shipped_rankings(),
    )
    said = list(statements(page, times))
    claims = [*_of_figures(page, said), *_of_statements(page, said), *_of_dates(page, times)]
    claims, silenced = _silenced(claims, kept)
    stale = [one.key for one in kept.rows if one.key not in {*keys.values(), *silenced}]
    spoken = _spoken(page, said)
    judged = {time.start for time in times if time.wrong or time.checked}
    passed = [one for one in passed if not _within(one, spoken) and one.start not in judged]
    return Report(
        text, in_order(claims), _passed_over(run, [*passed, *dropped], text), tuple(stale)
    )


def key_of(run: Flow, start: int, end: int) -> str:
    """The name of a claim: it stays when text elsewhere changes, and is told by a correction."""
    around = (
        run.text[max(0, start - _AROUND) : start],
        run.text[start:end],
        run.text[end : end + _AROUND],
    )
    return hashlib.sha256("\x1f".join(around).encode()).hexdigest()[:16]


def _corrected(
    figures: list[Figure], keys: dict[int, str], corrections: Corrections
) -> tuple[list[Figure], list[Passed]]:
    """The figures as a person reads them; those that are none are put aside."""
    kept: list[Figure] = []
    dropped: list[Passed] = []
    for figure in figures:
        correction = corrections.of(keys[figure.start])
        if correction is None:
            kept.append(figure)
        elif correction.claims:
            kept.append(correction.applied(figure))
        else:
            dropped.append(Passed(figure.start, figure.end, Reason.CORRECTED))
    return kept, dropped


def _silenced(claims: list[Claim], corrections: Corrections) -> tuple[list[Claim], set[str]]:
    """Without the statements a person says are none."""
    rows: dict[str, Correction] = {one.key: one for one in corrections.rows if not one.claims}
    used = {claim.key for claim in claims if claim.key in rows}
    return [claim for claim in claims if claim.key not in rows], used


def _of_figures(page: Page, said: list[Statement]) -> Iterator[Claim]:
    findings: dict[int, list[Finding]] = {figure.start: [] for figure in page.figures}
    spoken = _spoken(page, said)
    for figure in page.figures:
        for rule in (*RULES, counted):
            for one, finding in rule(page, figure):
                findings[one.start].append(finding)
    for figure in page.figures:
        found = findings[figure.start]
        # A place inside a statement is judged with it.
        place = figure.role in {Role.PLACE, Role.MOVED}
        if _within(figure, spoken) and (place or not found):
            continue
        yield _claim(page, figure, findings[figure.start])


def _spoken(page: Page, said: Iterable[Statement]) -> bytearray:
    """Which characters belong to statements."""
    spoken = bytearray(len(page.text))
    for one in said:
        spoken[one.start : one.end] = b"\1" * (one.end - one.start)
    return spoken


def _within(one: Figure | Passed, spoken: bytearray) -> bool:
    return bool(spoken[one.start] and spoken[one.end - 1])


def _claim(page: Page, figure: Figure, findings: list[Finding]) -> Claim:
    verdict, deciding, because = _verdict(findings)
    value = figure.signed.value if figure.sign < 0 else figure.quantity.value
    return Claim(
        text=page.run.text[figure.start : figure.end],
        span=page.run.span(figure.start, figure.end),
        key=key_of(page.run, figure.start, figure.end),
        subject=figure.subject,
        period=str(figure.period) if figure.period else "",
        value=f"{value:f}",
        unit=figure.unit,
        rule=deciding.rule if deciding else Rule.FIGURE,
        verdict=verdict,
        should_be=deciding.should_be if deciding and verdict is Verdict.WRONG else "",
        because=because,
        missing=_missing(deciding, verdict),
        corrected_by=figure.corrected_by,
    )


def _missing(deciding: Finding | None, verdict: Verdict) -> str:
    if verdict is not Verdict.UNVERIFIABLE:
        return ""
    return (deciding.missing if deciding else "") or "可与之比对的数值"


def _verdict(findings: list[Finding]) -> tuple[Verdict, Finding | None, tuple[Ground, ...]]:
    """One contradiction decides; else one agreement; else nothing is known."""
    for holds, verdict in ((False, Verdict.WRONG), (True, Verdict.CONSISTENT)):
        fitting = [one for one in findings if one.holds is holds]
        if fitting:
            # An agreement between figures says more than one with our own copy of the release.
            first = next((one for one in fitting if one.rule is not Rule.RESTATEMENT), fitting[0])
            if not holds:
                first = next((one for one in fitting if one.rule is Rule.RESTATEMENT), first)
            return (
                verdict,
                first,
                tuple(dict.fromkeys(ground for one in fitting for ground in one.because)),
            )
    return Verdict.UNVERIFIABLE, findings[0] if findings else None, ()


def _of_statements(page: Page, said: list[Statement]) -> Iterator[Claim]:
    for one in said:
        verdict, deciding, because = _verdict([one.finding])
        yield Claim(
            text=page.run.text[one.start : one.end],
            span=page.run.span(one.start, one.end),
            key=key_of(page.run, one.start, one.end),
            subject=one.subject,
            period=str(one.period) if one.period else "",
            value=one.value,
            unit=one.unit,
            rule=one.finding.rule,
            verdict=verdict,
            should_be=one.finding.should_be if verdict is Verdict.WRONG else "",
            because=because,
            missing=_missing(deciding, verdict),
        )


def _of_dates(page: Page, times: list[Mention]) -> Iterator[Claim]:
    for time in times:
        if not time.wrong and not time.checked:
            continue
        text = page.run.text[time.start : time.end]
        yield Claim(
            text=text,
            span=page.run.span(time.start, time.end),
            key=key_of(page.run, time.start, time.end),
            subject="",
            period=str(time.period) if time.period else "",
            value=text,
            unit="",
            rule=Rule.DATE,
            verdict=Verdict.WRONG if time.wrong else Verdict.CONSISTENT,
            should_be=time.should_be,
            because=(Ground(time.wrong or "与历书相符"),),
        )


def _passed_over(run: Flow, passed: list[Passed], source: str) -> tuple[NonClaim, ...]:
    found = []
    for one in passed:
        span = run.span(one.start, one.end)
        found.append(NonClaim(source[span.start : span.end], span, one.reason))
    for span in addresses(source):
        found.append(NonClaim(source[span.start : span.end].strip(), span, Reason.URL))
    return tuple(sorted(found, key=lambda one: one.span))
