"""What every identifier value can say about itself.

One file per scheme; each holds frozen values with a ``parse`` class method (text becomes a
value once, or an `IdentifierError`), and the members of `Identifier`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from guantong.errors import Refusal


class Scheme(StrEnum):
    """The families of codes we can read. Open to growth; a name never changes its meaning."""

    GS1 = "gs1"
    ECODE = "ecode"
    CCC = "ccc"
    XK = "xk"
    USCC = "uscc"
    EBIKE = "ebike"
    MA = "ma"
    OID = "oid"
    HANDLE = "handle"
    OPAQUE = "opaque"


class Kind(StrEnum):
    """What sort of thing a code names."""

    ITEM = "item"
    """One thing: a serialised product, a logistic unit, an asset."""
    BATCH = "batch"
    """A lot of a product class."""
    CLASS = "class"
    """A kind of product, without lot or serial."""
    PATTERN = "pattern"
    """A pattern over serials (``urn:epc:idpat:…*``)."""
    PLACE = "place"
    PARTY = "party"
    DOCUMENT = "document"
    """A certificate, licence, order or the like."""
    OTHER = "other"


class Fault(StrEnum):
    """Why a text is not an identifier of the scheme. Part of the public API: never renamed."""

    LENGTH = "identify.length"
    CHARACTER = "identify.character"
    CHECK = "identify.check"
    FORMAT = "identify.format"
    DATE = "identify.date"
    """A date or time component that the calendar does not have."""
    COMPONENT = "identify.component"
    """A part that is out of its range or list."""
    ASSOCIATION = "identify.association"
    """Parts that may not, or must, stand together."""
    UNKNOWN = "identify.unknown"
    """No scheme reads it, or an application identifier that is not assigned."""


class IdentifierError(Refusal):
    """A text that is not what it was read as."""


@dataclass(frozen=True, slots=True)
class Note:
    """A doubt that is no refusal: the value stands, but the reader should know."""

    code: str
    """Stable word, such as ``inner_check`` or ``region_abolished``."""
    text: str
    """One English sentence."""


class Identifier(Protocol):
    """What store, trace and pages may ask of any identifier."""

    @property
    def scheme(self) -> Scheme:
        """The family it belongs to."""

    @property
    def kind(self) -> Kind:
        """What sort of thing it names."""

    @property
    def uri(self) -> str:
        """The one canonical spelling, a URI; equal for equal things."""

    @property
    def class_uri(self) -> str:
        """URI of the product class it belongs to (never the lot); "" when it has none."""

    @property
    def serial(self) -> str:
        """The part that tells it from others of its class; "" when it has none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a scanned text."""

    value: Identifier
    """The parsed value."""
    notes: tuple[Note, ...] = ()
    """Doubts."""
    checked: bool = False
    """Whether a check digit or check character was there and right."""
    batch: str = ""
    """URI of the batch, where the text also names one (GTIN + serial + lot)."""
