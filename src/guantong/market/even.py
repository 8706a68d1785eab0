"""What would one maker file that does nothing but make things, all day alike?

For measuring: every event makes the same number of new things, every document holds the same
number of events.
"""

from collections.abc import Iterator
from typing import Final

from guantong.market.bulk_firms import YEAR, Goods, Hand
from guantong.market.bulk_text import OBJECT, Clock, Pen, event_ids, letters, unnamed
from guantong.market.catalogue import Role
from guantong.market.desk import Filing
from guantong.market.firms import roster

_START_MS: Final = 1_735_700_000_000
_STEP_MS: Final = 1_000


def even(
    seed: int,
    documents: int,
    *,
    events: int = 1000,
    codes: int = 10,
    ids: bool = True,
    foreign: bool = False,
) -> Iterator[Filing]:
    """Documents of one maker, each like the other.

    Args:
        seed: Names them: the same seed gives the same bytes; two seeds share no event id, but
            they do share codes.
        documents: How many.
        events: In a document.
        codes: New things in an event.
        ids: Whether the maker names its events; if not, the server does.
        foreign: Foreign random serials instead of consecutive ones.

    Yields:
        The documents.
    """
    world = roster(seed, {Role.CABLE: 2}, year=YEAR)
    maker = world.firm(Role.CABLE, 1)
    hand = Hand(maker, links=True)
    goods = Goods(0, world.product(maker, 3), links=True, serial=letters if foreign else str)
    done: list[Filing] = []
    pen = Pen(maker.uri, event_ids(seed), Clock(_START_MS, _STEP_MS), events, done)
    rest = f'"action":"ADD","bizStep":"commissioning","disposition":"active",{hand.here}'
    for first in range(1, documents * events * codes, codes):
        event = pen.write(OBJECT, f'"epcList":[{goods.listed(first, codes)}],{rest}')
        pen.tell(event if ids else unnamed(event))
        if done:
            yield done.pop()
