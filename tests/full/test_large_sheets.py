"""A large sheet at a clerk's desk: tried, given back with its faults, mended, entered."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import python_calamine

from guantong import capture
from guantong.capture.sheet_return import ERRORS
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.identify.ff1 import Ff1
from guantong.serve.people.account import Role
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests import sheets_large
from tests.people_small import MAKER, Browser, signed_in

ROWS = 10_000
"""The benchmark `bench_sheets` has 100,000."""
WRONG = (10, 9_999)


def hand_in(clerk: Browser, data: bytes, what: str) -> Any:
    clerk.get("/desk/sheets")
    return clerk.post("/desk/sheets", {"what": what}, files={"file": ("s.xlsx", data)})


@pytest.mark.full
@pytest.mark.parametrize("make", [sheets_large.gb18030, sheets_large.workbook], ids=["csv", "xlsx"])
def test_a_large_sheet(tmp_path: Path, make: Any) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(1_773_100_000_000), create=True) as world:
        clerk = signed_in(world, "clerk", Role.PRODUCER, MAKER)
        data = make(ROWS, wrong=WRONG)
        assert "有 2 处错误" in hand_in(clerk, data, "enter").text
        back = hand_in(clerk, data, "corrected").content
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back))
        grid = book.get_sheet_by_index(0).to_python()
        marked = [at for at, row in enumerate(grid) if row[-1] and row[-1] != ERRORS]
        first = next(at for at, row in enumerate(grid) if row[0] == "日期时间") + 1
        assert [at - first for at in marked] == list(WRONG)
        assert len(grid) == ROWS + first
        size = world.ledger.size
        entered = hand_in(clerk, make(ROWS), "enter")
        assert entered.url.path == f"/desk/entry/{size}"
        told = re.search(r"，(\d+) 个事件", entered.text)
        assert told is not None
        assert int(told[1]) == ROWS


@pytest.mark.full
def test_a_million_guesses_find_no_code() -> None:
    issued = CodeRange("https://id.gs1.org/01/06901234567892", 0, 99_999, spread=12, key="0f" * 16)
    shown = np.sort(Ff1(bytes.fromhex(issued.key), 12).encrypt(np.arange(100_000)))
    guesses = np.random.default_rng(20260301).integers(0, 10**12, 10**6)
    at = np.minimum(np.searchsorted(shown, guesses), len(shown) - 1)
    assert not np.any(shown[at] == guesses)
    for serial in guesses[:2_000].tolist():
        assert not issued.holds(f"{issued.head}{serial:012d}")
    assert issued.holds(f"{issued.head}{int(shown[7]):012d}")


def test_the_made_sheet_is_read() -> None:
    reading = capture.read(sheets_large.gb18030(200, wrong=(3,)), media="text/csv")
    assert [found.path for found in reading.faults] == ["rows[5].日期时间"]
