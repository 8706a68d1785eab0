"""Who is in the market at scale, and what do their names look like in an event?"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from guantong.market.bulk_text import Serial, letters, sparse
from guantong.market.catalogue import Role
from guantong.market.codes import Code
from guantong.market.firms import Firm, Product, World, roster

CABLE_MAKERS_MAX: Final = 20
BIKE_MAKERS: Final = 4
MILLS: Final = 3
DISTRIBUTORS: Final = 8
WHOLESALERS_MAX: Final = 60
SHOPS_MAX: Final = 20_000
YEAR: Final = 2025


class Where(NamedTuple):
    """Who has something, in which state."""

    party: str
    """Canonical URI of who holds it, "" for a consumer."""
    state: str
    """``in_stock``, ``in_transit``, ``sold``, ``returned`` or ``scrapped``."""


@dataclass(frozen=True)
class Hand:
    """A firm through whose hands goods go."""

    firm: Firm
    links: bool
    """Which spelling the documents have that name it so."""

    def spell(self, code: Code) -> str:
        """A code as those documents write it."""
        return code.link if self.links else code.urn

    @cached_property
    def here(self) -> str:
        """Seen and kept here."""
        return f'{self.seen},"bizLocation":{{"id":"{self.spell(self.firm.dock.code)}"}}'

    @cached_property
    def seen(self) -> str:
        """Seen here, not kept."""
        return f'"readPoint":{{"id":"{self.spell(self.firm.dock.code)}"}}'

    @cached_property
    def source(self) -> str:
        """From here."""
        return f'"sourceList":[{self._side("source")}]'

    @cached_property
    def destination(self) -> str:
        """To here."""
        return f'"destinationList":[{self._side("destination")}]'

    @cached_property
    def sale(self) -> str:
        """All that follows the code in a sale."""
        return (
            f'"action":"OBSERVE","bizStep":"retail_selling","disposition":"retail_sold",{self.here}'
        )

    @cached_property
    def stock(self) -> Where:
        """In stock here."""
        return Where(self.firm.party.link, "in_stock")

    def paper(self, number: int) -> str:
        """A despatch advice."""
        value = f"urn:epcglobal:cbv:bt:{self.firm.home.gln}:{number}"
        return f'"bizTransactionList":[{{"type":"desadv","bizTransaction":"{value}"}}]'

    def _side(self, member: str) -> str:
        party, place = self.spell(self.firm.party), self.spell(self.firm.dock.code)
        return (
            f'{{"type":"possessing_party","{member}":"{party}"}},'
            f'{{"type":"location","{member}":"{place}"}}'
        )


@dataclass(frozen=True)
class Goods:
    """A product class with serials."""

    number: int
    product: Product
    links: bool
    serial: Serial = str
    """How its n-th thing is numbered."""

    @cached_property
    def stem(self) -> str:
        """What stands before the serial."""
        stems = self.product.stems
        return stems.item_link if self.links else stems.item_urn

    @cached_property
    def between(self) -> str:
        """What stands between two serials in a list."""
        return f'","{self.stem}'

    def listed(self, first: int, count: int) -> str:
        """Consecutive things as members of a JSON list."""
        serials = map(self.serial, range(first, first + count))
        return f'"{self.stem}{self.between.join(serials)}"'

    def one(self, number: int) -> str:
        """One thing."""
        return f"{self.stem}{self.serial(number)}"

    def lot(self, name: str) -> str:
        """A lot of the class."""
        code = self.product.lot(name)
        return code.link if self.links else code.urn

    def canonical(self, number: int) -> str:
        """One thing as everybody can be asked about it."""
        return f"{self.product.stems.item_link}{self.serial(number)}"


class Cast:
    """Everybody, by number."""

    def __init__(self, seed: int, rows: int) -> None:
        self.world = _world(seed, rows)
        firms = self.world.firms
        self.makers = firms[Role.CABLE] + firms[Role.BIKE]
        traders = firms[Role.CABLE_TRADER]
        self.distributors = traders[:DISTRIBUTORS]
        self.wholesalers = traders[DISTRIBUTORS:]
        self.shops = firms[Role.HARDWARE]
        self.mills = firms[Role.ROD]

    def shop(self, number: int, *, links: bool) -> Hand:
        """A shop in one of the spellings."""
        return self._shops[links][number]

    def trader(self, firm: Firm, *, links: bool) -> Hand:
        """A distributor, wholesaler or mill."""
        key = (firm.key, links)
        if key not in self._traders:
            self._traders[key] = Hand(firm, links)
        return self._traders[key]

    @cached_property
    def _traders(self) -> dict[tuple[str, bool], Hand]:
        return {}

    @cached_property
    def _shops(self) -> dict[bool, list[Hand]]:
        return {links: [Hand(firm, links) for firm in self.shops] for links in (False, True)}


def serial_of(maker: int, makers: int, *, foreign: bool) -> Serial:
    """How a cable maker numbers: the last two with foreign random serials, or all."""
    if foreign or maker >= makers - 2:
        return letters if maker % 2 else sparse
    return str


def _world(seed: int, rows: int) -> World:
    shops = min(SHOPS_MAX, max(40, rows // 500))
    counts = {
        Role.CABLE: min(CABLE_MAKERS_MAX, max(6, rows // 50_000)),
        Role.ROD: MILLS,
        Role.BATTERY: 2,
        Role.MOTOR: 2,
        Role.CHARGER: 2,
        Role.BIKE: BIKE_MAKERS,
        Role.BODY: 1,
        Role.CABLE_TRADER: DISTRIBUTORS + min(WHOLESALERS_MAX, max(6, rows // 20_000)),
        Role.HARDWARE: shops,
    }
    return roster(seed, counts, year=YEAR)
