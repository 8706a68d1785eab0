"""Which numbers of an index are single items, and which lots or classes?"""

from dataclasses import replace
from typing import Final

import numpy as np

from guantong.store.columns import ColumnStore, Ranges, Rows
from guantong.trace.expanse import Ints, within
from guantong.trace.names import LOGISTIC_UNIT, is_many

SERIALISED: Final = ("/21/", LOGISTIC_UNIT)
"""How URIs begin, up to a serial: whatever it is, it is one item."""


def parted(store: ColumnStore, found: Ranges) -> tuple[Ranges, list[str]]:
    """Ranges of single items, and the URIs of lots and classes.

    Args:
        store: Where the numbers are from.
        found: Any items, lots and classes.

    Returns:
        Both; together they are what was found.
    """
    unclear = [some for head, some in store.headed(found) if not _is_serialised(head)]
    if not unclear:
        return found, []
    numbers = np.concatenate([numbers_of(some) for some in unclear])
    texts = store.texts(numbers)
    many = [not _is_serialised(text) and is_many(text) for text in texts]
    lots = [text for text, is_lot in zip(texts, many, strict=True) if is_lot]
    return found.without(Ranges.of_numbers(numbers[np.array(many, np.bool_)])), lots


def singles(store: ColumnStore, rows: Rows) -> tuple[Rows, list[str]]:
    """Rows cut to the single items they speak of, and the URIs of the lots and classes."""
    single, lots = parted(store, Ranges.of(rows.item, rows.count))
    at, first, count = single.parts(rows.item, rows.count)
    return replace(rows.take(at), item=first, count=count), lots


def _is_serialised(head: str) -> bool:
    """Whether something that begins so is single, whatever follows the last slash."""
    return head[: head.rfind("/") + 1].endswith(SERIALISED)


def logistic_units(store: ColumnStore, found: Ranges) -> Ranges:
    """Those that are logistic units."""
    units = Ranges.none()
    for head, some in store.headed(found):
        if head.startswith(LOGISTIC_UNIT):
            units = units.joined(some)
        elif not head:
            numbers = numbers_of(some)
            told = [text.startswith(LOGISTIC_UNIT) for text in store.texts(numbers)]
            units = units.joined(Ranges.of_numbers(numbers[np.array(told, np.bool_)]))
    return units


def numbers_of(ranges: Ranges) -> Ints:
    """Each number of a set."""
    return np.repeat(ranges.first, ranges.count) + within(ranges.count)
