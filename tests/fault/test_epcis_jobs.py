"""Capture jobs while processes die: what was promised is taken, once."""

import http.client
import json
import os
import random
import signal
import threading
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from guantong.serve.world import read_world
from guantong.settings import Settings
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, until


def promised(here: Serving, body: bytes) -> str:
    """The address of a job; "" when nobody answered."""
    line = http.client.HTTPConnection("127.0.0.1", here.port, timeout=20)
    with closing(line), suppress(OSError, http.client.HTTPException):
        headers = {"Authorization": f"Bearer {here.key}", "Content-Type": "application/json"}
        line.request("POST", "/epcis/capture", body, headers)
        answer = line.getresponse()
        return (answer.getheader("Location") or "") if answer.status == 202 else ""
    return ""


def ended(here: Serving, place: str) -> bool:
    status, said = here.ask("GET", place)
    assert status == 200, said
    job = json.loads(said)
    assert job["success"], job
    return not job["running"]


@pytest.mark.full
def test_whoever_is_killed_each_job_is_done_once(tmp_path: Path) -> None:
    dice, places, lock = random.Random(7), {}, threading.Lock()

    def send(here: Serving, first: int) -> None:
        for number in range(first, first + 40):
            place = promised(here, document(number, 1 + number % 9))
            with lock:
                places[number] = place

    with serving(tmp_path / "d") as here:
        senders = [threading.Thread(target=send, args=(here, 1 + 1000 * n)) for n in range(3)]
        for sender in senders:
            sender.start()
        for turn in range(4):
            threading.Event().wait(dice.uniform(0.05, 0.4))
            role = ("front", "writer")[turn % 2]
            victims = [pid for pid, found in here.children().items() if found == role]
            if victims:
                os.kill(victims[0], signal.SIGKILL)
        for sender in senders:
            sender.join()
        until(lambda: here.ask("GET", "/readyz")[0] == 200)
        kept = {number: place for number, place in places.items() if place}
        assert len(kept) > 20
        for place in kept.values():
            until(lambda place=place: ended(here, place))  # type: ignore[misc]
        assert here.ends()[0] == 0
    with read_world(Settings(tmp_path / "d")) as world:
        bodies = Counter(world.body(index) for index in range(1, world.ledger.size))
    for number in kept:
        assert bodies[document(number, 1 + number % 9)] == 1
    assert max(bodies.values()) == 1
