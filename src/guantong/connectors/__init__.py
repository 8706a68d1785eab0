"""How does another system join? Its EPCIS repository is asked; its Ecode intake is spoken.

Pure translation: what is asked next, what an answer says, what becomes of a template. Who asks over
the network, and when, is `guantong.serve.pulling`'s.
"""

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
    "MEDIA",
    "PARTNER",
    "ConnectorError",
    "EcodeBatch",
    "EcodeProduct",
    "Fault",
    "Page",
    "Partner",
    "address_after",
    "batch_of",
    "check_partner",
    "class_code_of",
    "page_of",
    "parse_partner",
    "partners",
    "product_of",
    "records_of",
    "sheet_of",
]
