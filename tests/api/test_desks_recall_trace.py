"""The sheet of everything that happened in a recall: each event, in order, to whom it may be shown."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import python_calamine

from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.api.test_desks_recall import NOW, begin, inspector
from tests.people_small import OFFICE, Browser, signed_in
from tests.recall_small import BAD, CELL, CELLS, HEAD, SHOP, WORKS, capture, event, fill, records

__all__ = ["inspector"]

Row = dict[str, str]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SetClock(NOW)
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        fill(opened)
        yield opened


def sheet(browser: Browser, path: str) -> list[Row]:
    answer = browser.client.get(f"{path}/trace.csv", headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def told(row: Row) -> tuple[str, ...]:
    names = ("Critical tracking event", "Product description", "Quantity", "From", "To")
    return tuple(row[name] for name in names)


def test_every_event_of_the_scope_stands_in_it_by_time(world: World, inspector: Browser) -> None:
    rows = sheet(inspector, begin(inspector))
    assert [told(row) for row in rows] == [
        ("Making", "电芯", "6", "", ""),
        ("Shipping", "电芯", "6", "余杭电芯", "青山车业"),
        ("Receiving", "电芯", "6", "余杭电芯", "青山车业"),
        ("Making", "电动自行车", "6", "", ""),
        *[("Built in", "电芯", "1", "", ""), ("Other", "电动自行车", "1", "", "")] * 6,
        ("Shipping", "电芯", "6", "青山车业", "东街车行"),
        ("Shipping", "电动自行车", "6", "青山车业", "东街车行"),
        ("Receiving", "电芯", "6", "青山车业", "东街车行"),
        ("Receiving", "电动自行车", "6", "青山车业", "东街车行"),
        ("Sale to a consumer", "电芯", "1", "", ""),
        ("Sale to a consumer", "电动自行车", "1", "", ""),
    ]
    first = rows[0]
    assert first["Traceability lot code"] == "(01)06901234567892(10)BAD7"
    assert first["Items"] == "(01)06901234567892(21)101 - 106"
    assert (first["Date"], first["Time (China)"]) == ("2026-03-01", "08:00:00")
    assert first["Recorded by"] == "余杭电芯"
    entry = int(first["Ledger entry"])
    assert world.ledger.entry(entry).statement.by == CELLS
    when = [(row["Date"], row["Time (China)"]) for row in rows]
    assert when == sorted(when)


def test_the_workbook_says_the_same_with_numbers_as_numbers(inspector: Browser) -> None:
    path = begin(inspector)
    answer = inspector.client.get(f"{path}/trace.xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[:2] == ["关键事件", "追溯批次码"]
    assert rows[0][6] == 6.0
    assert len(rows) == len(sheet(inspector, path))


def test_lots_told_by_amount_stand_in_it_and_documents_too(
    world: World, inspector: Browser
) -> None:
    lot = f"{CELL}/10/CABLE"
    amount = [{"epcClass": lot, "quantity": 500, "uom": "MTR"}]
    capture(
        world, CELLS, event("ObjectEvent", 1, "commissioning", action="ADD", quantityList=amount)
    )
    order = [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:6901234567892:PO-7"}]
    sent = {"quantityList": [{"epcClass": lot, "quantity": 120, "uom": "MTR"}]}
    ends = {
        "sourceList": [{"type": "owning_party", "source": CELLS}],
        "destinationList": [{"type": "owning_party", "destination": SHOP}],
    }
    capture(
        world, CELLS, event("ObjectEvent", 2, "shipping", bizTransactionList=order, **sent, **ends)
    )
    made, shipped = sheet(inspector, begin(inspector, codes=lot))
    assert (made["Quantity"], made["Unit of measure"], made["Items"]) == ("500.0", "MTR", "")
    assert shipped["Quantity"] == "120.0"
    assert shipped["Reference document type"] == "po"
    assert "PO-7" in shipped["Reference document number"]
    assert shipped["Traceability lot code"] == "(01)06901234567892(10)CABLE"


def test_nobody_reads_events_that_are_not_theirs(world: World) -> None:
    cells = signed_in(world, "cells", Role.PRODUCER, CELLS)
    rows = sheet(cells, begin(cells, kind="voluntary"))
    assert [told(row) for row in rows] == [
        ("Making", "电芯", "6", "", ""),
        ("Shipping", "电芯", "6", "余杭电芯", "青山车业"),
        ("Receiving", "电芯", "6", "余杭电芯", "青山车业"),
    ]
    assert "东街车行" not in str(rows)
    near = signed_in(world, "near", Role.REGULATOR, OFFICE, region="33")
    assert len(sheet(near, begin(near))) == 3


def test_no_cell_is_a_formula(world: World, inspector: Browser) -> None:
    told = {"name": "=1+1", "gtin": "6901234567892", "firm": CELLS[-18:], "brand": "@SUM(A1)"}
    records(world, CELLS, products=[told])
    world.wait(world.ledger.size)
    path = begin(inspector)
    row = sheet(inspector, path)[0]
    assert (row["Product description"], row["Brand"]) == ("'=1+1", "'@SUM(A1)")
    answer = inspector.client.get(f"{path}/trace.xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.get_sheet_by_index(0).to_python()[1][2:4] == ["'=1+1", "'@SUM(A1)"]


@pytest.mark.parametrize("bound", ["ITEMS_MAX", "ROWS_MAX"])
def test_what_is_cut_says_so(
    inspector: Browser, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    path = begin(inspector)
    whole = sheet(inspector, path)
    assert "Not all" not in str(whole)
    monkeypatch.setattr(f"guantong.serve.desks.recall_trace.{bound}", 3)
    cut = sheet(inspector, path)
    assert len(cut) < len(whole)
    assert cut[-1]["Critical tracking event"].startswith("Not all: these are")


def test_a_withdrawn_event_is_left_out(world: World, inspector: Browser) -> None:
    wrong = event("ObjectEvent", 2, "shipping", epcList=[f"{HEAD}101"], eventID="urn:uuid:0000")
    identity = {"eventID": "urn:uuid:00000000-0000-4000-8000-000000000009"}
    capture(world, WORKS, wrong | identity)
    path = begin(inspector, codes=BAD)
    assert len(sheet(inspector, path)) == 23
    declared = {
        "errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z", "reason": "incorrect_data"}
    }
    capture(world, WORKS, wrong | identity | declared)
    assert len(sheet(inspector, path)) == 22
