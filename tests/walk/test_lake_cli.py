"""`guantong lake`: what is exported stands in the ledger, and a file that is another is found."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guantong.lake import KIND, Dataset, newest
from guantong.serve.cli import main
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from tests.walk.test_walk import walk, world

__all__ = ["world"]
MEMBERS = {"manifest", "entries", "events", "files", "rows", "bytes", "recorded"}


def run(*arguments: object, code: int = 0) -> Any:
    done = CliRunner().invoke(main, ["lake", *map(str, arguments), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.output) if code == 0 else done.output


@pytest.fixture
def data(world: World) -> Path:
    walk(world)
    world.close()
    return world.settings.data


def test_an_export_is_an_entry_that_a_check_finds(data: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    told = run("export", lake, "--data", data)
    assert set(told) == {*MEMBERS, "entry"}
    assert told["events"] > 0
    assert told["rows"] > 0
    again = run("export", lake, "--data", data, "--no-record")
    assert again["entries"] == told["entries"] + 1, "the manifest itself is an entry"
    with open_world(Settings(data)) as opened:
        size = opened.ledger.size
        assert size == told["entry"] + 1
        (fact,) = opened.store.facts(KIND, (told["manifest"],))
        assert fact.fields["files"] == told["files"]
    assert "lake.unrecorded" in run("check", lake, "--data", data, code=1)
    files_only = run("check", lake, "--files-only")
    assert files_only["recorded"] is False
    assert set(files_only) == MEMBERS
    assert run("export", lake, "--data", data)["manifest"] == again["manifest"]
    assert run("check", lake, "--data", data)["recorded"] is True
    assert list(rebuild(Settings(data)))
    assert run("check", lake, "--data", data)["manifest"] == again["manifest"]


def test_a_damaged_file_is_found(data: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    run("export", lake, "--data", data)
    run("check", lake, "--data", data)
    manifest = newest(lake)
    assert manifest is not None
    file = manifest.of((Dataset.ROWS,))[0]
    raw = bytearray((lake / file.path).read_bytes())
    raw[-9] ^= 1
    (lake / file.path).write_bytes(raw)
    said = run("check", lake, "--data", data, code=1)
    assert "lake.damaged" in said
    assert file.path in said
    assert "lake.absent" in run("check", tmp_path / "nothing", code=1)
