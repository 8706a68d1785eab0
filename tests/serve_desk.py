"""A desk that answers from memory, with a verdict of every outcome; for tests of the outside."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from guantong.caller import Caller, Level
from guantong.coding import CodeRange
from guantong.errors import Refusal, fault
from guantong.identify.gs1_keys import Gs1Identifier
from guantong.identify.model import Reading
from guantong.parties import Certificate, Firm, Product, Standing
from guantong.serve.intake import Fault, IntakeError, Offer, Receipt
from guantong.store import Fact
from guantong.trace.model import (
    Code,
    Edge,
    EventRef,
    Gap,
    Holder,
    Node,
    NodeKind,
    Relation,
    State,
    Trail,
    Why,
)
from guantong.verdict.model import CertificateView, Happened, Outcome, Reason, Verdict

GTIN = "https://id.gs1.org/01/06901234567892"
PARTS = "https://id.gs1.org/01/06909876543214"
SSCC = "https://id.gs1.org/00/106141412345678908"
OK = f"{GTIN}/21/A1001"
RECALLED = f"{GTIN}/21/A1002"
UNKNOWN = f"{GTIN}/21/ZZ"
PRIVATE = f"{GTIN}/21/P1"
BAD = "6901234567893"
HOSTILE = """"><script>alert(1)</script><img src=x onerror='alert(2)'>"""
KEY = "gt_test_secret"
POOR_KEY = "gt_poor_secret"
MAKER = Caller("91330100MA2AXXXX6X", Level.PARTY)
GUEST = Caller("guest", Level.PUBLIC)

DAY = 24 * 3_600_000
START = int(dt.datetime(2026, 3, 5, 1, 30, tzinfo=dt.UTC).timestamp() * 1000)

PRODUCT = Product(
    GTIN,
    name="风行牌电动自行车",
    name_en="Fengxing electric bicycle",
    brand="风行",
    model="FX-48V-20",
    specification="48 V 20 Ah，车轮 16 英寸",
    standard="GB 17761-2024",
    category="电动自行车",
    firm="urn:guantong:uscc:91330100MA2AXXXX6X",
)
PRODUCER = Firm(
    "urn:guantong:uscc:91330100MA2AXXXX6X",
    name="杭州风行车业有限公司",
    name_en="Hangzhou Fengxing Vehicles Co., Ltd.",
    uscc="91330100MA2AXXXX6X",
    address="浙江省杭州市余杭区良渚街道古墩路 1899 号",
    contact="0571-8800 0000",
    kind="producer",
    region="330110",
)
UNPROVEN = (
    Reason(
        "verdict.unproven_copy",
        "标签可能被复制：编码正确不等于这一件就是原件",
        "A label can be copied: a right code does not make this very item the genuine one",
        problem=False,
    ),
    Reason(
        "verdict.unproven_match",
        "请核对实物与页面所示产品、厂名是否一致",
        "Compare product and maker on the pack with those shown here",
        problem=False,
    ),
)


def certificates(now: Standing) -> tuple[CertificateView, ...]:
    """One CCC certificate, valid when the item was made."""
    statement = Fact("certificate", "urn:guantong:ccc:2026011119123456", entry=3)
    held = Certificate(
        "urn:guantong:ccc:2026011119123456",
        "ccc",
        "2026011119123456",
        PRODUCER.key,
        "中国质量认证中心",
        "2026-01-10",
        "2031-01-09",
        (statement,),
    )
    return (CertificateView(held, Standing.VALID, now),)


def history() -> tuple[Happened, ...]:
    """Made, shipped, received, sold: what the public sees of it."""
    lines = [
        ("commissioning", "ADD", "active", "风行良渚工厂", "330110", "", "", (), ""),
        ("packing", "ADD", "in_progress", "风行良渚工厂", "330110", "", "", (SSCC,), ""),
        ("shipping", "OBSERVE", "in_transit", "", "330100", "", "", (SSCC,), "trade"),
        ("receiving", "OBSERVE", "in_progress", "", "420100", "", "", (SSCC,), "trade"),
        (
            "https://example.org/steps/test-ride",
            "OBSERVE",
            "",
            "武汉江汉店",
            "420103",
            "",
            "",
            (),
            "",
        ),
        ("retail_selling", "OBSERVE", "retail_sold", "武汉江汉店", "420103", "", "", (), ""),
    ]
    return tuple(
        Happened(
            at_ms=START + number * DAY,
            offset="+08:00",
            step=step,
            action=action,
            disposition=disposition,
            place=place,
            region=region,
            source=source,
            target=target,
            via=via,
            event_id=f"ni:///sha-256;{number:064x}?ver=CBV2.0",
            entry=-1 if hidden else 10 + number,
            hidden=hidden,
            corrected=number == 4,
        )
        for number, (
            step,
            action,
            disposition,
            place,
            region,
            source,
            target,
            via,
            hidden,
        ) in enumerate(lines)
    )


