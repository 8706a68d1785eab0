"""How do goods move? The verbs in which every product line tells its story.

A `Flow` gathers the deeds and code issues of one campaign: from raw material to the last sale.
Each verb adds one deed and gives back what the next step needs. Serial numbers come from the
market's one `Mint`, so that they run on without gaps from campaign to campaign.
"""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from guantong.market.codes import CONSUMER, Amount, Code, other
from guantong.market.deeds import (
    AGGREGATION,
    ASSOCIATION,
    OBJECT,
    TRANSACTION,
    TRANSFORMATION,
    Deed,
    Issue,
    Stop,
    Wrong,
)
from guantong.market.dice import Dice
from guantong.market.firms import Firm, Product, Syntax, World
from guantong.market.hours import DAY, HOUR, MINUTE, day_text, open_at
from guantong.market.names import City

REGULATOR = other("opaque", "regulator")
"""Who orders; no office in particular."""


class Mint:
    """Gives out numbers: serials per product, crates per firm, one count of deeds."""

    def __init__(self) -> None:
        self._next: Counter[str] = Counter()

    def take(self, series: str, count: int = 1) -> int:
        """The first of the next `count` numbers of a series; series begin at 1."""
        first = self._next[series] + 1
        self._next[series] += count
        return first


def household(city: City) -> Code:
    """Where a consumer lives, no nearer than the city."""
    return other("opaque", f"household-{city.region}")


