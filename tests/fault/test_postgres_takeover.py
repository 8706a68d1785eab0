"""The primary of the index is gone, or the index moves to another place: answers go on."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from guantong.caller import PUBLIC
from guantong.serve.audit import audit
from guantong.serve.intake import Offer
from guantong.serve.world import open_world, read_world
from guantong.settings import Settings
from guantong.store import SegmentStore
from guantong.verdict import Outcome
from tests.fault.capture_victim import document
from tests.fault.serving import Serving, serving, until
from tests.fault.test_postgres_served import MAKER, item
from tests.fault.test_standby import Crowd, check
from tests.postgres_small import Server, new_backup, new_replica, new_server, remove, started
from tests.standby_small import done

pytestmark = pytest.mark.full


@pytest.fixture
def primary() -> Iterator[Server]:
    """Made durable as in earnest, as it is killed."""
    yield from started(new_server("fsync=on", "full_page_writes=on"))


@pytest.fixture
def replica(primary: Server) -> Iterator[Server]:
    yield from started(new_replica(primary))


def is_found(here: Serving, number: int) -> bool:
    status, said = here.ask("GET", f"/check?q={item(number)}")
    return status == 200 and json.loads(said)["verdict"] == "ok"


def test_the_primary_is_killed_and_the_replica_promoted(
    tmp_path: Path, primary: Server, replica: Server
) -> None:
    data, places = tmp_path / "d", (primary.url("nation"), replica.url("nation"))
    done("init", "--data", data, "--store", places[0])
    until(lambda: replica.sql("SELECT to_regclass('nation.layout')") != [(None,)])
    with serving(data, "--store", places[0], "--replica", places[1]) as here:
        first = here.capture(document(1, 2))
        until(lambda: is_found(here, 1))
        crowd = Crowd(here, 1_000_000)
        until(lambda: len(crowd.acknowledged()) > 150)
        primary.kill()
        began = time.monotonic()
        assert is_found(here, 1), "the replica answers"
        taken = crowd.ended() | {1: first}
        assert is_found(here, 1)
        here.ends(signal.SIGTERM)
    assert replica.sql("SELECT pg_promote(true, 30)") == [(True,)]
    lost = behind(data, places[1])
    with serving(data, "--store", places[1]) as here:
        until(lambda: here.ask("POST", "/capture", document(2, 2))[0] in {200, 201})
        took = time.monotonic() - began
        taken[2] = here.capture(document(2, 2))
        assert here.ask("GET", f"/check?q={item(2)}&at_least={taken[2] + 1}")[0] == 200
        assert all(is_found(here, number) for number in (1, 2, *list(taken)[::20]))
        here.ends()
    assert audit(Settings(data, store=places[1])).findings == ()
    check(data, taken)
    print(
        f"\n{len(taken)} acknowledged, 0 lost; {lost} entries caught up; again after {took:.1f} s"
    )


def behind(data: Path, place: str) -> int:
    """Entries that the promoted index lacks."""
    with read_world(Settings(data, store=place)) as world:
        return world.ledger.refresh() - world.store.projected_size


def test_an_index_of_yesterday_and_one_made_anew(tmp_path: Path, primary: Server) -> None:
    """A base backup of the database is caught up from the ledger; `restore` makes one from nothing."""
    settings = Settings(tmp_path / "d", store=primary.url("here"))
    with open_world(settings, create=True) as world:
        for number in range(5):
            world.submit(Offer(document(number, 2)), MAKER)
        assert world.wait(5)
        backup = new_backup(primary)
        try:
            for number in range(5, 9):
                world.submit(Offer(document(number, 2)), MAKER)
            world.close()
            backup.start()
            older = replace(settings, store=backup.url("here"))
            with open_world(older) as again:
                assert (again.ledger.size, again.store.projected_size) == (9, 9)
            assert audit(older).findings == ()
        finally:
            remove(backup)
    done("backup", tmp_path / "saved", "--data", settings.data)
    then, url = tmp_path / "then", primary.url("then")
    done("restore", tmp_path / "saved", "--data", then, "--size", 4, "--store", url)
    with read_world(Settings(then, store=url)) as restored:
        known = [restored.check(item(n), PUBLIC).outcome is Outcome.OK for n in range(9)]
    assert known == [n < 4 for n in range(9)]
    assert not (then / "index.sqlite").exists()


class Asking:
    """Somebody who asks again and again, and notes every answer that is none."""

    def __init__(self, here: Serving, number: int) -> None:
        self.asked, self.wrong, self.longest = 0, 0, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(here, number))
        self._thread.start()

    def _run(self, here: Serving, number: int) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self.wrong += not is_found(here, number)
            self.asked += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(0.01)

    def ended(self) -> None:
        self._over.set()
        self._thread.join()


def test_an_index_moves_and_questions_are_answered_all_the_while(
    tmp_path: Path, primary: Server
) -> None:
    """From the file into PostgreSQL and back, no answer but the right one."""
    data, url = tmp_path / "d", primary.url("moved")
    with serving(data) as here:
        taken = {number: here.capture(document(number, 2)) for number in range(1, 200)}
        until(lambda: is_found(here, 1))
        asking = Asking(here, 1)
        moved(here, data, url)
        taken[300] = here.capture(document(300, 2))
        assert here.ask("GET", f"/check?q={item(300)}&at_least={taken[300] + 1}")[0] == 200
        assert indexed(url) == max(taken.values()) + 1
        moved(here, data, "file")
        taken[301] = here.capture(document(301, 2))
        assert here.ask("GET", f"/check?q={item(301)}&at_least={taken[301] + 1}")[0] == 200
        assert indexed(url) < indexed(data / "index.sqlite")
        asking.ended()
        assert here.ends()[0] == 0
    assert (asking.wrong, asking.asked > 50) == (0, True)
    check(data, taken)
    print(f"\n{asking.asked} questions, 0 unanswered, the longest {asking.longest:.2f} s")


def moved(here: Serving, data: Path, place: str) -> None:
    """Make the index there, and let the processes go over to it."""
    done("move", place, "--data", data)
    before = here.children()
    os.kill(here.process.pid, signal.SIGUSR1)
    until(lambda: not here.children().keys() & before.keys())
    until(lambda: all(here.ask("GET", "/readyz")[0] == 200 for _ in range(8)))


def indexed(place: Path | str) -> int:
    with closing(SegmentStore.open(place, read_only=True)) as store:
        return store.projected_size
