"""A submission that is stored in NATS at first: its receipt, its outcome, its place in the ledger."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.api.document import schema_of
from guantong.serve.cli import main
from guantong.serve.keys import new_key
from guantong.serve.stream.place import Place
from guantong.serve.world import open_world, read_world
from guantong.settings import Settings
from tests.api.test_api_pages import check
from tests.conftest import ROOT
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, until
from tests.intake_small import check_ledger, outcome
from tests.nats_small import Cluster, cluster

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("nats")) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An installation with a stream of its own in the cluster."""
    origin = f"test.example/{sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    with open_world(Settings(tmp_path / "d", origin=origin), create=True):
        return Place.of(origin)


def handed(here: Serving, body: bytes) -> dict[str, Any]:
    status, said = here.ask("POST", "/capture", body)
    assert status == 202, said
    receipt: dict[str, Any] = json.loads(said)
    return receipt


def test_a_receipt_then_a_position_or_what_is_wrong(
    nats: Cluster, tmp_path: Path, place: Place
) -> None:
    with open_world(Settings(tmp_path / "d")) as world:
        other = world.add_key(new_key(Caller("other", Level.PARTY)), OPERATOR)
    with serving(tmp_path / "d", "--intake", nats.urls, workers=1) as here:
        receipts = [handed(here, document(number, 2)) for number in range(5)]
        assert [one["sequence"] for one in receipts] == [1, 2, 3, 4, 5]
        check(schema_of("receipt"), receipts[0])
        assert {one["stream"] for one in receipts} == {place.stream}
        answers = [outcome(here, one) for one in receipts]
        assert [one["state"] for one in answers] == ["accepted"] * 5
        check(schema_of("outcome"), answers[0])
        check(schema_of("capture"), answers[0]["answer"])
        indexes = [one["answer"]["ledger_index"] for one in answers]
        assert indexes == sorted(indexes)
        with read_world(Settings(tmp_path / "d")) as world:
            for index, receipt in zip(indexes, receipts, strict=True):
                assert world.ledger.entry(index).statement.meta["intake"] == receipt["receipt"]
                assert world.body(index) == document(receipt["sequence"] - 1, 2)

        again = outcome(here, handed(here, document(0, 2)))
        assert (again["state"], again["answer"]["repeated"]) == ("accepted", True)
        assert again["answer"]["ledger_index"] == indexes[0]

        other_bytes = document(0, 2) + b" "
        refused = outcome(here, handed(here, other_bytes))
        assert (refused["state"], refused["answer"]["accepted"]) == ("refused", False)
        codes = [found["code"] for found in refused["answer"]["faults"]]
        assert codes == ["capture.duplicate_event"] * 2

        assert here.ask("POST", "/capture", b"{}")[0] == 400, "told at the door"
        assert handed(here, document(9, 1))["sequence"] == 8, "and nothing of it in the stream"
        here.key = other
        for unknown in (receipts[0]["outcome"], "/capture/99-x", "/capture/x"):
            status, said = here.ask("GET", unknown)
            assert (status, json.loads(said)["type"]) == (404, "serve.receipt_unknown")
        until(lambda: nats.messages(place.stream) == 0)
        assert here.ends() == (0, "")
    assert check_ledger(tmp_path / "d") == 6
    done = CliRunner().invoke(main, ["ledger", "audit", "--data", str(tmp_path / "d")])
    assert done.exit_code == 0, done.output


def test_large_ones_lie_beside_the_stream_and_what_is_no_longer_whole_is_refused(
    nats: Cluster, tmp_path: Path, place: Place
) -> None:
    with serving(tmp_path / "d", "--intake", nats.urls, workers=1) as here:
        bodies = [document(1, 6_000), document(2, 25_000)]
        assert len(bodies[0]) > 1 << 20
        assert len(bodies[1]) > 4 << 20, "passed in a file to the writer too"
        indexes = [outcome(here, handed(here, body))["answer"]["ledger_index"] for body in bodies]
        until(lambda: nats.messages(place.bodies) == 0)
        with read_world(Settings(tmp_path / "d")) as world:
            assert [world.body(index) for index in indexes] == bodies

        os.kill(here.pid_of("intake"), signal.SIGSTOP)
        changed, whole = handed(here, document(3, 6_000)), handed(here, document(4, 6_000))
        foreign = nats.ask(lambda js: js.publish(place.subject, b"x", headers={"Nats-Msg-Id": "x"}))
        nats.ask(lambda js: change(js, place, changed["receipt"].partition("-")[2]))
        os.kill(here.pid_of("intake"), signal.SIGCONT)
        told = outcome(here, changed)
        assert told["answer"]["faults"][0]["code"] == "serve.intake_message"
        assert outcome(here, whole)["state"] == "accepted"
        last = handed(here, document(5, 1))
        assert last["sequence"] == foreign.seq + 1
        assert outcome(here, last)["state"] == "accepted"
        assert here.ends()[0] == 0
    assert check_ledger(tmp_path / "d") == 4


async def change(js: Any, place: Place, name: str) -> None:
    """Other bytes in the first part of a large body."""
    subject = f"{place.parts}.{name}"
    parts = await js.pull_subscribe(subject, stream=place.bodies)
    found = await parts.fetch(100, timeout=5)
    await js.purge_stream(place.bodies, subject=subject)
    for part in found:
        data = part.data if part.headers["Guantong-At"] != "0" else bytes(len(part.data))
        await js.publish(subject, data, headers={"Guantong-At": part.headers["Guantong-At"]})


def test_receipts_are_given_while_no_writer_is_there(
    nats: Cluster, tmp_path: Path, place: Place
) -> None:
    with serving(tmp_path / "d", "--intake", nats.urls, workers=1) as here:
        os.kill(here.pid_of("writer"), signal.SIGSTOP)
        receipts = [handed(here, document(number, 1)) for number in range(40)]
        assert json.loads(here.ask("GET", receipts[0]["outcome"])[1])["state"] == "waiting"
        assert nats.messages(place.stream) == 40
        os.kill(here.pid_of("writer"), signal.SIGKILL)
        indexes = [outcome(here, one)["answer"]["ledger_index"] for one in receipts]
        assert indexes == sorted(indexes)
        here.ends()
    assert check_ledger(tmp_path / "d") == 40


def started(data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guantong", "serve", "--data", str(data), "--port", "0"]
    return subprocess.run(
        [*command, "--workers", "1", *more],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_stream_in_which_something_could_be_lost_is_refused(
    nats: Cluster, tmp_path: Path, place: Place
) -> None:
    single = {"name": place.stream, "subjects": [place.subject], "num_replicas": 1}
    nats.ask(lambda js: js.add_stream(**single, discard="new"))
    done = started(tmp_path / "d", "--intake", nats.urls)
    assert (done.returncode, done.stdout) == (1, "")
    assert "serve.intake_stream" in done.stderr
    assert "3 replicas" in done.stderr
    nats.ask(lambda js: js.delete_stream(place.stream))
    aged = single | {"num_replicas": 3, "max_age": 60, "discard": "new"}
    nats.ask(lambda js: js.add_stream(**aged))
    assert "no limit of age" in started(tmp_path / "d", "--intake", nats.urls).stderr
    nats.ask(lambda js: js.delete_stream(place.stream))
    assert (
        "serve.intake_stream"
        in started(tmp_path / "d", "--intake", nats.urls, "--intake-replicas", "5").stderr
    ), "more than there are servers"
