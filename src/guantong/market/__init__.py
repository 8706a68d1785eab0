"""A market made from a seed: for the demo, the benchmarks and tests of scale.

`filings` gives what its firms would submit, as bytes, through the same door as anyone's:
EPCIS 2.0 in JSON-LD, EPCIS 2.0 and 1.2 in XML, sheets, records, and the code ranges issued
before use. The same seed gives the same bytes. `stories` gives one code for each thing worth
seeing: a bad battery lot, a copied code, a load that never arrived, a return. `Bulk` is the same
at scale: millions of rows, fast, and it knows where everything is in the end.

This room knows identifiers and nothing else of ours: it cannot make a document that only we
would understand.
"""

from guantong.market.bulk import Bulk
from guantong.market.bulk_firms import Where
from guantong.market.bulk_truth import Lot
from guantong.market.complaint_days import Grumbled, Grumbles, complaint_days
from guantong.market.deeds import Issue, Stop
from guantong.market.desk import Filing, Submission
from guantong.market.even import even
from guantong.market.foreign_alerts import ForeignAlerts, Goods, Said, foreign_alerts
from guantong.market.foreign_files import number_of, recalls_json, weekly_xml
from guantong.market.market import (
    EVENTS,
    EVENTS_MIN,
    START,
    Fault,
    MarketError,
    filings,
    people,
    start_ms,
    stories,
)
from guantong.market.scan_lives import Habits, ScanLife, scan_lives
from guantong.market.stories import Story

__all__ = [
    "EVENTS",
    "EVENTS_MIN",
    "START",
    "Bulk",
    "Fault",
    "Filing",
    "ForeignAlerts",
    "Goods",
    "Grumbled",
    "Grumbles",
    "Habits",
    "Issue",
    "Lot",
    "MarketError",
    "Said",
    "ScanLife",
    "Stop",
    "Story",
    "Submission",
    "Where",
    "complaint_days",
    "even",
    "filings",
    "foreign_alerts",
    "number_of",
    "people",
    "recalls_json",
    "scan_lives",
    "start_ms",
    "stories",
    "weekly_xml",
]
