"""What is this code?

Every scheme we read becomes a frozen value with one canonical URI; see ``model`` for what each
value can say about itself. Nothing here touches disk, network or clock.
"""

from guantong.identify.canonical import canonical, parse_uri
from guantong.identify.ccc import CccCertificate
from guantong.identify.digital_link import DigitalLink
from guantong.identify.ebike import Ebike
from guantong.identify.ecode import Ecode, Nsi, nsi_table
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import build_urn
from guantong.identify.gs1_keys import Gln, Gs1Identifier, Gtin, Sscc
from guantong.identify.handle import Handle
from guantong.identify.ma import MaCode
from guantong.identify.model import Fault, Identifier, IdentifierError, Kind, Note, Reading, Scheme
from guantong.identify.native import Native, from_uri
from guantong.identify.oid import Oid
from guantong.identify.opaque import Opaque, OpaqueScheme
from guantong.identify.read import explain, read
from guantong.identify.scan_data import Scan
from guantong.identify.uscc import Uscc
from guantong.identify.xk import XkLicence

__all__ = [
    "CccCertificate",
    "DigitalLink",
    "Ebike",
    "Ecode",
    "ElementString",
    "Fault",
    "Gln",
    "Gs1Identifier",
    "Gtin",
    "Handle",
    "Identifier",
    "IdentifierError",
    "Kind",
    "MaCode",
    "Native",
    "Note",
    "Nsi",
    "Oid",
    "Opaque",
    "OpaqueScheme",
    "Reading",
    "Scan",
    "Scheme",
    "Sscc",
    "Uscc",
    "XkLicence",
    "build_urn",
    "canonical",
    "explain",
    "from_uri",
    "nsi_table",
    "parse_uri",
    "read",
]
