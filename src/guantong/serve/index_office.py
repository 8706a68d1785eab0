"""How does an office issue the credit index, and where does it find again what it issued?

A release is three ledger entries of type ``manifest``: the month's panel (Parquet; left out when
it is too large), an annex (what the pages show beside the figures), and last the vintage. A month
computed again from other data, by another method or by other code is a new vintage beside the
old one; what was issued is never overwritten. The index finds all three again by the facts they
leave (`guantong.serve.index_facts`), which a rebuild makes anew.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import msgspec

from guantong import __version__
from guantong.caller import Caller
from guantong.credit.model import CreditError, Fault, Method, Month, Release, SubIndex
from guantong.credit.vintages import MEDIA, Revision, Vintage, Vintages
from guantong.errors import fault
from guantong.serve.index_facts import ANNEX, KINDS, PANEL, RELEASE, facts_of
from guantong.serve.intake import Receipt
from guantong.store import Fact

if TYPE_CHECKING:
    from guantong.credit.decompose import Shift
    from guantong.credit.explain import Explanation, Profile
    from guantong.credit.index import Cells
    from guantong.credit.model import Base, PanelMonth, Scores
    from guantong.credit.seasonal import Adjustment
    from guantong.credit.uncertainty import Bands, Choices
    from guantong.credit.writing import Issue as Writing

ANNEX_MEDIA: Final = "application/vnd.guantong.credit-annex+json"
PANEL_MEDIA: Final = "application/vnd.apache.parquet"
PANEL_BYTES_MAX: Final = 64 * 2**20
"""A larger panel stays with the office: its firm pages are not served from here."""
DRAWS: Final = 1024
"""Draws behind rank bands and the band of the national value."""
DIMENSIONS: Final = ("province", "section")


@runtime_checkable
class Shelf(Protocol):
    """Where releases are kept: the part of an installation that is used here."""

    def facts(self, kind: str, keys: Collection[str]) -> list[Fact]:
        """Facts of a kind about some keys, in ledger order."""

    def all_facts(self, kind: str) -> list[Fact]:
        """All facts of a kind, by key."""

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry."""

    def record(
        self,
        body: bytes,
        facts: tuple[Fact, ...],
        caller: Caller,
        *,
        media: str,
        meta: Mapping[str, str | int],
    ) -> Receipt:
        """Enter a manifest; returns when it is durable and indexed."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared with another month."""

    period: str
    national: float
    sub_indices: dict[SubIndex, float]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The national index month by month, as it was known for this vintage."""

    months: tuple[str, ...]
    raw: tuple[float, ...]
    adjusted: tuple[float, ...] = ()
    """Empty when the series is too short to be adjusted."""
    why_not: str = ""
    """Fault code that says why it is not adjusted."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph of the text."""

    key: str
    heading_zh: str
    heading_en: str
    zh: str
    en: str


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a release, written from its numbers."""

    title_zh: str
    title_en: str
    parts: tuple[Part, ...]

    def whole(self, language: str) -> str:
        """All of it, paragraphs apart; `language` is ``zh`` or ``en``."""
        zh = language == "zh"
        lines = [self.title_zh if zh else self.title_en]
        for part in self.parts:
            lines += [part.heading_zh if zh else part.heading_en, part.zh if zh else part.en]
        return "\n\n".join(line for line in lines if line) + "\n"


class Annex(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the figures of a vintage."""

    period: str
    number: int
    """Vintage it belongs to."""
    method: Method
    before: Figures | None
    """The month before, by the same panel and method; None if the panel does not have it."""
    low: float
    """5 % of the draws (other weights and aggregations) are below."""
    high: float
    line: Line
    bands: dict[str, dict[str, tuple[int, int]]]
    """``province`` or ``section`` -> key -> best and worst rank in 90 % of the draws."""
    by_sub: dict[str, float]
    """What each sub-index gave to the change since the month before; adds up to it."""
    by_province: dict[str, float]
    by_section: dict[str, float]
    turnover: dict[str, float]
    """What firms that stayed, moved, came and went gave to it."""
    directions: dict[SubIndex, int]
    """1 up, 0 steady, -1 down."""
    text: Words


