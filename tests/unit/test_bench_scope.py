"""Does the bench notice when a scope is not what the market knows?"""

from dataclasses import replace

import pytest

from guantong.market import Lot
from guantong.market.bulk_firms import Where
from guantong.serve.bench.run import is_right
from guantong.store.columns import Ranges
from guantong.trace.closure import Held, Scope, Stop
from guantong.trace.model import State

LOT = Lot(
    "lot", 2, 5, {Where("a", "sold"): 3, Where("b", "in_stock"): 1, Where("c", "in_stock"): 1}
)
HELD = (
    Held("", "", State.SOLD, "", 3),
    Held("b", "", State.IN_STOCK, "", 2),
    Held("m", "", State.CONSUMED, "", 2),
)
RIGHT = Scope(
    origins=("lot",),
    items=Ranges.none(),
    spans=list,
    lots=("lot",),
    held=HELD,
    amounts=(),
    hops=1,
    stops=(),
    as_of=1,
)


def test_what_the_market_knows_is_right() -> None:
    assert is_right(RIGHT, LOT)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, stops=(Stop.TIME,)),
        replace(RIGHT, held=HELD[1:]),
        replace(RIGHT, held=(Held("", "", State.SCRAPPED, "", 3), *HELD[1:])),
        replace(RIGHT, held=(*HELD, Held("x", "", State.SOLD, "", 1))),
        replace(RIGHT, held=HELD[:2]),
    ],
)
def test_anything_else_is_not(wrong: Scope) -> None:
    assert not is_right(wrong, LOT)
