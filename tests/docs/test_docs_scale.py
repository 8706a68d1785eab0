"""The table of machines is what follows from the measured figures, and its arithmetic is right."""

import math
from dataclasses import replace

import pytest

from tools import capacity
from tools.capacity import Assumed, Measured, needed, slowed

ROUND = Measured(
    rows=1_000_000,
    rows_a_second=10_000,
    alone_a_second=1_000,
    checks_a_second=100,
    growth=2.0,
    index_row=10,
    ledger_row=10,
    index_alone=400,
    ledger_alone=600,
)
YEAR = 31_536_000


def test_the_page_says_what_the_tool_says() -> None:
    page = capacity.PAGE.read_text("utf-8")
    assert page == capacity.written(page), (
        "run `python -m tools.capacity` and commit what it changes"
    )


def test_a_table_by_hand() -> None:
    """10^9 items of 5 rows, a fifth alone: 4·10^9 rows in bulk, 10^9 documents of one event."""
    one = needed(10**9, ROUND, Assumed(peak=1, load=1, years=1, node_disk_bytes=1e15))
    assert one.index_bytes == 4e9 * 10 + 1e9 * 400
    assert one.ledger_bytes == 4e9 * 10 + 1e9 * 600
    assert one.all_bytes == one.index_bytes + 3 * one.ledger_bytes
    assert one.rows_peak == pytest.approx(5e9 / YEAR)
    assert one.alone_peak == pytest.approx(1e9 / YEAR)
    assert one.fronts == math.ceil(1e8 / YEAR / 100)
    busy = 4e9 / YEAR / 10_000 + 1e9 / YEAR / 1_000
    assert one.nodes == math.ceil(busy * slowed(5e9, ROUND)) == 2


def test_a_store_that_grows_is_slower() -> None:
    assert [slowed(n * 1e6, ROUND) for n in (0.1, 1, 5, 25)] == pytest.approx([1, 1, 2, 4])


@pytest.mark.parametrize(
    ("change", "grows"),
    [
        ({"peak": 50.0}, True),
        ({"load": 0.05}, True),
        ({"node_disk_bytes": 8e10}, True),
        ({"years": 50}, True),
        ({"scans_an_item": 10.0}, False),
    ],
)
def test_more_of_it_needs_more_writers(change: dict[str, float], grows: bool) -> None:
    few = needed(10**9, ROUND, Assumed()).nodes
    many = needed(10**9, ROUND, replace(Assumed(), **change)).nodes  # type: ignore[arg-type]
    assert (many > few) is grows
