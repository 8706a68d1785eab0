"""What do shops sell, take back, and tell late or wrongly?

Coils and bikes that will be sold lie in one pool, each as one whole number; the next to be sold
is any of them, so that sales fall on items without order.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Final

from guantong.market.bulk_firms import Cast, Goods, Where
from guantong.market.bulk_text import OBJECT, TRANSFORMATION, Pen, withdrawn
from guantong.market.bulk_truth import Watch
from guantong.market.bulk_works import Part, Works
from guantong.market.codes import CONSUMER
from guantong.market.dice import Dice
from guantong.market.firms import Product

SOLD: Final = 0.6
"""Of what a shop gets, before returns."""
LATE: Final = 0.02
"""Of the sales: told later."""
ALONE: Final = 0.005
"""Of the sales: filed as documents of their own."""
RETURNED: Final = 0.02
"""Of the sales: brought back; half of that is sold again."""
CALLED_OFF: Final = 0.002
"""Of the sales: declared not to have happened."""
METRES: Final = 25
"""Pieces sold off a reel of 5,000 m."""
_ODD: Final = LATE + ALONE + RETURNED + CALLED_OFF
_SOLD: Final = Where("", "sold")
_PATTERNS: Final = 64


class Retail:
    """All shops."""

    def __init__(self, cast: Cast, watch: Watch, mix: Counter[str], dice: Dice) -> None:
        """Sell in the shops of `cast`."""
        self.cast = cast
        self.watch = watch
        self.mix = mix
        self.dice = dice
        self.delay = 1
        """Longest time until something is told later, in turns."""
        self._pool: list[int] = []
        self._of: dict[int, tuple[Pen, Goods]] = {}
        self._turn = 0
        self._later: defaultdict[int, list[Callable[[], None]]] = defaultdict(list)
        self._reels: deque[tuple[Works, str, int, int]] = deque()
        self._chosen = [self._pattern() for _ in range(_PATTERNS)]

    @property
    def waiting(self) -> int:
        """How much there is to be sold."""
        return len(self._pool)

    def stock(self, pen: Pen, part: Part, shop: int) -> None:
        """Goods arrive in a shop; some of them will be sold."""
        self._of[part.goods.number] = pen, part.goods
        base = _packed(part.goods.number, part.first, shop, part.watch)
        count = part.size
        self._pool += [base + offset for at, offset in self.dice.pick(self._chosen) if at < count]

    def later(self, deed: Callable[[], None]) -> None:
        """Have something done some turns later."""
        self._later[self._turn + 1 + self.dice.below(self.delay)].append(deed)

    def turn(self) -> None:
        """Time goes on: what is due is done."""
        self._turn += 1
        for deed in self._later.pop(self._turn, ()):
            deed()

    def sell(self, count: int) -> None:
        """Sell some things, any of them."""
        pool, draw, of, shops = self._pool, self.dice.draw, self._of, self.cast.shop
        watched = self.watch.move
        count = min(count, len(pool))
        for _ in range(count):
            at = int(draw() * len(pool))
            packed, pool[at] = pool[at], pool[-1]
            pool.pop()
            number, serial, shop, watch = _unpacked(packed)
            pen, goods = of[number]
            hand = shops(shop, links=goods.links)
            body = f'"epcList":["{goods.stem}{goods.serial(serial)}"],{hand.sale}'
            if watch or serial % 211 == 5:
                watched(number, serial, watch, hand.stock, _SOLD)
            odd = draw()
            if odd > _ODD:
                pen.put(OBJECT, body)
            else:
                self._oddly(odd, packed, pen, body)
        self.mix["rows"] += count
        self.mix["sales"] += count

    def finish(self) -> None:
        """Sell what is left and tell what has not been told."""
        while self._pool or self._later or self._reels:
            self.sell(len(self._pool))
            self.sell_metres(len(self._reels))
            self.turn()

    # --- what is not plain --------------------------------------------------------------

    def _oddly(self, odd: float, packed: int, pen: Pen, body: str) -> None:
        event = pen.write(OBJECT, body)
        if odd < LATE:
            self.mix["late"] += 1
            self.later(partial(pen.tell, event))
        elif odd < LATE + ALONE:
            self.mix["alone"] += 1
            pen.tell_alone(event)
        elif odd < LATE + ALONE + RETURNED:
            pen.tell(event)
            self.later(partial(self._take_back, packed))
        else:
            pen.tell(event)
            self.later(partial(self._call_off, packed, event))

    def _take_back(self, packed: int) -> None:
        """A consumer brings it back; half of it is sold again."""
        number, serial, shop, watch = _unpacked(packed)
        pen, goods = self._of[number]
        hand = self.cast.shop(shop, links=goods.links)
        where = Where(hand.firm.party.link, "returned")
        pen.put(
            OBJECT,
            f'"epcList":["{goods.one(serial)}"],"action":"OBSERVE","bizStep":"receiving",'
            f'"disposition":"returned",{hand.here},'
            f'"sourceList":[{{"type":"possessing_party","source":"{CONSUMER.link}"}}],'
            f"{hand.destination}",
        )
        self.watch.move(number, serial, watch, _SOLD, where)
        self.mix["rows"] += 1
        self.mix["returns"] += 1
        if self.dice.chance(0.5):
            pen.put(OBJECT, f'"epcList":["{goods.one(serial)}"],{hand.sale}')
            self.watch.move(number, serial, watch, where, _SOLD)
            self.mix["rows"] += 1
            self.mix["sales"] += 1

    def _call_off(self, packed: int, event: str) -> None:
        """The sale was a mistake at the till."""
        number, serial, shop, watch = _unpacked(packed)
        pen, goods = self._of[number]
        pen.tell(withdrawn(event, pen.now(), "did_not_occur"))
        hand = self.cast.shop(shop, links=goods.links)
        self.watch.move(number, serial, watch, _SOLD, hand.stock)
        self.mix["rows"] += 1
        self.mix["corrections"] += 1

    # --- by the metre -------------------------------------------------------------------

    def buy_reel(self, works: Works, metre: Product) -> None:
        """A shop buys a reel, to sell it by the metre."""
        number = self.dice.below(len(self.cast.shops))
        hand = self.cast.shop(number, links=works.hand.links)
        reel = works.reel(0)
        works.move(works.hand, hand, f'"epcList":["{works.reels.one(reel)}"]')
        lot = hand.spell(metre.lot(f"R{reel}"))
        what = f'{{"epcClass":"{lot}","quantity":5000,"uom":"MTR"}}'
        works.pen.put(
            TRANSFORMATION,
            f'"inputEPCList":["{works.reels.one(reel)}"],"outputQuantityList":[{what}],'
            f'"bizStep":"repackaging","disposition":"active",{hand.here}',
        )
        self.mix["rows"] += 4
        self.mix["quantity"] += 1
        self._reels.append((works, lot, number, METRES))

    def sell_metres(self, count: int) -> None:
        """Cut pieces off the reels that have waited longest."""
        for _ in range(min(count, len(self._reels))):
            works, lot, number, left = self._reels.popleft()
            hand = self.cast.shop(number, links=works.hand.links)
            metres = self.dice.between(20, 380) / 2
            what = f'{{"epcClass":"{lot}","quantity":{metres},"uom":"MTR"}}'
            works.pen.put(OBJECT, f'"quantityList":[{what}],{hand.sale}')
            self.mix["rows"] += 1
            self.mix["quantity"] += 1
            if left > 1:
                self._reels.append((works, lot, number, left - 1))

    def _pattern(self) -> tuple[tuple[int, int], ...]:
        """Which things of a case will be sold: place, and what to add to the first one."""
        chosen = [at for at in range(20) if self.dice.chance(SOLD)]
        return tuple((at, _packed(0, at, 0, 0)) for at in chosen)


def _packed(number: int, serial: int, shop: int, watch: int) -> int:
    """A thing in a shop as one whole number."""
    return (((number << 33 | serial) << 17 | shop) << 2) | watch


def _unpacked(packed: int) -> tuple[int, int, int, int]:
    """Class, serial, shop and watched lot."""
    return packed >> 52, packed >> 19 & 0x1FFFFFFFF, packed >> 2 & 0x1FFFF, packed & 3
