"""How does a small shop write down what it did? As a sheet, in the columns of sheet.md.

Half of the shops that use sheets save them in GB18030, as office software in China did for
long, and hold what the scanner read: a link on the web host of some code service.
"""

import csv
import io
from collections.abc import Sequence

from guantong.market.codes import CONSUMER, LINK, Code
from guantong.market.deeds import AGGREGATION, OBJECT, Deed
from guantong.market.hours import stamp

HEADER = (
    "日期时间", "业务", "编码", "数量", "单位", "箱码", "供货方", "购买方", "地点", "单据号",
    "单据类型", "备注",
)  # fmt: skip
SERVICE = "https://qr.maduan.example"
"""Host of an invented code service: a Digital Link may stand on any host."""

_WORDS = {
    ("receiving", "in_progress"): "进货",
    ("receiving", "returned"): "退货入库",
    ("retail_selling", "retail_sold"): "零售",
    ("inspecting", "sellable_accessible"): "检验",
    ("destroying", "destroyed"): "报废",
    ("cycle_counting", "sellable_accessible"): "盘点",
    ("unpacking", "in_progress"): "拆箱",
}
"""Step and disposition -> word of the business column."""
_UNITS = {"MTR": "米", "KGM": "公斤", "TNE": "吨", "": "件"}
_PAPERS = {"desadv": "送货单", "rma": "退货单", "po": "订单"}


def fits_sheet(deed: Deed) -> bool:
    """Whether one row can say this."""
    plain = deed.type in {OBJECT, AGGREGATION} and not (deed.wrong or deed.ilmd or deed.persistent)
    single = not deed.amounts or (len(deed.amounts) == 1 and not deed.codes)
    return plain and single and (deed.step, deed.disposition) in _WORDS


def sheet_document(deeds: Sequence[Deed]) -> bytes:
    """A CSV sheet, one row for each deed.

    Args:
        deeds: Of one firm, each of which fits (`fits_sheet`).

    Returns:
        Text in the charset of the firm, with Windows line ends.
    """
    charset = deeds[0].by.ways.charset
    host = SERVICE if charset == "gb18030" else LINK
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(_row(deed, host) for deed in deeds)
    return text.getvalue().encode(charset)


def _row(deed: Deed, host: str) -> tuple[str, ...]:
    word = _WORDS[deed.step, deed.disposition]
    source = _party(deed.sources)
    if word == "进货" and not source:
        word = "收货"
    amount = deed.amounts[0] if deed.amounts else None
    things = (amount.code,) if amount else deed.codes
    return (
        stamp(deed.at_ms)[:19].replace("T", " ").replace("-", "/"),
        word,
        " ".join(_scanned(code, host) for code in things),
        f"{amount.quantity}" if amount else (str(len(things)) if things else ""),
        _UNITS[amount.uom if amount else ""] if things else "",
        _scanned(deed.parent, host) if deed.parent else "",
        source,
        _buyer(deed),
        deed.location.link[-13:] if deed.location else "",
        " ".join(_noted(paper, host) for _, paper in deed.papers),
        _PAPERS[deed.papers[0][0]] if deed.papers else "",
        "顾客退回" if deed.disposition == "returned" else "",
    )


def _scanned(code: Code, host: str) -> str:
    return code.link.replace(LINK, host)


def _noted(paper: str, host: str) -> str:
    """A document number; shops with the code service write down only its end."""
    return paper.rpartition(":")[2] if host == SERVICE else paper


def _buyer(deed: Deed) -> str:
    """Who bought, in a row of sale; the others name the shop itself, which is left out."""
    return "消费者" if any(code is CONSUMER for _, code in deed.destinations) else ""


def _party(sides: Sequence[tuple[str, Code]]) -> str:
    """The bare number of a firm, "" for a consumer."""
    if not sides or sides[0][1] is CONSUMER:
        return ""
    return sides[0][1].link.replace("/", ":").rpartition(":")[2]
