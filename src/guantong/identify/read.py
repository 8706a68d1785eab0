r"""What may a scanned text be?

>>> [reading.value.uri for reading in read("6901234567892")]  # doctest: +NORMALIZE_WHITESPACE
['https://id.gs1.org/01/06901234567892', 'https://id.gs1.org/414/6901234567892',
 'https://id.gs1.org/417/6901234567892']
>>> read("]C1010690123456789210LOT7\x1d21SN1")[0].batch
'https://id.gs1.org/01/06901234567892/10/LOT7'
>>> explain("6901234567893")[0].expected
'check digit 2 in (01)'

A text is sorted by its first characters and its length into the few schemes it may belong to,
the likeliest first; only those are tried. Most schemes have no check digit: that a text reads
as one proves nothing about the thing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from guantong.errors import Fault as Flaw
from guantong.errors import fault
from guantong.identify.canonical import OtherUri
from guantong.identify.ccc import CccCertificate
from guantong.identify.digital_link import identifier_in
from guantong.identify.ebike import Ebike
from guantong.identify.ecode import Ecode, Nsi
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import EpcPattern, parse_urn
from guantong.identify.gs1_keys import KEYS, Gln, Gs1Identifier, Gtin, Sscc
from guantong.identify.handle import Handle
from guantong.identify.ma import MaCode
from guantong.identify.model import Fault, Identifier, IdentifierError, Note, Reading
from guantong.identify.native import Native, from_uri
from guantong.identify.oid import CHINA, Oid
from guantong.identify.opaque import OpaqueScheme
from guantong.identify.regions import region_note
from guantong.identify.scan_data import Scan
from guantong.identify.spelling import PREFIX, TEXT_MAX, is_digits, tidy, tight
from guantong.identify.uscc import REGISTRIES, Uscc
from guantong.identify.xk import XkLicence

Attempt = Callable[[], Reading]
"""Reads the text as one scheme, or raises `IdentifierError`."""

ECODE_HOST = "iotroot.com"
"""Whose addresses are known to carry Ecodes after ``E=``."""

_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?::[0-9]+)?/")
_HANDLE = re.compile(r"(?:hdl:|[0-9]{2,}(?:\.[0-9]+)+/)", re.IGNORECASE)
_ECODE = re.compile(r"[12][0-9]{5,}|3[0-9]{5}[0-9A-Za-z]+|4[0-9]{5}.+", re.DOTALL)
_GTIN_LENGTHS = (8, 12, 13, 14)


def read(
    text: str,
    *,
    schemes: tuple[OpaqueScheme, ...] = (),
    nsi: Mapping[str, Nsi] | None = None,
) -> tuple[Reading, ...]:
    """Every way to read a text, best first.

    Blanks round it, full-width characters, a symbology identifier and the separators of a
    printed code do not count. Checked readings come before unchecked ones, then those with
    fewer notes, then the likelier scheme.

    Args:
        text: As scanned or typed, at most `TEXT_MAX` characters.
        schemes: What the operator knows of codes without public definition.
        nsi: Numbering schemes of Ecode by prefix; None for the ones that ship.

    Returns:
        The readings; empty when no scheme reads the text. Never raises.
    """
    found: dict[tuple[str, str], Reading] = {}
    for attempt in _attempts(text, schemes, nsi):
        try:
            reading = attempt()
        except IdentifierError:
            continue
        found.setdefault((reading.value.uri, reading.value.kind), reading)
    return tuple(sorted(found.values(), key=_doubt))


def explain(
    text: str,
    *,
    schemes: tuple[OpaqueScheme, ...] = (),
    nsi: Mapping[str, Nsi] | None = None,
) -> tuple[Flaw, ...]:
    """Which rule a text breaks, of the scheme it most likely belongs to.

    Args:
        text: As for `read`.
        schemes: As for `read`.
        nsi: As for `read`.

    Returns:
        The faults; empty when the likeliest scheme reads it, or any reading of it is checked or
        beyond doubt.
    """
    if any(
        reading.checked or not reading.notes for reading in read(text, schemes=schemes, nsi=nsi)
    ):
        return ()
    for attempt in _attempts(text, schemes, nsi):
        try:
            attempt()
        except IdentifierError as refusal:
            return refusal.faults
        return ()
    if len(text) > TEXT_MAX:
        return (fault(Fault.LENGTH, expected=f"at most {TEXT_MAX} characters", got=len(text)),)
    return (fault(Fault.UNKNOWN, expected="a code of a scheme we read", got=text),)


def _doubt(reading: Reading) -> tuple[bool, bool, int]:
    return not reading.checked, isinstance(reading.value, OtherUri), len(reading.notes)


def _attempts(
    text: str, schemes: tuple[OpaqueScheme, ...], nsi: Mapping[str, Nsi] | None
) -> Iterator[Attempt]:
    """What to try, the likeliest first; the operator's own schemes before all."""
    bare = tidy(text)
    if not bare or len(bare) > TEXT_MAX:
        return
    for scheme in schemes:
        if scheme.is_code(text):
            yield partial(_native, scheme.parse, text)
    if bare[0] == "]" and _SYMBOLOGY.match(bare):
        yield from _of_scan(bare, nsi)
    elif "://" in bare[:8] or _BARE_HOST.match(bare):
        yield from _of_address(bare, nsi)
    elif bare[:4].lower() == "urn:":
        yield _of_urn(bare, schemes)
    else:
        yield from _of_print(bare, text, nsi)


