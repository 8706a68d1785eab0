"""What is the one spelling of a code in an event?

The same thing may be written as an EPC URN, or as a Digital Link on any host. Store, trace and
event hash compare codes, so each gets one canonical URI. This is the hot path of capture:
what precedes a serial is looked up, not parsed again.

>>> canonical("urn:epc:id:sgtin:4012345.098765.12")
'https://id.gs1.org/01/04012345987652/21/12'
>>> canonical("https://brand.example/01/4012345987652/21/12?17=301231")
'https://id.gs1.org/01/04012345987652/21/12'
>>> canonical("urn:uuid:b6a0d3a1-2f6e-4f6e-9f0a-1b1b1b1b1b1b")
'urn:uuid:b6a0d3a1-2f6e-4f6e-9f0a-1b1b1b1b1b1b'
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from guantong.identify.digital_link import identifier_in
from guantong.identify.epc_urn import PREFIX, layout_of, parse_urn
from guantong.identify.model import Identifier, IdentifierError, Kind, Scheme
from guantong.identify.native import from_uri

HEADS_MAX = 16_384
"""How many class parts are remembered; the least used one is forgotten first."""

TEXTS_MAX = 16_384
"""How many whole codes (places, logistic units, odd serials) are remembered."""

TEXT_LENGTH_MAX = 512
"""Longer texts are read afresh each time, so that what is remembered stays small."""

_OWN = "urn:guantong:"
_OID = "urn:oid:"

_SERIAL_MAX = {"10": 20, "21": 20, "235": 28, "254": 20}
_VALUE_MAX = {"8003": 30, "8004": 30, "401": 30, "253": 30}


@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI of no GS1 key: it stands for itself."""

    uri: str
    """As written."""

    @property
    def scheme(self) -> Scheme:
        """The scheme named by ``urn:guantong:<scheme>:`` or ``urn:oid:``; else opaque."""
        if self.uri.startswith(_OID):
            return Scheme.OID
        word = self.uri.removeprefix(_OWN).partition(":")[0]
        known = self.uri.startswith(_OWN) and word in set(Scheme)
        return Scheme(word) if known else Scheme.OPAQUE

    @property
    def kind(self) -> Kind:
        """Always `Kind.OTHER`: the text alone does not tell."""
        return Kind.OTHER

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""


def canonical(text: str) -> str:
    """The one canonical URI of an identifier that may stand in an event.

    Args:
        text: EPC URN (``id``, ``class``, ``idpat``), Digital Link on any host, or any URI.

    Returns:
        ``https://id.gs1.org/…`` for a GS1 key: GTIN in 14 digits, the finest level only (no
        variant, no lot beside a serial, no attributes). Any other URI unchanged.

    Raises:
        IdentifierError: if it is a GS1 key and its check digit or form is wrong.

    References:
        CBV 2.0, section 8.9 (event hash); TDS 2.0, section 6.
    """
    if len(text) > TEXT_LENGTH_MAX:
        return parse_uri(text).uri
    head, _, tail = text.rpartition("." if text[:1] == "u" else "/")
    known = before_serial(head)
    if known and len(tail) <= known[1] and tail.isalnum() and tail.isascii():
        return known[0] + tail
    return _whole(text)


def parse_uri(text: str) -> Identifier:
    """The identifier behind a URI, as a value that can be asked for its class and serial.

    Returns:
        A `Gs1Identifier`, an `EpcPattern`, a value of another scheme when the text is its
        canonical URI, or else an `OtherUri`.

    Raises:
        IdentifierError: as `canonical`.
    """
    if layout_of(text):
        return parse_urn(text)
    if text.startswith((_OWN, _OID)):
        return _native(text) or OtherUri(text)
    return identifier_in(text) or OtherUri(text)


def _native(text: str) -> Identifier | None:
    """The value whose canonical URI this is; None for a value we would spell or read otherwise."""
    try:
        value = from_uri(text)
    except IdentifierError:
        return None
    return value if value.uri == text else None


@lru_cache(maxsize=TEXTS_MAX)
def _whole(text: str) -> str:
    """The slow way: parse, then spell."""
    return parse_uri(text).uri


@lru_cache(maxsize=HEADS_MAX)
def before_serial(head: str) -> tuple[str, int] | None:
    """What replaces `head` before a plain serial, and how long the serial may be.

    Args:
        head: What precedes the last ``/`` of a code (the last ``.`` of a URN).

    Returns:
        What precedes the serial in the canonical URI, its separator included, and the most
        letters and digits a serial may have; None when what follows is no free serial (check
        digit, number, place) or `head` is wrong.
    """
    is_urn = head[: len(PREFIX)] == PREFIX
    if ":sgln:" in head or "?" in head or "#" in head:
        return None  # the serial "0" of a place means none; a query is no part of the code
    try:
        probe = parse_uri(f"{head}.1" if is_urn else f"{head}/1")
    except IdentifierError:
        return None
    room = _room(probe.uri)
    return (probe.uri[:-1], room + 1) if room >= 0 else None


def _room(uri: str) -> int:
    """How many characters may follow the 1 that ends canonical `uri`; -1 for none."""
    parts = uri.split("/")[3:]
    if not uri.startswith("https://id.gs1.org/") or not uri.endswith("1") or len(parts) % 2:
        return -1
    if len(parts) == 4:
        return _SERIAL_MAX.get(parts[2], 0) - len(unquote(parts[3]))
    return _VALUE_MAX.get(parts[0], 0) - len(unquote(parts[1]))
