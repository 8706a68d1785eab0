"""Who is in this market, where, and how do they file?

A `World` is made from the seed and the number of events asked for; only the number of shops and
sites grows with the latter, so that producers and their codes are those of the seed alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from guantong.market.catalogue import GOODS, Goods, Role
from guantong.market.codes import Code, Numbers, Stems, other, uscc
from guantong.market.dice import Dice
from guantong.market.hours import DAY, WEEK
from guantong.market.names import BY_NAME, CITIES, STREETS, City, word

SEEDS_APART = 20
"""Markets of this many consecutive seeds share no USCC, GLN or GTIN."""
SHOPS_MAX = 20_000
SITES_MAX = 400


class Syntax(StrEnum):
    """What a firm's software writes."""

    JSON = "json"
    XML2 = "xml2"
    XML1 = "xml1"
    SHEET = "sheet"


class Ways(NamedTuple):
    """How a firm files."""

    syntax: Syntax = Syntax.JSON
    links: bool = False
    """GS1 Digital Links rather than EPC URNs."""
    ids: bool = True
    """Whether it names its events; if not, the server does."""
    period_ms: int = WEEK
    """How long it collects events before it files; 0 files each at once."""
    late: float = 0.02
    """Share of its filings that come days late."""
    charset: str = "utf-8"
    """Of its sheets."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a firm."""

    name: str
    kind: str
    """``plant``, ``warehouse``, ``shop``, ``site`` or ``office``."""
    gln: str
    code: Code


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm."""

    key: str
    """Role and number, such as ``bike-1``."""
    role: Role
    name: str
    name_en: str
    brand: str
    uscc: str
    kind: str
    """As in records documents."""
    industry: str
    """GB/T 4754-2017 section and division."""
    city: City
    street: str
    numbers: Numbers
    party: Code
    """How events name it: by GLN, small shops by USCC."""
    gln: str
    """Its party GLN, "" for a small shop."""
    places: tuple[Place, ...]
    """At least one; goods are made or sold at the first and leave from the last."""
    ways: Ways

    @property
    def home(self) -> Place:
        """Where it makes or sells."""
        return self.places[0]

    @property
    def dock(self) -> Place:
        """Where goods come in and go out."""
        return self.places[-1]

    @property
    def uri(self) -> str:
        """Its canonical key as a submitter."""
        return f"urn:guantong:uscc:{self.uscc}"


@dataclass(frozen=True, slots=True)
class Product:
    """A product class of one firm."""

    key: str
    """Firm and model, such as ``bike-1/city``."""
    maker: Firm
    goods: Goods
    gtin: str
    """13 digits."""
    stems: Stems
    certificate: str
    """Number of the certificate or licence it is made under, "" for none."""

    @property
    def certificate_uri(self) -> str:
        """The certificate as a URI, "" for none."""
        if not self.certificate:
            return ""
        scheme = "ccc" if self.goods.ccc else "xk"
        return f"urn:guantong:{scheme}:{quote(self.certificate, safe='')}"

    def item(self, serial: int) -> Code:
        """One thing of the class."""
        return Code(f"{self.stems.item_urn}{serial}", f"{self.stems.item_link}{serial}")

    def lot(self, lot: str) -> Code:
        """A lot of the class."""
        return Code(f"{self.stems.lot_urn}{lot}", f"{self.stems.lot_link}{lot}")


class _Trade(NamedTuple):
    """What the firms of a role have in common."""

    title: str
    title_en: str
    kind: str
    industry: str
    prefix: int
    """Length of their company prefix."""
    place: str
    cities: tuple[str, ...]
    """English names; empty for anywhere."""


_TRADES: dict[Role, _Trade] = {
    Role.ROD: _Trade("铜业", "Copper", "producer", "C32", 8, "plant", ("Nanchang", "Ningbo")),
    Role.CABLE: _Trade("线缆", "Cable", "producer", "C38", 7, "plant",
                       ("Xingtai", "Wuxi", "Foshan", "Chengdu")),
    Role.BATTERY: _Trade("新能源", "Battery", "producer", "C38", 8, "plant", ("Nanjing", "Hefei")),
    Role.MOTOR: _Trade("电机", "Motor", "producer", "C38", 9, "plant", ("Taizhou",)),
    Role.CHARGER: _Trade("电源", "Power", "producer", "C38", 9, "plant", ("Shenzhen",)),
    Role.BIKE: _Trade("车业", "Bikes", "producer", "C37", 7, "plant",
                      ("Wuxi", "Tianjin", "Taizhou", "Linyi")),
    Role.HOSE: _Trade("管业", "Hoses", "producer", "C33", 9, "plant", ("Ningbo",)),
    Role.VALVE: _Trade("阀门", "Valves", "producer", "C34", 9, "plant", ("Taizhou",)),
    Role.STOVE: _Trade("燃具", "Stoves", "producer", "C38", 8, "plant", ("Zhongshan", "Foshan")),
    Role.STEEL: _Trade("钢铁", "Steel", "producer", "C31", 8, "plant", ("Tangshan", "Taiyuan")),
    Role.BAR: _Trade("金属制品", "Metal Products", "producer", "C31", 8, "plant",
                     ("Shijiazhuang", "Zhengzhou", "Jinan")),
    Role.CABLE_TRADER: _Trade("电气物资", "Electrical Supplies", "distributor", "F51", 9,
                              "warehouse", ("Zhengzhou", "Guangzhou", "Xi'an")),
    Role.BIKE_TRADER: _Trade("车业贸易", "Bike Trading", "distributor", "F51", 9, "warehouse",
                             ("Hangzhou", "Beijing", "Wuhan", "Nanning")),
    Role.STOVE_TRADER: _Trade("厨电贸易", "Kitchen Trading", "distributor", "F51", 9, "warehouse",
                              ("Shanghai", "Chongqing")),
    Role.BAR_TRADER: _Trade("钢贸", "Steel Trading", "distributor", "F51", 9, "warehouse",
                            ("Tianjin", "Changsha")),
    Role.HARDWARE: _Trade("五金", "Hardware", "retailer", "F52", 9, "shop", ()),
    Role.BIKE_SHOP: _Trade("车行", "Bike Shop", "retailer", "F52", 9, "shop", ()),
    Role.APPLIANCE: _Trade("电器", "Appliances", "retailer", "F52", 9, "shop", ()),
    Role.SITE: _Trade("建设", "Construction", "site", "E47", 9, "site", ()),
    Role.BODY: _Trade("检验认证", "Certification", "body", "M74", 9, "office",
                      ("Beijing", "Guangzhou")),
}  # fmt: skip

_JSON, _XML2, _XML1, _SHEET = Syntax
_WORKS: dict[Role, tuple[Ways, ...]] = {
    Role.ROD: (Ways(_XML2), Ways(_XML2)),
    Role.CABLE: (Ways(links=True), Ways(), Ways(links=True, ids=False), Ways(_XML2)),
    Role.BATTERY: (Ways(links=True), Ways(ids=False)),
    Role.BIKE: (Ways(links=True), Ways(), Ways(links=True), Ways(ids=False)),
    Role.HOSE: (Ways(_XML2),),
    Role.STEEL: (Ways(), Ways(_XML1)),
    Role.BAR: (Ways(), Ways(links=True), Ways(_XML2)),
    Role.CABLE_TRADER: (Ways(_XML1), Ways(links=True), Ways(late=0.1)),
    Role.BIKE_TRADER: (Ways(links=True), Ways(_XML1), Ways(ids=False), Ways(late=0.1)),
    Role.STOVE_TRADER: (Ways(_XML1), Ways(links=True)),
    Role.BAR_TRADER: (Ways(), Ways(_XML1)),
    Role.BODY: (Ways(links=True, period_ms=DAY), Ways(links=True, period_ms=DAY)),
}
"""How each firm of a role files; a role that is not here files as `Ways()`."""

_COUNTS = {
    Role.ROD: 2, Role.CABLE: 4, Role.BATTERY: 2, Role.MOTOR: 1, Role.CHARGER: 1, Role.BIKE: 4,
    Role.HOSE: 1, Role.VALVE: 1, Role.STOVE: 2, Role.STEEL: 2, Role.BAR: 3, Role.CABLE_TRADER: 3,
    Role.BIKE_TRADER: 4, Role.STOVE_TRADER: 2, Role.BAR_TRADER: 2, Role.BODY: 2,
}  # fmt: skip
_SHOP_SHARES = {Role.HARDWARE: 0.4, Role.BIKE_SHOP: 0.35, Role.APPLIANCE: 0.25}
_GBK = Ways(_SHEET, charset="gb18030", late=0.05)
_UTF = Ways(_SHEET, late=0.05)
_SHOP_WAYS = (
    _GBK,
    Ways(links=True, ids=False, late=0.03),
    Ways(period_ms=DAY),
    _UTF,
    Ways(links=True, period_ms=0),
    _GBK._replace(period_ms=2 * WEEK, late=0.08),
    Ways(links=True, period_ms=DAY),
    _GBK,
    Ways(ids=False, late=0.03),
    _UTF,
    Ways(links=True),
)
"""Shops take turns; one in eleven files each sale at once."""


@dataclass(frozen=True, slots=True)
class World:
    """Everybody in the market and everything made in it."""

    seed: int
    firms: dict[Role, tuple[Firm, ...]]
    goods: dict[str, tuple[Product, ...]]
    """Products of a maker, by its key, in the order of its catalogue."""

    def firm(self, role: Role, index: int = 0) -> Firm:
        """The `index`-th firm of a role."""
        return self.firms[role][index]

    def product(self, maker: Firm, index: int = 0) -> Product:
        """The `index`-th product of a maker."""
        return self.goods[maker.key][index]


def world(seed: int, *, events: int, year: int) -> World:
    """Everybody and everything.

    Args:
        seed: Names the market; `SEEDS_APART` neighbours share no number.
        events: How many events the market will have: decides how many shops there are.
        year: In which certificates were issued.

    Returns:
        The world; producers depend on seed and year only.
    """
    shops = min(SHOPS_MAX, max(36, events // 2000))
    counts = {**_COUNTS, Role.SITE: min(SITES_MAX, max(6, events // 8000))}
    counts |= {role: round(shops * share) for role, share in _SHOP_SHARES.items()}
    return roster(seed, counts, year=year)


def roster(seed: int, counts: Mapping[Role, int], *, year: int) -> World:
    """So many firms of each role, and all they make.

    Args:
        seed: As for `world`.
        counts: Numbers are given out in this order: producers first keeps them short.
        year: In which certificates were issued.

    Returns:
        The world.
    """
    maker = _Maker(seed)
    firms = {role: maker.firms(role, count) for role, count in counts.items()}
    makers = (firm for role in GOODS for firm in firms.get(role, ()))
    return World(seed, firms, {firm.key: _products(firm, seed, year) for firm in makers})


class _Maker:
    """Gives out trade names and numbers in turn."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._series = seed % SEEDS_APART
        self._count = 0

    def firms(self, role: Role, count: int) -> tuple[Firm, ...]:
        """So many firms of a role; draws are the role's own, so that roles do not disturb."""
        dice = Dice(self._seed, f"firms/{role}")
        return tuple(self._firm(role, index, dice) for index in range(count))

    def _firm(self, role: Role, index: int, dice: Dice) -> Firm:
        trade = _TRADES[role]
        self._count += 1
        chosen = dice.pick(CITIES)
        city = BY_NAME[trade.cities[index % len(trade.cities)]] if trade.cities else chosen
        brand, brand_en = word(self._seed * 37 + self._count)
        numbers = Numbers(self._prefix(trade.prefix))
        street = f"{dice.pick(STREETS)}{dice.between(1, 399)}号"
        code = uscc(city.region, self._series, self._count)
        named = role not in _SHOP_SHARES or index % 3 != 2
        return Firm(
            key=f"{role}-{index}",
            role=role,
            name=_name(role, trade, city, brand, index),
            name_en=f"{city.name_en} {brand_en} {trade.title_en}",
            brand=brand,
            uscc=code,
            kind=trade.kind,
            industry=trade.industry,
            city=city,
            street=street,
            numbers=numbers,
            party=numbers.party() if named else other("uscc", code),
            gln=numbers.gln(0) if named else "",
            places=_places(trade, brand, city, numbers),
            ways=_ways(role, index),
        )

    def _prefix(self, length: int) -> str:
        """A company prefix; lengths as GS1 China gives them out under 690, 692 and 697."""
        series = self._series
        match length:
            case 7:
                return f"690{series * 100 + self._count:04d}"
            case 8:
                return f"692{series * 100 + self._count:05d}"
            case _:
                return f"697{series * 40_000 + self._count:06d}"


