"""What may a JSON event hold? The shapes msgspec decodes straight from bytes.

An event that fits one of these has no extension, no unknown member and no value of a wrong
type; any other goes through `json_members` first, which says what is wrong or takes the
extensions out.

References:
    EPCIS 2.0, section 10 (JSON and JSON-LD binding)
"""

from typing import Any, Final

import msgspec

from guantong.capture.model import Action, EventType

Text = str | None


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A quantityElement."""

    epc_class: Text = msgspec.field(default=None, name="epcClass")
    quantity: float | None = None
    uom: Text = None


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A readPoint or bizLocation."""

    id: Text = None


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A typed reference to a document or party."""

    type: Text = None
    value: Text = None


class Transaction(Link, frozen=True):
    """An element of bizTransactionList."""

    value: Text = msgspec.field(default=None, name="bizTransaction")


class Source(Link, frozen=True):
    """An element of sourceList."""

    value: Text = msgspec.field(default=None, name="source")


class Destination(Link, frozen=True):
    """An element of destinationList."""

    value: Text = msgspec.field(default=None, name="destination")


class Persistent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A persistentDisposition."""

    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


class Error(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An errorDeclaration."""

    declared: Text = msgspec.field(default=None, name="declarationTime")
    reason: Text = None
    corrective: tuple[str, ...] | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="correctiveEventIDs"
    )
    """An empty list is not left out when it is written again: keys are counted by that."""


class Base(
    msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", kw_only=True
):
    """What every event may hold; lists are empty when absent, texts None.

    Everything but the things named can be hashed, so that what many events say alike is worked
    out once.
    """

    time: Text = msgspec.field(default=None, name="eventTime")
    offset: Text = msgspec.field(default=None, name="eventTimeZoneOffset")
    recorded: Text = msgspec.field(default=None, name="recordTime")
    id: Text = msgspec.field(default=None, name="eventID")
    certification: str | tuple[str, ...] | None = msgspec.field(
        default=None, name="certificationInfo"
    )
    error: Error | None = msgspec.field(default=None, name="errorDeclaration")
    step: Text = msgspec.field(default=None, name="bizStep")
    disposition: Text = None
    persistent: Persistent | None = msgspec.field(default=None, name="persistentDisposition")
    read_point: Place | None = msgspec.field(default=None, name="readPoint")
    biz_location: Place | None = msgspec.field(default=None, name="bizLocation")
    transactions: tuple[Transaction, ...] = msgspec.field(default=(), name="bizTransactionList")
    sources: tuple[Source, ...] = msgspec.field(default=(), name="sourceList")
    destinations: tuple[Destination, ...] = msgspec.field(default=(), name="destinationList")
    sensors: tuple[dict[str, Any], ...] = msgspec.field(default=(), name="sensorElementList")
    """Taken through `json_sensors` in any case."""


class Acting(Base):
    """An event with an action; a transformation should have none."""

    action: Action | None = None


class ObjectShape(Acting, tag=EventType.OBJECT.value):
    """An ObjectEvent."""

    epcs: list[str] | None = msgspec.field(default=None, name="epcList")
    quantities: list[Amount] = msgspec.field(default_factory=list, name="quantityList")


class TransactionShape(Acting, tag=EventType.TRANSACTION.value):
    """A TransactionEvent."""

    parent: Text = msgspec.field(default=None, name="parentID")
    epcs: list[str] | None = msgspec.field(default=None, name="epcList")
    quantities: list[Amount] = msgspec.field(default_factory=list, name="quantityList")


class Relation(Acting):
    """An event about a parent and its children."""

    parent: Text = msgspec.field(default=None, name="parentID")
    child_epcs: list[str] = msgspec.field(default_factory=list, name="childEPCs")
    child_quantities: list[Amount] = msgspec.field(default_factory=list, name="childQuantityList")


class AggregationShape(Relation, tag=EventType.AGGREGATION.value):
    """An AggregationEvent."""


class AssociationShape(Relation, tag=EventType.ASSOCIATION.value):
    """An AssociationEvent."""


class TransformationShape(Acting, tag=EventType.TRANSFORMATION.value):
    """A TransformationEvent."""

    input_epcs: list[str] = msgspec.field(default_factory=list, name="inputEPCList")
    input_quantities: list[Amount] = msgspec.field(default_factory=list, name="inputQuantityList")
    output_epcs: list[str] = msgspec.field(default_factory=list, name="outputEPCList")
    output_quantities: list[Amount] = msgspec.field(default_factory=list, name="outputQuantityList")
    transformation_id: Text = msgspec.field(default=None, name="transformationID")


Shape = ObjectShape | AggregationShape | TransactionShape | TransformationShape | AssociationShape
"""An event of one of the five types."""

SHAPES: Final[dict[str, type[Base]]] = {
    EventType.OBJECT: ObjectShape,
    EventType.AGGREGATION: AggregationShape,
    EventType.TRANSACTION: TransactionShape,
    EventType.TRANSFORMATION: TransformationShape,
    EventType.ASSOCIATION: AssociationShape,
}
"""The shape of each type."""
EVENT: Final = msgspec.json.Decoder(Shape)
"""Reads one event that has no extension."""


class _ResultsBody(msgspec.Struct):
    """Where a query document keeps its events."""

    events: list[msgspec.Raw] | None = msgspec.field(default=None, name="eventList")
    master: Any = msgspec.field(default=None, name="vocabularyList")


class _Results(msgspec.Struct):
    """queryResults."""

    body: _ResultsBody | None = msgspec.field(default=None, name="resultsBody")


class Body(msgspec.Struct):
    """epcisBody of either kind of document."""

    events: list[msgspec.Raw] | None = msgspec.field(default=None, name="eventList")
    event: msgspec.Raw = msgspec.Raw()
    """A single event, as an early binding wrote it."""
    results: _Results | None = msgspec.field(default=None, name="queryResults")


class Header(msgspec.Struct):
    """epcisHeader; its SBDH is left alone."""

    master: dict[str, Any] | None = msgspec.field(default=None, name="epcisMasterData")


class Envelope(msgspec.Struct):
    """A document around its events; other members are left alone."""

    type: Any = None
    context: Any = msgspec.field(default=None, name="@context")
    created: Any = msgspec.field(default=None, name="creationDate")
    header: Header | None = msgspec.field(default=None, name="epcisHeader")
    body: Body | None = msgspec.field(default=None, name="epcisBody")


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
"""Reads a document without looking into its events."""