@dataclass(frozen=True, slots=True)
class Issue:
    """A release with its annex."""

    vintage: Vintage
    annex: Annex
    entry: int = -1
    """Ledger index of the vintage; -1 when it is not recorded."""

    @property
    def release(self) -> Release:
        """The figures."""
        return self.vintage.release


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A month, computed and not yet recorded."""

    issue: Issue
    panel: "PanelMonth"
    writing: "Writing"
    """What the text is written from: it names the vintage, which only `record` knows."""


# ------------------------------------------------------------------------ computing


def panels(
    month: Month, method: Method, *, file: Path | None = None, seed: int = 0, firms: int = 1_000
) -> "Iterable[PanelMonth]":
    """The firms month by month: of a Parquet file, else made up from a seed.

    Args:
        month: The last month that is needed.
        method: Whose indicators are read.
        file: One row per firm and month.
        seed: Of the generator, without a file.
        firms: How many there are in its first month.

    Returns:
        Panels in order of time.
    """
    if file is not None:
        from guantong.credit import parquet

        return parquet.read(file, method)
    from guantong.credit.panel import START, generate

    year_end = START.plus(11)
    count = max(month, year_end).number - START.number + 1
    return generate(seed, firms=firms, months=count, method=method).panels


def compute(
    given: "Iterable[PanelMonth]", method: Method, month: Month, *, issued: str, reason: str = ""
) -> Computed:
    """The index of a month, with everything a release shows.

    Args:
        given: Panels in order of time; of the base year, and up to the month.
        method: The one that held.
        month: Which.
        issued: Day of publication, ISO.
        reason: Why it is computed again.

    Returns:
        The release as vintage 1; `record` gives it its number.

    Raises:
        CreditError: `Fault.PERIOD` if the month is not among the panels, `Fault.BASE` if nothing
            of the base year is.
    """
    from guantong.credit import base_of, vintages
    from guantong.credit import release as release_of

    held = _months(given, method, month)
    base = base_of(
        [table for table in held.tables if str(table.month.year) == method.base], method.base
    )
    tables = [table for table in held.tables if table.month <= month]
    releases = [release_of(table, base) for table in tables]
    line = _line(releases)
    annex, told = _annex(held, tables, releases, base, line)
    now = releases[-1]
    vintage = Vintage(
        number=1,
        input=vintages.input_hash(held.panel),
        method=method.version,
        code=__version__,
        issued=issued,
        release=now,
        adjusted=line.adjusted[-1] if line.adjusted else None,
        reason=reason,
    )
    return Computed(Issue(vintage, annex), held.panel, told)


@dataclass(frozen=True, slots=True, eq=False)
class _Months:
    """Months added up, and the firms of the last two."""

    tables: "list[Cells]"
    scores: "list[Scores]"
    """Of the month and, before it, of the month before if that is there."""
    panel: "PanelMonth"


def _months(given: "Iterable[PanelMonth]", method: Method, month: Month) -> _Months:
    """Score the months one at a time, so that few are held at once. Raises CreditError."""
    from guantong.credit import cells, score

    tables, scores, found = [], [], None
    for panel in given:
        if panel.month > month and str(panel.month.year) > method.base:
            break
        told = score(panel, method)
        tables.append(cells(told))
        if panel.month in {month, month.plus(-1)}:
            scores.append(told)
        if panel.month == month:
            found = panel
    if found is None:
        got = f"{tables[0].month} to {tables[-1].month}" if tables else "no month"
        raise CreditError(fault(Fault.PERIOD, expected=f"firms of {month}", got=got, path="month"))
    return _Months(tables, scores, found)


def _line(releases: Sequence[Release]) -> Line:
    from guantong.credit.seasonal import adjust

    told = adjust([one.period for one in releases], [one.national for one in releases])
    return Line(
        months=told.months,
        raw=told.raw,
        adjusted=told.adjusted,
        why_not=told.fault.code if told.fault else "",
    )


def _adjustment(line: Line) -> "Adjustment":
    from guantong.credit.seasonal import Adjustment

    return Adjustment(line.months, line.raw, line.adjusted)


def _annex(
    held: _Months,
    tables: "Sequence[Cells]",
    releases: Sequence[Release],
    base: "Base",
    line: Line,
) -> "tuple[Annex, Writing]":
    """The annex, and what its text is written from."""
    from guantong.credit import decompose, turnover
    from guantong.credit.uncertainty import Choices, level_band
    from guantong.credit.writing import Issue as Writing
    from guantong.credit.writing import directions

    now, table, method = releases[-1], tables[-1], tables[-1].method
    choices = Choices(draws=DRAWS)
    bands = {name: _bands(tables, name, choices) for name in DIMENSIONS}
    by_period = {one.period: one for one in releases}
    before = by_period.get(str(table.month.plus(-1)))
    split = decompose(tables[-2], table, base) if before else None
    moved = turnover(held.scores[0], held.scores[-1], base) if before else None
    told = Writing(
        now=now,
        before=before,
        year_ago=by_period.get(str(table.month.plus(-12))),
        decomposition=split,
        turnover=moved,
        provinces=bands["province"],
        sections=bands["section"],
        adjustment=_adjustment(line),
        provenance=method.provenance,
        base=method.base,
    )
    level = level_band(table, base, choices)
    names = ("stayers", "movers", "reweighting", "entrants", "leavers")
    annex = Annex(
        period=now.period,
        number=1,
        method=method,
        before=_figures(before) if before else None,
        low=level.low,
        high=level.high,
        line=line,
        bands={
            name: {one.key: (one.low, one.high) for one in history[-1].all()}
            for name, history in bands.items()
        },
        by_sub=dict(split.by_sub) if split else {},
        by_province=_shifts(split.by_province) if split else {},
        by_section=_shifts(split.by_section) if split else {},
        turnover={name: getattr(moved, name) for name in names} if moved else {},
        directions=directions(told),
        text=_words(told),
    )
    return annex, told


def _figures(release: Release) -> Figures:
    return Figures(
        period=release.period,
        national=release.national,
        sub_indices=dict(release.sub_indices),
    )


def _shifts(given: "Mapping[str, Shift]") -> dict[str, float]:
    """Within and between of each group, together."""
    return {key: shift.within + shift.between for key, shift in given.items()}


def _bands(tables: "Sequence[Cells]", dimension: str, choices: "Choices") -> "list[Bands]":
    """Bands of the year's months, and of the two before: what the words of a release need."""
    from guantong.credit.uncertainty import bands, table_of

    wanted = max(tables[-1].month.of_year, 3)
    return [bands(table_of(table, dimension), choices) for table in tables[-wanted:]]


