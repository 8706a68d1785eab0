"""What does this EPCIS document in JSON-LD say?

EPCISDocument, EPCISQueryDocument or one bare event. Events are read one by one from their
place in the document; nothing is fetched, no general JSON-LD processor runs.

References:
    EPCIS 2.0, section 10 (JSON and JSON-LD binding)
"""

import codecs
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.json_event import EventReader, told
from guantong.capture.json_keys import marks, repeated
from guantong.capture.json_master import read_master
from guantong.capture.json_shapes import ENVELOPE, Envelope
from guantong.capture.meaning import Meaning
from guantong.capture.model import Document, Event, EventType, MasterItem
from guantong.capture.namespaces import Context
from guantong.capture.reading import Collector, Reading
from guantong.capture.table import Growing
from guantong.errors import Fault as Found
from guantong.errors import fault

FORMAT: Final = "epcis-json-2.0"
"""Of the documents read here."""
_BOM: Final = codecs.BOM_UTF8
_PIECE: Final = 1 << 20
DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument")
"""Types of documents that have a body."""
_IN_BODY: Final = "epcisBody.eventList"
_IN_RESULTS: Final = "epcisBody.queryResults.resultsBody"
_ROAD: Final = ("epcisBody", "queryResults", "resultsBody")
_EVENTS: Final = ("eventList", "event")


def read_json(
    data: bytes, *, limits: Limits, proceed: bool, into: Growing | None = None
) -> Reading:
    """Read an EPCIS document in JSON-LD.

    Args:
        data: The document, UTF-8, of a size the door let in.
        limits: How much it may cost.
        proceed: Give the good events although others are wrong.
        into: Where the good events go; into the document when None.

    Returns:
        The document, or all that is wrong with it.
    """
    faults = Collector(limits)
    body = data.removeprefix(_BOM)
    envelope = _envelope(body, faults)
    if envelope is None:
        return faults.finish(None, proceed=proceed)
    return faults.finish(_document(envelope, body, faults, into), proceed=proceed)


def _envelope(data: bytes, faults: Collector) -> Envelope | None:
    """The document around its events; None when it cannot be read, which is noted."""
    if has_too_many_values(data, faults.limits):
        expected = f"at most {faults.limits.values_max} values"
        faults.say(Fault.TOO_LARGE, "", expected=expected, got="more")
    elif (at := not_utf8(data)) >= 0:
        got = f"byte {data[at]:#04x} at {at}"
        faults.say(Fault.ENCODING, "", expected="text in UTF-8", got=got)
    else:
        return _decoded(data, faults)
    return None


def _decoded(data: bytes, faults: Collector) -> Envelope | None:
    """The envelope of a document of bearable size."""
    try:
        return ENVELOPE.decode(data)
    except (msgspec.DecodeError, RecursionError) as problem:
        faults.add(told(problem))
        return None


def has_too_many_values(data: bytes, limits: Limits) -> bool:
    """Whether there are more values than a document needs; counted only where it could be."""
    if len(data) <= limits.values_max:
        return False
    return sum(data.count(mark) for mark in (b",", b"{", b"[")) > limits.values_max


def not_utf8(data: bytes) -> int:
    """Where a document stops being UTF-8, -1 when it never does; in pieces, to save memory."""
    if data.isascii():
        return -1
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(data), _PIECE):
        try:
            decoder.decode(data[at : at + _PIECE], final=at + _PIECE >= len(data))
        except UnicodeDecodeError as problem:
            return at + problem.start
    return -1


def _document(
    envelope: Envelope, data: bytes, faults: Collector, into: Growing | None
) -> Document | None:
    """What a document says; None when it is no document."""
    try:
        context = Context.of(envelope.context)
    except CaptureError as refusal:
        faults.take(refusal)
        return None
    reader = EventReader(context, faults.limits)
    kind = envelope.type
    if isinstance(kind, str) and context.value(kind).rpartition("/")[2] in DOCUMENTS:
        return _whole(envelope, data, context, reader, faults, into)
    if isinstance(kind, str) and context.value(kind).rpartition("/")[2] in set(EventType):
        return _bare(data, reader, faults, into)
    expected = f"{' or '.join(DOCUMENTS)}, or the type of an event"
    faults.say(Fault.FORMAT, "type", expected=expected, got=kind)
    return None


def _bare(data: bytes, reader: EventReader, faults: Collector, into: Growing | None) -> Document:
    """A document that is one event."""
    event, found = reader.read(data)
    for one in found:
        faults.add(one)
    events: list[Event] = [] if event is None else [event]
    told = _given(events, into)
    return Document(format=FORMAT, events=told, positions=tuple(range(len(events))))


def _given(events: list[Event], into: Growing | None) -> tuple[Event, ...]:
    """The events of a document; none when they go elsewhere."""
    if into is None:
        return tuple(events)
    for event in events:
        into.append(event)
    return ()


