"""Which ids do the events of a table have that were given none? The same hashes, all at once.

What many events say alike is written once for all of them; an event's text is put together from
that, its time and its things. `event_hash` says what the parts are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from guantong.capture.event_hash import Saying, amounts, epcs, hash_of, saying
from guantong.capture.table import (
    CHILD,
    EPC,
    INPUT,
    OUTPUT,
    PARENT,
    EventTable,
    Lists,
    event_of,
    lists_of,
)

_SAID: Final = (
    "kind",
    "offset",
    "step",
    "disposition",
    "read_point",
    "biz_location",
    "ends",
    "rest",
)
_ITEMS, _AMOUNTS = 0, 1
_THINGS: Final[tuple[tuple[int, int, Callable[[str, Sequence[Any]], str], str], ...]] = (
    (EPC, _ITEMS, epcs, "epcList"),
    (INPUT, _ITEMS, epcs, "inputEPCList"),
    (CHILD, _ITEMS, epcs, "childEPCs"),
    (EPC, _AMOUNTS, amounts, "quantityList"),
    (CHILD, _AMOUNTS, amounts, "childQuantityList"),
    (INPUT, _AMOUNTS, amounts, "inputQuantityList"),
    (OUTPUT, _ITEMS, epcs, "outputEPCList"),
    (OUTPUT, _AMOUNTS, amounts, "outputQuantityList"),
)
"""In the standard's order."""


def identified(table: EventTable) -> EventTable:
    """The table with an id on every event: its own, else the hash of what it says.

    Args:
        table: Events as a reader gave them.

    Returns:
        The same events; ids as `event_hash` gives them.

    References:
        CBV 2.0, section 8.9
    """
    if all(table.ids):
        return table
    texts = prehashes(table)
    return table.with_ids(
        [own or hash_of(text) for own, text in zip(table.ids, texts, strict=True)]
    )


def prehashes(table: EventTable) -> Iterator[str]:
    """The texts the hashes of the events are taken of, one an event; as `prehash` of each."""
    known: dict[tuple[int, ...], Saying] = {}
    joined = table.transformation or ("",) * len(table)
    rows = zip(*[getattr(table, name).tolist() for name in _SAID], strict=True)
    times = np.datetime_as_string(table.time_ms.astype("M8[ms]"), unit="ms").tolist()
    for at, (row, lists) in enumerate(zip(rows, lists_of(table), strict=True)):
        said = known.get(row)
        if said is None:
            known[row] = said = saying(event_of(table, at, {}))
        transformation = f"transformationID={joined[at]}" if joined[at] else ""
        yield (
            f"{said.kind}eventTime={times[at]}Z{said.before_things}{_things(lists)}"
            f"{said.after_things}{transformation}{said.end}"
        )


def _things(lists: Lists) -> str:
    """All things of an event, in the standard's order."""
    if len(lists) == 1 and EPC in lists:
        items, much = lists[EPC]
        if not much:
            return epcs("epcList", items)
    parent = f"parentID={lists[PARENT][_ITEMS][0]}" if PARENT in lists else ""
    others = [
        write(name, lists[role][which])
        for role, which, write, name in _THINGS
        if role in lists and lists[role][which]
    ]
    return parent + "".join(others)
