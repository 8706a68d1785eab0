"""The writer, its standby and the network between them end or break, while many hand in."""

import asyncio
import os
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from guantong.serve.doctor import examine
from guantong.serve.world import read_world
from guantong.settings import Settings
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, streamed, until
from tests.standby_small import Standing, Wire, command, done, standing

LINES, EACH = 6, 200
TIMEOUT = 1.0

pytestmark = pytest.mark.full


@pytest.fixture
def key(tmp_path: Path) -> Path:
    done("standby", "key", tmp_path / "shared")
    return tmp_path / "shared"


def paired(tmp_path: Path, key: Path, address: str, *more: str) -> Path:
    """A new installation with a standby."""
    data = tmp_path / "active"
    done("init", "--data", data)
    use(data, key, address, *more)
    return data


def use(data: Path, key: Path, address: str, *more: str) -> None:
    done("standby", "use", address, "--data", data, "--key", key, "--seconds", TIMEOUT, *more)


class Crowd:
    """Callers that hand in documents on connections of their own until they break."""

    def __init__(self, here: Serving, start: int) -> None:
        self.books: list[dict[int, int]] = [{} for _ in range(LINES)]
        self._firsts = [start + line * 10_000 for line in range(LINES)]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(here)))
        self._thread.start()

    async def _run(self, here: Serving) -> None:
        lots = [[document(first + n, 2) for n in range(EACH)] for first in self._firsts]
        await asyncio.gather(
            *(streamed(here, lot, book) for lot, book in zip(lots, self.books, strict=True))
        )

    def acknowledged(self) -> dict[int, int]:
        """Number of the document -> its ledger index."""
        pairs = zip(self._firsts, self.books, strict=True)
        return {first + n: index for first, book in pairs for n, index in book.items()}

    def ended(self) -> dict[int, int]:
        self._thread.join()
        return self.acknowledged()


def check(data: Path, taken: dict[int, int]) -> None:
    """Each acknowledged document is in the ledger where it was said to be, and once."""
    with read_world(Settings(data)) as world:
        world.ledger.refresh()
        bodies = Counter(world.ledger.body(index) for index in range(world.ledger.size))
        for number, index in taken.items():
            assert world.ledger.body(index) == document(number, 2)
            assert bodies[document(number, 2)] == 1


def kill_all(here: Serving) -> None:
    """As when the machine goes: supervisor, writer and fronts at once."""
    for pid in (here.process.pid, *here.children()):
        os.kill(pid, signal.SIGKILL)
    here.process.wait()


def test_the_standby_takes_over(tmp_path: Path, key: Path) -> None:
    """0 lost, 0 doubled; the old writer comes back and is fenced."""
    with standing(tmp_path / "standby", key) as standby:
        active = paired(tmp_path, key, standby.address)
        with serving(active) as here:
            crowd = Crowd(here, 1_000_000)
            until(lambda: len(crowd.acknowledged()) > 200)
            kill_all(here)
            began = time.monotonic()
            taken = crowd.ended()
        assert standby.stop() == 0
        shutil.copy2(active / "ledger" / "key", standby.data / "ledger" / "key")
        said = done("standby", "promote", "--data", standby.data)
        assert "epoch 2" in said
        with serving(standby.data) as here:
            again = min(taken)
            until(lambda: here.ask("POST", "/capture", document(again, 2))[0] in {200, 201})
            took = time.monotonic() - began
            assert here.capture(document(again, 2)) == taken[again]
            assert here.capture(document(7, 2)) >= len(taken)
            standby.start()
            fenced(active)
            metrics = here.ask("GET", "/metrics")[1].decode()
            assert "guantong_epoch 2\n" in metrics
            here.ends()
    check(standby.data, taken)
    assert all(found.ok for found in examine(Settings(standby.data)))
    print(f"\n{len(taken)} acknowledged, 0 lost, 0 doubled; served again after {took:.1f} s")


def fenced(active: Path) -> None:
    """The old writer starts, hears that another took over, and never writes again."""
    before = done("standby", "status", "--data", active)
    back = command("serve", "--data", active, "--port", 0, "--workers", 1)
    assert back.returncode == 1
    assert "ledger.fenced" in back.stderr
    assert "role: fenced\nepoch" not in before
    assert "role: fenced" in done("standby", "status", "--data", active)
    assert command("hold", "6901234567892", "recalled", "--data", active).returncode == 1


