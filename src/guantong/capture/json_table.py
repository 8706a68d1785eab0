"""What does a plain EPCIS document in JSON say, as columns?

The whole document is decoded in one go; what many events say alike is worked out once, and all
codes are looked at together. This reader knows only documents that are entirely right and have
no extension at the top or around the events: for any other it gives nothing, and `jsonld` reads
it from the start. So every fault is told by one reader only.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from guantong.capture import json_shapes as shapes
from guantong.capture.code_columns import Heads, coded
from guantong.capture.faults import CaptureError, Limits
from guantong.capture.json_event import amounts, finish
from guantong.capture.json_keys import marks
from guantong.capture.json_master import read_master
from guantong.capture.jsonld import DOCUMENTS, FORMAT, has_too_many_values, not_utf8
from guantong.capture.meaning import BAD, Meaning
from guantong.capture.namespaces import Context
from guantong.capture.reading import TableReading
from guantong.capture.table import (
    CHILD,
    EPC,
    INPUT,
    OUTPUT,
    PARENT,
    EventTable,
    Ints,
    Maker,
    Runs,
    runs_of,
)

_ROLES: Final = 5


class _Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """epcisBody of a plain document."""

    events: list[shapes.Shape] = msgspec.field(name="eventList")


class _Plain(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A document with nothing unusual around its events."""

    type: str
    body: _Body = msgspec.field(name="epcisBody")
    context: Any = msgspec.field(default=None, name="@context")
    id: Any = None
    version: Any = msgspec.field(default=None, name="schemaVersion")
    created: Any = msgspec.field(default=None, name="creationDate")
    header: Any = msgspec.field(default=None, name="epcisHeader")


_decode: Final = msgspec.json.Decoder(_Plain).decode
_encode: Final = msgspec.json.Encoder().encode
_FAILURES: Final = (msgspec.DecodeError, RecursionError)
_BOM: Final = b"\xef\xbb\xbf"


def read_plain(data: bytes, limits: Limits) -> TableReading | None:
    """Read a document whose events are plain and right.

    Args:
        data: JSON, of a size the door let in.
        limits: How much it may cost.

    Returns:
        None when anything is unusual, be it right or wrong.
    """
    body = data.removeprefix(_BOM)
    plain = _plain(body, limits)
    if plain is None:
        return None
    try:
        meaning = Meaning(Context.of(plain.context))
    except CaptureError:
        return None
    return _read(plain, meaning, limits)


def _plain(data: bytes, limits: Limits) -> _Plain | None:
    """The document as decoded; None when it holds a key twice, or anything unusual."""
    if has_too_many_values(data, limits) or not_utf8(data) >= 0:
        return None
    try:
        plain = _decode(data)
    except _FAILURES:
        return None
    fits = plain.type in DOCUMENTS and len(plain.body.events) <= limits.events_max
    return plain if fits and marks(data) == marks(_encode(plain)) else None


def _read(plain: _Plain, meaning: Meaning, limits: Limits) -> TableReading | None:
    """What a document says; None when anything in it is wrong."""
    created = plain.created
    if created is not None and not isinstance(created, str):
        return None
    created_ms = 0 if created is None else meaning.time(created, "creationDate")
    try:
        header = msgspec.convert(plain.header, shapes.Header | None)
    except _FAILURES:
        return None
    listed = None if header is None or header.master is None else header.master
    master = [] if listed is None else list(read_master(listed.get("vocabularyList"), "", meaning))
    table = _Columns(meaning, limits).table(plain.body.events)
    if table is None or meaning.found:
        return None
    positions = tuple(range(len(table)))
    return TableReading(table, (), FORMAT, positions, tuple(master), created_ms)


