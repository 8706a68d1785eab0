"""What is an event, once it has been read?

One flat frozen shape for all five EPCIS event types and every syntax. Readers (JSON-LD, XML,
sheet) produce it; store, trace and verdict use only this. Every EPC, class, location and
party here is canonical (`guantong.identify.canonical`), so that two spellings of one code
meet. The document as it was sent stays in the vault, byte for byte.

References:
    EPCIS 2.0, section 7.4 (core event types)
"""

from enum import StrEnum

import msgspec


class EventType(StrEnum):
    """The five event types."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


class Action(StrEnum):
    """What happened to the objects or the relation."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


class Quantity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some amount of a class of objects."""

    epc_class: str
    """Canonical class URI (GTIN, or GTIN with lot)."""
    quantity: float | None = None
    """How much; absent means an unknown amount."""
    uom: str = ""
    """UN/ECE Recommendation 20 unit code; "" means pieces."""


class Typed(msgspec.Struct, frozen=True):
    """A business transaction, source or destination with its type."""

    type: str
    """Bare CBV word where there is one (``po``, ``owning_party``), else the URI; may be ""."""
    value: str
    """The identifier, canonical."""


class ErrorDeclaration(msgspec.Struct, frozen=True, omit_defaults=True):
    """Says that an earlier event with the same id was wrong."""

    declared_ms: int
    """When it was declared."""
    reason: str = ""
    """Bare CBV word or URI."""
    corrective_ids: tuple[str, ...] = ()
    """Ids of the events that set it right; empty means the event never happened."""
    extensions: dict[str, object] = {}
    """Anything else, by ``{namespace}name``."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event, canonical."""

    type: EventType
    time_ms: int
    """When it happened: milliseconds since the epoch, UTC."""
    offset: str
    """The zone offset at the place, such as ``+08:00``."""
    id: str = ""
    """The event id; the reader leaves "" when absent and the writer fills it in."""
    action: Action | None = None
    """None only for transformations, where one has no meaning but is kept if it was sent."""
    step: str = ""
    """Business step: bare CBV word, else URI; "" when absent."""
    disposition: str = ""
    """Bare CBV word, else URI; "" when absent."""
    persistent_set: tuple[str, ...] = ()
    persistent_unset: tuple[str, ...] = ()
    read_point: str = ""
    """Canonical location URI."""
    biz_location: str = ""
    """Canonical location URI."""
    epcs: tuple[str, ...] = ()
    """epcList of object and transaction events."""
    quantities: tuple[Quantity, ...] = ()
    """quantityList of object and transaction events."""
    parent: str = ""
    """parentID."""
    child_epcs: tuple[str, ...] = ()
    child_quantities: tuple[Quantity, ...] = ()
    input_epcs: tuple[str, ...] = ()
    input_quantities: tuple[Quantity, ...] = ()
    output_epcs: tuple[str, ...] = ()
    output_quantities: tuple[Quantity, ...] = ()
    transformation_id: str = ""
    transactions: tuple[Typed, ...] = ()
    """bizTransactionList."""
    sources: tuple[Typed, ...] = ()
    destinations: tuple[Typed, ...] = ()
    certification: tuple[str, ...] = ()
    """certificationInfo."""
    sensors: list[dict[str, object]] = []
    """sensorElementList in EPCIS 2.0 JSON form, extensions by ``{namespace}name``."""
    ilmd: dict[str, object] = {}
    """Instance/lot master data, names as ``{namespace}name``."""
    error: ErrorDeclaration | None = None
    read_point_extensions: dict[str, object] = {}
    """Members of readPoint beside its id, names as ``{namespace}name``; part of the event hash."""
    biz_location_extensions: dict[str, object] = {}
    """The same of bizLocation."""
    extensions: dict[str, object] = {}
    """Other members, names as ``{namespace}name``, values text, numbers, lists or such maps."""


class MasterItem(msgspec.Struct, frozen=True):
    """One vocabulary element of a header or a records document."""

    kind: str
    """``firm``, ``place``, ``product``, ``certificate``, or the EPCIS vocabulary URI."""
    key: str
    """Canonical identifier."""
    fields: dict[str, object]
    """Attribute name -> value; names of EPCIS vocabularies keep their URI."""
    since: str = ""
    """First day it holds (ISO date), "" for from the start."""
    until: str = ""
    """Last day it holds, "" for open."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What one submitted document says."""

    format: str
    """``epcis-json-2.0``, ``epcis-xml-2.0``, ``epcis-xml-1.2``, ``records-json``, ``sheet``."""
    events: tuple[Event, ...] = ()
    """In document order."""
    positions: tuple[int, ...] = ()
    """Index in the document of each event in `events` (differs after ``proceed``)."""
    master: tuple[MasterItem, ...] = ()
    """Master data it carries."""
    created_ms: int = 0
    """creationDate, 0 when absent."""