# ------------------------------------------------------------------------ keeping


def record(shelf: Shelf, computed: Computed, caller: Caller) -> Issue:
    """Enter a computed month as the next vintage.

    The same figures from the same data, method and code are no new vintage: the one that stands
    is the answer.

    Returns:
        The release as it stands in the ledger.
    """
    issue = computed.issue
    known = held(shelf, issue.release.period)
    last = known.of(issue.release.period)
    if last is not None and _same(last, issue.vintage):
        return find(shelf, last.period, last.number) or issue
    number = known.next_number(issue.release.period)
    vintage = _numbered(issue.vintage, number)
    known.added(vintage)  # refuses a number that is taken
    text = _words(replace(computed.writing, vintage=number))
    annex = msgspec.structs.replace(issue.annex, number=number, text=text)
    _keep_panel(shelf, computed.panel, vintage, caller)
    meta: dict[str, str | int] = {"period": vintage.period, "vintage": number}
    _enter(shelf, msgspec.json.encode(annex), {"kind": ANNEX, **meta}, ANNEX_MEDIA, caller)
    entry = _enter(shelf, vintage.body(), vintage.meta(), MEDIA, caller)
    return Issue(vintage, annex, entry)


def _same(was: Vintage, now: Vintage) -> bool:
    kept = ("input", "method", "code", "adjusted")
    alike = all(getattr(was, name) == getattr(now, name) for name in kept)
    numbered = _numbered(now, was.number)
    return alike and _plain(was) == _plain(numbered)


def _plain(vintage: Vintage) -> object:
    return msgspec.json.decode(vintage.body())["release"]


def _numbered(vintage: Vintage, number: int) -> Vintage:
    return replace(vintage, number=number)


def _words(told: "Writing") -> Words:
    """The text, from the numbers."""
    from guantong.credit.writing import write

    text = write(told)
    parts = msgspec.convert(msgspec.to_builtins(text.paragraphs), tuple[Part, ...])
    return Words(title_zh=text.title_zh, title_en=text.title_en, parts=parts)