class Flow:
    """The deeds of one campaign, in the order in which they were thought of."""

    def __init__(self, world: World, mint: Mint, dice: Dice) -> None:
        self.world = world
        self.mint = mint
        self.dice = dice
        self.deeds: list[Deed] = []
        self.issues: list[Issue] = []
        self.stops: list[Stop] = []

    # --- making -------------------------------------------------------------------------

    def issue(self, product: Product, at_ms: int, count: int, lot: str) -> list[Code]:
        """Give out the next `count` serials of a product some hours before they are used."""
        first = self.mint.take(product.key, count)
        last = first + count - 1
        self.issues.append(
            Issue(
                product.maker.uri,
                at_ms - self.dice.between(2, 30) * HOUR,
                product.stems.kind.link,
                first,
                last,
                lot,
                day_text(at_ms),
            )
        )
        return [product.item(serial) for serial in range(first, last + 1)]

    def commission(
        self,
        product: Product,
        at_ms: int,
        codes: Sequence[Code] = (),
        *,
        lot: str,
        amount: Amount | None = None,
        also: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Things, or an amount of a lot, come into being."""
        maker = product.maker
        self.deeds.append(
            Deed(
                number=self._number(),
                by=maker,
                type=OBJECT,
                at_ms=at_ms,
                step="commissioning",
                read_point=maker.home.code,
                location=maker.home.code,
                action="ADD",
                disposition="active",
                codes=tuple(codes),
                amounts=(amount,) if amount else (),
                certificate=product.certificate_uri,
                ilmd=(*made(lot, at_ms), *also),
            )
        )

    def transform(
        self,
        firm: Firm,
        at_ms: int,
        inputs: Sequence[Code | Amount],
        outputs: Sequence[Code | Amount],
        *,
        lot: str = "",
        product: Product | None = None,
        step: str = "commissioning",
    ) -> None:
        """Something becomes something else."""
        codes, amounts = _parted(outputs)
        input_codes, input_amounts = _parted(inputs)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=TRANSFORMATION,
                at_ms=at_ms,
                step=step,
                read_point=firm.home.code,
                location=firm.home.code,
                disposition="active",
                codes=codes,
                amounts=amounts,
                inputs=input_codes,
                input_amounts=input_amounts,
                certificate=product.certificate_uri if product else "",
                ilmd=made(lot, at_ms) if lot else (),
            )
        )

    # --- holding together ---------------------------------------------------------------

    def pack(self, firm: Firm, at_ms: int, children: Sequence[Code]) -> Code:
        """Put things into a new crate."""
        crate = firm.numbers.crate(self.mint.take(f"{firm.key}/crate"))
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=AGGREGATION,
                at_ms=at_ms,
                step="packing",
                read_point=firm.dock.code,
                location=firm.dock.code,
                action="ADD",
                disposition="in_progress",
                parent=crate,
                codes=tuple(children),
            )
        )
        return crate

    def unpack(self, firm: Firm, at_ms: int, crate: Code, children: Sequence[Code] = ()) -> None:
        """Take things out of a crate; none named means all."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=AGGREGATION,
                at_ms=at_ms,
                step="unpacking",
                read_point=firm.dock.code,
                location=firm.dock.code,
                action="DELETE",
                disposition="in_progress",
                parent=crate,
                codes=tuple(children),
            )
        )

    def attach(
        self,
        firm: Firm,
        at_ms: int,
        parent: Code,
        parts: Sequence[Code],
        *,
        step: str = "assembling",
        place: Code | None = None,
    ) -> None:
        """Build parts into a thing."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=ASSOCIATION,
                at_ms=at_ms,
                step=step,
                read_point=place or firm.home.code,
                location=place or firm.home.code,
                action="ADD",
                disposition="in_progress" if step == "assembling" else "",
                parent=parent,
                codes=tuple(parts),
            )
        )

    def detach(self, firm: Firm, at_ms: int, parent: Code, parts: Sequence[Code]) -> None:
        """Take parts out of a thing."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=ASSOCIATION,
                at_ms=at_ms,
                step="removing",
                read_point=firm.home.code,
                location=firm.home.code,
                action="DELETE",
                parent=parent,
                codes=tuple(parts),
            )
        )

    # --- changing hands -----------------------------------------------------------------

    def ship(self, seller: Firm, buyer: Firm, at_ms: int, load: Sequence[Code | Amount]) -> str:
        """Send a load off.

        Returns:
            The number of the despatch advice.
        """
        note = self.mint.take(f"{seller.key}/note")
        paper = f"urn:epcglobal:cbv:bt:{seller.home.gln}:{day_text(at_ms)[:4]}{note:06d}"
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=seller,
                type=OBJECT,
                at_ms=at_ms,
                step="shipping",
                read_point=seller.dock.code,
                action="OBSERVE",
                disposition="in_transit",
                codes=codes,
                amounts=amounts,
                papers=(("desadv", paper),),
                sources=_side(seller),
                destinations=_side(buyer),
            )
        )
        return paper

    def receive(
        self, buyer: Firm, seller: Firm, at_ms: int, load: Sequence[Code | Amount], paper: str
    ) -> None:
        """Take a load in; one in six firms does not note where it came from."""
        codes, amounts = _parted(load)
        bare = self.dice.chance(1 / 6)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=buyer,
                type=OBJECT,
                at_ms=at_ms,
                step="receiving",
                read_point=buyer.dock.code,
                location=buyer.dock.code,
                action="OBSERVE",
                disposition="in_progress",
                codes=codes,
                amounts=amounts,
                papers=(("desadv", paper),),
                sources=() if bare else _side(seller),
                destinations=() if bare else _side(buyer),
            )
        )

    def move(self, seller: Firm, buyer: Firm, at_ms: int, load: Sequence[Code | Amount]) -> int:
        """Ship and receive.

        Returns:
            When it was received.
        """
        paper = self.ship(seller, buyer, at_ms, load)
        there = open_at(at_ms + self.dice.between(8, 96) * HOUR + self.dice.below(60) * MINUTE)
        self.receive(buyer, seller, there, load, paper)
        return there

    def sell(self, shop: Firm, at_ms: int, load: Sequence[Code | Amount]) -> None:
        """Sell to a consumer, of whom only the city is kept."""
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=shop,
                type=OBJECT,
                at_ms=at_ms,
                step="retail_selling",
                read_point=shop.home.code,
                location=shop.home.code,
                action="OBSERVE",
                disposition="retail_sold",
                codes=codes,
                amounts=amounts,
                sources=(("owning_party", shop.party),),
                destinations=(("owning_party", CONSUMER), ("location", household(shop.city))),
            )
        )

    def take_back(self, shop: Firm, at_ms: int, load: Sequence[Code]) -> None:
        """Take a return from a consumer and put it back on sale after a look at it."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=shop,
                type=OBJECT,
                at_ms=at_ms,
                step="receiving",
                read_point=shop.home.code,
                location=shop.home.code,
                action="OBSERVE",
                disposition="returned",
                codes=tuple(load),
                papers=(
                    ("rma", f"urn:epcglobal:cbv:bt:{shop.home.gln}:R{self.mint.take(shop.key)}"),
                ),
                sources=(("owning_party", CONSUMER),),
                destinations=(("owning_party", shop.party),),
            )
        )
        self.inspect(shop, at_ms + 40 * MINUTE, load, "sellable_accessible")

    # --- looking, using, ending ---------------------------------------------------------

    def inspect(
        self,
        firm: Firm,
        at_ms: int,
        load: Sequence[Code | Amount],
        disposition: str,
        *,
        report: str = "",
    ) -> None:
        """Test or look over."""
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=OBJECT,
                at_ms=at_ms,
                step="inspecting",
                read_point=firm.home.code,
                location=firm.home.code,
                action="OBSERVE",
                disposition=disposition,
                codes=codes,
                amounts=amounts,
                papers=(("testres", report),) if report else (),
            )
        )

    def count(self, firm: Firm, at_ms: int, load: Sequence[Code | Amount]) -> None:
        """See what is in stock."""
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=OBJECT,
                at_ms=at_ms,
                step="cycle_counting",
                read_point=firm.home.code,
                location=firm.home.code,
                action="OBSERVE",
                disposition="sellable_accessible",
                codes=codes,
                amounts=amounts,
            )
        )

    def order(self, firm: Firm, at_ms: int, number: str, load: Sequence[Code]) -> None:
        """Bind things to a sales order."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=TRANSACTION,
                at_ms=at_ms,
                step="reserving",
                read_point=firm.dock.code,
                location=firm.dock.code,
                action="ADD",
                disposition="reserved",
                codes=tuple(load),
                papers=(("po", f"urn:epcglobal:cbv:bt:{firm.home.gln}:{number}"),),
            )
        )

    def hold(self, maker: Firm, at_ms: int, load: Sequence[Code | Amount], why: str) -> None:
        """The maker says that its own goods are to be kept back for good."""
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=maker,
                type=OBJECT,
                at_ms=at_ms,
                step="holding",
                read_point=maker.home.code,
                location=maker.home.code,
                action="OBSERVE",
                disposition="non_sellable_other",
                persistent="recalled",
                codes=codes,
                amounts=amounts,
                extra=(("gt:reason", why),),
            )
        )

    def stop(self, at_ms: int, lot: Code, *, zh: str, en: str) -> None:
        """The regulator has a lot recalled."""
        self.stops.append(Stop(REGULATOR.link, at_ms, lot.link, "recalled", zh, en))

    def use(self, firm: Firm, at_ms: int, load: Sequence[Code | Amount]) -> None:
        """Build material in at a site."""
        codes, amounts = _parted(load)
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=OBJECT,
                at_ms=at_ms,
                step="installing",
                read_point=firm.home.code,
                location=firm.home.code,
                action="OBSERVE",
                disposition="active",
                codes=codes,
                amounts=amounts,
            )
        )

    def scrap(self, firm: Firm, at_ms: int, load: Sequence[Code]) -> None:
        """The end of things."""
        self.deeds.append(
            Deed(
                number=self._number(),
                by=firm,
                type=OBJECT,
                at_ms=at_ms,
                step="destroying",
                read_point=firm.home.code,
                location=firm.home.code,
                action="DELETE",
                disposition="destroyed",
                codes=tuple(load),
            )
        )

    # --- second thoughts ----------------------------------------------------------------

    def correct(self, at: int) -> None:
        """Declare the `at`-th deed wrong and tell it again, an hour earlier.

        Nothing happens when its teller names no events: there would be nothing to refer to.
        """
        first = self.deeds[at]
        # Drawn in any case, so that later draws do not depend on who the shop is.
        days = self.dice.between(1, 3)
        if first.by.ways.syntax is Syntax.SHEET or not first.by.ways.ids:
            return
        said = open_at(first.known_ms + days * DAY)
        number = self.mint.take("deed")
        wrong = Wrong(said, "incorrect_data", (number,))
        self.deeds.append(replace(first, said_ms=said, wrong=wrong))
        self.deeds.append(replace(first, said_ms=said, number=number, at_ms=first.at_ms - HOUR))

    def _number(self) -> int:
        return self.mint.take("deed")


def lot_name(flow: Flow, product: Product, at_ms: int) -> str:
    """A lot number as printed: letter of the model, day, number of the lot."""
    day = day_text(at_ms).replace("-", "")[2:]
    return f"{product.goods.slug[0].upper()}{day}{flow.mint.take(product.key + '/lot') % 1000:03d}"


def made(lot: str, at_ms: int) -> tuple[tuple[str, str], ...]:
    """The lot and production day of new goods, as master data of the event."""
    return (("cbvmda:lotNumber", lot), ("gs1:productionDate", day_text(at_ms)))


def _side(firm: Firm) -> tuple[tuple[str, Code], ...]:
    """A firm as source or destination of a load."""
    return (
        ("owning_party", firm.party),
        ("possessing_party", firm.party),
        ("location", firm.dock.code),
    )


def _parted(load: Sequence[Code | Amount]) -> tuple[tuple[Code, ...], tuple[Amount, ...]]:
    """A load as things and amounts."""
    codes = tuple(one for one in load if isinstance(one, Code))
    return codes, tuple(one for one in load if isinstance(one, Amount))