def ok_verdict(text: str) -> Verdict:
    """A registered item in order."""
    return Verdict(
        Outcome.OK,
        text,
        uri=OK,
        scheme="gs1",
        kind="item",
        class_uri=GTIN,
        serial="A1001",
        lot="20260305-01",
        made_on="2026-03-05",
        product=PRODUCT,
        producer=PRODUCER,
        certificates=certificates(Standing.VALID),
        history=history()[:4],
        holder="",
        state="in_stock",
        unproven=UNPROVEN,
        ledger_size=12_345,
    )


def problem_verdict(text: str) -> Verdict:
    """The same, recalled, its certificate suspended since."""
    reasons = (
        Reason(
            "verdict.recalled",
            "该产品已被召回：电池管理系统过充保护失效，请停止使用并联系销售者退换",
            "This product is recalled: the battery may overcharge; stop using it",
            rule="recall/2026-014",
        ),
        Reason(
            "verdict.certificate_now",
            "证书 2026011119123456 当前不处于有效状态：暂停",
            "Certificate 2026011119123456 is not valid now: suspended",
        ),
        Reason(
            "verdict.sold",
            "已于 2026-03-10 登记售出",
            "Registered as sold on 2026-03-10",
            problem=False,
        ),
    )
    return replace(
        ok_verdict(text),
        outcome=Outcome.PROBLEM,
        uri=RECALLED,
        serial="A1002",
        reasons=reasons,
        certificates=certificates(Standing.SUSPENDED),
        history=history(),
        state="sold",
    )


def verdict_of(text: str) -> Verdict:
    """The verdict for one of the texts above; everything else is malformed."""
    if text.startswith(RECALLED):
        return problem_verdict(text)
    if text.startswith((OK, "https://id.gs1.org/01/6901234567892/21/A1001")):
        return ok_verdict(text)
    registered = Reason("verdict.not_registered", "此编码未在本平台登记", "Not registered here")
    if text.startswith(UNKNOWN):
        return Verdict(
            Outcome.UNKNOWN,
            text,
            uri=UNKNOWN,
            scheme="gs1",
            kind="item",
            class_uri=GTIN,
            serial="ZZ",
            reasons=(registered,),
            unproven=UNPROVEN,
            ledger_size=12_345,
        )
    if text.startswith(PRIVATE):
        return Verdict(
            Outcome.NOT_SHARED,
            text,
            uri=PRIVATE,
            scheme="gs1",
            kind="item",
            class_uri=GTIN,
            serial="P1",
            producer=PRODUCER,
            unproven=UNPROVEN,
            ledger_size=12_345,
        )
    found = fault("identify.check", expected="check digit 2 in (01)", got=text)
    return Verdict(
        Outcome.MALFORMED,
        text,
        reasons=(Reason("verdict.malformed", "编码格式有误", "Not well formed"),),
        faults=(found,),
        unproven=UNPROVEN,
        ledger_size=12_345,
    )


def node(
    item: str,
    hop: int,
    party: str = "",
    *,
    state: State = State.IN_STOCK,
    kind: NodeKind = NodeKind.ITEM,
    class_uri: str = GTIN,
    hidden: Why | None = None,
) -> Node:
    """A node of a trail."""
    return Node(item, class_uri, hop, Holder(party, "", START, state), kind, hidden)


def edge(
    source: str, target: str, relation: Relation, number: int, *, giver: str = "", taker: str = ""
) -> Edge:
    """An edge of a trail."""
    event = EventRef(number, 10 + number, 0, f"urn:uuid:{number}")
    return Edge(source, target, relation, START + number * DAY, event, giver=giver, taker=taker)


