"""How is a report shown: as rows, as JSON, as the text marked up?

>>> from guantong.bulletin.check import check
>>> cli_rows(check("查办案件8474件，其中网络案件3547件，占43.16%。"))[-1]["should_be"]
'41.86%'
"""

from html import escape
from typing import Any

import msgspec

from guantong.bulletin.model import Claim, Report


def cli_rows(report: Report) -> list[dict[str, str]]:
    """One row per claim: text, subject, period, value, unit, rule, verdict and should_be."""
    return [
        {
            "text": claim.text,
            "subject": claim.subject,
            "period": claim.period,
            "value": claim.value,
            "unit": claim.unit,
            "rule": str(claim.rule),
            "verdict": str(claim.verdict),
            "should_be": claim.should_be,
        }
        for claim in report.claims
    ]


def to_json(report: Report) -> bytes:
    """Everything but the text itself: counts, claims with their grounds, what was passed over."""
    whole: dict[str, Any] = {
        "counts": report.counts(),
        "claims": report.claims,
        "passed_over": report.passed_over,
        "stale_corrections": report.stale,
    }
    return msgspec.json.encode(whole)


def marked_up(report: Report) -> str:
    """The text as an HTML fragment, escaped, each claim in a ``mark`` with its verdict as class."""
    parts = ['<div class="bulletin">']
    at = 0
    for number, claim in enumerate(report.claims):
        if claim.span.start < at:
            continue
        parts.append(_lines(report.text[at : claim.span.start]))
        parts.append(_mark(report, claim, number))
        at = claim.span.end
    parts.append(_lines(report.text[at:]))
    return "".join([*parts, "</div>"])


def _mark(report: Report, claim: Claim, number: int) -> str:
    told = escape(explained(claim), quote=True)
    text = _lines(report.text[claim.span.start : claim.span.end])
    shown = f'<mark id="claim-{number}" class="{claim.verdict}" data-key="{claim.key}" title="{told}">{text}</mark>'
    if claim.should_be:
        shown += f'<ins class="should-be">{escape(claim.should_be)}</ins>'
    return shown


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def explained(claim: Claim) -> str:
    """What a verdict rests on, in one line."""
    if claim.missing:
        return f"缺:{claim.missing}"
    grounds = "；".join(
        f"{one.text}({one.source})" if one.source else one.text for one in claim.because
    )
    return f"据:{grounds}"
