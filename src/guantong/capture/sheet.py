"""What does a sheet of purchases, sales and the like say?

For firms without EPCIS: one row of a CSV or XLSX file is one event. Headers and words, Chinese
and English, are data (``sheet_columns.toml``); ``docs/reference/sheet.md`` lists them.
"""

from typing import Final

from guantong.capture.faults import Limits
from guantong.capture.model import Document, Event
from guantong.capture.reading import Collector, Reading
from guantong.capture.sheet_row import event_of
from guantong.capture.sheet_table import Table, table_of
from guantong.capture.sheet_things import Counter

FORMAT: Final = "sheet"
"""Of the documents read here."""


def read_sheet(data: bytes, *, limits: Limits, proceed: bool) -> Reading:
    """Read a sheet of events.

    Args:
        data: CSV in UTF-8 or GB18030, or XLSX.
        limits: How much it may cost.
        proceed: Give the events of good rows although others are wrong.

    Returns:
        The document, `Document.positions` being row numbers as the spreadsheet shows them;
        faults with paths such as ``rows[12].数量``.
    """
    faults = Collector(limits)
    table = table_of(data, faults)
    if table is None:
        return faults.finish(None, proceed=False)
    header_is_good = faults.count == 0
    document = _document(table, faults)
    return faults.finish(document if header_is_good else None, proceed=proceed)


def _document(table: Table, faults: Collector) -> Document:
    """The events of all rows that have no fault."""
    events: list[Event] = []
    positions: list[int] = []
    counter = Counter()
    for row in table.rows:
        event = event_of(row, faults, counter)
        if event:
            events.append(event)
            positions.append(row.number)
    return Document(format=FORMAT, events=tuple(events), positions=tuple(positions))
