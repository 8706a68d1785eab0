"""Eight threads submit and ask at once: nothing twice, nothing half, everything in the end."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, PUBLIC, Caller, Level
from guantong.serve.intake import Offer, Receipt
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.fault.capture_victim import document

THREADS = 8


def item(number: int, n: int) -> str:
    """The item of the `n`-th event of `document(number, …)`."""
    return f"https://id.gs1.org/01/06901234567892/21/{number * 1000 + n}"


def at_once(work: Callable[[int], Receipt]) -> list[Receipt]:
    """Do the work in all threads, begun together."""
    barrier = threading.Barrier(THREADS)

    def begun(number: int) -> Receipt:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begun, range(THREADS)))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(Settings(data=tmp_path / "data"), create=True)


def test_the_same_file_from_eight_threads_is_entered_once(world: World) -> None:
    with world:
        offer = Offer(document(1, 5))
        receipts = at_once(lambda _: world.submit(offer, OPERATOR))
        assert {receipt.ledger_index for receipt in receipts} == {0}
        assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * 7
        assert {receipt.events for receipt in receipts} == {5}
        assert world.ledger.size == 1


def test_the_same_file_from_eight_parties_is_entered_for_each(world: World) -> None:
    with world:
        offer = Offer(document(1, 5))
        receipts = at_once(lambda n: world.submit(offer, Caller(f"urn:firm:{n}", Level.PARTY)))
        assert sorted(receipt.ledger_index for receipt in receipts) == list(range(THREADS))
        assert not any(receipt.repeated for receipt in receipts)
        world.wait(THREADS)
        assert world.store.counts()["events"] == 5 * THREADS


def test_the_same_event_id_in_other_words_is_taken_from_one_thread_only(world: World) -> None:
    bodies = [document(1, 1).replace(b"10:00:00Z", b"10:00:0%dZ" % n) for n in range(THREADS)]
    with world:
        receipts = at_once(lambda n: world.submit(Offer(bodies[n]), OPERATOR))
        assert sum(receipt.accepted for receipt in receipts) == 1
        refused = [receipt.faults for receipt in receipts if not receipt.accepted]
        assert {(found.code, found.path) for faults in refused for found in faults} == {
            ("capture.duplicate_event", "epcisBody.eventList[0].eventID")
        }
        assert (world.ledger.size, world.ledger.entry(0).statement.n) == (1, 1)


def test_who_waits_reads_his_own_write_and_nobody_reads_half_a_document(world: World) -> None:
    """Both items of a document are known or neither is, for one ledger size."""
    faults: list[str] = []
    stop = threading.Event()

    def write(number: int) -> Receipt:
        for round_ in range(12):
            n = 1 + number * 100 + round_
            receipt = world.submit(Offer(document(n, 2)), OPERATOR)
            if not (receipt.accepted and world.wait(receipt.ledger_index + 1)):
                faults.append(f"{n} was not waited for")
            for part in range(2):
                if not world.check(item(n, part), PUBLIC).history:
                    faults.append(f"{n} is not read after it was waited for")
        return receipt

    def look() -> None:
        while not stop.is_set():
            for n in (1, 101, 201, 305, 411):
                one = world.check(item(n, 0), PUBLIC)
                other = world.check(item(n, 1), PUBLIC, as_of=one.ledger_size)
                if bool(one.history) != bool(other.history):
                    faults.append(f"half of {n} at {one.ledger_size}")
                if any(line.entry >= one.ledger_size for line in one.history):
                    faults.append(f"{n} rests on more than it says")

    with world:
        readers = [threading.Thread(target=look) for _ in range(3)]
        for reader in readers:
            reader.start()
        at_once(write)
        stop.set()
        for reader in readers:
            reader.join()
        assert faults == []
        assert world.ledger.size == THREADS * 12
        assert world.store.projected_size == world.ledger.size


def test_large_documents_are_read_two_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take fifty times its size; small ones do not wait for them."""
    assert world.intake is not None
    at_work, most = 0, 0
    lock = threading.Lock()
    read = world.intake.read

    def watched(offer: Offer) -> object:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        found = read(offer)
        with lock:
            at_work -= 1
        return found

    monkeypatch.setattr(world.intake, "read", watched)
    with world:
        padding = b" " * (1 << 20)
        receipts = at_once(lambda n: world.submit(Offer(document(1 + n, 50) + padding), OPERATOR))
        assert all(receipt.accepted for receipt in receipts)
        assert most <= 2