def _whole(
    envelope: Envelope,
    data: bytes,
    context: Context,
    reader: EventReader,
    faults: Collector,
    into: Growing | None,
) -> Document | None:
    """An EPCISDocument or EPCISQueryDocument."""
    meaning = Meaning(context)
    created = 0 if envelope.created is None else _created(envelope.created, meaning, faults)
    master = _master(envelope, meaning, faults)
    raws, path = _events(envelope)
    if raws is None:
        if not master and not faults.count:
            faults.say(Fault.MISSING, _IN_BODY, expected="a list of events", got="nothing")
        raws = ()
    if len(raws) > faults.limits.events_max:
        expected = f"at most {faults.limits.events_max} events"
        faults.say(Fault.TOO_MANY_EVENTS, path, expected=expected, got=f"{len(raws)} events")
        return None
    events: list[Event] = []
    positions = _read_events(raws, path, reader, faults, events if into is None else into)
    _check_envelope_keys(data, faults)
    return Document(
        format=FORMAT,
        events=tuple(events),
        positions=tuple(positions),
        master=tuple(master),
        created_ms=created,
    )


def _created(raw: object, meaning: Meaning, faults: Collector) -> int:
    """The creationDate."""
    if not isinstance(raw, str):
        faults.say(Fault.TYPE, "creationDate", expected="a time", got=raw)
        return 0
    at = meaning.time(raw, "creationDate")
    _pass_on(meaning, faults)
    return at


def _pass_on(meaning: Meaning, faults: Collector) -> None:
    """Hand over what was noted outside an event."""
    for found in meaning.found:
        faults.add(found)
    meaning.found = []


def listed(envelope: Envelope) -> Sequence[msgspec.Raw] | None:
    """The events of a document, not yet read; None when it has no list of them."""
    return _events(envelope)[0]


def _events(envelope: Envelope) -> tuple[Sequence[msgspec.Raw] | None, str]:
    """The events of a document, not yet read, and where they stand."""
    body = envelope.body
    if body is None:
        return None, _IN_BODY
    if body.events is not None:
        return body.events, _IN_BODY
    if bytes(body.event):
        return (body.event,), "epcisBody.event"
    if body.results is not None and body.results.body is not None:
        return body.results.body.events, f"{_IN_RESULTS}.eventList"
    return None, _IN_BODY


def _read_events(
    raws: Sequence[msgspec.Raw],
    path: str,
    reader: EventReader,
    faults: Collector,
    events: list[Event] | Growing,
) -> list[int]:
    """Positions of the good events, which go into `events`."""
    positions: list[int] = []
    seen: set[str] = set()
    for i, raw in enumerate(raws):
        event, found = reader.read(bytes(raw))
        if event is not None and event.id:
            found = _again(event, seen)
        if event is not None and not found:
            events.append(event)
            positions.append(i)
        else:
            _tell(found, path if path.endswith(".event") else f"{path}[{i}]", faults)
    return positions


def _tell(found: Sequence[Found], path: str, faults: Collector) -> None:
    """Note the faults of one event."""
    for one in found:
        faults.add(one.under(path))


def _again(event: Event, seen: set[str]) -> Sequence[Found]:
    """The fault of an event whose id came before; a correction may repeat it."""
    if event.id in seen and event.error is None:
        expected = "an id of its own, or an errorDeclaration"
        return [fault(Fault.DUPLICATE, expected=expected, got=event.id, path="eventID")]
    seen.add(event.id)
    return ()


def _master(envelope: Envelope, meaning: Meaning, faults: Collector) -> list[MasterItem]:
    """The master data of a header, or of a query's answer."""
    items: list[MasterItem] = []
    for raw, path in _vocabularies(envelope):
        items.extend(read_master(raw, path, meaning))
        _pass_on(meaning, faults)
    return items


def _vocabularies(envelope: Envelope) -> Iterator[tuple[object, str]]:
    """Each vocabularyList of a document and where it stands."""
    if envelope.header is not None and envelope.header.master is not None:
        raw = envelope.header.master.get("vocabularyList")
        yield raw, "epcisHeader.epcisMasterData.vocabularyList"
    body = envelope.body
    if body is not None and body.results is not None and body.results.body is not None:
        yield body.results.body.master, f"{_IN_RESULTS}.vocabularyList"


def _check_envelope_keys(data: bytes, faults: Collector) -> None:
    """Note a key that stands twice around the events; inside, the event reader looks."""
    if marks(data) != _kept(data) and (key := repeated(data)):
        faults.say(Fault.DUPLICATE, "", expected="each key once", got=key)


def _kept(raw: bytes | memoryview) -> int:
    """The quotation marks of an object that are left when equal keys are one."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return 2 * len(members) + sum(
            _kept_in(name, memoryview(value)) for name, value in members.items()
        )
    except (msgspec.DecodeError, RecursionError):
        return marks(raw)


def _kept_in(name: str, raw: memoryview) -> int:
    """The same of a member: events are counted as they stand, others decoded."""
    if name in _EVENTS:
        return marks(raw)
    if name in _ROAD:
        return _kept(raw)
    return marks(msgspec.json.encode(msgspec.json.decode(raw)))
