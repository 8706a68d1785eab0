"""What does a works make, and how does it pack it?

A copper lot becomes reels, ten in one go; a reel is cut into 200 coils; twenty coils are a case
and twenty cases a pallet. Bikes are put together from three parts of others, fifty in a
container. A works also files what its dealers scan, as the systems of brand owners do.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from guantong.market.bulk_firms import Goods, Hand
from guantong.market.bulk_text import AGGREGATION, ASSOCIATION, OBJECT, TRANSFORMATION, Pen, crates
from guantong.market.bulk_truth import Watch
from guantong.market.firms import Product

REEL: Final = 200
"""Coils cut from one."""
CASE: Final = 20
CASES: Final = 20
"""On a pallet."""
CONTAINER: Final = 50
"""Bikes."""
_DRAWN: Final = 10
"""Reels in one transformation."""
LOT: Final = 40
"""Reels of an ordinary copper lot."""
COPPER_KG: Final = 112
"""In a reel."""


class Part(NamedTuple):
    """Consecutive things of a class."""

    goods: Goods
    first: int
    size: int
    watch: int
    """The watched lot they are of, 0 for none."""


class Case(NamedTuple):
    """What lies in a crate."""

    crate: str
    parts: tuple[Part, ...]

    @property
    def listed(self) -> str:
        """Its content as members of a JSON list."""
        return ",".join(part.goods.listed(part.first, part.size) for part in self.parts)

    @property
    def size(self) -> int:
        """How many things."""
        return sum(part.size for part in self.parts)


class Unit(NamedTuple):
    """A pallet of cases, or a container of bikes: what moves as one to the wholesaler."""

    works: "Works"
    parts: tuple[Part, ...]
    crate: int
    """Its own reference; its cases have the next ones."""
    bikes: bool

    @property
    def outer(self) -> str:
        """Its own code."""
        return self.works.crates(self.crate, 1)[0]

    def cases(self) -> list[Case]:
        """The cases; a container of bikes has none."""
        if self.bikes:
            return []
        share = CASE // len(self.parts)
        return [
            Case(
                crate,
                tuple(p._replace(first=p.first + at * share, size=share) for p in self.parts),
            )
            for at, crate in enumerate(self.works.crates(self.crate + 1, CASES))
        ]


class Copper(NamedTuple):
    """A copper lot that is being used up."""

    lot: str
    code: str
    left: int
    """Reels that can still be drawn."""


@dataclass
class Works:
    """A maker at work."""

    hand: Hand
    pen: Pen
    watch: Watch
    mix: Counter[str]
    goods: tuple[Goods, ...]
    """Coils of two kinds, or bikes."""
    reels: Goods
    """Reels; of a bike maker the bikes again."""
    mill: Hand
    rod: Product
    serials: Counter[int]
    """Last serial of each class, of all works."""
    parts: tuple[Goods, ...] = ()
    """Batteries, motors, chargers."""
    _notes: int = 0
    _lots: int = 0
    _copper: dict[int, Copper] = field(default_factory=dict)
    _drawn: dict[int, list[int]] = field(default_factory=dict)
    _crate: int = 0

    def take(self, goods: Goods, count: int) -> int:
        """The first of the next serials of a class."""
        first = self.serials[goods.number] + 1
        self.serials[goods.number] += count
        return first

    def crates(self, first: int, count: int) -> list[str]:
        """Codes of its own crates."""
        return crates(self.hand.firm.numbers.prefix, first, count, links=self.hand.links)

    def new_crates(self, count: int) -> int:
        """The reference of the first of so many new crates."""
        first = self._crate + 1
        self._crate += count
        return first

    # --- cable --------------------------------------------------------------------------

    def pallet(self, watch: int, *, mixed: bool) -> Unit:
        """Cut two reels and pack a pallet; a mixed one holds two kinds in each case."""
        parts = [self._cut(self.goods[0], watch, 1 if mixed else 2)]
        if mixed:
            parts.append(self._cut(self.goods[1], 0, 1))
        unit = Unit(self, tuple(parts), self.new_crates(CASES + 1), bikes=False)
        self._pack(unit)
        return unit

    def _cut(self, goods: Goods, watch: int, reels: int) -> Part:
        """Cut some reels into coils of one kind."""
        first = self.take(goods, reels * REEL)
        for at in range(reels):
            reel = self.reel(watch)
            coils = goods.listed(first + at * REEL, REEL)
            self._transform(f'"inputEPCList":["{self.reels.one(reel)}"],"outputEPCList":[{coils}]')
            self.mix["rows"] += REEL + 1
        return Part(goods, first, reels * REEL, watch)

    def reel(self, watch: int) -> int:
        """A reel that has been drawn and not used."""
        drawn = self._drawn.setdefault(watch, [])
        if not drawn:
            drawn += self._draw(watch)
        self.watch.reels[watch] += 1
        return drawn.pop()

    def _draw(self, watch: int) -> list[int]:
        """Draw reels from the copper lot; a lot that is used up is followed by another."""
        copper = self._copper.get(watch)
        if copper is None or not copper.left:
            copper = self.melt(watch, LOT)
        count = min(_DRAWN, copper.left)
        self._copper[watch] = copper._replace(left=copper.left - count)
        first = self.take(self.reels, count)
        amount = _amount(copper.code, COPPER_KG * count)
        outputs = self.reels.listed(first, count)
        self._transform(f'"inputQuantityList":[{amount}],"outputEPCList":[{outputs}]')
        self.mix["rows"] += count + 1
        self.mix["quantity"] += 1
        return list(range(first + count - 1, first - 1, -1))

    def melt(self, watch: int, reels: int) -> Copper:
        """A copper lot, cast by the mill and brought here."""
        return self.bring(watch, self.cast(watch, reels), reels)

    def cast(self, watch: int, reels: int) -> str:
        """The mill casts a copper lot that is enough for so many reels: its name."""
        self._lots += 1
        lot = f"C{self.hand.firm.key.rpartition('-')[2]}{self._lots:05d}"
        self.watch.lots[watch] = self.rod.lot(lot).link
        self.pen.put(
            OBJECT,
            f'{self._copper_of(lot, reels)},"action":"ADD","bizStep":"commissioning",'
            f'"disposition":"active",{self.mill.here},"ilmd":{{"cbvmda:lotNumber":"{lot}"}}',
        )
        self.mix["rows"] += 1
        self.mix["quantity"] += 1
        return lot

    def bring(self, watch: int, lot: str, reels: int) -> Copper:
        """Some of a copper lot is brought here."""
        self.move(self.mill, self.hand, self._copper_of(lot, reels))
        self.mix["rows"] += 2
        self.mix["quantity"] += 2
        copper = Copper(lot, self.mill.spell(self.rod.lot(lot)), reels)
        self._copper[watch] = copper
        return copper

    def left(self, watch: int) -> int:
        """Reels of a watched lot that can still be used here."""
        copper = self._copper.get(watch)
        return len(self._drawn.get(watch, ())) + (copper.left if copper else 0)

    def _copper_of(self, lot: str, reels: int) -> str:
        code = self.mill.spell(self.rod.lot(lot))
        return f'"quantityList":[{_amount(code, COPPER_KG * reels)}]'

    def _transform(self, what: str) -> None:
        self.pen.put(
            TRANSFORMATION,
            f'{what},"bizStep":"commissioning","disposition":"active",{self.hand.here}',
        )

    def _pack(self, unit: Unit) -> None:
        here = self.hand.here
        cases = unit.cases()
        for case in cases:
            self.pen.put(AGGREGATION, packed(case.crate, case.listed, here))
        outer = ",".join(f'"{case.crate}"' for case in cases)
        self.pen.put(AGGREGATION, packed(unit.outer, outer, here))
        self.mix["rows"] += sum(case.size + 2 for case in cases) + 1
        self.mix["mixed"] += len(cases) if len(unit.parts) > 1 else 0

    # --- bikes --------------------------------------------------------------------------

    def container(self) -> Unit:
        """Fifty bikes, put together and packed."""
        bikes = self.goods[0]
        firsts = [self.take(part, CONTAINER) for part in self.parts]
        for part, first in zip(self.parts, firsts, strict=True):
            self._commission(part.listed(first, CONTAINER))
        first = self.take(bikes, CONTAINER)
        joined = self.hand.links
        if not joined:
            self._commission(bikes.listed(first, CONTAINER))
        for at in range(CONTAINER):
            parts = ",".join(
                f'"{part.one(start + at)}"' for part, start in zip(self.parts, firsts, strict=True)
            )
            self._assemble(bikes.one(first + at), parts, joined=joined)
        unit = Unit(self, (Part(bikes, first, CONTAINER, 0),), self.new_crates(1), bikes=True)
        self.pen.put(
            AGGREGATION, packed(unit.outer, bikes.listed(first, CONTAINER), self.hand.here)
        )
        self.mix["rows"] += CONTAINER + 1
        return unit

    def _commission(self, listed: str) -> None:
        self.pen.put(
            OBJECT,
            f'"epcList":[{listed}],"action":"ADD","bizStep":"commissioning",'
            f'"disposition":"active",{self.hand.here}',
        )
        self.mix["rows"] += CONTAINER

    def _assemble(self, bike: str, parts: str, *, joined: bool) -> None:
        """One bike: half of the works transform its parts into it, half fit them to it."""
        self.mix["assembled"] += 1
        self.mix["rows"] += 1 + len(self.parts)
        if joined:
            self._transform(f'"inputEPCList":[{parts}],"outputEPCList":["{bike}"]')
            return
        self.pen.put(
            ASSOCIATION,
            f'"parentID":"{bike}","childEPCs":[{parts}],"action":"ADD",'
            f'"bizStep":"assembling","disposition":"in_progress",{self.hand.here}',
        )

    # --- on the road --------------------------------------------------------------------

    def ship(self, seller: Hand, buyer: Hand, what: str, paper: str) -> None:
        """A load leaves."""
        self.pen.put(
            OBJECT,
            f'{what},"action":"OBSERVE","bizStep":"shipping","disposition":"in_transit",'
            f"{seller.seen},{paper},{seller.source},{buyer.destination}",
        )

    def move(self, seller: Hand, buyer: Hand, what: str) -> None:
        """A load leaves and arrives."""
        paper = seller.paper(self.note())
        self.ship(seller, buyer, what, paper)
        self.pen.put(OBJECT, received(seller, buyer, what, paper))

    def note(self) -> int:
        """The number of the next despatch advice."""
        self._notes += 1
        return self._notes


def packed(crate: str, children: str, here: str) -> str:
    """Put into a crate."""
    return (
        f'"parentID":"{crate}","childEPCs":[{children}],"action":"ADD",'
        f'"bizStep":"packing","disposition":"in_progress",{here}'
    )


def unpacked(crate: str, children: str, here: str) -> str:
    """Taken out of a crate; no children means all."""
    return (
        f'"parentID":"{crate}","childEPCs":[{children}],"action":"DELETE",'
        f'"bizStep":"unpacking","disposition":"in_progress",{here}'
    )


def received(seller: Hand, buyer: Hand, what: str, paper: str) -> str:
    """A load arrives."""
    return (
        f'{what},"action":"OBSERVE","bizStep":"receiving","disposition":"in_progress",'
        f"{buyer.here},{paper},{seller.source},{buyer.destination}"
    )


def _amount(code: str, kilograms: int) -> str:
    return f'{{"epcClass":"{code}","quantity":{kilograms},"uom":"KGM"}}'
