"""What is sent to a subscriber, and when? The letters of a subscription.

A line looks at the ledger entry by entry: how far it has looked and the letters that follow are
written in one transaction, so that no event is sent for twice and none is left out, whoever dies.
What stands in a letter is looked up when it is sent, with what its party may see then.

References:
    EPCIS 2.0, section 12
"""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec

from guantong.caller import Caller, Level
from guantong.capture.faults import CaptureError
from guantong.capture.json_write import query_document
from guantong.capture.model import Event
from guantong.capture.spellings import as_urn
from guantong.capture.xml_write import Edition, XmlWriter, query_results, query_xml
from guantong.clock import Clock
from guantong.query import Place, Query
from guantong.serve import json_out
from guantong.serve.epcis.schedule import Schedule
from guantong.serve.outbox.box import Box, Letter, Line
from guantong.serve.outbox.post import Kind, Written
from guantong.store.door import Stored

KIND: Final = "epcis"
"""Of its lines in the outbox."""
ENTRIES: Final = 500
"""Ledger entries looked at in one go."""
AT_ONCE: Final = 20
"""Goes of one look, so that other lines get their turn."""
EVENTS: Final = 500
"""In one letter, at most."""
Told = Sequence[tuple[Event, int]]
"""Events with their record times."""
_places = msgspec.json.Decoder(list[Place])


@runtime_checkable
class Noticing(Protocol):
    """A desk that knows what came, and where it is."""

    def came(
        self, asked: Query, caller: Caller, *, since: int, entries: int
    ) -> tuple[list[Place], int]:
        """What a query finds in the next entries of the ledger."""

    def placed(self, places: Sequence[Place], caller: Caller) -> list[Stored]:
        """The events at some places, as far as the caller may see them now."""

    def first_since(self, at_ms: int) -> int:
        """The first ledger entry of a time or later."""


class Wanted(msgspec.Struct, frozen=True):
    """What a subscriber asked for."""

    query: str
    """Name of the query."""
    asked: Query
    """As it was when it was subscribed to."""
    schedule: dict[str, str] | None
    """None: whenever something comes."""
    report_if_empty: bool
    from_ms: int | None
    """``initialRecordTime``."""
    called: str = ""
    """What the subscriber calls it, who then wants XML of 1.2; "" for who does not, and wants JSON."""


def wanted_of(line: Line) -> Wanted:
    """What the subscriber of a line asked for."""
    return msgspec.json.decode(line.about.more, type=Wanted)


def lines_of(box: Box, party: str, name: str | None = None) -> list[Line]:
    """The lines of a party's query, or of all of them."""
    lines = [one for one in box.lines(party) if one.about.kind == KIND]
    return [one for one in lines if name is None or wanted_of(one).query == name]


def caller_of(line: Line) -> Caller:
    """On whose behalf a line looks."""
    return Caller(line.party, Level(line.about.level), line.about.region)


class Notices:
    """What lines of subscriptions do."""

    def __init__(self, desk: Noticing, box: Box, clock: Clock) -> None:
        """Over a desk and the outbox."""
        self._desk = desk
        self._box = box
        self._clock = clock
        self._ran: dict[str, int] = {}
        """When a line with a schedule last ran; not kept: a run that is late is not left out."""

    def kind(self) -> Kind:
        """As the post needs it."""
        return Kind(self.look, self.write, halve)

    def look(self, line: Line) -> bool:
        """Put letters about what came since, if it is time."""
        wanted, now_ms = wanted_of(line), self._clock.now_ms()
        if wanted.schedule is None:
            return self._gather(line, wanted, AT_ONCE)
        ran_ms = self._ran.get(line.id) or max(line.about.made_ms, line.sent_ms or 0)
        if Schedule.parse(wanted.schedule).after(ran_ms) > now_ms:
            return False
        self._ran[line.id] = now_ms
        found = self._gather(line, wanted, None)
        if not found and wanted.report_if_empty:
            current = self._box.line(line.id)
            seen = line.seen if current is None else current.seen
            self._box.put(line.id, [b"[]"], now_ms, seen=(seen, seen))
        return found

    def _gather(self, line: Line, wanted: Wanted, most: int | None) -> bool:
        """Whether there was anything in what was looked at."""
        seen, found, caller = line.seen, False, caller_of(line)
        while most is None or most > 0:
            places, reached = self._desk.came(wanted.asked, caller, since=seen, entries=ENTRIES)
            if reached == seen:
                break
            parts = range(0, len(places), EVENTS)
            contents = [msgspec.json.encode(places[at : at + EVENTS]) for at in parts]
            if not self._box.put(line.id, contents, self._clock.now_ms(), seen=(seen, reached)):
                break
            seen, found = reached, found or bool(places)
            most = None if most is None else most - 1
        return found

    def write(self, line: Line, letter: Letter) -> Written | None:
        """An EPCISQueryDocument; None when the party may see nothing of it any more."""
        places = _places.decode(letter.content)
        found = self._desk.placed(places, caller_of(line))
        if places and not found:
            return None
        told = [(one.event, one.record_ms) for one in found]
        wanted = wanted_of(line)
        if wanted.called:
            return _in_xml(told, wanted, letter.made_ms)
        said = query_document(
            told, created_ms=letter.made_ms, query=wanted.query, subscription=line.id
        )
        return Written("application/json", json_out.encode(said))


def _in_xml(told: Told, wanted: Wanted, created_ms: int) -> Written | None:
    """XML of 1.2 with the events that can be said in it; None when there were others only."""
    sayable = [one for one in told if _is_sayable(one)]
    if told and not sayable:
        return None
    writer = XmlWriter(Edition.V1, codes=as_urn)
    results = query_results(
        writer, writer.event_list(sayable), query=wanted.query, subscription=wanted.called
    )
    return Written("application/xml", query_xml(writer, results, created_ms=created_ms))


def _is_sayable(one: tuple[Event, int]) -> bool:
    try:
        XmlWriter(Edition.V1, codes=as_urn).event_list([one])
    except CaptureError:
        return False
    return True


def halve(content: bytes) -> tuple[bytes, bytes] | None:
    """Two letters of half as many events each; None for a letter about one."""
    places = _places.decode(content)
    half = len(places) // 2
    if not half:
        return None
    return msgspec.json.encode(places[:half]), msgspec.json.encode(places[half:])