def _name(role: Role, trade: _Trade, city: City, brand: str, index: int) -> str:
    if role in _SHOP_SHARES:
        branch = f"（第{index // 500 + 1}店）" if index >= 500 else ""
        return f"{city.name}{brand}{trade.title}店{branch}"
    return f"{city.name}{brand}{trade.title}有限公司"


def _places(trade: _Trade, brand: str, city: City, numbers: Numbers) -> tuple[Place, ...]:
    words = {
        "plant": "厂区",
        "warehouse": "仓库",
        "shop": "门店",
        "site": "工地",
        "office": "实验室",
    }
    kinds = ("plant", "warehouse") if trade.place == "plant" else (trade.place,)
    return tuple(
        Place(
            f"{brand}{trade.title}{city.name}{words[kind]}",
            kind,
            numbers.gln(at),
            numbers.place(at),
        )
        for at, kind in enumerate(kinds, start=1)
    )


def _ways(role: Role, index: int) -> Ways:
    if role in _SHOP_SHARES:
        return _SHOP_WAYS[index % len(_SHOP_WAYS)]
    ways = _WORKS.get(role, (Ways(),))
    period = DAY if role in _TRADERS else ways[index % len(ways)].period_ms
    return ways[index % len(ways)]._replace(period_ms=period)


