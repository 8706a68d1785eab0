"""What is submitted in a market of millions of rows, and where is everything in the end?

>>> bulk = Bulk(7, rows=10_000)
>>> [one.name for one in bulk.filings()][:2]
['bulk-firms-0000.json', 'bulk-certificates.json']
"""

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from guantong.market import records
from guantong.market.bulk_firms import BIKE_MAKERS, MILLS, Cast, Goods, Hand, Where, serial_of
from guantong.market.bulk_retail import Retail
from guantong.market.bulk_text import Clock, Pen, Serial, event_ids
from guantong.market.bulk_trade import Trade
from guantong.market.bulk_truth import BAD, SMALL, Lot, Watch
from guantong.market.bulk_works import CASE, CASES, LOT, REEL, Unit, Works
from guantong.market.catalogue import Role
from guantong.market.desk import Filing
from guantong.market.dice import Dice
from guantong.market.firms import Firm
from guantong.market.hours import DAY, midnight
from guantong.market.market import Fault, MarketError

START: Final = dt.date(2025, 1, 1)
DAYS: Final = 365
ROWS_MIN: Final = 10_000
"""Fewer would not hold the watched lots."""
BAD_SHARE: Final = 0.12
"""Coils of the bad lot by rows."""
BIKES: Final = 0.25
"""Of the units that are not of a watched lot."""
METRES: Final = 0.2
"""Beside so many of the units a reel is sold by the metre."""
MIXED: Final = 0.08
"""Of the pallets."""
_FIRMS: Final = 200
"""In one records document."""
_PALLET_ROWS: Final = 1470
_CONTAINER_ROWS: Final = 810
"""Measured; what a unit brings on its whole way, so that the rows asked for are met."""
_EVENT_ROWS: Final = 5.0
"""About; spreads the events over the year."""
_OPERATOR: Final = "operator"
_DEPTH_MAX: Final = 400
_POOL_MAX: Final = 300_000


