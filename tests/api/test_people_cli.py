"""People are let in, given another password, and shut out from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from guantong.serve.cli import main
from guantong.serve.people import password
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.people_small import OFFICE


def run(data: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["people", *words, "--data", str(data)])
    assert done.exit_code == code, done.output
    return done.output.strip()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    open_world(Settings(tmp_path / "data"), create=True).close()
    return tmp_path / "data"


def kept(data: Path, login: str) -> str:
    with open_world(Settings(data)) as world:
        account = world.account(login)
        return account.password if account else ""


def test_an_account_from_its_beginning_to_its_end(data: Path) -> None:
    first = run(data, "add", "Li.Wei", "--role", "regulator", "--party", OFFICE, "--region", "33")
    assert password.fits(kept(data, "li.wei"), first)
    assert run(data, "list") == f"li.wei\tregulator\t{OFFICE}\t33\tin use"
    second = run(data, "password", "li.wei")
    assert password.fits(kept(data, "li.wei"), second)
    assert not password.fits(kept(data, "li.wei"), first)
    assert run(data, "close", "li.wei") == ""
    assert kept(data, "li.wei") == ""
    assert run(data, "list").endswith("closed")


def test_what_is_refused(data: Path) -> None:
    run(data, "add", "someone", "--role", "operator")
    for words in (
        ("add", "someone", "--role", "operator"),
        ("add", "x", "--role", "operator"),
        ("add", "another", "--role", "seller"),
        ("password", "nobody"),
        ("close", "nobody"),
    ):
        assert "[serve." in run(data, *words, code=1), words
