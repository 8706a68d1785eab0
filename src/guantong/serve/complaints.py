"""Which lots do complaints have in common? Reports about items, counted by lot beside what was made of each."""

from collections import Counter
from collections.abc import Sequence

from guantong import recall
from guantong.capture.lots import class_of, lot_uri
from guantong.identify import read
from guantong.store import Store
from guantong.trace import Book
from guantong.trace.life import lives
from guantong.verdict.origin import origin_of

DAY_MS = 86_400_000


def lots_of(store: Store, codes: Sequence[str], now_ms: int) -> list[recall.Cluster]:
    """The lots that explain complaints best.

    Args:
        store: What is known.
        codes: Canonical URIs of items that were complained of.
        now_ms: The present.

    Returns:
        Lots, the most surprising first; items of no lot count for none.
    """
    complaints = Counter(lot for code in codes if (lot := _lot(store, code, now_ms)))
    classes = {class_of(lot) for lot in complaints}
    made: Counter[str] = Counter()
    for of_class in classes:
        for fact in store.facts("code_range", (of_class,)):
            size = int(str(fact.fields["last"])) - int(str(fact.fields["first"])) + 1
            lot = str(fact.fields.get("lot") or "")
            made[lot_uri(f"{of_class}/21/0", lot) if lot else of_class] += size
    return recall.clusters(complaints, made)


def _lot(store: Store, code: str, now_ms: int) -> str:
    readings = read(code)
    if not readings:
        return ""
    item = readings[0].value.uri
    life = lives(Book(store, now_ms=now_ms), (item,))[item]
    lot = origin_of(store, readings[0], life, as_of=None).lot
    return lot_uri(item, lot) if lot else ""