class Bulk:
    """A market of so many rows. Take its filings once, then ask what became of everything."""

    def __init__(
        self, seed: int, *, rows: int, document: int = 1000, foreign: bool = False
    ) -> None:
        """Prepare the market.

        Args:
            seed: Names the market, at least 0: the same seed gives the same bytes.
            rows: Items named by all events together, about; at least `ROWS_MIN`.
            document: Events in a document.
            foreign: Whether all cable has foreign random serials, not only that of two works.

        Raises:
            MarketError: if seed or rows are out of bounds.
        """
        _check(seed, rows)
        self.rows = rows
        self.mix: Counter[str] = Counter()
        """How often what happened; ``rows`` and ``events`` are exact."""
        self._dice = Dice(seed, "bulk")
        self._watch = Watch()
        self._cast = Cast(seed, rows)
        self._serials: Counter[int] = Counter()
        self._goods: list[Goods] = []
        self._done: list[Filing] = []
        self._ids = event_ids(seed)
        step_ms = int(DAYS * DAY / (rows / _EVENT_ROWS) * 0.95)
        self._clock = Clock(midnight(START), step_ms)
        self._document = document
        self._retail = Retail(self._cast, self._watch, self.mix, Dice(seed, "bulk/retail"))
        trade = Dice(seed, "bulk/trade")
        self._trade = Trade(self._cast, self._retail, self._watch, self.mix, trade)
        self._works = self._all_works(foreign=foreign)
        self._planned = 0
        share = len(self._works[:-BIKE_MAKERS:MILLS])
        self._bad_reels = max(1, round(rows * BAD_SHARE / REEL / share)) * share
        self._small_reels = LOT // 2 if rows >= 100_000 else 2

    @property
    def submitters(self) -> list[str]:
        """Canonical keys of everybody who files; the first is whoever runs the installation."""
        return [_OPERATOR, *(works.pen.by for works in self._works)]

    # --- what is known in the end -------------------------------------------------------

    @property
    def bad(self) -> Lot:
        """The bad lot: a share of the market."""
        return self._watch.lot(BAD)

    @property
    def small(self) -> Lot:
        """A lot of 4,000 coils (400 in a market of less than 100,000 rows)."""
        return self._watch.lot(SMALL)

    def samples(self) -> Iterator[tuple[str, Where]]:
        """Some things and where they are."""
        return self._watch.known(self._goods)

    def some(self, count: int, seed: int) -> list[str]:
        """Codes of things that were made, any of them, none twice."""
        dice = Dice(seed, "bulk/some")
        made = [(goods, self._serials[goods.number]) for goods in self._goods]
        total = sum(number for _, number in made)
        chosen: dict[int, None] = {}
        while len(chosen) < min(count, total):
            chosen[dice.below(total)] = None
        return [_nth(made, at) for at in chosen]

    # --- what happens -------------------------------------------------------------------

    def filings(self) -> Iterator[Filing]:
        """Every document, lazily and in order; memory is bounded by what is under way.

        Yields:
            Records of all firms, then the documents of the works. What was made before it was
            packed, and packed before it was shipped, is told in that order.
        """
        yield from self._introductions()
        for _ in self._turns():
            yield from self._filed()
        for works in self._works:
            works.pen.close()
        yield from self._filed()

    def _turns(self) -> Iterator[None]:
        """Make, move and sell, so that what is made is sold much later."""
        units = self.rows // _PALLET_ROWS
        depth = min(_DEPTH_MAX, max(1, units // 40))
        self._retail.delay = max(2, units // 40)
        pool = min(_POOL_MAX, units * CASE * CASES // 8)
        queues: list[deque[tuple[Unit, Hand | None]]] = [deque(), deque(), deque()]
        while self._planned < self.rows:
            queues[0].append((self._unit(), None))
            yield from self._advance(queues, depth, pool)
        while sum(map(len, queues)) > 3 * (depth // 4):
            yield from self._advance(queues, depth // 4, pool)
        self._retail.finish()
        for unit, holder in (one for queue in queues for one in queue):
            self._trade.standing(unit, holder)
        yield

    def _advance(
        self, queues: list[deque[tuple[Unit, Hand | None]]], depth: int, pool: int
    ) -> Iterator[None]:
        """One turn: each queue that is long enough gives its first unit to the next stage."""
        self._retail.turn()
        made, distributed, bought = queues
        sales = max(0, self._retail.waiting - pool) // 4
        if len(made) > depth:
            unit, _ = made.popleft()
            distributed.append((unit, self._trade.distribute(unit)))
        self._retail.sell(sales)
        if len(distributed) > depth:
            unit, seller = distributed.popleft()
            assert seller is not None
            bought.append((unit, self._trade.wholesale(unit, seller)))
        self._retail.sell(sales)
        if len(bought) > depth:
            unit, seller = bought.popleft()
            assert seller is not None
            self._trade.deliver(unit, seller)
        self._retail.sell(2 * sales)
        self._retail.sell_metres(2)
        yield

    def _unit(self) -> Unit:
        """The next thing to be made."""
        dice, watch = self._dice, self._watch
        if watch.reels[SMALL] < min(self._small_reels, 200 * self._planned / self.rows):
            works = self._works[1]
            if not watch.reels[SMALL]:
                works.melt(SMALL, self._small_reels)
            self._planned += _PALLET_ROWS
            return works.pallet(SMALL, mixed=False)
        if watch.reels[BAD] < self._bad_reels * self._planned / self.rows:
            return self._bad()
        if dice.chance(BIKES):
            self._planned += _CONTAINER_ROWS
            return dice.pick(self._works[-BIKE_MAKERS:]).container()
        works = dice.pick(self._works[:-BIKE_MAKERS])
        if dice.chance(METRES):
            self._planned += 4 + 25
            self._retail.buy_reel(works, self._cast.world.product(works.hand.firm, 3))
        self._planned += _PALLET_ROWS
        return works.pallet(0, mixed=dice.chance(MIXED))

    def _bad(self) -> Unit:
        """A pallet of the bad lot, which one mill cast for several works."""
        sharers = self._works[:-BIKE_MAKERS:MILLS]
        if not self._watch.reels[BAD]:
            first = sharers[0]
            lot = first.cast(BAD, self._bad_reels)
            first.pen.close()
            for works in sharers:
                works.bring(BAD, lot, self._bad_reels // len(sharers))
        works = self._dice.pick([one for one in sharers if one.left(BAD)])
        self._planned += _PALLET_ROWS
        mixed = self._dice.chance(MIXED) or works.left(BAD) == 1
        return works.pallet(BAD, mixed=mixed)

    def _filed(self) -> Iterator[Filing]:
        for one in self._done:
            self.mix["events"] += one.events
            self.mix["documents"] += 1
            yield one
        self._done.clear()

    # --- who takes part -----------------------------------------------------------------

    def _introductions(self) -> Iterator[Filing]:
        world, at_ms = self._cast.world, self._clock.at_ms
        firms = list(records.introductions(world))
        for at in range(0, len(firms), _FIRMS):
            body = records.of_firms(world, firms[at : at + _FIRMS])
            yield _records(f"bulk-firms-{at // _FIRMS:04d}.json", at_ms, body)
        body = records.certificates(world, world.firm(Role.BODY), START)
        yield _records("bulk-certificates.json", at_ms, body)

    def _all_works(self, *, foreign: bool) -> list[Works]:
        world = self._cast.world
        cable = world.firms[Role.CABLE]
        works = [
            self._cable_works(firm, at, foreign=foreign and at > 1) for at, firm in enumerate(cable)
        ]
        parts = {
            links: tuple(
                self._class(firm, 0, links=links)
                for role in (Role.BATTERY, Role.MOTOR, Role.CHARGER)
                for firm in world.firms[role][links : links + 1]
            )
            for links in (False, True)
        }
        for at, firm in enumerate(world.firms[Role.BIKE]):
            bikes = self._class(firm, 0, links=bool(at % 2))
            works.append(self._one_works(firm, at, (bikes,), bikes, parts[bool(at % 2)]))
        return works

    def _cable_works(self, firm: Firm, at: int, *, foreign: bool) -> Works:
        links = bool(at % 2)
        serial = serial_of(at, len(self._cast.world.firms[Role.CABLE]), foreign=foreign)
        coils = (
            self._class(firm, 0, links=links, serial=serial),
            self._class(firm, 1, links=links, serial=serial),
        )
        return self._one_works(firm, at, coils, self._class(firm, 2, links=links), ())

    def _one_works(
        self, firm: Firm, at: int, goods: tuple[Goods, ...], reels: Goods, parts: tuple[Goods, ...]
    ) -> Works:
        links = bool(at % 2)
        mill = self._cast.mills[at % MILLS]
        return Works(
            hand=Hand(firm, links),
            pen=Pen(firm.uri, self._ids, self._clock, self._document, self._done),
            watch=self._watch,
            mix=self.mix,
            goods=goods,
            reels=reels,
            mill=self._cast.trader(mill, links=links),
            rod=self._cast.world.product(mill),
            serials=self._serials,
            parts=parts,
        )

    def _class(self, firm: Firm, kind: int, *, links: bool, serial: Serial = str) -> Goods:
        product = self._cast.world.product(firm, kind)
        self._goods.append(Goods(len(self._goods), product, links, serial))
        return self._goods[-1]


def _check(seed: int, rows: int) -> None:
    if rows < ROWS_MIN:
        expected = f"at least {ROWS_MIN} rows"
        raise MarketError.of(Fault.ROWS, expected=expected, got=rows, path="rows")
    if seed < 0:
        raise MarketError.of(Fault.SEED, expected="a seed of 0 or more", got=seed, path="seed")


def _records(name: str, at_ms: int, body: bytes) -> Filing:
    return Filing(name, "application/json", _OPERATOR, at_ms, body, 0)


def _nth(made: list[tuple[Goods, int]], at: int) -> str:
    """The thing with this place among all that were made."""
    for goods, number in made:
        if at < number:
            return goods.canonical(at + 1)
        at -= number
    raise IndexError(at)