def _of_scan(bare: str, nsi: Mapping[str, Nsi] | None) -> Iterator[Attempt]:
    """A symbology identifier and what follows it."""
    try:
        scan = Scan.parse(bare)
    except IdentifierError as refusal:
        if refusal.faults[0].code == Fault.UNKNOWN and bare[:3] == refusal.faults[0].got:
            yield from _attempts(bare[3:], (), nsi)
        else:
            yield partial(_scanned, bare)
        return
    if scan.message is None:
        yield from _attempts(scan.data, (), nsi)
    else:
        yield partial(_message, scan.message)


def _of_address(bare: str, nsi: Mapping[str, Nsi] | None) -> Iterator[Attempt]:
    """A web address: one that carries a code, else it stands for itself."""
    address = bare if "://" in bare[:8] else f"https://{bare}"
    if "E=" in address and ECODE_HOST in address[: address.find("E=")].lower():
        yield partial(_ecode, address, nsi)
    elif "handle.net/" in address[:30].lower():
        yield partial(_native, Handle.parse, address)
    else:
        yield partial(_link, address)
        if "E=" in address:
            yield partial(_ecode, address, nsi, note=True)


def _of_urn(bare: str, schemes: tuple[OpaqueScheme, ...]) -> Attempt:
    """A URN: ours, an OID, an EPC, or another that stands for itself."""
    low = bare[: len(PREFIX)].lower()
    if low == PREFIX or low.startswith("urn:oid:"):
        return partial(_native, partial(from_uri, schemes=schemes), bare)
    if low.startswith("urn:epc:"):
        return partial(_epc, bare)
    return partial(_other, bare)


def _of_print(bare: str, text: str, nsi: Mapping[str, Nsi] | None) -> Iterator[Attempt]:
    """What is printed or stamped: a code without any frame.

    `text` is the same before full-width characters were made plain: in Ecode V4 they count.

    Yields:
        What to try, the likeliest first.
    """
    packed = tight(bare)
    if "\x1d" in bare or (bare[0] == "(" and bare[1:3].isdigit()):
        yield partial(_elements, bare)
    elif is_digits(packed):
        yield from _of_digits(bare, packed)
    elif "XK" in packed[:8].upper() and "." not in packed:
        yield partial(_native, XkLicence.parse, bare)
    elif bare[:3].upper() == "MA.":
        yield partial(_native, MaCode.parse, bare)
    elif bare.startswith(CHINA) or bare[:3].lower() == "oid":
        yield partial(_native, Oid.parse, bare)
    elif _HANDLE.match(bare):
        yield partial(_native, Handle.parse, bare)
    else:
        yield from _of_letters(bare, packed)
    if _may_be_ecode(packed, nsi):
        yield partial(_ecode, text, nsi)


