"""Three provinces that serve, and who asks them as one: processes that end, a line that falls silent."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import httpx2
import pytest

from guantong import market, parties
from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock, SystemClock
from guantong.nodes import Door, Fault, NodeEntry, NodesError, Position, scope_across, trace_across
from guantong.serve import nation_demo as demo
from guantong.serve.keys import new_key
from guantong.serve.nation_demo import PROVINCES, Served, served, touched
from guantong.serve.nodes.asking import Nation
from guantong.serve.nodes.far import Far, doors_of, read_nodes
from guantong.serve.scope_cli import scope_with
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.trace import NodeKind, Trail, trace
from tests.nodes_small import names_of, plain

pytestmark = pytest.mark.full

SEED, EVENTS = 1, 3_000


class Made:
    """The nation on the disk, and the same market in one installation."""

    def __init__(self, place: Path) -> None:
        self.place = place / "nation"
        demo.make(self.place, SEED, EVENTS)
        clock = SetClock(market.start_ms())
        self.one: World = open_world(Settings(place / "one"), clock=clock, create=True)
        demo._fill([self.one] * len(PROVINCES), clock, SEED, EVENTS)
        self.one.wait(self.one.ledger.size)

    @property
    def nation(self) -> Nation:
        return Nation(self.place / demo.FILE, SystemClock(), 3.0)

    @contextmanager
    def doors(self, at: int, other: Door) -> Iterator[list[Door]]:
        """The provinces, one of them through another door."""
        doors = doors_of(self.place / demo.FILE, seconds=3.0)
        try:
            yield [*doors[:at], other, *doors[at + 1 :]]
        finally:
            for door in doors:
                door.close()

    def entry(self, at: int) -> tuple[NodeEntry, str]:
        """A province as the file names it, and the key of the office."""
        entry = read_nodes(self.place / demo.FILE)[at]
        return entry, (self.place / entry.key_file).read_text()

    def code(self) -> str:
        """The bike whose battery came of a bad lot."""
        stories = market.stories(SEED, events=EVENTS)
        return next(one.code for one in stories if one.key == "bad_battery")

    def whole(self, code: str) -> Trail:
        """What one store with all of it says."""
        firm_of = parties.Register(self.one.store).firm_of
        return trace(self.one.store, code, now_ms=SystemClock().now_ms(), firm_of=firm_of)

    def lot(self) -> str:
        return next(n.item for n in self.whole(self.code()).nodes if n.kind is NodeKind.LOT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    made = Made(tmp_path_factory.mktemp("nation"))
    yield made
    made.one.close()


@pytest.fixture(scope="module")
def nation(made: Made) -> Iterator[list[Served]]:
    with served(made.place) as nation:
        yield nation


@pytest.fixture
def running(made: Made, nation: list[Served]) -> list[Served]:
    """All three; those that a test has ended are started again."""
    for at, province in enumerate(PROVINCES):
        if nation[at].process.poll() is not None:
            process = demo.begin(made.place, province.name, "--workers", "1")
            nation[at] = Served(demo.address_of(process), process)
    addresses = [one.address for one in nation[:-1]]
    demo.at(made.place, addresses)
    return nation


def test_the_answers_of_one_store(made: Made, running: list[Served]) -> None:
    """A code traced and a lot recalled over all three, from the positions that are told."""
    del running
    code, lot = made.code(), made.lot()
    trail = made.nation.trace(code)
    assert plain(trail.found) == plain(made.whole(code))
    assert len(touched(trail)) >= 2
    scope = made.nation.scope((lot,), seconds=60.0)
    now_ms, until = SystemClock().now_ms(), time.monotonic() + 60
    one = scope_with(made.one.store, [lot], now_ms=now_ms, until=until)
    assert scope.found.held == one.held
    assert names_of(scope.found) == names_of(one)
    assert scope.is_all
    assert scope.found.complete
    assert 0 < scope.sent < 200_000
    assert 0 < scope.received < 1_000_000
    assert len({stand.position.root for stand in scope.stands}) == 3
    every = [one.code for one in market.stories(SEED, events=EVENTS) if one.key in demo.TOLD]
    assert max(len(touched(made.nation.trace(one))) for one in every) == 3


def test_the_commands(made: Made, running: list[Served]) -> None:
    """What is told, as text and JSON, whole and with one province ended."""
    told = _command(made, "scope", made.lot(), "--json")
    assert told.returncode == 0, told.stderr
    said = json.loads(told.stdout)
    assert said["complete"]
    assert [node["node"] for node in said["nodes"]] == [one.name for one in PROVINCES]
    assert said["sentences"] == {"zh": [], "en": []}
    running[1].process.kill()
    running[1].process.communicate()
    told = _command(made, "trace", made.code(), "--wait", "2")
    assert told.returncode == 1
    assert "不完整：山东未答复" in told.stdout
    assert "incomplete: Shandong did not answer" in told.stdout
    told = _command(made, "where", made.code(), "--json", "--wait", "2")
    said = json.loads(told.stdout)
    assert (len(said["code"]["home"]), [one["node"] for one in said["missing"]]) == (
        1,
        ["shandong"],
    )
    assert "zhejiang" in said["code"]["known"] or "jiangsu" in said["code"]["known"]


def test_the_page(made: Made, running: list[Served]) -> None:
    """The nation's own installation asks: for who sees the whole country, in both languages."""
    key = (made.place / f"{demo.NATION}.key").read_text()
    about = {"q": made.lot(), "kind": "scope"}

    def get(path: str, key: str = "", **more: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        address = f"{running[-1].address}{path}?{urlencode(about | more)}"
        try:
            with urlopen(Request(address, headers=headers), timeout=30) as came:  # ours
                return came.status, came.read().decode()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    status, text = get("/nation.json", key)
    told = json.loads(text)
    assert (status, told["complete"], len(told["nodes"])) == (200, True, 3)
    assert told["scope"]["made"] == sum(one["count"] for one in told["scope"]["held"])
    assert get("/nation.json")[0] == 403
    assert "完整：所有节点都已答复。" in get("/nation", key, lang="zh", format="html")[1]
    for kind in ("trace", "where"):
        status, text = get("/nation", key, lang="en", format="html", kind=kind)
        assert (status, "Complete: all nodes have answered." in text) == (200, True), kind
    running[0].process.kill()
    running[0].process.communicate()
    assert "incomplete: Jiangsu did not answer" in get("/nation", key, lang="en", format="html")[1]
    assert "不完整：江苏未答复" in get("/nation", key, lang="zh", format="html")[1]


def _command(made: Made, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guantong", "nation", *words]
    more = ["--nodes", str(made.place / demo.FILE)]
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, timeout=60, check=False
    )


class Ending(Far):
    """Ends its node between the first round and the next."""

    def __init__(self, entry: NodeEntry, key: str, process: subprocess.Popen[str]) -> None:
        super().__init__(entry, key, seconds=3.0)
        self._process = process

    def ask(self, position: Position, question: bytes) -> bytes:
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.communicate()
        return super().ask(position, question)


def test_a_node_killed_after_the_first_round(made: Made, running: list[Served]) -> None:
    lot = made.lot()
    with (
        closing(Ending(*made.entry(2), running[2].process)) as ending,
        made.doors(2, ending) as doors,
    ):
        scope = scope_across(doors, [lot], now_ms=SystemClock().now_ms())
    (missing,) = scope.missing
    assert (missing.node, missing.fault.code) == ("zhejiang", Fault.SILENT)
    assert missing.round >= 1
    assert [stand.node for stand in scope.stands] == [one.name for one in PROVINCES]
    assert not scope.is_all


class Stalling:
    """A line to a node that can fall silent without being cut."""

    def __init__(self, address: str) -> None:
        self._open: list[socket.socket] = []
        parts = urlsplit(address)
        self._to = parts.hostname or "", parts.port or 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.silent = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in (self._listening, *self._open):
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listening.accept()
                theirs = socket.create_connection(self._to)
                self._open += [ours, theirs]
                for one, other in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if not self.silent.is_set():
                    other.sendall(data)
            other.close()


class Falling(Far):
    """Its line falls silent after the first round."""

    def __init__(self, entry: NodeEntry, key: str, line: Stalling) -> None:
        super().__init__(entry, key, seconds=1.0)
        self._stalling = line

    def ask(self, position: Position, question: bytes) -> bytes:
        self._stalling.silent.set()
        return super().ask(position, question)


def test_a_line_that_falls_silent(made: Made, running: list[Served]) -> None:
    """Nobody refuses, nobody ends: the wait does."""
    with closing(Stalling(running[0].address)) as line:
        entry, key = made.entry(0)
        moved = NodeEntry("jiangsu", line.address, entry.key_file, origin=entry.origin)
        began = time.monotonic()
        with closing(Falling(moved, key, line)) as falling, made.doors(0, falling) as doors:
            trail = trace_across(doors, made.code(), now_ms=SystemClock().now_ms())
        (missing,) = trail.missing
        assert (missing.node, missing.fault.code) == ("jiangsu", Fault.SILENT)
        assert "timed out" in missing.fault.got
        assert time.monotonic() - began < 20


class Replaced:
    """After the first round another installation answers under the same name."""

    def __init__(self, doors: Sequence[Far]) -> None:
        self.name = doors[0].name
        self.origin = doors[0].origin
        self._before, self._after = doors

    def begin(self, about: Sequence[str]) -> bytes:
        self._after.begin(about)  # so that it answers under a look of its own
        return self._before.begin(about)

    def ask(self, position: Position, question: bytes) -> bytes:
        return self._after.ask(position, question)


def test_a_ledger_that_was_rebuilt_is_refused(made: Made, running: list[Served]) -> None:
    """The same name, as many entries and more, another root: its answer is not taken."""
    del running
    place = made.place.parent / "again"
    with open_world(Settings(place, origin="jiangsu.demo/ledger"), create=True) as world:
        clock = SetClock(market.start_ms())
        world.clock = clock
        office = Caller(demo.OFFICE, Level.REGULATOR)
        size = 0
        while size < 1_000:
            text = world.add_key(new_key(office), OPERATOR)
            size = world.ledger.size
    command = [sys.executable, "-m", "guantong", "serve", "--data", str(place), "--port", "0"]
    with subprocess.Popen(
        [*command, "--workers", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().rstrip("/")
            with (
                closing(Far(*made.entry(0))) as before,
                closing(Far(NodeEntry("jiangsu", address, ""), text)) as after,
                made.doors(0, Replaced((before, after))) as doors,
            ):
                scope = scope_across(doors, [made.lot()], now_ms=SystemClock().now_ms())
        finally:
            process.terminate()
            process.communicate()
    (missing,) = scope.missing
    assert (missing.node, missing.fault.code) == ("jiangsu", Fault.POSITION)
    assert not scope.is_all


def test_nobody_listens(made: Made) -> None:
    """All of them: an answer with nothing in it, that says so."""
    demo.at(made.place, [demo.NOBODY] * 3)
    scope = made.nation.scope((made.lot(),), seconds=10.0)
    assert [one.round for one in scope.missing] == [0, 0, 0]
    assert scope.found.made == 0
    assert not scope.is_all
    with pytest.raises(NodesError):
        Far(NodeEntry("x", "ftp://127.0.0.1", ""), "")


def test_the_demo_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    """Without a keyboard too; and nobody is left behind."""
    command = [sys.executable, "-m", "guantong", "nation", "demo", "--events", "1000"]
    command += ["--data", str(tmp_path / "nation")]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        told = [line.strip() for line in iter(lambda: next(lines), "Ctrl-C stops it.\n")]
        addresses = re.findall(r"http://127\.0\.0\.1:\d+", " ".join(told))
        assert all(httpx2.get(f"{one}/readyz").status_code == 200 for one in addresses)
        process.terminate()
        assert process.wait(30) == 0
    for one in addresses:
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{one}/readyz")
