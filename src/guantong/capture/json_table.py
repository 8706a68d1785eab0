"""What does a plain EPCIS document in JSON say, as columns?

The whole document is decoded in one go; what many events say alike is worked out once, and all
codes are looked at together. This reader knows only documents that are entirely right and have
no extension at the top or around the events: for any other it gives nothing, and `jsonld` reads
it from the start. So every fault is told by one reader only.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar

import msgspec
import numpy as np

from guantong.capture import json_lists
from guantong.capture import json_shapes as shapes
from guantong.capture.code_columns import Classes, coded
from guantong.capture.code_lines import Listed, lines_of
from guantong.capture.faults import CaptureError, Limits
from guantong.capture.few import Few
from guantong.capture.json_event import amounts, finish
from guantong.capture.json_keys import marks
from guantong.capture.json_lists import EMPTY, Said
from guantong.capture.json_master import read_master
from guantong.capture.jsonld import DOCUMENTS, FORMAT, has_too_many_values, not_utf8
from guantong.capture.meaning import BAD, Meaning
from guantong.capture.model import MasterItem
from guantong.capture.namespaces import Context
from guantong.capture.reading import TableReading
from guantong.capture.run_columns import ROLES, merged, runs_in
from guantong.capture.table import (
    CHILD,
    EPC,
    INPUT,
    OUTPUT,
    PARENT,
    EventTable,
    Maker,
    Run,
    Runs,
    Saying,
    Told,
    joined,
    runs_of,
    saying_of,
)

LARGE_BYTES: Final = 8 << 20
"""From here on a document is decoded in parts, so that it takes little more memory than its bytes."""
PART: Final = 2_000
"""Events of a part."""
FEW_BYTES: Final = 16_384
"""Below this a document is read code by code, and what its events say is remembered."""
_CONTEXTS_MAX: Final = 256
_SAYINGS_MAX: Final = 1_024
_NO_LIMITS: Final = Limits()
"""None of them matters to what is remembered."""
_PLACE: Final = itemgetter(0, 1, 5)
"""Event, role, and whether it is an amount."""


_E = TypeVar("_E")


class _Body(msgspec.Struct, Generic[_E], forbid_unknown_fields=True, omit_defaults=True):
    """epcisBody of a plain document."""

    events: list[_E] = msgspec.field(name="eventList")


class _Plain(msgspec.Struct, Generic[_E], forbid_unknown_fields=True, omit_defaults=True):
    """A document with nothing unusual around its events."""

    type: str
    body: _Body[_E] = msgspec.field(name="epcisBody")
    context: Any = msgspec.field(default=None, name="@context")
    id: Any = None
    version: Any = msgspec.field(default=None, name="schemaVersion")
    created: Any = msgspec.field(default=None, name="creationDate")
    header: Any = msgspec.field(default=None, name="epcisHeader")


_decode: Final = msgspec.json.Decoder(_Plain[json_lists.Plain]).decode
_decode_around: Final = msgspec.json.Decoder(_Plain[msgspec.Raw]).decode
"""The same with the events left as bytes."""
_decode_events: Final = msgspec.json.Decoder(list[json_lists.Plain]).decode
_encode: Final = msgspec.json.Encoder().encode
_texts: Final = msgspec.json.Decoder(list[str]).decode
_FAILURES: Final = (msgspec.DecodeError, RecursionError)
_BOM: Final = b"\xef\xbb\xbf"


def read_plain(data: bytes, limits: Limits, told: Told | None = None) -> TableReading | None:
    """Read a document whose events are plain and right.

    Args:
        data: JSON, of a size the door let in.
        limits: How much it may cost.
        told: Hears how many events of a large document were read.

    Returns:
        None when anything is unusual, be it right or wrong.
    """
    body = data.removeprefix(_BOM)
    if has_too_many_values(body, limits) or not_utf8(body) >= 0:
        return None
    try:
        whole = _decode(body) if len(body) < LARGE_BYTES else _decode_around(body)
    except _FAILURES:
        return None
    if whole.type not in DOCUMENTS or len(whole.body.events) > limits.events_max:
        return None
    few = len(data) < FEW_BYTES
    context = _encode(whole.context)
    try:
        meaning = Meaning((_context if few else _context.__wrapped__)(context))
    except CaptureError:
        return None
    columns = _Columns(meaning, limits, context if few else None)
    return _read(whole, columns) if _take_all(whole, columns, body, told) else None


def _take_all(whole: "_Plain[Any]", columns: "_Columns", data: bytes, told: Told | None) -> bool:
    """Note all events of a document; False when one is wrong, or a key stands twice."""
    events: list[Any] = whole.body.events
    if len(data) < LARGE_BYTES:
        return marks(data) == marks(_encode(whole)) and columns.take_events(events)
    whole.body.events = []
    found = marks(_encode(whole))
    for at in range(0, len(events), PART):
        try:
            part = _decode_events(b"[%b]" % b",".join(events[at : at + PART]))
        except _FAILURES:
            return False
        found += marks(_encode(part))
        if not columns.take_events(part):
            return False
        if told is not None:
            told(len(columns.ids))
    return marks(data) == found


@lru_cache(maxsize=_CONTEXTS_MAX)
def _context(raw: bytes) -> Context:
    """The context that stands in a document."""
    return Context.of(msgspec.json.decode(raw))


def _read(whole: "_Plain[Any]", columns: "_Columns") -> TableReading | None:
    """What a document says; None when anything in it is wrong."""
    meaning = columns.meaning
    created = whole.created
    if created is not None and not isinstance(created, str):
        return None
    created_ms = 0 if created is None else meaning.time(created, "creationDate")
    master = _master(whole.header, meaning)
    if master is None:
        return None
    table = columns.table()
    if table is None or meaning.found:
        return None
    positions = tuple(range(len(table)))
    return TableReading(table, (), FORMAT, positions, tuple(master), created_ms)


def _master(raw: object, meaning: Meaning) -> list[MasterItem] | None:
    """The master data of a header; None when it is none. What is wrong in it is noted."""
    if raw is None:
        return []
    try:
        header = msgspec.convert(raw, shapes.Header)
    except _FAILURES:
        return None
    listed = header.master
    return [] if listed is None else list(read_master(listed.get("vocabularyList"), "", meaning))


@lru_cache(maxsize=_SAYINGS_MAX)
def _saying(context: bytes, what: Said) -> Saying | None:
    """What an event means under a context; None when it is wrong."""
    return _said(Meaning(_context(context)), what, _NO_LIMITS)


def _said(meaning: Meaning, what: Said, limits: Limits) -> Saying | None:
    """The same; what is wrong may have been noted."""
    made, _ = finish(meaning, json_lists.example(what), limits)
    return None if made is None else saying_of(made)


class _Columns:
    """Gathers the columns of one document."""

    def __init__(self, meaning: Meaning, limits: Limits, context: bytes | None) -> None:
        """For one document.

        Args:
            meaning: What texts mean in it.
            limits: How much it may cost.
            context: Its context, when it is so small that sayings are remembered.
        """
        self.meaning = meaning
        self.limits = limits
        self.context = context
        self.maker = Maker()
        self.classes = Classes(self.maker.heads)
        self.rows: dict[tuple[int, ...], int] = {}
        self.known: dict[Said, int] = {}
        self.joined: dict[int, str] = {}
        self.lists: list[Listed] = []
        self.owners: list[int] = []
        self.ids: list[str] = []
        self.seen: set[str | None] = set()
        self.numbers: list[int] = []
        self.times: list[int] = []
        self.parts: list[Runs] = []
        """Of events that were taken before."""

    def take_events(self, events: Sequence[json_lists.Plain]) -> bool:
        """Note the events that follow; False when one of them is wrong, which may have been noted."""
        if not self._are_ids(events):
            return False
        first = len(self.ids)
        numbers = [self._number(at, event) for at, event in enumerate(events, first)]
        self.ids += [event.id or "" for event in events]
        self.numbers += numbers
        self.times += self._times([event.time for event in events])
        recorded = [event.recorded for event in events if event.recorded is not None]
        if recorded:
            self._times(recorded)
        if self.meaning.found or -1 in numbers:
            return False
        return self.context is not None or self._take_runs()

    def _take_runs(self) -> bool:
        """Turn what was noted of items into columns; False when a code is wrong."""
        runs = self._runs()
        if runs is None or self.meaning.found:
            return False
        self.parts.append(runs)
        self.lists.clear()
        self.owners.clear()
        self.maker.runs.clear()
        return True

    def table(self) -> EventTable | None:
        """The events as columns; None when a code is wrong."""
        return self._many() if self.context is None else self._few()

    def _many(self) -> EventTable:
        said = np.array(list(self.rows), np.int64).reshape(-1, 8).T[:, self.numbers]
        members = self.maker.members((np.array(self.times, np.int64), *said))
        return EventTable(
            **members,  # type: ignore[arg-type]
            ids=tuple(self.ids),
            transformation=self._transformations(len(self.ids)),
            runs=joined(self.parts),
        )

    def _few(self) -> Few | None:
        """The same of a small document, in rows."""
        runs = self._run_rows()
        if runs is None or self.meaning.found:
            return None
        rows, said = list(self.rows), zip(self.times, self.numbers, strict=True)
        return Few(
            **self.maker.texts(),  # type: ignore[arg-type]
            ids=tuple(self.ids),
            transformation=self._transformations(len(self.ids)),
            rows=tuple([(time, *rows[number]) for time, number in said]),
            run_rows=tuple(runs),
        )

    def _are_ids(self, events: Sequence[json_lists.Plain]) -> bool:
        """Whether each id that is there is a URI and stands once, but for error declarations."""
        there = [event.id for event in events if event.id is not None]
        if False in [":" in one for one in there]:
            return False
        new = set(there)
        if len(new) == len(there) and self.seen.isdisjoint(new):
            self.seen |= new
            return True
        for event in events:
            if event.id is not None and event.id in self.seen and event.error is None:
                return False
            self.seen.add(event.id)
        return True

    def _times(self, texts: Sequence[str | None]) -> list[int]:
        """The moments of some texts."""
        if self.context is not None:
            return [self.meaning.time(text, "eventTime") for text in texts]
        known = {text: self.meaning.time(text, "eventTime") for text in set(texts)}
        return [known[text] for text in texts]

    def _transformations(self, count: int) -> tuple[str, ...]:
        joined = self.joined
        return tuple(joined.get(at, "") for at in range(count)) if any(joined.values()) else ()

    def _number(self, at: int, event: json_lists.Plain) -> int:
        """Which of `rows` an event says; its items are noted. -1 when it is wrong."""
        if not _TAKERS[type(event)](self, at, event):
            return self._apart(at, event)
        what = json_lists.said(event)
        if event.sensors:
            return self._new(_said(self.meaning, what, self.limits))
        number = self.known.get(what)
        if number is None:
            number = self._new(
                _said(self.meaning, what, self.limits)
                if self.context is None
                else _saying(self.context, what)
            )
            self.known[what] = number
        return number

    def _new(self, saying: Saying | None) -> int:
        """The row of a saying; -1 for none."""
        if saying is None:
            return -1
        return self.rows.setdefault(self.maker.said(saying), len(self.rows))

    def _apart(self, at: int, event: json_lists.Plain) -> int:
        """The same of an event that is read by itself."""
        try:
            shape = shapes.EVENT.decode(_encode(event))
        except _FAILURES:
            return -1
        made, _ = finish(self.meaning, shape, self.limits)
        if made is None:
            return -1
        self.maker.items(at, made)
        if made.transformation_id:
            self.joined[at] = made.transformation_id
        return self._new(saying_of(made))

    def take(self, at: int, role: int, codes: Listed) -> None:
        """Note a list of single items."""
        if len(codes) > EMPTY:
            self.lists.append(codes)
            self.owners.append(at * ROLES + role)

    def take_amounts(self, at: int, role: int, raw: Sequence[shapes.Amount]) -> None:
        """Note a list of amounts."""
        for amount in amounts(raw, "", self.meaning) if raw else ():
            self.maker.amount(at, role, amount)

    def _runs(self) -> Runs | None:
        """All items, in order; None when one of the lists is unusual."""
        rows = self.maker.runs
        if not self.lists:
            return runs_of(rows)
        singles = self._singles()
        return merged(singles, runs_of(rows)) if singles is not None and rows else singles

    def _run_rows(self) -> list[Run] | None:
        """The same of a small document, in rows."""
        rows = self.maker.runs
        amounts = len(rows)
        for owner, raw in zip(self.owners, self.lists, strict=True):
            try:
                texts = _texts(raw)
            except _FAILURES:
                return None
            at, role = divmod(owner, ROLES)
            for head, first, count in self.classes.consecutive(texts, self._code):
                rows.append((at, role, head, first, count, False, math.nan, 0))
            if not texts:
                return None
        return sorted(rows, key=_PLACE) if amounts else rows

    def _singles(self) -> Runs | None:
        """The single items that were noted."""
        lines = lines_of(self.lists)
        if lines is None:
            return None
        owner = np.repeat(np.array(self.owners, np.int64), lines.sizes)
        return runs_in(owner, coded(lines, self.classes, self._code))

    def _code(self, text: str) -> str:
        """The canonical spelling of a code; "" when it is wrong, which is noted."""
        made = self.meaning.one_code(text, "")
        return "" if made is BAD else made


def _take_things(
    columns: _Columns, at: int, event: json_lists.PlainObject | json_lists.PlainTransaction
) -> bool:
    """Note the items of an object or transaction event; False when `finish` has to judge."""
    epcs = event.epcs
    if len(epcs) <= EMPTY and not event.quantities:
        return False
    columns.take(at, EPC, epcs)
    if event.quantities:
        columns.take_amounts(at, EPC, event.quantities)
    return True


def _take_transaction(columns: _Columns, at: int, event: json_lists.PlainTransaction) -> bool:
    """The same of a transaction event, which may have a parent and has a document."""
    if not (event.transactions and _take_things(columns, at, event)):
        return False
    if event.parent is not None:
        columns.take(at, PARENT, _encode([event.parent]))
    return True


def _take_relation(columns: _Columns, at: int, event: json_lists.PlainRelation) -> bool:
    """The same of a parent and its children."""
    if event.parent is None or (len(event.child_epcs) <= EMPTY and not event.child_quantities):
        return False
    columns.take(at, PARENT, _encode([event.parent]))
    columns.take(at, CHILD, event.child_epcs)
    columns.take_amounts(at, CHILD, event.child_quantities)
    return True


def _take_conversion(columns: _Columns, at: int, event: json_lists.PlainTransformation) -> bool:
    """The same of inputs and outputs."""
    inputs = len(event.input_epcs) > EMPTY or event.input_quantities
    outputs = len(event.output_epcs) > EMPTY or event.output_quantities
    if not (inputs and outputs):
        return False
    columns.take(at, INPUT, event.input_epcs)
    columns.take_amounts(at, INPUT, event.input_quantities)
    columns.take(at, OUTPUT, event.output_epcs)
    columns.take_amounts(at, OUTPUT, event.output_quantities)
    if event.transformation_id is not None:
        columns.joined[at] = columns.meaning.code(event.transformation_id, "")
    return True


_TAKERS: Final[dict[type[json_lists.Plain], Callable[[_Columns, int, Any], bool]]] = {
    json_lists.PlainObject: _take_things,
    json_lists.PlainTransaction: _take_transaction,
    json_lists.PlainAggregation: _take_relation,
    json_lists.PlainAssociation: _take_relation,
    json_lists.PlainTransformation: _take_conversion,
}
"""Which items an event names; a taker that answers False has taken nothing."""