def _of_digits(bare: str, packed: str) -> Iterator[Attempt]:
    """Digits only: their number decides."""
    length = len(packed)
    if length in _GTIN_LENGTHS:
        yield partial(_checked, Gtin.parse, packed)
    if length == 13:
        yield partial(_checked, Gln.parse, packed)
        yield partial(_checked, partial(Gs1Identifier.of, "417"), packed)
    if length == 15:
        yield partial(_native, Ebike.parse, packed)
    if length == 16 and packed[:2] == "20":
        yield partial(_native, CccCertificate.parse, packed)
    if length == 18:
        both = (partial(_checked, Sscc.parse, packed), partial(_native, Uscc.parse, packed))
        yield from reversed(both) if _looks_like_uscc(packed) else both
    if length >= 16:
        yield partial(_elements, bare)
    elif not _ECODE.fullmatch(packed):
        yield partial(_checked, Gtin.parse, packed)


def _of_letters(bare: str, packed: str) -> Iterator[Attempt]:
    """Letters and digits."""
    if 15 <= len(packed) <= 20 and packed[0].upper() in REGISTRIES and packed.isalnum():
        yield partial(_native, Uscc.parse, packed)
    if len(bare) >= 16 and is_digits(bare[:4]):
        yield partial(_elements, bare)


def _looks_like_uscc(packed: str) -> bool:
    """Whether eighteen digits begin as codes of firms do: registry, class and a real region."""
    return packed[0] in "159" and packed[1] in "1239" and region_note(packed[2:8]) is None


def _may_be_ecode(packed: str, nsi: Mapping[str, Nsi] | None) -> bool:
    """Whether a bare text is worth trying as an Ecode.

    Nearly every number begins like one. Where a check digit would tell (the lengths of GS1
    numbers), and in V4 which takes any characters, only a known numbering scheme counts.

    Returns:
        True when it is.
    """
    if not _ECODE.fullmatch(packed):
        return False
    telling = is_digits(packed) and len(packed) in {*_GTIN_LENGTHS, 18}
    if not telling and packed[0] != "4":
        return True
    try:
        return Ecode.parse(packed, table=nsi).known is not None
    except IdentifierError:
        return False


def _checked(parse: Callable[[str], Identifier], text: str) -> Reading:
    return Reading(parse(text), checked=True)


def _native(parse: Callable[[str], Native], text: str) -> Reading:
    value = parse(text)
    return Reading(value, value.notes, checked=isinstance(value, Uscc))


def _ecode(text: str, nsi: Mapping[str, Nsi] | None, *, note: bool = False) -> Reading:
    value = Ecode.parse(text, table=nsi)
    doubt = (Note("host_unknown", "Its web address is not one that is known to carry Ecodes."),)
    return Reading(value, value.notes + doubt if note else value.notes)


def _epc(text: str) -> Reading:
    value = parse_urn(text)
    if isinstance(value, EpcPattern):
        return Reading(value)
    return _gs1(value, checked=False)


def _link(text: str) -> Reading:
    value = identifier_in(text)
    return _other(text) if value is None else _gs1(value, checked=_has_check(value))


def _other(text: str) -> Reading:
    note = Note("other_uri", "A URI of no scheme that is read here: it only stands for itself.")
    return Reading(OtherUri(text), (note,))


def _scanned(text: str) -> Reading:
    return _message(Scan.parse(text).message or ElementString(()))


def _elements(text: str) -> Reading:
    return _message(ElementString.parse(text))


def _message(message: ElementString) -> Reading:
    value = message.identifier
    if value is None:
        raise IdentifierError(fault(Fault.ASSOCIATION, expected="a GS1 key", got=message.bracketed))
    flaws = message.associations()
    notes = tuple(Note("association", f"Expected {flaw.expected}.") for flaw in flaws)
    return _gs1(value, checked=_has_check(value), notes=notes)


def _gs1(value: Gs1Identifier, *, checked: bool, notes: tuple[Note, ...] = ()) -> Reading:
    batch = value.batch
    return Reading(value, notes, checked, "" if batch == value.uri else batch)


def _has_check(value: Gs1Identifier) -> bool:
    """Whether the key ends in a check digit or pair."""
    return KEYS[value.ai].checked > 0 or value.ai == "8013"
