"""What does a scope begin with, as people write it? A code, or a range of serials."""

import re
from collections.abc import Iterable, Iterator
from itertools import compress, islice
from typing import Final

from guantong import identify, verdict
from guantong.capture.serials import SerialRange, split
from guantong.errors import fault
from guantong.identify import Kind
from guantong.recall import Fault, RecallError
from guantong.store import SegmentStore, Store

RANGE: Final = re.compile(r"\s+(?:-|–|—|~|\.\.|…|至|到)\s+")
"""Between the ends of a range, with blanks around it: a serial may have such characters itself."""
CHARS_MAX: Final = 500
"""Of one code."""
SERIALS_MAX: Final = 1_000_000
"""In the ranges one scope begins with, all together."""
AT_ONCE: Final = 10_000
IN_ORDER: Final = frozenset({Kind.ITEM, Kind.BATCH})
"""What there are ranges of."""


def origin_of(store: Store, text: str, *, as_of: int | None = None) -> str:
    """What a line names, in its one spelling.

    Args:
        store: What is known.
        text: A code, or two with a hyphen or two dots between; of the last its serial is enough.
        as_of: Ledger size, None for now.

    Returns:
        A canonical URI, or a range as `SerialRange` writes it.

    Raises:
        RecallError: if it is no code, or no range.
    """
    first, *more = RANGE.split(text.strip(), maxsplit=1)
    if not more:
        return _code(store, first, as_of).uri
    begun = _code(store, first, as_of)
    ended = f"{split(begun.uri)[0]}{more[0]}"
    if not (more[0].isascii() and more[0].isdecimal()):
        ended = _code(store, more[0], as_of).uri
    serials = SerialRange.between(begun.uri, ended) if begun.kind in IN_ORDER else None
    if serials is None:
        expected = "two serials of one class, written in one way, the lower first"
        raise RecallError(fault(Fault.RANGE, expected=expected, got=text[:200], path="codes"))
    check_sizes([serials.text])
    return serials.text


def _code(store: Store, text: str, as_of: int | None) -> identify.Identifier:
    readings = identify.read(text[:CHARS_MAX])
    if not readings:
        raise RecallError(fault(Fault.STEP, expected="a code", got=text[:100], path="codes"))
    return verdict.best_known(store, readings, as_of=as_of).value


def check_sizes(origins: Iterable[str]) -> None:
    """Refuse more serials in ranges than one scope begins with. Raises RecallError."""
    size = sum(one.size for one in map(SerialRange.parse, origins) if one is not None)
    if size > SERIALS_MAX:
        expected = f"at most {SERIALS_MAX:,} serials in ranges"
        raise RecallError(fault(Fault.RANGE, expected=expected, got=size, path="codes"))


def singly(store: SegmentStore, origins: Iterable[str]) -> Iterator[str]:
    """Origins with ranges taken apart.

    Args:
        store: What is known.
        origins: Canonical URIs and ranges.

    Yields:
        URIs; of ranges those that stand in any event.
    """
    for origin in origins:
        serials = SerialRange.parse(origin)
        if serials is None:
            yield origin
            continue
        items = serials.items()
        while batch := list(islice(items, AT_ONCE)):
            yield from compress(batch, (store.numbers(batch) >= 0).tolist())
