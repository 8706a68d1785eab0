"""What is left of a document's events and records without what they say of persons?

Members that the table `personal` names leave; in their place stand the digests of salted
disclosures, so that index, exports and answers never hold the members themselves. What was
sent is not changed: it lies sealed in the vault, and the disclosures follow from it.

References:
    RFC 9901, section 4.2.4
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

import msgspec
import numpy as np

from guantong.capture.event_hash import event_hash
from guantong.capture.faults import Fault
from guantong.capture.model import ErrorDeclaration, Event, MasterItem
from guantong.capture.personal import Disclosure, Personal, Salts
from guantong.capture.reading import TableReading
from guantong.capture.table import EventTable, Rest, event_of, lists_of, rest_of
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.rules import PersonalField

DIGESTS: Final = "_sd"
"""Member with the digests of what was taken out beside it."""
NAMES: Final = "_withheld"
"""Member of a record with the names of what was taken out of it."""
EVENT: Final = "event"
_MAPS: Final = ("extensions", "ilmd", "read_point_extensions", "biz_location_extensions")
_MARKS: Final = (b"extensions", b"ilmd", b"sensors")
"""Where in a `Rest` members may stand that are not the standard's."""
_LOCAL: Final = re.compile(r".*[}#/:.]", re.DOTALL)
_PUNCTUATION: Final = re.compile(r"[\W_]+")
_rest_bytes = msgspec.msgpack.Encoder().encode

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Declared:
    """Which members say something of a person."""

    rows: Mapping[str, tuple[tuple[frozenset[str], re.Pattern[str] | None], ...]]
    """By local name: of which kinds, and which values."""

    @classmethod
    def of(cls, fields: Iterable[PersonalField]) -> Self:
        """Those of some lines of the table."""
        rows: dict[str, tuple[tuple[frozenset[str], re.Pattern[str] | None], ...]] = {}
        for one in fields:
            value = re.compile(one.pattern) if one.pattern else None
            rows[one.name] = (*rows.get(one.name, ()), (one.kinds, value))
        return cls(rows)

    def names(self, kind: str, name: str, value: object) -> bool:
        """Whether a member is one of them."""
        rows = self.rows.get(local(name), ())
        return value is not None and any(
            ("*" in kinds or kind in kinds) and (want is None or want.search(str(value)))
            for kinds, want in rows
        )


def local(name: str) -> str:
    """A name as the table has it: without namespace, in small letters, letters and digits alone.

    Returns:
        The name to look up.

    >>> local("{https://example.org/ns}buyer_Name")
    'buyername'
    """
    return _PUNCTUATION.sub("", _LOCAL.sub("", name)).casefold()


def may_hold(reading: TableReading) -> bool:
    """Whether a document has any members that the standard does not name; quick."""
    table = reading.table
    rests = () if table is None else table.rests
    return bool(reading.master) or any(mark in raw for raw in rests if raw for mark in _MARKS)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A document after what is personal has left it."""

    reading: TableReading
    """Without it."""
    disclosures: tuple[Disclosure, ...]
    """What was taken out, in document order."""
    faults: tuple[Found, ...] = ()
    """Event ids that are unsalted hashes of it."""
    hashed: frozenset[int] = frozenset()
    """Positions in the document of the events that bear such ids."""


@dataclass(slots=True)
class _Taker:
    """Takes members out of one document."""

    declared: Declared
    salts: Salts
    taken: list[Disclosure] = field(default_factory=list)

    def members(self, kind: str, members: Members) -> dict[str, object]:
        """The members that stay, the digests of the others beside them."""
        before = members.get(DIGESTS)
        digests = list(before) if isinstance(before, list | tuple) else []
        kept: dict[str, object] = {}
        for name, value in members.items():
            if self.declared.names(kind, name, value):
                one = Disclosure(self.salts.next(), name, Personal(value))
                self.taken.append(one)
                digests.append(one.digest())
            elif name != DIGESTS or not isinstance(value, list | tuple):
                kept[name] = self._value(kind, value)
        if digests:
            kept[DIGESTS] = sorted(map(str, digests))  # their order is to tell nothing
        return kept

    def _value(self, kind: str, value: object) -> object:
        if isinstance(value, Mapping):
            return self.members(kind, value)
        if isinstance(value, list | tuple):
            return [self._value(kind, one) for one in value]
        return value

    def rest(self, rest: Rest) -> Rest:
        """What an event says beside the standard's columns, without what is personal."""
        made: dict[str, object] = {
            name: self.members(EVENT, members) for name in _MAPS if (members := getattr(rest, name))
        }
        if rest.sensors:
            made["sensors"] = [self.members(EVENT, one) for one in rest.sensors]
        if isinstance(rest.error, ErrorDeclaration) and rest.error.extensions:
            inside = self.members(EVENT, rest.error.extensions)
            made["error"] = msgspec.structs.replace(rest.error, extensions=inside)
        return msgspec.structs.replace(rest, **made) if made else rest

    def item(self, item: MasterItem) -> MasterItem:
        """A record without what is personal."""
        before = len(self.taken)
        fields = self.members(item.kind, item.fields)
        if len(self.taken) == before:
            return item
        fields[NAMES] = sorted({local(one.name) for one in self.taken[before:]})
        return msgspec.structs.replace(item, fields=fields)


