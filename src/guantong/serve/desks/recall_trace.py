"""What happened to everything in a recall, as a sheet that an inspector can sort within minutes?

A row is a critical tracking event and a lot, or the serials without one, of one product: its columns are
the key data elements that the American rule of traceability for food asks for, and where it stands in the ledger.
"""

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

from guantong import coding, parties
from guantong.capture.cells import csv_of, harmless
from guantong.capture.lots import class_of, lot_uri, lots_named
from guantong.capture.serials import ranges_of
from guantong.clock import CHINA
from guantong.parties import Product, Register
from guantong.recall import Fixed, items_of
from guantong.serve.pages import label
from guantong.serve.words import Language, say, word
from guantong.store import Store, Stored
from guantong.trace import Book, Step, lives
from guantong.trace.hands import effect_on, end_of
from guantong.trace.names import is_many
from guantong.trace.sight import Sight

ITEMS_MAX: Final = 100_000
"""Items and lots of a scope whose lives are read."""
ROWS_MAX: Final = 100_000
AT_ONCE: Final = 500
"""Lives read together."""
RANGES_MAX: Final = 500
"""Ranges of serials in one cell."""
CELL_MAX: Final = 32_000
"""Characters of one cell; a workbook has room for 32,767."""
COLUMNS: Final = (
    "event", "lot", "product", "brand", "model", "class", "quantity", "unit", "items", "step", "location",
    "location_name", "from", "from_name", "to", "to_name", "date", "time", "document_type", "document",
    "recorded_by", "recorded_by_name", "recorded_at", "entry", "event_id",
)  # fmt: skip
Cell = str | int | float


class Found(NamedTuple):
    """The rows, by time."""

    rows: list[tuple[Cell, ...]]
    is_whole: bool
    """Whether nothing was left out but what the asker may not see."""


class _Key(NamedTuple):
    """What one row is about."""

    at_ms: int
    no: int
    """Of the event."""
    effect: str
    class_uri: str
    lot: str
    uom: str


class Told:
    """Collects rows, and puts names to them."""

    def __init__(self, store: Store, sight: Sight, now_ms: int, language: Language) -> None:
        """Over a store, for one asker."""
        self._store = store
        self._sight = sight
        self._now_ms = now_ms
        self._language = language
        self._register = Register(store)
        self._stored: dict[int, Stored] = {}
        self._items: dict[_Key, list[str]] = {}
        self._amounts: dict[_Key, float] = {}
        self._products: dict[str, Product | None] = {}

    def found(self, fixed: Fixed | None) -> Found:
        """The rows of a scope; none of a recall without one."""
        if fixed is None:
            return Found([], is_whole=False)
        things = chain({one.lot for one in fixed.lots}, items_of(fixed))
        read = islice(things, ITEMS_MAX)
        while some := list(islice(read, AT_ONCE)):
            for item, life in lives(Book(self._store, now_ms=self._now_ms), some).items():
                self._read(item, life.steps)
        is_all = next(things, None) is None and not fixed.spans_left and fixed.complete
        keys = sorted({*self._items, *self._amounts})
        rows = [self._row(key) for key in keys[:ROWS_MAX]]
        return Found(rows, is_all and len(keys) <= ROWS_MAX)

    def _read(self, item: str, steps: Iterable[Step]) -> None:
        many, class_uri = is_many(item), class_of(item)
        lot = item if many else self._lot(item, class_uri, steps)
        for step in steps:
            if not step.counts or not self._sight.sees(step.stored):
                continue
            self._stored[step.stored.no] = step.stored
            of = (effect_on(step).value, class_uri, lot, step.uom)
            key = _Key(step.at_ms, step.stored.no, *of)
            if many:
                self._amounts[key] = self._amounts.get(key, 0.0) + (step.quantity or 0.0)
            else:
                self._items.setdefault(key, []).append(item)

    def _lot(self, item: str, class_uri: str, steps: Iterable[Step]) -> str:
        """The lot an item is of: by its making, else by its label."""
        for step in steps:
            if step.counts and not step.via:
                named = next(lots_named(item, step.stored.event.ilmd), "")
                if named:
                    return named
        found = coding.issued(self._store, class_uri, item)
        return lot_uri(item, found[0].lot) if found is not None else ""

    def _row(self, key: _Key) -> tuple[Cell, ...]:
        stored = self._stored[key.no]
        event, items = stored.event, self._items.get(key, [])
        product = self._product(key.class_uri)
        place = event.biz_location or event.read_point
        giver = end_of(event.sources, self._register.firm_of).party
        taker = end_of(event.destinations, self._register.firm_of).party
        day, _, time = _china(key.at_ms).partition(" ")
        return (
            word("trace_event", key.effect, self._language),
            label(key.lot) if key.lot else "",
            *((product.name, product.brand, product.model) if product else ("", "", "")),
            key.class_uri.rpartition("/")[2],
            len(items) if items else self._amounts.get(key, 0.0),
            key.uom or say("pieces", self._language),
            spelled(items),
            word("step", event.step, self._language),
            place,
            self._register.name_of(place),
            giver,
            self._register.name_of(giver),
            taker,
            self._register.name_of(taker),
            day,
            time,
            "; ".join(one.type for one in event.transactions),
            "; ".join(one.value for one in event.transactions),
            stored.by,
            self._register.name_of(stored.by),
            _china(stored.record_ms),
            stored.entry,
            event.id,
        )

    def _product(self, class_uri: str) -> Product | None:
        if class_uri not in self._products:
            self._products[class_uri] = parties.product(self._store, class_uri)
        return self._products[class_uri]


def spelled(items: Iterable[str]) -> str:
    """Items as ranges of serials, the first few.

    Returns:
        They, with a semicolon between; how many more there are stands last.

    >>> head = "https://id.gs1.org/01/06901234567892/21/"
    >>> spelled([f"{head}{one}" for one in (3, 1, 2, 7)])
    '(01)06901234567892(21)1 - 3; (01)06901234567892(21)7'
    """
    ranges = ranges_of(items)
    told = "; ".join(label(one) for one in ranges[:RANGES_MAX])[:CELL_MAX]
    return f"{told}; … +{len(ranges) - RANGES_MAX}" if len(ranges) > RANGES_MAX else told


def heads(language: Language) -> tuple[str, ...]:
    """What the columns are called."""
    return tuple(word("trace_column", name, language) for name in COLUMNS)


def _table(found: Found, language: Language) -> Iterator[tuple[Cell, ...]]:
    """Head, rows, and that there are more, if so; no text is a formula."""
    yield heads(language)
    for row in found.rows:
        yield tuple(harmless(cell) if isinstance(cell, str) else cell for cell in row)
    if not found.is_whole:
        yield (say("dk_rc_trace_cut", language, rows=len(found.rows)),)


def csv_sheet(found: Found, language: Language) -> bytes:
    """The rows as CSV."""
    return csv_of(_table(found, language))


def xlsx_sheet(found: Found, language: Language) -> bytes:
    """The rows as a workbook, numbers as numbers, the head fixed and ready to be filtered by."""
    # Eight megabytes of every process that answers: only who gives a workbook loads it.
    import xlsxwriter

    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(found.rows), len(COLUMNS) - 1)
    for number, row in enumerate(_table(found, language)):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, place, cell[:CELL_MAX])
            else:
                sheet.write_number(number, place, cell)
    book.close()
    return held.getvalue()


def _china(at_ms: int) -> str:
    return f"{dt.datetime.fromtimestamp(at_ms / 1000, CHINA):%Y-%m-%d %H:%M:%S}"
