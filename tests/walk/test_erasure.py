"""A document goes, its trace stays: erasing in an installation."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guantong.caller import OPERATOR, PUBLIC
from guantong.clock import SetClock
from guantong.errors import Refusal
from guantong.ledger import StatementType
from guantong.serve.audit import audit
from guantong.serve.cli import main
from guantong.serve.world import INDEX, World, open_world, read_world, rebuild
from guantong.settings import Settings
from guantong.store import SegmentStore
from guantong.store.compare import differences
from guantong.store.compare_rows import row_differences
from tests.walk.test_walk import CLASS, ROD, at, maker, sell, walk, world

__all__ = ["world"]
GROUND = "PIPL art. 47 (3): consent withdrawn"
KINDS = ("firm", "place", "product", "certificate", "code_range", "submission", "hold", "key")


def documents(world: World) -> list[int]:
    """The entries of documents."""
    erasable = (StatementType.CAPTURE, StatementType.MASTER_DATA)
    return [
        index
        for index in range(world.ledger.size)
        if world.ledger.entry(index).statement.typ in erasable
    ]


def code_of(refusal: pytest.ExceptionInfo[Refusal]) -> str:
    return refusal.value.faults[0].code


@pytest.mark.file
def test_a_rebuild_after_an_erasure_equals_the_index_after_it(world: World, tmp_path: Path) -> None:
    codes = walk(world)
    sell(world, codes[0])
    asked = [codes[0], codes[1], codes[99], ROD, f"{CLASS}/21/5", "6901234567892"]
    size, root = world.ledger.size, world.ledger.root
    before = [world.check(code, PUBLIC, as_of=size) for code in asked]
    trails = [world.trace(code, "both", maker, as_of=size) for code in asked[:4]]
    for index in documents(world):
        assert world.erase(index, GROUND, OPERATOR).accepted
    world.wait(world.ledger.size)
    after = [world.check(code, PUBLIC) for code in asked]
    assert [world.check(code, PUBLIC, as_of=size) for code in asked] == before
    settings = world.settings
    world.close()
    kept = tmp_path / "kept.sqlite"
    kept.write_bytes((settings.data / INDEX).read_bytes())
    for _ in rebuild(settings):
        pass
    was, now = SegmentStore.open(kept), SegmentStore.open(settings.data / INDEX)
    assert list(differences(was, now, KINDS)) == []
    assert row_differences(kept, settings.data / INDEX) == []
    was.close()
    now.close()
    with open_world(settings, clock=SetClock(at(20))) as again:
        assert [again.check(code, PUBLIC) for code in asked] == after
        assert [again.check(code, PUBLIC, as_of=size) for code in asked] == before
        asked_again = [again.trace(code, "both", maker, as_of=size) for code in asked[:4]]
        assert asked_again == trails
        assert again.ledger.root_at(size) == root
        for index in documents(again):
            with pytest.raises(Refusal) as refusal:
                again.body(index)
            assert code_of(refusal) == "ledger.erased"


def test_an_erasure_is_an_entry_with_its_ground_and_nothing_of_the_document(
    world: World,
) -> None:
    walk(world)
    body = world.body(0)
    receipt = world.erase(0, GROUND, OPERATOR)
    stated = world.ledger.entry(receipt.ledger_index).statement
    assert stated.typ is StatementType.ERASURE
    assert dict(stated.meta) == {"erased": 0, "ground": GROUND}
    assert body not in world.ledger.body(receipt.ledger_index)
    assert audit(world.settings).findings == ()
    assert audit(world.settings).erased == 1
    world.close()
    with read_world(world.settings, clock=SetClock(at(20))) as reader:
        with pytest.raises(Refusal) as refusal:
            reader.body(0)
        assert code_of(refusal) == "ledger.erased"


@pytest.mark.parametrize(
    ("index", "ground", "code"),
    [
        pytest.param(0, GROUND, "ledger.erased", id="twice"),
        pytest.param(1_000, GROUND, "ledger.range", id="no such entry"),
        pytest.param(-1, GROUND, "ledger.kept", id="an erasure"),
        pytest.param(-2, GROUND, "ledger.kept", id="a range of codes"),
        pytest.param(1, "", "serve.ground", id="no ground"),
        pytest.param(1, "x" * 201, "serve.ground", id="a long ground"),
        pytest.param(1, "asked by 13800138000", "serve.ground", id="a phone number"),
        pytest.param(1, "asked by li@example.org", "serve.ground", id="an address of mail"),
        pytest.param(1, "a\nb", "serve.ground", id="two lines"),
    ],
)
def test_what_may_not_be_erased(world: World, index: int, ground: str, code: str) -> None:
    walk(world)
    types = [world.ledger.entry(at).statement.typ for at in range(world.ledger.size)]
    world.erase(0, GROUND, OPERATOR)
    size = world.ledger.size
    places = {-1: size - 1, -2: types.index(StatementType.CODE_RANGE)}
    with pytest.raises(Refusal) as refusal:
        world.erase(places.get(index, index), ground, OPERATOR)
    assert code_of(refusal) == code
    assert world.ledger.size == size
    assert world.intake is not None
    assert world.intake.is_running
    world.close()


def test_the_same_file_again_is_still_known(world: World) -> None:
    from guantong.serve.intake import Offer
    from tests.walk.test_walk import records

    first = world.submit(Offer(records()), maker)
    world.erase(first.ledger_index, GROUND, OPERATOR)
    again = world.submit(Offer(records()), maker)
    assert (again.repeated, again.ledger_index) == (True, first.ledger_index)
    world.close()


def test_the_command_erases_once(world: World) -> None:
    walk(world)
    world.close()
    data = str(world.settings.data)
    words = ["ledger", "erase", "0", "--ground", GROUND, "--data", data]
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == {"erased": 0, "ledger_index": told["ledger_index"], "ground": GROUND}
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 1
    assert "ledger.erased" in again.output
    looked = CliRunner().invoke(main, ["ledger", "audit", "--data", data, "--json"])
    assert looked.exit_code == 0, looked.output
    assert json.loads(looked.stdout)["erased"] == 1
    assert CliRunner().invoke(main, ["doctor", "--data", data]).exit_code == 0
    assert Settings(Path(data)).data.exists()
