"""What does this document say?

Bytes of any syntax we know (EPCIS 2.0 in JSON-LD, EPCIS 2.0 and 1.2 in XML, a records document,
a sheet) become one `Document` of canonical events, or a list of faults that each say where.
Pure: no disk, network or clock; nothing is guessed, nothing is repaired, and what was sent is
never changed. `read_table` gives the events as columns, much faster. `event_hash` names an event by what it says.
"""

from guantong.capture.door import read, read_table
from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.model import Document, Event, EventType
from guantong.capture.reading import Collector, Reading, TableReading
from guantong.capture.table import EventTable

__all__ = [
    "CaptureError",
    "Collector",
    "Document",
    "Event",
    "EventTable",
    "EventType",
    "Fault",
    "Limits",
    "Reading",
    "TableReading",
    "read",
    "read_table",
]
