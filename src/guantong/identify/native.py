"""Which value does one of our own URNs (or ``urn:oid:``) spell?

>>> from_uri("urn:guantong:ecode:100640001234567").md
'0001234567'
>>> from_uri("urn:guantong:xk:%28%E7%B2%A4%29XK05-003-00001").province
'粤'
"""

from collections.abc import Callable, Iterable

from guantong.errors import fault
from guantong.identify.ccc import CccCertificate
from guantong.identify.ebike import Ebike
from guantong.identify.ecode import Ecode
from guantong.identify.handle import Handle
from guantong.identify.ma import MaCode
from guantong.identify.model import Fault, IdentifierError, Scheme
from guantong.identify.oid import Oid
from guantong.identify.opaque import Opaque, OpaqueScheme
from guantong.identify.spelling import split_urn
from guantong.identify.uscc import Uscc
from guantong.identify.xk import XkLicence

Native = CccCertificate | Ebike | Ecode | Handle | MaCode | Oid | Opaque | Uscc | XkLicence
"""A value of any scheme but GS1."""

_PARSERS: dict[str, Callable[[str], Native]] = {
    Scheme.CCC: CccCertificate.parse,
    Scheme.EBIKE: Ebike.from_value,
    Scheme.ECODE: Ecode.parse,
    Scheme.HANDLE: Handle.parse,
    Scheme.MA: MaCode.parse,
    Scheme.USCC: Uscc.parse,
    Scheme.XK: XkLicence.parse,
}


def from_uri(text: str, *, schemes: Iterable[OpaqueScheme] = ()) -> Native:
    """Read a URI of ours back.

    Args:
        text: ``urn:guantong:<scheme>:<value>`` or ``urn:oid:<numbers>``.
        schemes: What the operator knows of opaque codes.

    Returns:
        The value whose `uri` it is; a value that is not in its canonical spelling is read too.

    Raises:
        IdentifierError: if the scheme is not one of ours, or its value is malformed.
    """
    if text[:8].lower() == "urn:oid:":
        return Oid.parse(text)
    word, value = split_urn(text)
    if word == Scheme.OPAQUE:
        return Opaque.from_value(value, schemes=schemes)
    parse = _PARSERS.get(word)
    if parse is None:
        known = ", ".join([*sorted(_PARSERS), Scheme.OPAQUE])
        raise IdentifierError(fault(Fault.UNKNOWN, expected=known, got=word))
    return parse(value)
