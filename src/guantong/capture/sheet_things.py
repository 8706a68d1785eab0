"""Which items, lots and classes does a row name, and how many?"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from guantong.capture import codes
from guantong.capture.faults import CaptureError, Fault
from guantong.capture.model import Quantity
from guantong.capture.sheet_cells import Cells
from guantong.errors import fault
from guantong.identify.model import Kind

CODES_MAX: Final = 1_000_000
"""Codes in one sheet, ranges written out."""
_SERIAL_DIGITS_MAX: Final = 18
_MANY: Final = frozenset({Kind.CLASS, Kind.BATCH, Kind.PATTERN})
"""Kinds of code that name many things, so that a quantity belongs to them."""


@dataclass(frozen=True, slots=True)
class Things:
    """What a cell of codes, with its quantity, names."""

    epcs: tuple[str, ...] = ()
    quantities: tuple[Quantity, ...] = ()


@dataclass(slots=True)
class Counter:
    """How many codes a sheet has named so far."""

    left: int = CODES_MAX

    def take(self, count: int) -> None:
        """Count some more. Raises CaptureError when the sheet names too many."""
        self.left -= count
        if self.left < 0:
            want = f"at most {CODES_MAX} codes in one sheet"
            raise CaptureError(fault(Fault.TOO_LARGE, expected=want, got="more"))


def things_of(cells: Cells, counter: Counter) -> Things:
    """What the columns code, first, last, batch, quantity and unit name."""
    uris = cells.several("code", codes.thing)
    batch = cells.text("batch")
    if batch:
        uris = [_in_batch(cells, uri, batch) for uri in uris]
    return _things(cells, "quantity", "unit", uris, _range(cells, counter))


def inputs_of(cells: Cells) -> Things:
    """What the columns inputs, input_quantity and input_unit name."""
    return _things(cells, "input_quantity", "input_unit", cells.several("inputs", codes.thing), [])


def _things(cells: Cells, amount: str, unit: str, uris: list[str], span: list[str]) -> Things:
    """Parts codes into those of items and those of classes, and gives the quantity its place.

    Args:
        cells: The row.
        amount: Key of the column with the quantity.
        unit: Key of the column with its unit.
        uris: What is named one by one.
        span: The items of a range.

    Returns:
        Items and classes, in the order in which they stand.
    """
    quantity = cells.quantity(amount)
    alone = quantity not in {None, 1.0} and len(uris) == 1 and not span
    many = _MANY | {Kind.OTHER} if alone else _MANY
    kinds = [codes.kind_of(uri) for uri in uris]
    items = [uri for uri, kind in zip(uris, kinds, strict=True) if kind not in many] + span
    classes = [uri for uri, kind in zip(uris, kinds, strict=True) if kind in many]
    count = len(items) + len(classes)
    if classes and quantity is not None and count > 1:
        cells.blame(Fault.UNEXPECTED, amount, expected="one code beside a quantity", got=count)
    elif items and not classes and quantity not in {None, float(count)}:
        cells.blame(Fault.NUMBER, amount, expected=f"{count}, one for each code", got=quantity)
    uom = cells.unit(unit)
    return Things(tuple(items), tuple(Quantity(uri, quantity, uom) for uri in classes))


def _in_batch(cells: Cells, uri: str, batch: str) -> str:
    """The lot of a class, where the scheme has lots; any other code as it is."""
    kind = codes.kind_of(uri)
    if kind is Kind.CLASS and uri.startswith(codes.GTIN):
        return cells.read(
            "batch", lambda lot: codes.canonical(f"{uri}/10/{quote(lot, safe='')}"), uri
        )
    if kind is Kind.BATCH and codes.lot_of(uri) != batch:
        cells.blame(Fault.IDENTIFIER, "batch", expected=codes.lot_of(uri), got=batch)
    return uri


def _range(cells: Cells, counter: Counter) -> list[str]:
    """All codes from the first to the last one."""
    if not (cells.has("first") or cells.has("last")):
        return []
    first = cells.read("first", codes.thing, "")
    last = cells.read("last", codes.thing, "")
    if not (first and last):
        for key in ("first", "last"):
            if not cells.has(key):
                cells.blame(Fault.MISSING, key, expected="the other end of the range")
        return []
    try:
        return _between(first, last, counter)
    except CaptureError as refusal:
        cells.faults.take(refusal, cells.row.path("last"))
        return []


def _between(first: str, last: str, counter: Counter) -> list[str]:
    """The codes of a range; both ends are in it.

    Returns:
        Canonical URIs in ascending order.

    Raises:
        CaptureError: if the ends are not of one class, or their serials are not decimal, of one
            width and in order, or the range is too long.
    """
    head, start = codes.serial_of(first)
    other_head, end = codes.serial_of(last)
    if head != other_head or not _are_ends(start, end):
        want = "a code of the same class with a decimal serial, not below the first"
        raise CaptureError(fault(Fault.IDENTIFIER, expected=want, got=last))
    counter.take(int(end) - int(start) + 1)
    width = len(start)
    return [f"{head}{serial:0{width}d}" for serial in range(int(start), int(end) + 1)]


def _are_ends(start: str, end: str) -> bool:
    """Whether two serials span a range: decimals in order, with leading zeros only in one width."""
    decimal = all(
        serial.isascii() and serial.isdecimal() and len(serial) <= _SERIAL_DIGITS_MAX
        for serial in (start, end)
    )
    padded = start.startswith("0") or end.startswith("0")
    return decimal and int(start) <= int(end) and not (padded and len(start) != len(end))