def _keep_panel(shelf: Shelf, panel: "PanelMonth", vintage: Vintage, caller: Caller) -> None:
    """Enter the panel the vintage rests on, unless it stands there or is too large."""
    from guantong.credit import parquet

    if any(
        fact.fields.get("input") == vintage.input
        for fact in shelf.facts(KINDS[PANEL], (vintage.period,))
    ):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.parquet"
        parquet.write(path, [panel])
        if path.stat().st_size > PANEL_BYTES_MAX:
            return
        body = path.read_bytes()
    meta: dict[str, str | int] = {
        "kind": PANEL, "period": vintage.period, "input": vintage.input, "firms": len(panel),
    }  # fmt: skip
    _enter(shelf, body, meta, PANEL_MEDIA, caller)


def _enter(
    shelf: Shelf, body: bytes, meta: Mapping[str, str | int], media: str, caller: Caller
) -> int:
    receipt = shelf.record(body, facts_of(meta, lambda: body), caller, media=media, meta=meta)
    if not receipt.accepted:
        raise CreditError(*receipt.faults)
    return receipt.ledger_index


# ------------------------------------------------------------------------ finding


def held(shelf: Shelf, period: str = "") -> Vintages:
    """Everything issued, or all vintages of one month."""
    kind = KINDS[RELEASE]
    found = Vintages()
    for fact in shelf.facts(kind, (period,)) if period else shelf.all_facts(kind):
        found = found.added(_vintage(fact))
    return found


def find(shelf: Shelf, period: str = "", number: int = 0) -> Issue | None:
    """One release: of a month, or of the last month issued; the last vintage for 0.

    Returns:
        The release; None if there is none.
    """
    kind = KINDS[RELEASE]
    facts = shelf.facts(kind, (period,)) if period else shelf.all_facts(kind)
    if not facts:
        return None
    last = max(fact.key for fact in facts)
    for fact in reversed([fact for fact in facts if fact.key == last]):
        vintage = _vintage(fact)
        if number in {0, vintage.number}:
            told = shelf.facts(KINDS[ANNEX], (f"{vintage.period}/{vintage.number}",))
            return Issue(vintage, msgspec.convert(told[-1].fields, Annex), fact.entry)
    return None


def is_issued(shelf: Shelf) -> bool:
    """Whether there is any release."""
    return bool(shelf.all_facts(KINDS[RELEASE]))


def revisions(shelf: Shelf, period: str) -> tuple[Revision, ...]:
    """What each vintage of a month changed."""
    return held(shelf, period).revisions(period)


def _vintage(fact: Fact) -> Vintage:
    return Vintage.parse(msgspec.json.encode(fact.fields))


# ------------------------------------------------------------------------ one firm


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The firms of a release, and what they are like on average."""

    panel: "PanelMonth"
    method: Method
    usual: "Profile"

    @classmethod
    def of(cls, panel: "PanelMonth", method: Method) -> "Population":
        """Compute the averages."""
        from guantong.credit.explain import profile

        return cls(panel, method, profile(panel, method))

    def province(self, firm: int) -> str:
        """Two digits of the firm's province; "" if there is no such firm."""
        import numpy as np

        found = np.flatnonzero(self.panel.firm == firm)
        return str(self.panel.province[found[0]]) if len(found) else ""

    def explain(self, firm: int) -> "Explanation":
        """Explain one firm's score; a `CreditError` if the month has no such firm."""
        from guantong.credit.explain import explain

        return explain(self.panel, self.method, firm, self.usual)


def population(shelf: Shelf, issue: Issue) -> Population | None:
    """The firms behind a release; None if its panel is not kept here."""
    for fact in shelf.facts(KINDS[PANEL], (issue.release.period,)):
        if fact.fields.get("input") == issue.vintage.input:
            body = shelf.body(fact.entry)
            return _population(body, msgspec.json.encode(issue.annex.method))
    return None


@lru_cache(maxsize=2)
def _population(body: bytes, method: bytes) -> Population:
    """Read a panel; the last ones are kept, so that the next firm's page is quick."""
    from guantong.credit import parquet

    told = msgspec.json.decode(method, type=Method)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.parquet"
        path.write_bytes(body)
        (panel,) = parquet.read(path, told)
    return Population.of(panel, told)