def withhold(reading: TableReading, declared: Declared, salt: bytes, data: bytes) -> Withheld:
    """Take out of a document what says something of persons.

    Args:
        reading: What it says, event ids filled in.
        declared: Which members.
        salt: Of the document: 32 bytes.
        data: The document as sent; tells which ids are the sender's own.

    Returns:
        What is left. An event of which something was taken and whose id was made from what it
        says gets the hash of what is left, which is salted by the digests in it.
    """
    taker = _Taker(declared, Salts(salt))
    assert reading.table is not None
    table, hashed = _events(reading, taker, data)
    master = tuple([taker.item(item) for item in reading.master])
    if not taker.taken:
        return Withheld(reading, ())
    left = replace(reading, table=table, master=master)
    faults = tuple([_hashed(reading.format, position) for position in sorted(hashed)])
    return Withheld(left, tuple(taker.taken), faults, hashed)


def _events(reading: TableReading, taker: _Taker, data: bytes) -> tuple[EventTable, frozenset[int]]:
    """The events without what is personal; positions whose own id is a hash of all of it."""
    table = reading.table
    assert table is not None
    rests, numbers = _rests(table, taker)
    if not numbers:
        return table, frozenset()
    column = table.rest.copy()
    for at, number in numbers.items():
        column[at] = number
    left = _with(table, rest=column, rests=_only_used(rests, column))
    ids, hashed = list(table.ids), set()
    lists = list(lists_of(table))
    for at in numbers:
        if ids[at] != event_hash(event_of(table, at, lists[at])):
            continue
        if ids[at].encode() in data:
            hashed.add(reading.positions[at] if reading.positions else at)
        ids[at] = event_hash(event_of(left, at, lists[at]))
    return left.with_ids(ids), frozenset(hashed)


def _rests(table: EventTable, taker: _Taker) -> tuple[list[bytes], dict[int, int]]:
    """All rests, and the new number of each event from which something was taken.

    Returns:
        Each event gets disclosures of its own, so that two of one person do not look alike.
    """
    rests, numbers = list(table.rests), {}
    suspect = {n: rest_of(raw) for n, raw in enumerate(rests) if _may(raw)}
    for at, number in enumerate(table.rest.tolist() if suspect else ()):
        if number not in suspect:
            continue
        before = len(taker.taken)
        left = taker.rest(suspect[number])
        if len(taker.taken) > before:
            numbers[at] = len(rests)
            rests.append(_rest_bytes(left))
        else:
            del suspect[number]
    return rests, numbers


def _may(raw: bytes) -> bool:
    return bool(raw) and any(mark in raw for mark in _MARKS)


def _only_used(
    rests: Sequence[bytes], column: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[bytes, ...]:
    """The rests, emptied where no event has them any more."""
    used = set(column.tolist())
    return tuple(raw if number in used else b"" for number, raw in enumerate(rests))


def _with(table: EventTable, **changed: object) -> EventTable:
    members = {name: getattr(table, name) for name in EventTable.__slots__}
    return EventTable(**(members | changed))


def _hashed(form: str, position: int) -> Found:
    path = f"rows[{position}]" if form == "sheet" else f"epcisBody.eventList[{position}].eventID"
    expected, got = "an id that is no hash of personal data", "the hash of the event"
    return fault(Fault.UNSALTED, expected=expected, got=got, path=path)


def has_withheld(event: Event) -> bool:
    """Whether something personal was taken out of an event."""
    parts: list[object] = [getattr(event, name) for name in _MAPS]
    parts += [event.sensors, event.error.extensions if event.error else {}]
    return any(_has(part) for part in parts)


def _has(value: object) -> bool:
    if isinstance(value, Mapping):
        return DIGESTS in value or any(_has(one) for one in value.values())
    return isinstance(value, list | tuple) and any(_has(one) for one in value)
