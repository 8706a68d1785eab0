"""Mirrors over HTTP, and a log that ends, by the commands of an operator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guantong.caller import OPERATOR
from guantong.ledger import LedgerError
from guantong.ledger.checkpoint import Trust
from guantong.ledger.export import audit, export
from guantong.ledger.mirror import TREE
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.signer import Signer
from guantong.serve.cli import main
from guantong.serve.mirror_cli import create_tree_app, fetcher
from guantong.serve.server import let_threads_end, threads
from guantong.serve.world import open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Hold
from tests.witness_small import append, log_key, served, small_log

ORIGIN = "log.example/a"
STOP = Hold("https://id.gs1.org/01/09520123456788", "on_hold")
NEXT = "guantong.local/ledger-2027"


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["ledger", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def told(*words: object) -> Any:
    return json.loads(run(*words, "--json"))


@pytest.fixture
def settled() -> Iterator[None]:
    before = threads()
    yield
    let_threads_end(before)


@pytest.mark.usefixtures("settled")
def test_a_mirror_of_a_mirror(tmp_path: Path) -> None:
    """The log's static tree is pulled, served, and pulled again by another."""
    log = log_key(ORIGIN).verifier()
    first, second = tmp_path / "first", tmp_path / "second"
    keys = [
        VerifierKey.parse(run("mirror", "new", place, f"{place.name}.example"))
        for place in (first, second)
    ]
    with small_log(tmp_path / "log", ORIGIN, 300) as ledger:
        for size in (300, 600):
            append(ledger, size - ledger.size)
            export(ledger, Signer(ledger).sign(), log, tmp_path / "out")
            with (
                served(create_tree_app(tmp_path / "out")) as log_url,
                served(create_tree_app(first / TREE)) as mirror_url,
            ):
                pull = ("--vkey", log.encode())
                done = told("mirror", "pull", first, log_url, *pull)
                assert done == {"size": size, "before": size - 300}
                run("mirror", "pull", second, f"{mirror_url}/", *pull)
        seen = audit(second / TREE, Trust(log, tuple(keys), 2))
        assert (seen.findings, seen.entries, seen.checkpoint.root) == ((), 600, ledger.root)


@pytest.mark.usefixtures("settled")
def test_what_a_log_does_not_have_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(LedgerError, match=r"ledger\.witness at tile/0/000: .* got 404")
    with served(create_tree_app(tmp_path)) as url, refused:
        fetcher(url)("tile/0/000")


def test_a_log_ends_and_another_follows(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    CliRunner().invoke(main, ["init", "--data", str(old)])
    assert "ledger.succession" in run("succeed", old, "--data", new, code=1)
    assert not new.exists()
    with open_world(Settings(data=old)) as world:
        world.hold(STOP, OPERATOR)
        keys = [Signer(world.ledger).trust.log]
    assert "ledger.origin" in run("close", keys[0].name, "--data", old, code=1)
    done = told("close", NEXT, "--data", old)
    assert done == {"origin": keys[0].name, "last": 1, "successor": NEXT}
    assert "ledger.ended" in run("close", NEXT, "--data", old, code=1)
    with open_world(Settings(data=old)) as world:
        refused = world.hold(STOP, OPERATOR)
        assert [found.code for found in refused.faults] == ["ledger.ended"]
        assert world.status()["ledger_size"] == 2
    assert told("succeed", old, "--data", new) == {"origin": NEXT, "first": 0}
    with open_world(Settings(data=new)) as world:
        keys.append(Signer(world.ledger).trust.log)
        assert world.hold(STOP, OPERATOR).accepted
    last, first = tmp_path / "last.tlog-proof", tmp_path / "first.tlog-proof"
    run("proof", 1, "--data", old, "-o", last)
    run("proof", 0, "--data", new, "-o", first)
    trusted = ("--predecessor", keys[0].encode(), "--vkey", keys[1].encode())
    assert told("link", last, first, *trusted)["successor"] == NEXT
    assert "ledger.note_unsigned" in run("link", first, last, *trusted, code=1)
    assert list(rebuild(Settings(data=old)))
    assert "ok" in run("audit", "--data", old)
    assert "ok" in run("audit", "--data", new)
