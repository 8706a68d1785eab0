"""How do pallets come through distributor and wholesaler into shops?

Each stage works on what left the stage before some time ago. On the way a case is packed anew,
a coil breaks, a load never arrives, a receipt is told late or was wrong.
"""

from collections import Counter
from functools import partial
from typing import Final

from guantong.market.bulk_firms import Cast, Hand, Where
from guantong.market.bulk_retail import Retail
from guantong.market.bulk_text import AGGREGATION, OBJECT, corrected, crates, withdrawn
from guantong.market.bulk_truth import Watch
from guantong.market.bulk_works import Case, Part, Unit, packed, received, unpacked
from guantong.market.dice import Dice

LOAD: Final = 5
"""Cases for a shop, or bikes."""
REPACKED: Final = 0.04
"""Of the cases at a wholesaler; one coil in each of half of them is broken."""
LOST: Final = 0.005
"""Of the loads to shops."""
LATE: Final = 0.02
"""Of the receipts of shops."""
WRONG: Final = 0.01
"""Of the receipts of shops: they name another shop and are put right."""
UNNAMED: Final = 0.25
"""Of the unpackings: they name no children, which means all."""


class Trade:
    """The way from the works to the shops."""

    def __init__(
        self, cast: Cast, retail: Retail, watch: Watch, mix: Counter[str], dice: Dice
    ) -> None:
        """Trade between those of `cast`; what arrives in shops is `retail`'s."""
        self.cast = cast
        self.retail = retail
        self.watch = watch
        self.mix = mix
        self.dice = dice
        self._crates: Counter[str] = Counter()

    def distribute(self, unit: Unit) -> Hand:
        """From the works to a distributor."""
        links = unit.works.hand.links
        buyer = self.cast.trader(self.dice.pick(self.cast.distributors), links=links)
        unit.works.move(unit.works.hand, buyer, f'"epcList":["{unit.outer}"]')
        self.mix["rows"] += 2
        return buyer

    def wholesale(self, unit: Unit, seller: Hand) -> Hand:
        """From the distributor to a wholesaler, who takes it apart."""
        works = unit.works
        buyer = self.cast.trader(self.dice.pick(self.cast.wholesalers), links=works.hand.links)
        works.move(seller, buyer, f'"epcList":["{unit.outer}"]')
        self.mix["rows"] += 2
        part = unit.parts[0]
        if unit.bikes:
            inner, count = part.goods.listed(part.first, part.size), part.size
        else:
            cases = unit.cases()
            inner, count = ",".join(f'"{case.crate}"' for case in cases), len(cases)
        self._unpack(unit, buyer, unit.outer, inner, count)
        return buyer

    def deliver(self, unit: Unit, seller: Hand) -> None:
        """From the wholesaler to shops, five cases or bikes at a time."""
        if unit.bikes:
            part = unit.parts[0]
            for first in range(part.first, part.first + part.size, LOAD):
                self._bikes(unit, seller, part._replace(first=first, size=LOAD))
            return
        cases = [self._repacked(unit, seller, case) for case in unit.cases()]
        for at in range(0, len(cases), LOAD):
            self._cases(unit, seller, cases[at : at + LOAD])

    def standing(self, unit: Unit, holder: Hand | None) -> None:
        """The market ends while a unit stands at a holder; None for the works."""
        # What nobody has moved yet is with whoever filed its making.
        filed = Where(unit.works.hand.firm.uri, "in_stock")
        self._arrive(unit.parts, holder.stock if holder else filed)

    # --- loads --------------------------------------------------------------------------

    def _bikes(self, unit: Unit, seller: Hand, part: Part) -> None:
        shop = self._load(unit, seller, part.goods.listed(part.first, LOAD), LOAD, (part,))
        if shop >= 0:
            self.retail.stock(unit.works.pen, part, shop)

    def _cases(self, unit: Unit, seller: Hand, cases: list[Case]) -> None:
        parts = tuple(part for case in cases for part in case.parts)
        listed = ",".join(f'"{case.crate}"' for case in cases)
        shop = self._load(unit, seller, listed, len(cases), parts)
        if shop < 0:
            return
        hand = self.cast.shop(shop, links=unit.works.hand.links)
        for case in cases:
            self._unpack(unit, hand, case.crate, case.listed, case.size)
            for part in case.parts:
                self.retail.stock(unit.works.pen, part, shop)

    def _load(
        self, unit: Unit, seller: Hand, listed: str, count: int, parts: tuple[Part, ...]
    ) -> int:
        """Send a load to a shop: its number, -1 when the load never arrived."""
        works, dice = unit.works, self.dice
        links = works.hand.links
        number = dice.below(len(self.cast.shops))
        shop = self.cast.shop(number, links=links)
        what, paper = f'"epcList":[{listed}]', seller.paper(works.note())
        works.ship(seller, shop, what, paper)
        self.mix["rows"] += count
        if dice.chance(LOST):
            self.mix["lost"] += 1
            self._arrive(parts, Where(seller.firm.party.link, "in_transit"))
            return -1
        self._arrive(parts, shop.stock)
        self._receipt(unit, seller, shop, what, paper)
        self.mix["rows"] += count
        return number

    def _receipt(self, unit: Unit, seller: Hand, shop: Hand, what: str, paper: str) -> None:
        pen, dice = unit.works.pen, self.dice
        said = received(seller, shop, what, paper)
        drawn = dice.below(10_000) / 10_000
        if drawn < LATE:
            self.mix["late"] += 1
            self.retail.later(partial(pen.tell, pen.write(OBJECT, said)))
        elif drawn < LATE + WRONG:
            other = self.cast.shop(dice.below(len(self.cast.shops)), links=shop.links)
            wrongly = received(seller, other, what, paper)
            wrong = pen.write(OBJECT, wrongly)
            pen.tell(wrong)
            self.retail.later(partial(self._correct, unit, wrong, wrongly, said))
        else:
            pen.put(OBJECT, said)

    def _correct(self, unit: Unit, wrong: str, wrongly: str, rightly: str) -> None:
        """A receipt named another shop: it is declared wrong and told again."""
        pen = unit.works.pen
        right = corrected(wrong, pen.fresh_id(), wrongly, rightly)
        pen.tell(withdrawn(wrong, pen.now(), "incorrect_data", right))
        pen.tell(right)
        self.mix["corrections"] += 2
        self.mix["rows"] += 2 * LOAD

    # --- crates -------------------------------------------------------------------------

    def _unpack(self, unit: Unit, hand: Hand, crate: str, inner: str, count: int) -> None:
        named = not self.dice.chance(UNNAMED)
        self.mix["unnamed"] += not named
        unit.works.pen.put(AGGREGATION, unpacked(crate, inner if named else "", hand.here))
        self.mix["rows"] += 1 + (count if named else 0)

    def _repacked(self, unit: Unit, hand: Hand, case: Case) -> Case:
        """Now and then a case is packed anew, and a coil found broken."""
        if not self.dice.chance(REPACKED):
            return case
        pen = unit.works.pen
        self._unpack(unit, hand, case.crate, case.listed, case.size)
        if self.dice.chance(0.5):
            case = self._broken(unit, hand, case)
        self._crates[hand.firm.key] += 1
        number = self._crates[hand.firm.key]
        crate = crates(hand.firm.numbers.prefix, number, 1, links=hand.links)[0]
        pen.put(AGGREGATION, packed(crate, case.listed, hand.here))
        self.mix["rows"] += 1 + case.size
        self.mix["repacked"] += 1
        return case._replace(crate=crate)

    def _broken(self, unit: Unit, hand: Hand, case: Case) -> Case:
        """The last coil of a case is destroyed."""
        *others, last = case.parts
        broken = last.first + last.size - 1
        unit.works.pen.put(
            OBJECT,
            f'"epcList":["{last.goods.one(broken)}"],"action":"DELETE","bizStep":"destroying",'
            f'"disposition":"destroyed",{hand.here}',
        )
        self.mix["rows"] += 1
        gone = last._replace(first=broken, size=1)
        self._arrive((gone,), Where(unit.works.hand.firm.uri, "scrapped"))
        return case._replace(parts=(*others, last._replace(size=last.size - 1)))

    def _arrive(self, parts: tuple[Part, ...], where: Where) -> None:
        for part in parts:
            self.watch.arrive(part.goods, part.first, part.size, part.watch, where)
