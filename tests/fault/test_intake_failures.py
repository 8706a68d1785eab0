"""Servers of NATS, the writer, all of `guantong serve`, the network: whatever goes, no submission is lost or doubled.

Each test tells how long no receipt was given, and after what time a submission that was handed in
since was accepted; see docs/reference/intake.md.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guantong.serve.stream.place import Place
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.conftest import ROOT
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, role_of, serving, until
from tests.intake_small import Senders, check_all, check_ledger, outcome, sending
from tests.nats_small import Cluster, Proxy, cluster, free_ports

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("nats")) as found:
        yield found


@pytest.fixture(scope="module")
def installed(nats: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One installation; in the end all that was ever handed in stands there once, in order."""
    data = tmp_path_factory.mktemp("served") / "d"
    with serving(data, "--intake", nats.urls, workers=1) as here:
        yield here
        here.ends()
    assert check_ledger(data) == NUMBERS["next"] - 1


NUMBERS = {"next": 1}
"""Of the next document of the installation that the tests share."""


def tried(here: Serving, what: str, harm: Callable[[], object], mend: Callable[[], object]) -> None:
    """Do harm among senders, and say when there was a receipt, and a position, again."""
    with sending(here, NUMBERS["next"]) as senders:
        moment = time.monotonic()
        harm()
        number = senders.count()
        until(lambda: senders.count() > number + 4)
        outcome(here, senders.receipts[max(senders.receipts)])
        accepted = time.monotonic() - moment
        until(lambda: senders.count() > number + 24)
        mend()
    NUMBERS["next"] = senders.begin
    tell(what, senders, moment, accepted)
    check_all(senders)


def tell(what: str, senders: Senders, moment: float, accepted: float) -> None:
    sys.stdout.write(
        f"{what}: no receipt for {senders.silence(moment):.1f} s, a position again after "
        f"{accepted:.1f} s; {senders.count()} submissions, {senders.again} sent again\n"
    )


def stream_of(here: Serving) -> str:
    del here
    return Place.of(Settings(Path()).origin).stream


def other_than(name: str, nats: Cluster) -> str:
    return next(one for one in nats.ports if one != name)


def test_a_server_that_does_not_lead_is_killed(nats: Cluster, installed: Serving) -> None:
    name = other_than(nats.leader(stream_of(installed)), nats)
    tried(installed, "a server", lambda: nats.kill(name), lambda: nats.start(name))


def test_the_leader_of_the_stream_is_killed(nats: Cluster, installed: Serving) -> None:
    name = nats.leader(stream_of(installed))
    tried(installed, "the leader", lambda: nats.kill(name), lambda: nats.start(name))


def test_the_leader_is_cut_off_from_the_others(nats: Cluster, installed: Serving) -> None:
    name = nats.leader(stream_of(installed))
    tried(installed, "the leader, cut off", lambda: nats.isolate(name), nats.mend)


@pytest.mark.parametrize("role", ["writer", "intake"])
def test_who_takes_them_in_is_killed(nats: Cluster, installed: Serving, role: str) -> None:
    def killed() -> None:
        os.kill(installed.pid_of(role), signal.SIGKILL)

    tried(installed, f"the {role}", killed, lambda: None)


def test_another_takes_over_and_a_cut_to_nats_is_told(nats: Cluster, tmp_path: Path) -> None:
    """All of `guantong serve` is killed while one stands by; before, it is cut off from NATS."""
    ways = [Proxy(port) for port in nats.ports.values()]
    urls = ",".join(f"nats://127.0.0.1:{way.port}" for way in ways)
    (port,) = free_ports(1)
    data = tmp_path / "d"
    with open_world(Settings(data, origin="standby.example/ledger"), create=True):
        pass
    more = ["--intake", urls, "--port", str(port), "--workers", "1"]
    with serving(data, *more) as here, standing_by(data, *more):
        with sending(here) as senders:
            for way in ways:
                way.cut()
            until(lambda: senders.again > 0)
            status, said = here.ask("POST", "/capture", document(min(senders.receipts), 1))
            assert (status, json.loads(said)["type"]) == (503, "serve.intake_away")
            assert here.ask("GET", "/check?q=1")[0] == 200, "questions are answered"
            for way in ways:
                way.mend()
            moment = time.monotonic()
            number = senders.count()
            until(lambda: senders.count() > number + 20)
            silence = senders.silence(moment)
            sys.stdout.write(f"the way to NATS, mended: no receipt for {silence:.1f} s\n")
            everyone = [here.process.pid, *here.children()]
            moment = time.monotonic()
            for pid in everyone:
                os.kill(pid, signal.SIGKILL)
            number = senders.count()
            until(lambda: senders.count() > number + 4)
            outcome(here, senders.receipts[max(senders.receipts)])
            accepted = time.monotonic() - moment
            until(lambda: senders.count() > number + 40)
        tell("all of it, one standing by", senders, moment, accepted)
        check_all(senders)
    until(lambda: not any(role_of(pid) for pid in everyone))
    assert check_ledger(data) == senders.begin - 1


@contextmanager
def standing_by(data: Path, *more: str) -> Iterator[None]:
    """Another `guantong serve` over the same directory, which waits."""
    with subprocess.Popen(
        [sys.executable, "-m", "guantong", "serve", "--data", str(data), *more, "--standby"],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
        stdout=subprocess.DEVNULL,
    ) as process:
        yield
        process.terminate()
