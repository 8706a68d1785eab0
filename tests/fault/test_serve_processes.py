"""Fronts and a writer: one installation to the outside, whoever of them dies."""

import asyncio
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from guantong.serve import writer
from guantong.serve.world import open_world, read_world
from guantong.settings import Settings
from tests.conftest import ROOT
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, role_of, serving, streamed, until


def test_any_front_reads_what_any_front_wrote_until_they_stop(tmp_path: Path) -> None:
    """SIGTERM while a connection is busy: every document that was taken has its answer."""
    with serving(tmp_path / "d") as here:
        assert sorted(here.children().values()) == ["front", "front", "writer"]
        for number in range(20):
            index = here.capture(document(number, 2))
            item = f"https://id.gs1.org/01/06901234567892/21/{number * 1000 + 1}"
            status, said = here.ask("GET", f"/check?q={item}&at_least={index + 1}")
            assert (status, json.loads(said)["verdict"]) == (200, "ok")
            status, said = here.ask("GET", "/status")
            assert json.loads(said)["ledger_size"] >= index + 1
        until(lambda: here.ask("GET", f"/ledger/proof/{index}.tlog-proof")[0] == 200)
        codes = b'{"class_uri": "https://id.gs1.org/01/06901234567892", "first": 1, "last": 9}'
        assert here.ask("POST", "/codes", codes)[0] == 201
        assert here.ask("POST", "/capture", b"{}")[0] == 400
        answers: dict[int, int] = {}
        bodies = [document(number, 1) for number in range(100, 3100)]
        thread = threading.Thread(target=lambda: asyncio.run(streamed(here, bodies, answers)))
        thread.start()
        until(lambda: len(answers) > 20)
        assert here.ends(signal.SIGTERM) == (0, "")
        thread.join()
    with open_world(Settings(tmp_path / "d")) as world:
        for number, index in answers.items():
            assert world.body(index) == bodies[number]
        assert world.ledger.size == world.store.projected_size == 22 + len(answers)


def killed(here: Serving, role: str) -> None:
    pid = here.pid_of(role)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not role_of(pid))


def test_who_dies_is_replaced_and_without_the_supervisor_all_end(tmp_path: Path) -> None:
    with serving(tmp_path / "d") as here:
        here.capture(document(1, 1))
        killed(here, "front")
        assert here.capture(document(2, 1)) == 2, "the other front goes on"
        until(lambda: sorted(here.children().values()) == ["front", "front", "writer"])
        killed(here, "writer")
        assert here.ask("GET", "/check?q=1&at_least=3")[0] == 200, "questions are answered"
        status, said = here.ask("POST", "/capture", document(3, 1))
        assert status in {201, 503}, said
        until(lambda: here.ask("POST", "/capture", document(3, 1))[0] in {200, 201})
        until(lambda: all(here.ask("GET", "/readyz")[0] == 200 for _ in range(8)))
        said_so = "guantong: the {} ended (signal 9); another one is started\n"
        assert here.ends(signal.SIGKILL) == (
            -9,
            said_so.format("front") + said_so.format("writer"),
        )
    with open_world(Settings(tmp_path / "d")) as world:
        bodies = [world.body(index) for index in range(1, world.ledger.size)]
    assert bodies == [document(number, 1) for number in (1, 2, 3)]


def test_what_can_not_come_up_stops_them_all(tmp_path: Path) -> None:
    with open_world(Settings(tmp_path / "d"), create=True):
        command = [sys.executable, "-m", "guantong", "serve", "--data", str(tmp_path / "d")]
        done = subprocess.run(
            [*command, "--port", "0", "--workers", "1"],
            env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first == "guantong writer: ledger.locked: expected no other writer, got one at work"
    assert "serve.process" in second


def test_a_writer_that_is_still_ending_is_waited_for(tmp_path: Path) -> None:
    """As when a supervisor was killed and its successor starts before its writer is gone."""
    settings = Settings(tmp_path / "d")
    with open_world(settings, create=True):
        pass
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    with (settings.data / "ledger" / "lock").open() as lock, ours, theirs:
        fcntl.flock(lock, fcntl.LOCK_EX)
        successor = threading.Thread(target=writer.run, args=(theirs, settings))
        successor.start()
        time.sleep(0.5)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert ours.recv(1) == writer.READY
        ours.shutdown(socket.SHUT_WR)
        successor.join()


@pytest.mark.parametrize(
    "turns", [pytest.param(6, marks=pytest.mark.full), pytest.param(60, marks=pytest.mark.soak)]
)
def test_whoever_is_killed_nothing_acknowledged_is_lost(tmp_path: Path, turns: int) -> None:
    """Fronts and writers die at any moment under load, again and again."""
    dice = random.Random(11)
    with serving(tmp_path / "d") as here:
        asyncio.run(hunted(here, dice, tmp_path / "d", turns))
        assert here.ends()[0] == 0


async def hunted(here: Serving, dice: random.Random, data: Path, turns: int) -> None:
    taken: dict[int, int] = {}
    for turn in range(turns):
        starts = [(turn * 20 + line) * 1000 for line in range(8)]
        books: list[dict[int, int]] = [{} for _ in starts]
        lots = [[document(start + n, 1 + n % 20) for n in range(200)] for start in starts]
        senders = [
            asyncio.create_task(streamed(here, lot, book))
            for lot, book in zip(lots, books, strict=True)
        ]
        await asyncio.sleep(dice.uniform(0.0, 0.5))
        role = "writer" if turn % 2 else "front"
        for pid, found in here.children().items():
            if found == role:
                os.kill(pid, signal.SIGKILL)
                break
        await asyncio.gather(*senders)
        for start, book in zip(starts, books, strict=True):
            taken |= {start + number: index for number, index in book.items()}
        await asyncio.to_thread(until, lambda: here.ask("GET", "/readyz")[0] == 200)
    assert len(taken) > 200
    with read_world(Settings(data)) as world:
        world.ledger.refresh()
        for number, index in taken.items():
            assert world.ledger.body(index) == document(number, 1 + number % 1000 % 20)