_TRADERS = frozenset({Role.CABLE_TRADER, Role.BIKE_TRADER, Role.STOVE_TRADER, Role.BAR_TRADER})


def _products(maker: Firm, seed: int, year: int) -> tuple[Product, ...]:
    goods = GOODS[maker.role]
    return tuple(_product(maker, one, at, seed, year) for at, one in enumerate(goods, start=1))


def _product(maker: Firm, goods: Goods, at: int, seed: int, year: int) -> Product:
    gtin = maker.numbers.gtin(500 + at)
    index = int(maker.key.rpartition("-")[2])
    # The first two models of a bike factory stand on one certificate: both fall with it.
    shared = 1 if maker.role is Role.BIKE and at == 2 else at
    number = ""
    if goods.ccc:
        # Six digits, however many makers there are; no two are alike in one market.
        serial = (seed % 900 * 1000 + index * 100 + shared) % 10**6
        number = f"{year - 1}88{goods.ccc}{serial:06d}"
    elif goods.licence:
        number = f"{goods.licence}-{seed % 900:03d}{index}{shared}"
        if index % 2:
            number = f"({maker.city.short}){number}"
    stems = Stems.of(maker.numbers.prefix, gtin)
    return Product(f"{maker.key}/{goods.slug}", maker, goods, gtin, stems, number)
