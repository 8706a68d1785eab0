"""A copied code shows on its page and on the regulator's desk, and becomes one case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong import watch
from guantong.caller import PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.scan_journal import BY
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.verdict import Outcome
from tests.people_small import MAKER, OFFICE, signed_in
from tests.recall_small import records

NOW = 1_772_500_000_000
DAY = 86_400_000
CLASS = "https://id.gs1.org/01/06901234567892"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW - 90 * DAY), create=True) as opened:
        told = {"name": "青山线缆", "uscc": MAKER[-18:], "region": "110105"}
        product = {"name": "电线", "gtin": "6901234567892", "firm": MAKER[-18:]}
        records(opened, MAKER, firms=[told], products=[product])
        opened.issue(CodeRange(CLASS, 1000, 1099), Caller(MAKER, Level.PARTY))
        assert isinstance(opened.clock, SetClock)
        opened.clock.at_ms = NOW
        counts = [
            watch.Count(f"{CLASS}/21/1000", f"{place}0000", 2, NOW - at * DAY, NOW - at * DAY)
            for at, place in enumerate(("44", "11", "51", "23", "65", "37"))
        ]
        counts.append(watch.Count(f"{CLASS}/21/1001", "110000", 4, NOW - 9 * DAY, NOW - DAY))
        made = Made.of(StatementType.LOOK, watch.Scans(tuple(counts)), watch.SCANS_MEDIA)
        opened.enter(made, BY)
        yield opened


def test_the_buyer_is_warned_and_the_answer_stays(world: World) -> None:
    copied = world.check(f"{CLASS}/21/1000", PUBLIC)
    assert copied.outcome is Outcome.OK
    assert "verdict.scans_unlikely" in {why.code for why in copied.reasons}
    for serial in (1001, 1002):
        told = world.check(f"{CLASS}/21/{serial}", PUBLIC)
        assert "verdict.scans_unlikely" not in {why.code for why in told.reasons}


def test_a_regulator_makes_one_case_of_it(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="11")
    (clue,) = inspector.get("/desk/clues?format=json").json()["clues"]
    assert clue["item"] == f"{CLASS}/21/1000"
    assert clue["clues"]["places"] > 3
    inspector.get("/desk/clues")
    for _ in range(2):
        assert "疑似复制" in inspector.post("/desk/clues", {}).text
    with world.readers.lend() as store:
        (case,) = watch.cases(store, ("11",))
    assert (case.owner, case.report.fields["kind"]) == ("inspector", "clone")
    elsewhere = signed_in(world, "other", Role.REGULATOR, OFFICE, region="33")
    assert elsewhere.get("/desk/clues?format=json").json()["clues"] == []