def test_without_its_standby_nothing_is_acknowledged(tmp_path: Path, key: Path) -> None:
    with standing(tmp_path / "standby", key) as standby:
        active = paired(tmp_path, key, standby.address)
        with serving(active) as here:
            first = here.capture(document(1, 2))
            crowd = Crowd(here, 1_000_000)
            until(lambda: len(crowd.acknowledged()) > 50)
            standby.kill()
            taken = crowd.ended()
            began = time.monotonic()
            status, _ = here.ask("POST", "/capture", document(2, 2))
            assert (status, time.monotonic() - began < TIMEOUT + 1) == (503, True)
            assert here.ask("GET", f"/check?q={1}&at_least={first + 1}")[0] == 200
            standby.start()
            began = time.monotonic()
            until(lambda: here.ask("POST", "/capture", document(2, 2))[0] in {200, 201})
            took = time.monotonic() - began
            taken |= {2: here.capture(document(2, 2))}
            here.ends()
        standby.stop()
    check(active, taken)
    one, other = (done("standby", "status", "--data", data) for data in (active, standby.data))
    assert one.splitlines()[:3] == other.splitlines()[:3], "origin, size, root"
    print(f"\n{len(taken)} acknowledged, 0 lost, 0 doubled; taken again after {took:.1f} s")


def test_a_network_that_is_cut(tmp_path: Path, key: Path) -> None:
    """Nobody is told that it is cut: the writer finds out by its own clock, the standby by a new call."""
    with standing(tmp_path / "standby", key) as standby:
        wire = Wire(standby.address)
        active = paired(tmp_path, key, wire.address)
        with serving(active) as here:
            here.capture(document(1, 2))
            wire.whole.clear()
            began = time.monotonic()
            status, said = here.ask("POST", "/capture", document(2, 2))
            took = time.monotonic() - began
            assert status == 503, said
            assert took < TIMEOUT + 1
            wire.whole.set()
            until(lambda: here.ask("POST", "/capture", document(3, 2))[0] in {200, 201})
            taken = {number: here.capture(document(number, 2)) for number in (1, 2, 3, 4)}
            here.ends()
        wire.close()
    check(active, taken)
    check_copy(standby.data, 5)
    print(f"\nrefused after {took:.1f} s")


def check_copy(data: Path, size: int) -> None:
    assert f"size: {size}\n" in done("standby", "status", "--data", data)


def test_alone_is_told_and_ends(tmp_path: Path, key: Path) -> None:
    """Whose operator said so goes on alone; then the standby catches up, and counts again."""
    with standing(tmp_path / "standby", key) as standby:
        active = paired(tmp_path, key, standby.address, "--alone")
        with serving(active) as here:
            here.capture(document(1, 2))
            assert gauges(here) == {"configured": 1, "alone": 0, "lag": 0}
            standby.kill()
            taken = {number: here.capture(document(number, 2)) for number in range(1, 9)}
            until(lambda: gauges(here)["lag"] >= 7)
            assert gauges(here)["alone"] == 1
            found = {one.what: one for one in examine(Settings(active))}
            assert not found["standby"].ok
            standby.start()
            until(lambda: grown(here, taken) == {"configured": 1, "alone": 0, "lag": 0})
            here.ends()
        refused = promoted_blind(standby)
    assert "ledger.behind" in refused
    check(active, taken)
    check_copy(standby.data, max(taken.values()) + 1)


def gauges(here: Serving) -> dict[str, int]:
    lines = here.ask("GET", "/metrics")[1].decode().splitlines()
    found = [line.split() for line in lines if line.startswith("guantong_standby_")]
    return {name.removeprefix("guantong_standby_"): int(value) for name, value in found}


def grown(here: Serving, taken: dict[int, int]) -> dict[str, int]:
    """After one more document; a moment later, for fronts look at most once a second."""
    number = max(taken) + 1
    taken[number] = here.capture(document(number, 2))
    time.sleep(0.3)
    return gauges(here)


def promoted_blind(standby: Standing) -> str:
    """Its writer may have gone on alone: without somebody's checkpoint it does not take over."""
    standby.stop()
    shutil.copy2(standby.data.parent / "active" / "ledger" / "key", standby.data / "ledger" / "key")
    said = command("standby", "promote", "--data", standby.data)
    assert said.returncode == 1
    return said.stderr
