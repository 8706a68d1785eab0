"""A subscription while processes die and its receiver is dead: exactly the due events, in order."""

import json
import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from guantong.serve.world import read_world
from guantong.settings import Settings
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, is_let_go, serving, until
from tests.receiver import Receiver, receiver

DOCUMENTS = 60


def told(here: Receiver) -> list[str]:
    """The events of the letters, each letter once: by its mark a receiver knows what it has."""
    letters = {headers["Guantong-Letter"]: body for headers, body in here.taken}
    results = [json.loads(body)["epcisBody"]["queryResults"] for body in letters.values()]
    return [one["eventID"] for each in results for one in each["resultsBody"]["eventList"]]


def subscribe(here: Serving, url: str) -> None:
    named = json.dumps({"name": "all", "query": {}}).encode()
    assert here.ask("POST", "/epcis/queries", named)[0] == 201
    said = json.dumps({"dest": url, "stream": True}).encode()
    assert here.ask("POST", "/epcis/queries/all/subscriptions", said)[0] == 201


def hand_in(here: Serving) -> None:
    """Each document until it is there; the same bytes again are no second document."""
    for number in range(1, DOCUMENTS + 1):
        while True:
            with suppress(OSError, AssertionError):
                here.capture(document(number, 1 + number % 5))
                break


@pytest.mark.full
def test_killed_and_dead(tmp_path: Path) -> None:
    """Fronts and writer are killed, then all of them at once, while the receiver comes and goes."""
    dice = random.Random(11)
    data = tmp_path / "d"
    with receiver() as to:
        to.answers = lambda count: 204 if count % 3 else 503
        with serving(data, "--private-destinations") as here:
            subscribe(here, to.url)
            sender = threading.Thread(target=hand_in, args=(here,))
            sender.start()
            for turn in range(5):
                threading.Event().wait(dice.uniform(0.1, 0.5))
                role = ("front", "writer")[turn % 2]
                victims = [pid for pid, found in here.children().items() if found == role]
                if victims:
                    os.kill(dice.choice(victims), signal.SIGKILL)
            sender.join()
            for pid in here.children():
                os.kill(pid, signal.SIGKILL)
            here.process.kill()
            here.process.wait()
            until(lambda: is_let_go(data))
        with serving(data, "--private-destinations"), read_world(Settings(data)) as world:
            due = [
                event["eventID"]
                for index in range(world.ledger.size)
                if b"EPCISDocument" in (body := world.body(index))
                for event in json.loads(body)["epcisBody"]["eventList"]
            ]
            assert len(due) == sum(1 + number % 5 for number in range(1, DOCUMENTS + 1))
            until(lambda: len(told(to)) >= len(due))
    assert told(to) == due
