"""Which bytes stand for the events of a document, when they are hashed one by one?

Events in JSON stand for themselves, as they were sent, refused ones too. Those of other
syntaxes have no bytes of their own: what was read is written as JSON, and is marked as such.

An event that makes a thousand things tells of all of them. So that each can be shown alone, a
signer may put a statement for each thing behind the events: that it was made, when, in which
event, and nothing else.
"""

import msgspec

from guantong.capture import Document, Event, TableReading
from guantong.capture.model import Action, EventType
from guantong.capture.slices import slices
from guantong.ledger.inner import Form, root_of

Said = Document | TableReading
"""What a document says, event ids filled in; of a reading only one that gave something."""

_JSON = "epcis-json-2.0"
_MADE = {Form.RAW: Form.RAW_MADE, Form.CANONICAL: Form.CANONICAL_MADE}
_STEPS = frozenset({"", "commissioning", "creating_class_instance"})
_encode = msgspec.json.Encoder(order="deterministic").encode


def events_of(data: bytes, said: Said) -> tuple[Form, tuple[bytes, ...]]:
    """The bytes of each event, in document order.

    Args:
        data: The document as sent.
        said: What it says.

    Returns:
        In which form, and the events.
    """
    found = slices(data) if said.format == _JSON else None
    if found is not None:
        return Form.RAW, found
    document = _document(said)
    return Form.CANONICAL, tuple(map(_encode, document.events))


def _document(said: Said) -> Document:
    document = said if isinstance(said, Document) else said.document
    return document or Document(format="none")


class Made(msgspec.Struct, frozen=True, gc=False):
    """One thing that was made. Fields stand in the order of their names."""

    event: int
    """Place of the event in the document, counted from 0."""
    made: str
    """The thing: its canonical identifier."""
    time_ms: int
    """When: milliseconds since the epoch."""


def made_in(said: Said) -> tuple[Made, ...]:
    """A statement for each thing that the events of a document make, in their order."""
    document = _document(said)
    places = document.positions or range(len(document.events))
    return tuple(
        Made(place, code, event.time_ms)
        for place, event in zip(places, document.events, strict=True)
        for code in _makes(event)
    )


def _makes(event: Event) -> tuple[str, ...]:
    if event.error is not None:
        return ()
    if event.type is EventType.TRANSFORMATION:
        return event.output_epcs
    begins = event.action is Action.ADD and event.step in _STEPS
    return event.epcs if begins and event.type is EventType.OBJECT else ()


def with_made(data: bytes, said: Said) -> tuple[Form, tuple[bytes, ...]]:
    """As `events_of`, with a statement for each thing made behind the events."""
    form, events = events_of(data, said)
    return _MADE[form], (*events, *map(_encode, made_in(said)))


def root_with_made(salt: bytes, data: bytes, said: Said) -> str:
    """The root over events and things made; "" when nothing was made."""
    form, leaves = with_made(data, said)
    return root_of(salt, leaves, form).hex() if made_in(said) else ""


def root(salt: bytes, data: bytes, said: Said) -> str:
    """The root over the salted events of a document, hexadecimal; "" when it has none."""
    form, events = events_of(data, said)
    return root_of(salt, events, form).hex() if events else ""
