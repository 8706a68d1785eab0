"""How does another system join? Its EPCIS repository is asked; its Ecode intake is spoken; its alerts are read.

Pure translation: what is asked next, what an answer says, what becomes of a template, which products an
alert may be about. Who asks over the network, and when, is `guantong.serve.pulling`'s.
"""

from guantong.connectors.alert_files import read_alerts
from guantong.connectors.alert_matching import By, Known, Match, Matcher
from guantong.connectors.alerts import (
    ALERTS_BYTES_MAX,
    ALERTS_MEDIA,
    FILE,
    Alert,
    Alerts,
    Read,
    Source,
    known_alerts,
    parse_alerts,
)
from guantong.connectors.ecode import (
    EcodeBatch,
    EcodeProduct,
    batch_of,
    class_code_of,
    product_of,
    records_of,
    sheet_of,
)
from guantong.connectors.partner import (
    MEDIA,
    PARTNER,
    ConnectorError,
    Fault,
    Partner,
    check_partner,
    parse_partner,
    partners,
)
from guantong.connectors.queried import Page, address_after, page_of

__all__ = [
    "ALERTS_BYTES_MAX",
    "ALERTS_MEDIA",
    "FILE",
    "MEDIA",
    "PARTNER",
    "Alert",
    "Alerts",
    "By",
    "ConnectorError",
    "EcodeBatch",
    "EcodeProduct",
    "Fault",
    "Known",
    "Match",
    "Matcher",
    "Page",
    "Partner",
    "Read",
    "Source",
    "address_after",
    "batch_of",
    "check_partner",
    "class_code_of",
    "known_alerts",
    "page_of",
    "parse_alerts",
    "parse_partner",
    "partners",
    "product_of",
    "read_alerts",
    "records_of",
    "sheet_of",
]