def small_trail() -> Trail:
    """Two lots of cells make a battery, which is fitted into the origin; then it is sold."""
    lot_a, lot_b = f"{PARTS}/10/L-0117", f"{PARTS}/10/L-0118"
    battery = "https://id.gs1.org/01/06909876543221/21/B77"
    nodes = (
        node(lot_a, -2, "cellco", kind=NodeKind.LOT, class_uri=PARTS, state=State.CONSUMED),
        node(lot_b, -2, "cellco", kind=NodeKind.LOT, class_uri=PARTS, state=State.DIVIDED),
        node(
            battery,
            -1,
            "packco",
            class_uri="https://id.gs1.org/01/06909876543221",
            state=State.INSTALLED,
        ),
        node(OK, 0, "shop"),
        node(SSCC, 1, "carrier", kind=NodeKind.CONTAINER, class_uri="", state=State.IN_TRANSIT),
        node(
            "hidden:1",
            2,
            kind=NodeKind.HIDDEN,
            class_uri="",
            hidden=Why.NOT_PUBLIC,
            state=State.HIDDEN,
        ),
    )
    edges = (
        edge(lot_a, battery, Relation.MADE_INTO, 0),
        edge(lot_b, battery, Relation.MADE_INTO, 1),
        edge(battery, OK, Relation.PART_OF, 2),
        edge(OK, SSCC, Relation.PACKED_IN, 3),
        edge(OK, OK, Relation.MOVED, 4, giver="maker", taker="shop"),
        edge(SSCC, "hidden:1", Relation.PACKED_IN, 5),
    )
    gap = Gap(Code.SHIPPED_NOT_RECEIVED, SSCC, START + 4 * DAY, (EventRef(4, 14, 0, "e4"),))
    return Trail(OK, nodes, edges, (gap,), complete=True, hidden=Why.NOT_PUBLIC)


def wide_trail(width: int = 240) -> Trail:
    """One lot that went into many items, each with a shop of its own."""
    lot = f"{GTIN}/10/L1"
    items = [f"{GTIN}/21/{number:04d}" for number in range(width)]
    nodes = (
        node(lot, 0, "maker", kind=NodeKind.LOT),
        *(node(item, 1, f"shop{number % 37}") for number, item in enumerate(items)),
    )
    edges = tuple(edge(lot, item, Relation.LOT_OF, 1) for item in items)
    return Trail(lot, nodes, edges, (), complete=False)


NAMES = {
    GTIN: "风行牌电动自行车",
    PARTS: "磷酸铁锂电芯 <b>18650</b>",
    "https://id.gs1.org/01/06909876543221": "动力电池组 48 V",
    "shop": "武汉江汉自行车商行",
    "cellco": "宁德某电芯有限公司",
    "packco": "台州动力电池有限公司",
    "carrier": "顺捷物流",
    "maker": "杭州风行车业有限公司",
}


@dataclass
class FakeDesk:
    """Answers from memory; remembers what was submitted."""

    size: int = 12_345
    reached: int = 12_345
    trail: Trail = field(default_factory=small_trail)
    offers: list[tuple[Offer, Caller]] = field(default_factory=list)
    ranges: list[CodeRange] = field(default_factory=list)
    asked: list[tuple[str, Caller, int | None]] = field(default_factory=list)
    receipt: Receipt | None = None
    refusal: Exception | None = None

    def check(self, text: str, caller: Caller, *, as_of: int | None = None) -> Verdict:
        self.asked.append((text, caller, as_of))
        if self.refusal is not None:
            raise self.refusal
        answer = verdict_of(text)
        return answer if as_of is None else replace(answer, ledger_size=as_of)

    def trace(
        self, text: str, direction: str, caller: Caller, *, as_of: int | None = None
    ) -> Trail:
        self.asked.append((text, caller, as_of))
        if text == BAD:
            raise Refusal(fault("serve.unreadable", expected="an identifier", got=text))
        return self.trail

    def submit(self, offer: Offer, caller: Caller) -> Receipt:
        if caller == GUEST:
            raise IntakeError(fault(Fault.FORBIDDEN, expected="a known party", got="a guest"))
        if self.refusal is not None:
            raise self.refusal
        self.offers.append((offer, caller))
        return self.receipt or Receipt(accepted=True, events=2, ledger_index=self.size)

    def issue(self, codes: CodeRange, caller: Caller) -> Receipt:
        self.ranges.append(codes)
        return Receipt(accepted=True, ledger_index=self.size)

    def identify(self, text: str) -> tuple[Reading, ...]:
        if not text.isdecimal():
            return ()
        return (Reading(Gs1Identifier.of("01", text), checked=True),)

    def names(self, uris: Collection[str]) -> Mapping[str, str]:
        return {uri: NAMES[uri] for uri in uris if uri in NAMES}

    def status(self) -> Mapping[str, object]:
        return {
            "ledger_size": self.size,
            "ledger_root": "00" * 32,
            "projected_size": self.reached,
            "examples": [
                {"code": OK, "zh": "一辆正常的电动自行车", "en": "A bicycle in order"},
                {"code": RECALLED, "zh": "一辆被召回的", "en": "A recalled one"},
                BAD,
            ],
        }

    def caller_of(self, key: str) -> Caller | None:
        return {KEY: MAKER, POOR_KEY: GUEST}.get(key)

    def wait(self, size: int) -> bool:
        return size <= self.reached
