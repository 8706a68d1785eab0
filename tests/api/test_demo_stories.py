"""The demo market, loaded through the front door: each story is told, and told the same again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guantong import market
from guantong.caller import OPERATOR, PUBLIC
from guantong.serve.cli import main
from guantong.serve.demo import Recipe, load
from guantong.serve.world import World, rebuild
from guantong.settings import Settings

EVENTS = 2_000
STORIES = {story.key: story for story in market.stories(1, events=EVENTS)}

TOLD = {
    "ok": ("ok", {"verdict.sold"}),
    "clone": ("problem", {"verdict.clone_suspected", "verdict.scans_unlikely"}),
    "returned": ("ok", {"verdict.sold", "verdict.returned"}),
    "vehicle": ("ok", {"verdict.sold"}),
    "bad_battery": ("problem", {"verdict.component_recalled", "verdict.sold"}),
    "bad_battery_part": ("problem", {"verdict.recalled", "verdict.sold"}),
    "before_suspension": ("problem", {"verdict.certificate_now", "verdict.sold"}),
    "suspended": (
        "problem",
        {"verdict.certificate_production", "verdict.certificate_now", "verdict.sold"},
    ),
    "certificate": ("problem", {"verdict.certificate_now"}),
    "cable": ("ok", {"verdict.sold"}),
    "stove": ("ok", {"verdict.sold"}),
    "lost": ("ok", {"verdict.shipped_not_received"}),
    "rebar": ("ok", set()),
    "bundle": ("problem", {"verdict.consumed"}),
    "ecode": ("ok", {"verdict.sold"}),
    "unknown": ("unknown", {"verdict.never_issued"}),
    "malformed": ("malformed", {"verdict.malformed"}),
}
"""Story -> outcome, and the codes of its reasons."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def world(data: Path) -> Iterator[World]:
    with load(Settings(data=data), Recipe(1, EVENTS), quiet=True) as loaded:
        yield loaded


@pytest.mark.parametrize("key", sorted(STORIES))
def test_each_story_is_told(world: World, key: str) -> None:
    found = world.check(STORIES[key].code, PUBLIC)
    outcome, reasons = TOLD[key]
    assert found.outcome.value == outcome
    assert {why.code for why in found.reasons} == reasons


def test_every_story_has_its_line_here() -> None:
    assert set(TOLD) == set(STORIES)


def test_made_before_the_suspension_was_valid_then_and_is_not_now(world: World) -> None:
    (view,) = world.check(STORIES["before_suspension"].code, PUBLIC).certificates
    assert (str(view.made), str(view.now)) == ("valid", "suspended")


def test_the_vehicle_code_leads_to_the_bike(world: World) -> None:
    found = world.check(STORIES["vehicle"].code, PUBLIC)
    assert found.bound_to
    assert found.product == world.check(found.bound_to, PUBLIC).product


def test_an_ecode_item_has_its_product_and_certificate(world: World) -> None:
    found = world.check(STORIES["ecode"].code, PUBLIC)
    assert found.scheme == "ecode"
    assert found.product is not None
    assert found.certificates


def test_the_cable_goes_back_to_its_copper_lot(world: World) -> None:
    trail = world.trace(STORIES["cable"].code, "up", OPERATOR)
    assert trail.complete
    copper = [node for node in trail.nodes if node.kind.value == "lot" and node.hop <= -2]
    names = world.names([node.class_uri for node in copper])
    assert "电工用铜线坯" in set(names.values())


def test_a_bar_at_a_site_goes_back_to_its_heat(world: World) -> None:
    trail = world.trace(STORIES["rebar"].code, "up", OPERATOR)
    assert min(node.hop for node in trail.nodes) <= -2


def test_the_public_sees_no_trading_party(world: World) -> None:
    for story in STORIES.values():
        for line in world.check(story.code, PUBLIC).history:
            assert (line.source, line.target, line.place, line.entry) == ("", "", "", -1)
            assert line.hidden == "trade"


def test_a_scan_of_the_same_code_in_other_spellings_is_the_same_answer(world: World) -> None:
    uri = STORIES["ok"].code
    gtin, serial = uri.removeprefix("https://id.gs1.org/01/").split("/21/")
    want = world.check(uri, PUBLIC)
    for text in (
        f"(01){gtin}(21){serial}",
        f"]d201{gtin}21{serial}",
        f"https://shop.example/p/01/{gtin}/21/{serial}?utm=1",
        f"  {uri}\n",
    ):
        found = world.check(text, PUBLIC)
        assert (found.uri, found.outcome, found.history) == (want.uri, want.outcome, want.history)


def demo(data: Path, *words: object) -> dict[str, Any]:
    given = ["demo", "--no-serve", "--data", data, "--events", EVENTS, "--json", *words]
    done = CliRunner().invoke(main, [str(word) for word in given])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_one_seed_gives_one_root_and_another_seed_another(tmp_path: Path) -> None:
    first = demo(tmp_path / "a")
    assert set(first) == {"documents", "events", "codes", "ledger_size", "ledger_root", "examples"}
    assert first["events"] == EVENTS
    assert demo(tmp_path / "b") == first
    assert demo(tmp_path / "a") == first  # found loaded
    other = demo(tmp_path / "c", "--seed", 2)
    assert other["ledger_root"] != first["ledger_root"]
    assert [example["story"] for example in first["examples"]] == list(STORIES)


@pytest.mark.full
def test_made_in_another_process_it_is_the_same_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = demo(tmp_path / "a")
    monkeypatch.setattr("guantong.serve.demo.APART_MIN", 1)
    assert demo(tmp_path / "b") == alone


@pytest.mark.full
def test_an_interrupted_load_starts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path / "a")

    def stops(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("guantong.serve.demo.settle", stops)
        with pytest.raises(KeyboardInterrupt):
            load(settings, Recipe(1, EVENTS), quiet=True)
    assert demo(tmp_path / "a") == demo(tmp_path / "b")


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    done = CliRunner().invoke(main, ["demo", "--no-serve", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds something else" in done.output
    assert (tmp_path / "letter.txt").read_text() == "hello"


@pytest.mark.full
def test_a_rebuild_changes_no_answer_of_any_story(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with load(settings, Recipe(1, EVENTS), quiet=True) as world:
        before = answers(world)
    assert CliRunner().invoke(main, ["doctor", "--data", str(settings.data)]).exit_code == 0
    for _ in rebuild(settings):
        pass
    with load(settings, Recipe(1, EVENTS), quiet=True) as world:
        assert answers(world) == before


def answers(world: World) -> list[object]:
    """All that can be asked of every story's code."""
    codes = [story.code for story in STORIES.values() if story.key != "malformed"]
    found: list[object] = [world.check(code, PUBLIC) for code in codes]
    found += [world.check(code, OPERATOR) for code in codes]
    found += [world.trace(code, "both", OPERATOR) for code in codes]
    found.append(world.store.counts())
    return found