class _Columns:
    """Gathers the columns of one document."""

    def __init__(self, meaning: Meaning, limits: Limits) -> None:
        self.meaning = meaning
        self.limits = limits
        self.maker = Maker()
        self.rows: dict[tuple[int, ...], int] = {}
        self.known: dict[tuple[object, ...], int] = {}
        self.joined: dict[int, str] = {}
        self.texts: list[str] = []
        self.owners: list[int] = []
        self.sizes: list[int] = []

    def table(self, events: Sequence[shapes.Base]) -> EventTable | None:
        """The events as columns; None when one of them is wrong, which may have been noted."""
        ids = [event.id or "" for event in events]
        if not _are_ids(ids, events):
            return None
        numbers = [self._number(at, event) for at, event in enumerate(events)]
        times = self._times([event.time for event in events])
        self._times([event.recorded for event in events if event.recorded is not None])
        if self.meaning.found or -1 in numbers:
            return None
        runs = self._runs()
        if self.meaning.found:
            return None
        said = np.array(list(self.rows), np.int64).reshape(-1, 8)[numbers].T.copy()
        members = self.maker.members((np.array(times, np.int64), *said))
        return EventTable(
            **members,  # type: ignore[arg-type]
            ids=tuple(ids),
            transformation=self._transformations(len(ids)),
            runs=runs,
        )

    def _times(self, texts: Sequence[str | None]) -> list[int]:
        """The moments of some texts."""
        known = {text: self.meaning.time(text, "eventTime") for text in set(texts)}
        return [known[text] for text in texts]

    def _transformations(self, count: int) -> tuple[str, ...]:
        joined = self.joined
        return tuple(joined.get(at, "") for at in range(count)) if any(joined.values()) else ()

    def _number(self, at: int, event: shapes.Base) -> int:
        """Which of `rows` an event says; its items are noted. -1 when it is wrong."""
        said = _SAID(event)
        try:
            number = self.known.get(said)
        except TypeError:  # measurements: each is its own
            return self._apart(at, event)
        if number is not None and _TAKERS[type(event)](self, at, event):
            return number
        number = self._apart(at, event)
        self.known[said] = number
        return number

    def _apart(self, at: int, event: shapes.Base) -> int:
        """The same of an event that is read by itself."""
        made, _ = finish(self.meaning, event, self.limits)
        if made is None:
            return -1
        self.maker.items(at, made)
        if made.transformation_id:
            self.joined[at] = made.transformation_id
        row = self.maker.row(made)
        return self.rows.setdefault(row, len(self.rows))

    def take(self, at: int, role: int, codes: Sequence[str]) -> None:
        """Note a list of single items."""
        if codes:
            self.texts += codes
            self.owners.append(at * _ROLES + role)
            self.sizes.append(len(codes))

    def take_amounts(self, at: int, role: int, raw: Sequence[shapes.Amount]) -> None:
        """Note a list of amounts."""
        for amount in amounts(raw, "", self.meaning) if raw else ():
            self.maker.amount(at, role, amount)

    def _runs(self) -> Runs:
        """All items, in order."""
        singles = self._singles()
        if not self.maker.runs:
            return singles
        others = runs_of(self.maker.runs)
        both = [
            np.concatenate([getattr(singles, name), getattr(others, name)])
            for name in Runs.__slots__
        ]
        event, role, measured = both[0], both[1], both[5]
        order = np.argsort((event * _ROLES + role) * 2 + measured, kind="stable")
        return Runs(*[column[order] for column in both])

    def _singles(self) -> Runs:
        """The single items that were noted."""
        found = coded(self.texts, Heads(self.maker.heads), self._code)
        owner = np.repeat(np.array(self.owners, np.int64), self.sizes)
        new = np.ones(len(owner), np.bool_)
        new[1:] = (
            (owner[1:] != owner[:-1])
            | (found.head[1:] != found.head[:-1])
            | (found.serial[1:] != found.serial[:-1] + 1)
            | ~found.numbered[1:]
        )
        first = np.flatnonzero(new)
        event, role = np.divmod(owner[first], _ROLES)
        count: Ints = np.diff(first, append=len(new))
        none = np.zeros(len(first), np.int64)
        return Runs(
            event=event,
            role=role,
            head=found.head[first],
            first=found.serial[first],
            count=count,
            measured=none.astype(np.bool_),
            quantity=np.full(len(first), np.nan),
            uom=none,
        )

    def _code(self, text: str) -> str:
        """The canonical spelling of a code; "" when it is wrong, which is noted."""
        made = self.meaning.one_code(text, "")
        return "" if made is BAD else made


def _are_ids(ids: Sequence[str], events: Sequence[shapes.Base]) -> bool:
    """Whether each id that is there is a URI and stands once."""
    there = [event.id for event in events if event.id is not None]
    return len(set(there)) == len(there) and False not in [":" in one for one in there]


_SAID: Final = attrgetter(
    *("__class__", "action", "offset", "step", "disposition", "read_point", "biz_location"),
    *("sources", "destinations", "transactions", "persistent", "certification", "error"),
    "sensors",
)
"""What many events say alike, as it is written."""


def _take_things(
    columns: _Columns, at: int, event: shapes.ObjectShape | shapes.TransactionShape
) -> bool:
    """Note the items of an object or transaction event; False when `finish` has to judge."""
    epcs = event.epcs
    if not (epcs or event.quantities):
        return False
    if isinstance(event, shapes.TransactionShape) and event.parent is not None:
        columns.take(at, PARENT, (event.parent,))
    columns.take(at, EPC, epcs or ())
    columns.take_amounts(at, EPC, event.quantities)
    return True


def _take_relation(columns: _Columns, at: int, event: shapes.Relation) -> bool:
    """The same of a parent and its children."""
    if event.parent is None or not (event.child_epcs or event.child_quantities):
        return False
    columns.take(at, PARENT, (event.parent,))
    columns.take(at, CHILD, event.child_epcs)
    columns.take_amounts(at, CHILD, event.child_quantities)
    return True


def _take_conversion(columns: _Columns, at: int, event: shapes.TransformationShape) -> bool:
    """The same of inputs and outputs."""
    inputs = event.input_epcs or event.input_quantities
    outputs = event.output_epcs or event.output_quantities
    if not (inputs and outputs):
        return False
    columns.take(at, INPUT, event.input_epcs)
    columns.take_amounts(at, INPUT, event.input_quantities)
    columns.take(at, OUTPUT, event.output_epcs)
    columns.take_amounts(at, OUTPUT, event.output_quantities)
    if event.transformation_id is not None:
        columns.joined[at] = columns.meaning.code(event.transformation_id, "")
    return True


_TAKERS: Final[dict[type[shapes.Base], Callable[[_Columns, int, Any], bool]]] = {
    shapes.ObjectShape: _take_things,
    shapes.TransactionShape: _take_things,
    shapes.AggregationShape: _take_relation,
    shapes.AssociationShape: _take_relation,
    shapes.TransformationShape: _take_conversion,
}
