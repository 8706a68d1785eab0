"""An installation whose index lies in PostgreSQL: what was acknowledged is found, whatever ends."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from guantong.caller import PUBLIC, Caller, Level
from guantong.serve.audit import audit
from guantong.serve.doctor import examine
from guantong.serve.intake import Offer
from guantong.serve.world import open_world, read_world, rebuild
from guantong.settings import Settings
from guantong.store import StoreError
from guantong.verdict import Outcome
from tests.conftest import ROOT
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, until
from tests.postgres_small import Server
from tests.unit.test_store_postgres import kill_all

MAKER = Caller("maker", Level.PARTY)


def item(number: int) -> str:
    return f"https://id.gs1.org/01/06901234567892/21/{number * 1000 + 1}"


@pytest.fixture
def settings(postgres: Server, tmp_path: Path) -> Settings:
    return Settings(tmp_path / "d", store=postgres.url(f"w_{uuid4().hex[:12]}"))


def test_a_world_goes_on_when_its_connections_are_cut(postgres: Server, settings: Settings) -> None:
    with open_world(settings, create=True) as world:
        for number in range(4):
            receipt = world.submit(Offer(document(number, 2)), MAKER)
            assert receipt.accepted
            assert world.wait(world.ledger.size)
            kill_all(postgres)
            assert world.check(item(number), PUBLIC).outcome is Outcome.OK
            assert world.status()["projected_size"] == world.ledger.size
            kill_all(postgres)
    assert not (settings.data / "index.sqlite").exists()
    assert all(found.ok for found in examine(settings))
    assert audit(settings).findings == ()


def test_an_index_is_made_anew_and_one_of_another_ledger_refused(
    settings: Settings, tmp_path: Path
) -> None:
    with open_world(settings, create=True) as world:
        world.submit(Offer(document(1, 2)), MAKER)
    for _ in range(2):
        assert list(rebuild(settings))[-1] == (1, 1)
    with read_world(settings) as world:
        assert world.check(item(1), PUBLIC).outcome is Outcome.OK
    other = Settings(tmp_path / "other")
    with open_world(other, create=True) as world:
        world.submit(Offer(document(2, 2)), MAKER)
    with pytest.raises(StoreError, match=r"store\.foreign"):
        open_world(replace(other, store=settings.store))
    with open_world(settings) as world:
        assert world.status()["projected_size"] == 1


def test_served_while_the_server_cuts_connections(postgres: Server, settings: Settings) -> None:
    asked = settings.store.replace("postgresql://postgres@", "postgresql://postgres:secret@")
    more = ("--store", asked, "--replica", asked)
    with serving(settings.data, *more) as here:
        assert "secret" not in words_of(here)
        taken = {number: here.capture(document(number, 2)) for number in range(5)}
        for number in range(5, 12):
            kill_all(postgres)
            until(lambda: here.ask("POST", "/capture", document(number, 2))[0] in {200, 201})  # noqa: B023
            taken[number] = here.capture(document(number, 2))
        until(lambda: sorted(here.children().values()) == ["front", "front", "writer"])
        for number, index in taken.items():
            status, said = here.ask("GET", f"/check?q={item(number)}&at_least={index + 1}")
            assert (status, json.loads(said)["verdict"]) == (200, "ok")
        here.ends()
    command = [sys.executable, "-m", "guantong"]
    for words in (("ledger", "audit"), ("rebuild",), ("doctor",), ("check", item(7))):
        subprocess.run(
            [*command, *words, "--data", str(settings.data)],
            env=dict(os.environ, PYTHONPATH=str(ROOT / "src"), GUANTONG_STORE=asked),
            check=True,
            capture_output=True,
            timeout=60,
        )


def words_of(here: Serving) -> str:
    """All command lines of the children."""
    return "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in here.children())
