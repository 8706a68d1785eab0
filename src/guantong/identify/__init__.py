"""What is this code?

Every scheme we read becomes a frozen value with one canonical URI; see ``model`` for what each
value can say about itself. Nothing here touches disk, network or clock.
"""

from guantong.identify.canonical import canonical, parse_uri
from guantong.identify.digital_link import DigitalLink
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import build_urn
from guantong.identify.gs1_keys import Gln, Gs1Identifier, Gtin, Sscc
from guantong.identify.model import Fault, Identifier, IdentifierError, Kind, Note, Reading, Scheme
from guantong.identify.scan_data import Scan

__all__ = [
    "DigitalLink",
    "ElementString",
    "Fault",
    "Gln",
    "Gs1Identifier",
    "Gtin",
    "Identifier",
    "IdentifierError",
    "Kind",
    "Note",
    "Reading",
    "Scan",
    "Scheme",
    "Sscc",
    "build_urn",
    "canonical",
    "parse_uri",
]
