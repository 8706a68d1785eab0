"""A small office for the tests of the index: three months, computed once and issued anew."""

from functools import cache
from pathlib import Path

from guantong.caller import OPERATOR
from guantong.credit import Month, example
from guantong.serve import index_office
from guantong.serve.index_office import Computed, Issue
from guantong.serve.world import World

MONTH = "2017-02"
"""Far enough from the base for a seasonal adjustment."""
FIRMS = 300


@cache
def computed(month: str = MONTH, firms: int = FIRMS, reason: str = "") -> Computed:
    """A month of a made-up population."""
    when = Month.parse(month)
    given = index_office.panels(when, example(), seed=7, firms=firms)
    return index_office.compute(given, example(), when, issued="2017-03-05", reason=reason)


def issue(world: World, *, again: bool = False) -> Issue:
    """Issue the month before, the month, and if wanted the month once more with other data."""
    index_office.record(world, computed("2017-01"), OPERATOR)
    told = index_office.record(world, computed(), OPERATOR)
    if again:
        told = index_office.record(world, computed(MONTH, FIRMS + 9, "迟到的数据"), OPERATOR)
    return told


def panel_file(path: Path) -> Path:
    """The same population as Parquet, up to the month."""
    from guantong.credit import parquet

    given = index_office.panels(Month.parse(MONTH), example(), seed=7, firms=FIRMS)
    parquet.write(path, given)
    return path
