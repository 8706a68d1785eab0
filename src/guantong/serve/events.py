"""Which bytes stand for the events of a document, when they are hashed one by one?

Events in JSON stand for themselves, as they were sent, refused ones too. Those of other
syntaxes have no bytes of their own: what was read is written as JSON, and is marked as such.

An event that makes a thousand things tells of all of them. So that each can be shown alone, a
signer may put a statement for each thing behind the events: that it was made, when, in which
event, and nothing else.
"""

from collections.abc import Iterator, Sequence
from typing import Final, overload

import msgspec

from guantong.capture import Document, Event, EventTable, TableReading
from guantong.capture.model import Action, EventType
from guantong.capture.slices import slices
from guantong.ledger.inner import Form, root_of

Said = Document | TableReading
"""What a document says, event ids filled in; of a reading only one that gave something."""

_JSON = "epcis-json-2.0"
_MADE = {Form.RAW: Form.RAW_MADE, Form.CANONICAL: Form.CANONICAL_MADE}
_STEPS = frozenset({"", "commissioning", "creating_class_instance"})
PART: Final = 2_000
"""Events written at once."""
_encode = msgspec.json.Encoder(order="deterministic").encode


def events_of(data: bytes, said: Said) -> tuple[Form, Sequence[bytes]]:
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
    if isinstance(said, TableReading) and said.table is not None:
        return Form.CANONICAL, Canonical(said.table)
    return Form.CANONICAL, tuple(map(_encode, _document(said).events))


class Canonical(Sequence[bytes]):
    """The events of a table as JSON, written when they are asked for."""

    def __init__(self, table: EventTable, places: range | None = None) -> None:
        self._table = table
        self._places = range(len(table)) if places is None else places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> "Canonical": ...

    def __getitem__(self, at: int | slice) -> "bytes | Canonical":
        """One of them, or some."""
        found = self._places[at]
        if isinstance(found, range):
            assert found.step == 1
            return Canonical(self._table, found)
        return _encode(self._table.part(found, found + 1)[0])

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self), PART):
            part = self._places[at : at + PART]
            yield from map(_encode, self._table.part(part.start, part.stop))


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


def with_made(data: bytes, said: Said) -> tuple[Form, Sequence[bytes]]:
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
