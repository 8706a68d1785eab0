"""What may a plain JSON event hold, its lists of codes left as bytes?

A list of codes is the bulk of most documents. Here it stays the bytes it is, to be read together
with all others of the document (`code_lines`); everything else is as in `json_shapes`.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec

from guantong.capture import json_shapes as shapes
from guantong.capture.model import EventType

List = msgspec.Raw
"""A list of codes as it stands; empty when there is none."""
_NONE: Final = msgspec.Raw()
EMPTY: Final = 2
"""Bytes of a list that holds nothing; a longer one is looked into."""


class Things(shapes.Acting):
    """An event about things."""

    epcs: List = msgspec.field(default=_NONE, name="epcList")
    quantities: list[shapes.Amount] = msgspec.field(default_factory=list, name="quantityList")


class PlainObject(Things, tag=EventType.OBJECT.value):
    """An ObjectEvent."""


class PlainTransaction(Things, tag=EventType.TRANSACTION.value):
    """A TransactionEvent."""

    parent: shapes.Text = msgspec.field(default=None, name="parentID")


class PlainRelation(shapes.Acting):
    """An event about a parent and its children."""

    parent: shapes.Text = msgspec.field(default=None, name="parentID")
    child_epcs: List = msgspec.field(default=_NONE, name="childEPCs")
    child_quantities: list[shapes.Amount] = msgspec.field(
        default_factory=list, name="childQuantityList"
    )


class PlainAggregation(PlainRelation, tag=EventType.AGGREGATION.value):
    """An AggregationEvent."""


class PlainAssociation(PlainRelation, tag=EventType.ASSOCIATION.value):
    """An AssociationEvent."""


class PlainTransformation(shapes.Acting, tag=EventType.TRANSFORMATION.value):
    """A TransformationEvent."""

    input_epcs: List = msgspec.field(default=_NONE, name="inputEPCList")
    input_quantities: list[shapes.Amount] = msgspec.field(
        default_factory=list, name="inputQuantityList"
    )
    output_epcs: List = msgspec.field(default=_NONE, name="outputEPCList")
    output_quantities: list[shapes.Amount] = msgspec.field(
        default_factory=list, name="outputQuantityList"
    )
    transformation_id: shapes.Text = msgspec.field(default=None, name="transformationID")


Plain = PlainObject | PlainTransaction | PlainAggregation | PlainAssociation | PlainTransformation
"""An event of one of the five types."""

Said = tuple[Any, ...]
"""What many events say alike, as it is written; the first is the kind of event."""

_SAID: Final = (
    *("action", "offset", "step", "disposition", "read_point", "biz_location", "sources"),
    *("destinations", "transactions", "persistent", "certification", "error", "sensors"),
)
said: Final = attrgetter("__class__", *_SAID)
"""`Said` of an event."""

_THING: Final = ["urn:guantong:example:1"]
_TIME: Final = "2026-01-01T00:00:00Z"
_STAND_INS: Final[Mapping[type[shapes.Base], tuple[type[shapes.Base], dict[str, Any]]]] = {
    PlainObject: (shapes.ObjectShape, {"epcs": _THING}),
    PlainTransaction: (shapes.TransactionShape, {"epcs": _THING}),
    PlainAggregation: (shapes.AggregationShape, {"parent": _THING[0], "child_epcs": _THING}),
    PlainAssociation: (shapes.AssociationShape, {"parent": _THING[0], "child_epcs": _THING}),
    PlainTransformation: (
        shapes.TransformationShape,
        {"input_epcs": _THING, "output_epcs": _THING},
    ),
}


def example(what: Said) -> shapes.Base:
    """An event that says this, of a time and things of no account."""
    kind, stand_ins = _STAND_INS[what[0]]
    members = dict(zip(_SAID, what[1:], strict=True))
    return kind(time=_TIME, **members, **stand_ins)
