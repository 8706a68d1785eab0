"""The report as a sheet, CSV or XLSX, in which no cell is ever a formula."""

import io
from typing import Final

from guantong.bulletin.model import Claim, Report
from guantong.bulletin.shown import explained
from guantong.capture.cells import csv_of, harmless

HEADERS: Final = (
    "text", "start", "end", "subject", "period", "value", "unit", "rule", "verdict", "should_be",
    "because", "missing", "key", "corrected_by",
)  # fmt: skip


def to_csv(report: Report) -> bytes:
    """UTF-8 with a mark, so that spreadsheet programs read the Chinese; lines end in CRLF."""
    return csv_of((HEADERS, *(map(harmless, _cells(claim)) for claim in report.claims)))


def to_xlsx(report: Report) -> bytes:
    """A workbook with one sheet; every cell is text or a number, never a formula or a link."""
    # Eight megabytes of every process that answers: only who gives a workbook loads it.
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet("claims")
    colours = {"wrong": "#f8d7da", "consistent": "#d7f0dd", "unverifiable": "#eeeeee"}
    shades = {name: book.add_format({"bg_color": colour}) for name, colour in colours.items()}
    sheet.write_row(0, 0, HEADERS)
    for row, claim in enumerate(report.claims, 1):
        for column, cell in enumerate(_cells(claim)):
            sheet.write_string(row, column, cell, shades[claim.verdict])
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _cells(claim: Claim) -> tuple[str, ...]:
    grounds = explained(claim) if claim.because else ""
    return (
        claim.text, str(claim.span.start), str(claim.span.end), claim.subject, claim.period,
        claim.value, claim.unit, str(claim.rule), str(claim.verdict), claim.should_be,
        grounds, claim.missing, claim.key, claim.corrected_by,
    )  # fmt: skip
