"""How does a holder's own system learn of a recall? By letters of the outbox: a notice, and reminders.

A line looks for steps that are about its firm; how far it has looked stands in the box, so that over
any crash no notice is forgotten and none is sent twice. What stands in a letter is the firm's own part
as the recall stands when it is sent, and nothing of other holders.
"""

from hashlib import blake2b
from typing import Final, Protocol, runtime_checkable

import msgspec

from guantong import parties, recall
from guantong.clock import Clock, instant_text
from guantong.recall import STEP, Act, Holding, Running, Step
from guantong.serve import json_out
from guantong.serve.outbox.box import About, Box, Letter, Line
from guantong.serve.outbox.post import Kind, Written
from guantong.serve.owned_items import OwnedItems
from guantong.serve.readers import Readers
from guantong.store import Fact, Store

KIND: Final = "recall"
"""Of its lines in the outbox."""
TYPES: Final = {Act.NOTIFIED: "recall.notice", Act.REMINDED: "recall.reminder"}
"""What is told of, as receivers tell letters apart."""
CODES_MAX: Final = 500
"""Codes a recall begins with, and ranges of the firm's items, told in one letter."""


@runtime_checkable
class Told(Protocol):
    """An installation whose recalls can be read."""

    @property
    def readers(self) -> Readers:
        """The handles for reading."""

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry."""


class Content(msgspec.Struct, frozen=True):
    """What a letter is about."""

    entry: int
    """Of the step."""


class Root(msgspec.Struct, frozen=True):
    """What a line keeps beside its address."""

    root: str
    """Where the firm reached this installation: notices are at addresses below."""


class RecallLetters:
    """What lines of recalls do."""

    def __init__(self, desk: Told, box: Box, clock: Clock) -> None:
        """Over an installation and its outbox."""
        self._desk = desk
        self._box = box
        self._clock = clock
        self._owned = OwnedItems(desk.readers, clock)

    def kind(self) -> Kind:
        """As the post needs it."""
        return Kind(self.look, self.write)

    def look(self, line: Line) -> bool:
        """Put a letter for each step about the firm that came since."""
        with self._desk.readers.lend() as store:
            came = [fact.entry for fact, _ in _steps(store, line.party) if fact.entry >= line.seen]
        if not came:
            return (
                False  # what was looked at in vain is looked at again: it costs less than a write
            )
        letters = [msgspec.json.encode(Content(entry)) for entry in came]
        return self._box.put(line.id, letters, self._clock.now_ms(), seen=(line.seen, came[-1] + 1))

    def write(self, line: Line, letter: Letter) -> Written | None:
        """The notice or reminder; None when there is no such step any more."""
        entry = msgspec.json.decode(letter.content, type=Content).entry
        with self._desk.readers.lend() as store:
            found = next((one for one in _steps(store, line.party) if one[0].entry == entry), None)
            running = recall.find(store, found[1].id) if found else None
            firm = parties.firm(store, running.recall.firm) if running else None
        if found is None or running is None:
            return None
        fact, step = found
        part, own = self._part(running, line.party)
        root = msgspec.json.decode(line.about.more, type=Root).root
        told = _said(running, step, part) | {
            "ranges": own if own is None else own[:CODES_MAX],
            "ranges_left": max(0, len(own or ()) - CODES_MAX),
            "producer": {
                "party": running.recall.firm,
                "name": firm.name if firm else "",
                "contact": firm.contact if firm else "",
            },
            "address": f"{root}/desk/notices/{running.recall.id}",
            "entry": entry,
        }
        at = instant_text(fact.received_ms)
        body = {"type": TYPES[step.act], "timestamp": at, "data": told}
        return Written("application/json", json_out.encode(body))

    def _part(self, running: Running, party: str) -> tuple[Holding | None, list[str] | None]:
        """What the firm has of it: numbers, and the items."""
        last = running.last(Act.SCOPED)
        fixed = recall.parse_step(self._desk.body(last[1].entry)).fixed if last else None
        if last is None or fixed is None:
            return None, None
        holders = recall.progress_of(running, fixed).holders
        part = next((one for one in holders if one.party == party), None)
        return part, self._owned.of(last[1].entry, fixed, party)


def _steps(store: Store, party: str) -> list[tuple[Fact, Step]]:
    """Notices and reminders to a firm, in ledger order."""
    facts = store.facts(STEP, (f"to {party}",))
    read = ((fact, msgspec.convert(fact.fields, Step)) for fact in facts)
    return [(fact, step) for fact, step in read if step.party == party and step.act in TYPES]


def _said(running: Running, step: Step, part: Holding | None) -> dict[str, object]:
    told, codes = running.recall, running.origins
    deadline = step.deadline or (part.deadline if part else "")
    return {
        "number": told.id,
        "kind": told.kind.value,
        "title": told.title,
        "hazard": told.hazard,
        "defect": told.defect,
        "remedy": told.remedy,
        "note": step.note,
        "deadline": deadline,
        "codes": list(codes[:CODES_MAX]),
        "codes_left": max(0, len(codes) - CODES_MAX),
        "items": part.items if part else 0,
        "lots": [
            {"lot": lot, "unit": unit, "quantity": quantity}
            for lot, unit, quantity in (part.lots if part else ())
        ],
        "answered": bool(part and part.answered_ms),
    }


def line_of(party: str) -> str:
    """The line of a firm: it has one."""
    return blake2b(f"{KIND} {party}".encode(), digest_size=12).hexdigest()


def lead(box: Box, party: str, about: About, *, seen: int) -> None:
    """Have a firm's letters sent to an address, from now on, or to another one than before.

    Args:
        box: The outbox.
        party: The firm.
        about: Where to.
        seen: How many entries of the ledger there are; what stands in them is not sent any more, but
            for what still waits on the line that was before.
    """
    number = line_of(party)
    before, waiting = box.line(number), box.front(number)
    if before is not None:
        box.close_line(number, party)
        seen = before.seen
    if waiting is not None:
        seen = msgspec.json.decode(waiting.content, type=Content).entry
    box.open_line(number, party, about, seen=seen)
