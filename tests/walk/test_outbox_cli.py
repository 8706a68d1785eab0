"""An operator looks at what waits to be sent, and sends it again."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guantong.serve.cli import main
from guantong.serve.outbox.box import About, Box
from guantong.serve.outbox.carrier import Outcome
from guantong.serve.world import World
from tests.walk.test_walk import world

__all__ = ["world"]
NOW = 1_774_000_000_000


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["outbox", *arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def data(world: World) -> Path:
    data = world.settings.data
    world.close()
    box = Box(data)
    url = "https://example.com/here"
    box.open_line("a", "urn:one", About(url=url, kind="k", made_ms=NOW, token="secret"), seen=0)
    box.put("a", [b"1", b"2"], NOW, seen=(0, 2))
    front = box.front("a")
    assert front
    box.tried(front, Outcome(200), NOW)
    front = box.front("a")
    assert front
    box.tried(front, Outcome(410, "gone"), NOW + 1)
    box.close()
    return data


def test_lines_are_listed_without_their_token(data: Path) -> None:
    assert "stopped" in run("list", "--data", str(data))
    text = run("list", "--data", str(data), "--json")
    assert "secret" not in text
    (line,) = json.loads(text)
    assert line == {
        "line": "a",
        "party": "urn:one",
        "url": "https://example.com/here",
        "kind": "k",
        "attempts_in_vain": 1,
        "stopped": True,
        "last_arrived": "2026-03-20T09:46:40Z",
    }


def test_the_log_says_what_was_answered_latest_first(data: Path) -> None:
    lines = run("log", "a", "--data", str(data)).splitlines()
    assert [line.split("letter ")[1] for line in lines] == ["2  410 gone", "1  200"]
    first = json.loads(run("log", "a", "--data", str(data), "--json"))[0]
    assert (first["no"], first["status"], first["said"]) == (2, 410, "gone")


def test_a_letter_is_sent_again_and_a_line_goes_on(data: Path) -> None:
    run("go-on", "a", "--data", str(data))
    run("again", "a", "1", "--data", str(data))
    box = Box(data)
    front, line = box.front("a"), box.line("a")
    assert front is not None
    assert front.content == b"1"
    assert line is not None
    assert not line.is_stopped


def test_what_is_not_there_is_said(data: Path, tmp_path: Path) -> None:
    assert "serve.no_line" in run("log", "b", "--data", str(data), code=1)
    assert "serve.no_letter" in run("again", "a", "2", "--data", str(data), code=1)
    assert "serve.absent" in run("list", "--data", str(tmp_path / "none"), code=1)
    assert not (tmp_path / "none").exists()
