"""Which codes should one scan to see what tracing is good for?

The campaigns of the stories come first in every market and have numbers of their own draws, so
that their codes follow from the seed alone and can be told without making the rest.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from guantong.market import cable, ebike, rebar, stove
from guantong.market.catalogue import Role
from guantong.market.codes import Amount, Code
from guantong.market.dice import Dice
from guantong.market.ebike import ECODE_FACTORY, Ride
from guantong.market.firms import Product, World
from guantong.market.flow import Flow, Mint
from guantong.market.hours import DAY, open_at
from guantong.market.records import SUSPENDED_WORKS
from guantong.market.retail import clone, resell

SUSPENDED_DAY = 60
"""Days after the start on which the certificate of a bike factory is suspended."""
_DEFECT = "批次电芯存在热失控风险"
UNKNOWN_SERIAL = 99_999_999
"""Far beyond what is ever issued."""


class Story(NamedTuple):
    """One thing worth seeing, with a code that shows it."""

    key: str
    code: str
    """What to scan."""
    title_zh: str
    title_en: str
    shows_zh: str
    """What to look at."""
    shows_en: str


class Told(NamedTuple):
    """The stories and the campaigns they happen in."""

    flows: list[Flow]
    stories: list[Story]


class _Teller:
    """Runs the campaigns of the stories one after the other."""

    def __init__(self, world: World, mint: Mint, start_ms: int) -> None:
        self.world = world
        self.mint = mint
        self.start_ms = start_ms
        self.told = Told([], [])

    def flow(self, key: str) -> Flow:
        """A new campaign."""
        flow = Flow(self.world, self.mint, Dice(self.world.seed, f"story/{key}"))
        self.told.flows.append(flow)
        return flow

    def day(self, day: int) -> int:
        """Nine in the morning of a day of the market."""
        return open_at(self.start_ms + day * DAY)

    def bike(self, index: int, model: int = 0) -> Product:
        """A model of a bike factory."""
        return self.world.product(self.world.firm(Role.BIKE, index), model)

    def tell(self, key: str, code: str) -> None:
        """Add a story."""
        self.told.stories.append(Story(key, code, *_WORDS[key]))


def told(world: World, mint: Mint, start_ms: int) -> Told:
    """The stories of a market.

    Args:
        world: Everybody; only producers matter for the codes.
        mint: Fresh, so that the stories have the first numbers.
        start_ms: First instant of the market.

    Returns:
        The campaigns, and one code for each story.
    """
    teller = _Teller(world, mint, start_ms)
    _bikes(teller)
    _bad_battery(teller)
    _certificate(teller)
    _cable(teller)
    _stove(teller)
    _rebar(teller)
    _ecode(teller)
    _wrong_codes(teller)
    return teller.told


def _bikes(teller: _Teller) -> None:
    """In order, copied, returned, and found by its number plate."""
    flow = teller.flow("bikes")
    works = teller.world.firm(Role.BATTERY, 0)
    orders = [(teller.bike(0), 26), (teller.bike(3), 14)]
    rides = _clean(flow, ebike.campaign(flow, teller.day(2), orders, battery_works=works))
    fine, copied, back, plate = rides[:4]
    clone(flow, Role.BIKE_SHOP, copied.stocked.shop, copied.stocked.unit, copied.stocked.sold_ms)
    resell(flow, back.stocked.shop, back.stocked.unit, back.stocked.sold_ms)
    teller.tell("ok", fine.bike.code.link)
    teller.tell("clone", copied.bike.code.link)
    teller.tell("returned", back.bike.code.link)
    teller.tell("vehicle", plate.bike.vehicle.link)


def _clean(flow: Flow, rides: Sequence[Ride]) -> list[Ride]:
    """Bikes that were sold once and built once, in the order in which they were made."""
    sold = Counter(
        code for deed in flow.deeds if deed.step == "retail_selling" for code in deed.codes
    )
    built = Counter(deed.parent for deed in flow.deeds)
    return [
        ride
        for ride in rides
        if sold[ride.bike.code] == 1 and built[ride.bike.code] == 1 and ride.stocked.sold_ms
    ]


def _bad_battery(teller: _Teller) -> None:
    """A laboratory finds two batteries of a lot dangerous; the maker calls the lot back."""
    flow = teller.flow("bad_battery")
    works = teller.world.firm(Role.BATTERY, 1)
    product = teller.world.product(works)
    orders = [(teller.bike(0, 2), 20), (teller.bike(3), 16)]
    rides = ebike.campaign(flow, teller.day(6), orders, battery_works=works)
    lot = next(one.lot for one in flow.issues if one.class_uri == product.stems.kind.link)
    batteries = [ride.bike.battery for ride in rides]
    found = teller.day(70)
    body = teller.world.firm(Role.BODY, 0)
    report = f"urn:guantong:opaque:{lot}-R"
    flow.inspect(body, found, batteries[:2], "non_conformant", report=report)
    whole = Amount(product.lot(lot), len(batteries), "")
    flow.hold(works, open_at(found + 2 * DAY), [*batteries, whole], _DEFECT)
    in_english = "Cells of this lot may run away thermally"
    flow.stop(open_at(found + 3 * DAY), whole.code, zh=_DEFECT, en=in_english)
    bike = _clean(flow, rides)[0].bike
    teller.tell("bad_battery", bike.code.link)
    teller.tell("bad_battery_part", bike.battery.link)


def _certificate(teller: _Teller) -> None:
    """One certificate, suspended between two campaigns of the same factory."""
    works = teller.world.firm(Role.BATTERY, 0)
    for key, model, day in (("before_suspension", 0, 9), ("suspended", 1, SUSPENDED_DAY + 4)):
        flow = teller.flow(key)
        product = teller.bike(SUSPENDED_WORKS, model)
        rides = ebike.campaign(flow, teller.day(day), [(product, 16)], battery_works=works)
        teller.tell(key, _clean(flow, rides)[0].bike.code.link)
    teller.tell("certificate", teller.bike(SUSPENDED_WORKS).certificate_uri)


def _cable(teller: _Teller) -> None:
    """A coil, back to its copper."""
    flow = teller.flow("cable")
    works = teller.world.firm(Role.CABLE, 0)
    coils = cable.campaign(flow, teller.day(3), works=works, reels=2)
    teller.tell("cable", _sold(flow, [coil.code for coil in coils]).link)


def _sold(flow: Flow, codes: Sequence[Code]) -> Code:
    """The first of `codes` that a consumer bought."""
    sold = {code for deed in flow.deeds if deed.step == "retail_selling" for code in deed.codes}
    return next(code for code in codes if code in sold)


def _stove(teller: _Teller) -> None:
    """A stove with what it hangs on, and one that never arrived."""
    flow = teller.flow("stove")
    product = teller.world.product(teller.world.firm(Role.STOVE, 0))
    kitchens = stove.campaign(flow, teller.day(5), product=product, count=40, lose_first=True)
    fitted = {deed.parent for deed in flow.deeds if deed.step == "installing"}
    teller.tell("stove", next(one.stove.link for one in kitchens if one.stove in fitted))
    teller.tell("lost", kitchens[0].stove.link)


def _rebar(teller: _Teller) -> None:
    """Cut bars, back to their heat; and the bundle they were cut from."""
    flow = teller.flow("rebar")
    product = teller.world.product(teller.world.firm(Role.BAR, 0))
    site = teller.world.firm(Role.SITE)
    cut = rebar.campaign(flow, teller.day(7), product=product, bundles=20, site=site)[0]
    teller.tell("rebar", cut.tag.link)
    teller.tell("bundle", cut.bundle.link)


def _ecode(teller: _Teller) -> None:
    """A bike that has no GS1 code at all."""
    flow = teller.flow("ecode")
    works = teller.world.firm(Role.BATTERY, 0)
    orders = [(teller.bike(ECODE_FACTORY), 14)]
    rides = ebike.campaign(flow, teller.day(4), orders, battery_works=works)
    teller.tell("ecode", _clean(flow, rides)[0].bike.code.link)


def _wrong_codes(teller: _Teller) -> None:
    """Codes that were never given out, and never could be."""
    product = teller.bike(0)
    teller.tell("unknown", product.item(UNKNOWN_SERIAL).link)
    right = product.gtin
    wrong = f"{right[:12]}{(int(right[12]) + 3) % 10}"
    teller.tell("malformed", product.item(1).link.replace(right, wrong))


_WORDS = {
    "ok": (
        "合格电动自行车", "An e-bike in order",
        "证书有效、来源完整、只售出一次", "Certificate valid, origin complete, sold once",
    ),
    "clone": (
        "被复制的编码", "A copied code",
        "同一编码数小时内在两省各售一次", "The same code sold in two provinces within hours",
    ),
    "returned": (
        "退货后再售", "Returned and sold again",
        "第二次销售之前有退货记录，不是复制码", "A return lies between the two sales: no copy",
    ),
    "vehicle": (
        "按整车编码查询", "Found by its vehicle code",
        "15 位整车编码与整车关联，可查到整车", "The 15-digit code leads to the bike it is bound to",
    ),
    "bad_battery": (
        "装有问题批次电池的电动自行车", "An e-bike with a battery of the bad lot",
        "整车正常，但所装电池的批次被检出不合格并被生产者召回",
        "The bike is fine, but its battery's lot was found dangerous and called back",
    ),
    "bad_battery_part": (
        "问题批次的电池", "A battery of the bad lot",
        "电池现在装在哪辆车上、由哪家店售出", "Which bike it sits in and which shop sold it",
    ),
    "before_suspension": (
        "证书暂停之前生产", "Made before the suspension",
        "生产日证书有效，现在已暂停", "Certificate valid on the production day, suspended now",
    ),
    "suspended": (
        "证书暂停期间生产", "Made while the certificate was suspended",
        "生产日证书已暂停", "Certificate suspended on the production day",
    ),
    "certificate": (
        "CCC 证书编号", "A CCC certificate number",
        "证书状态及其变化、覆盖的产品", "Status, its history, and the products it covers",
    ),
    "cable": (
        "电线追到铜料", "A coil traced to its copper",
        "线圈、线盘、铜线坯批号，直到铜厂", "Coil, reel, rod lot, back to the copper mill",
    ),
    "stove": (
        "燃气灶与软管、切断阀", "A stove with hose and valve",
        "三家企业的产品在用户家中装在一起", "Products of three makers joined in one home",
    ),
    "lost": (
        "发出未收的货", "Shipped and never received",
        "经销商已发货，门店从未收货", "The trader shipped it, no shop received it",
    ),
    "rebar": (
        "工地裁切后的钢筋", "Ribbed bar cut at a site",
        "吊牌、捆、炉号，直到钢厂", "Tag, bundle, heat, back to the steel mill",
    ),
    "bundle": (
        "一捆冷轧带肋钢筋", "A bundle of ribbed bar",
        "在哪个工地被裁切成什么", "At which site it was cut, and into what",
    ),
    "ecode": (
        "用 Ecode 的电动自行车", "An e-bike with an Ecode",
        "没有商品条码也能全程追溯", "Traced all the way without any GS1 code",
    ),
    "unknown": (
        "从未发放的编码", "A code never issued",
        "格式正确，但没有任何记录", "Well-formed, but nobody knows it",
    ),
    "malformed": (
        "校验位错误的编码", "A wrong check digit",
        "哪一条规则不成立", "Which rule it breaks",
    ),
}  # fmt: skip
"""Title and what to look at, each in Chinese and English."""
