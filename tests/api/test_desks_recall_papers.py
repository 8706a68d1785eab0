"""What a recall is on paper: read again by another reader of PDF, with all that the form wants."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from guantong.clock import SetClock
from guantong.serve import paper
from guantong.serve.paper import Heading, Table, Text
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.api.test_desks_recall import FORM, NOW, begin, inspector, told
from tests.people_small import Browser, signed_in
from tests.recall_small import BAD, BIKE, BIKES, CELLS, SHOP, WORKS, capture, fill, made, moved

__all__ = ["inspector"]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        fill(opened)
        yield opened


def printed(browser: Browser, path: str) -> bytes:
    answer = browser.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return bytes(answer.content)


def texts(data: bytes) -> list[str]:
    """The text of each page without blanks and ends of lines, by pypdf."""
    pages = pypdf.PdfReader(io.BytesIO(data), strict=True).pages
    return ["".join(page.extract_text().split()) for page in pages]


def check_inside(data: bytes) -> None:
    """Every character lies within the edges of its page, by pdfium."""
    document = pypdfium2.PdfDocument(data)
    for page in document:
        wide, high = page.get_size()
        found = page.get_textpage()
        for at in range(found.count_chars()):
            if found.get_text_range(at, 1).isspace():
                continue
            left, below, right, above = found.get_charbox(at)
            assert 0 < left <= right < wide - 40, found.get_text_range(at, 1)
            assert 0 < below <= above < high - 20
    document.close()


def test_the_closing_report_tells_all_that_was_done(
    world: World, clock: SetClock, inspector: Browser
) -> None:
    path = begin(inspector, severity="1", one_in="500", defect="隔膜太薄")
    number = path.rpartition("/")[2]
    first = texts(printed(inspector, f"{path}/report.pdf"))
    assert first[0].startswith("召回进展报告电芯热失控")
    inspector.get(path)
    inspector.post(f"{path}/hold", {})
    inspector.post(f"{path}/notify", {"note": "请退回", "deadline": "2026-03-09"})
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    shop.get(f"/desk/notices/{number}")
    shop.post(f"/desk/notices/{number}", {"found": "10", "quarantined": "7", "returned": "3"})
    inspector.get(path)
    inspector.post(f"{path}/close", {"note": "全部处理"})
    text = "".join(texts(printed(inspector, f"{path}/report.pdf")))
    wanted = (
        "召回总结报告电芯热失控", "余杭电芯", "6901234567892", number, "起火", "隔膜太薄", "2026-03-03",
        "停止使用，退回更换", "生产12", "已售2", "不明0", "在库10", "已处理10/10（100.0%）", "东街车行",
        "北京", "2026-03-09", "全部处理", "第1/2页", "第2/2页",
    )  # fmt: skip
    assert [one for one in wanted if one not in text] == []
    found = told(inspector, path)
    for step in found["steps"]:
        if not step["party"]:
            assert f"账本条目{step['entry']}" in text
    assert f"/ledger/shown/{found['report_entry']}" in text
    size, root = re.search(r"账本(\d+)条，根散列([0-9a-f]{64})", text).groups()  # type: ignore[union-attr]
    assert world.ledger.root_at(int(size)).hex() == root
    report = inspector.client.get(f"/ledger/shown/{found['report_entry']}?format=json")
    assert report.status_code == 200


def test_the_plan_form_has_every_field_of_the_form(inspector: Browser) -> None:
    path = begin(inspector, defect="隔膜太薄")
    text = "".join(texts(printed(inspector, f"{path}/plan.pdf")))
    wanted = (
        "召回计划表", "1生产者", "余杭电芯", "91330000MA27U04G4A", "400-000-0000", "法定代表人（由企业填写）",
        "召回负责人", "2产品", "电芯", "生产起止日期2026-03-01至2026-03-01", "(10)BAD7", "应召回12",
        "3销售地区和数量", "北京10", "主要持有和销售单位", "东街车行", "4缺陷", "检验数据", "零部件生产者",
        "5处理措施", "停止销售未封存",
    )  # fmt: skip
    assert [one for one in wanted if one not in text] == []


def test_a_holder_gets_its_own_notice_and_nobody_elses(world: World, inspector: Browser) -> None:
    path = begin(inspector)
    number = path.rpartition("/")[2]
    inspector.get(path)
    inspector.post(f"{path}/notify", {"note": "请三日内退回", "deadline": "2026-03-09"})
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    (text,) = texts(printed(shop, f"/desk/notices/{number}.pdf"))
    wanted = (
        "召回通知书电芯热失控", "东街车行", "请三日内退回", "件数10", "2026-03-09", "余杭电芯",
        "贵单位的单品(01)06901234567892(21)101-105；(01)06936983800013(21)1-5",
    )  # fmt: skip
    assert [one for one in wanted if one not in text] == []
    assert "(21)101 - 105" in shop.get(f"/desk/notices/{number}").text
    works = signed_in(world, "works", Role.PRODUCER, WORKS)
    assert works.client.get(f"/desk/notices/{number}.pdf").status_code == 404
    assert works.client.get(f"{path}/report.pdf").status_code == 404


def test_a_firm_reads_no_strangers_name_in_its_report(world: World) -> None:
    cells = signed_in(world, "cells", Role.PRODUCER, CELLS)
    path = begin(cells, kind="voluntary")
    for name in ("report", "plan"):
        text = "".join(texts(printed(cells, f"{path}/{name}.pdf")))
        assert "（不公开）" in text
        assert "东街车行" not in text


def test_three_thousand_holders_are_all_in_the_report(world: World, inspector: Browser) -> None:
    items = [f"{BIKE}/21/{serial}" for serial in range(10_001, 13_001)]
    takers = [f"urn:guantong:opaque:shop.{at:04}" for at in range(3_000)]
    sent = [
        moved([item], WORKS, taker, 9, "shipping")
        for item, taker in zip(items, takers, strict=True)
    ]
    capture(world, WORKS, made(items, "W9", 3), *sent)
    path = begin(inspector, codes=f"{BIKE}/10/W9")
    assert len(told(inspector, path)["holders"]) == 3_000
    found = texts(printed(inspector, f"{path}/report.pdf"))
    assert len(found) > 30
    whole = "".join(found)
    assert [one for one in takers if one not in whole] == []
    assert all(f"第{at}/{len(found)}页" in page for at, page in enumerate(found, 1))


@pytest.mark.parametrize(
    "title", ["W" * 900, "坏\x07字\u202e反\U0001f600" * 20, "a b  c\t\r\n" * 99, "，" * 300]
)
def test_no_text_breaks_a_page(inspector: Browser, title: str) -> None:
    fields = dict.fromkeys(("title", "hazard", "remedy", "defect"), title)
    path = begin(inspector, **fields)
    for name in ("report", "plan"):
        data = printed(inspector, f"{path}/{name}.pdf")
        check_inside(data)
        whole = "".join(texts(data))
        assert "\x07" not in whole
        assert "\u202e" not in whole
        assert FORM["known_on"] in whole


def test_a_row_longer_than_a_page_goes_on_on_the_next() -> None:
    words = [f"w{at:05}" for at in range(4_000)]
    rows = [("x", " ".join(words), "y"), ("1", "2", "3")]
    data = paper.paper(
        "T", [Heading("H"), Text("甲乙" * 3_000), Table((1, 1, 1), rows, ("a", "b", "c"))], "F"
    )
    check_inside(data)
    found = texts(data)
    whole = "".join(found)
    assert len(found) > 5
    assert [one for one in words if one not in whole] == []
    assert whole.count("甲乙") >= 2_900


def test_origins_of_one_recall_are_told(inspector: Browser) -> None:
    path = begin(inspector, codes=f"{BIKES[0]}\n{BAD}")
    text = "".join(texts(printed(inspector, f"{path}/report.pdf")))
    assert "(21)1；(01)06901234567892(10)BAD7" in text


def test_of_a_large_scope_only_numbers_are_told(
    world: World, inspector: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.recall.owned.ITEMS_MAX", 11)
    path = begin(inspector)
    inspector.get(path)
    inspector.post(f"{path}/notify", {"deadline": "2026-03-09"})
    shop = signed_in(world, "shop", Role.SELLER, SHOP)
    page = shop.get(f"/desk/notices/{path.rpartition('/')[2]}").text
    assert "贵单位的单品" not in page
    assert "件数" in page
