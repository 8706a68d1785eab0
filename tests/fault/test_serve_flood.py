"""More than the writer can take: bounded, said at once, and nothing acknowledged is lost."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guantong.caller import Caller, Level
from guantong.ledger.disk import Disk
from guantong.serve.front import Front
from guantong.serve.intake import Offer
from guantong.serve.job import IntakeError, Receipt
from guantong.serve.line import Line
from guantong.serve.problems import headers_for, status_of
from guantong.serve.wire import nowhere
from guantong.serve.world import World, open_world
from guantong.serve.writer import Writer
from guantong.settings import Settings
from tests.fault.capture_victim import document

PLACES = 40
SYNC_SECONDS = 0.02


@contextmanager
def writing(world: World, control: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=Writer(world.writer(), control, nowhere).run)
    thread.start()
    yield
    thread.join()


async def offered(front: Front, line: Line, number: int, caller: Caller) -> Receipt | IntakeError:
    try:
        return await front.take(Offer(document(number, 2)), caller)
    except IntakeError as refusal:
        return refusal
    finally:
        assert len(line._waiting) <= PLACES
        assert line._places._bytes <= line._places._bytes_max


async def flood(
    settings: Settings, ours: socket.socket, callers: list[Caller], *, bytes_max: int = 1 << 20
) -> list[Receipt | IntakeError]:
    line = Line(bytes_max=bytes_max, documents_max=PLACES)
    one, other = socket.socketpair()
    socket.send_fds(ours, [b"L"], [one.fileno()])
    one.close()
    await line.connect(other)
    front = Front.open(settings, line)
    with front:
        tasks = [
            asyncio.create_task(offered(front, line, number, callers[number % len(callers)]))
            for number in range(10 * PLACES)
        ]
        answers = await asyncio.gather(*tasks)
        again = await offered(front, line, 10 * PLACES, callers[0])
        assert isinstance(again, Receipt), "there is room again"
        assert not line._waiting
        assert not line._places._bytes
        assert not line._places._each
        line.drop()
    return [*answers, again]


def run(
    data: Path, monkeypatch: pytest.MonkeyPatch, callers: list[Caller], bytes_max: int = 1 << 20
) -> Counter[str]:
    settings = Settings(data)
    open_world(settings, create=True).close()
    plain = Disk.sync

    def slowly(disk: Disk, fd: int) -> None:
        time.sleep(SYNC_SECONDS)
        plain(disk, fd)

    monkeypatch.setattr(Disk, "sync", slowly)
    ours, theirs = socket.socketpair()
    with open_world(settings, thread=False) as world, writing(world, theirs):
        answers = asyncio.run(flood(settings, ours, callers, bytes_max=bytes_max))
        ours.close()
    theirs.close()
    with open_world(settings) as world:
        said: Counter[str] = Counter()
        for number, answer in enumerate(answers):
            if isinstance(answer, Receipt):
                assert answer.accepted
                assert world.body(answer.ledger_index) == document(number, 2)
                said["taken"] += 1
                continue
            status = status_of(answer.faults)
            assert headers_for(status) == {"Retry-After": "2"}
            said[f"{status} {answer.faults[0].code}"] += 1
        assert world.ledger.size == said["taken"]
        assert world.store.counts()["events"] == 2 * said["taken"]
    return said


def test_many_senders_are_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run(tmp_path / "d", monkeypatch, [Caller(f"m{n}", Level.PARTY) for n in range(8)])
    assert said == {"taken": PLACES + 1, "503 serve.busy": 9 * PLACES}


def test_one_sender_leaves_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(tmp_path / "d", monkeypatch, [Caller("loud", Level.PARTY)])
    share = PLACES * 3 // 4
    assert said == {"taken": share + 1, "429 serve.too_many": 10 * PLACES - share}


def test_bytes_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    callers = [Caller(f"m{n}", Level.PARTY) for n in range(8)]
    said = run(tmp_path / "d", monkeypatch, callers, bytes_max=20_000)
    assert 1 < said["taken"] < PLACES
    assert said["503 serve.busy"] == 10 * PLACES + 1 - said["taken"]


def test_without_a_writer_nothing_is_taken_and_questions_are_answered(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "d")
    open_world(settings, create=True).close()

    async def ask() -> None:
        line = Line(bytes_max=1 << 20)
        one, other = socket.socketpair()
        await line.connect(other)
        front = Front.open(settings, line)
        with front:
            assert front.status()["ready"] is True
            under_way = asyncio.create_task(
                front.take(Offer(document(1, 1)), Caller("m", Level.PARTY))
            )
            await asyncio.sleep(0)
            one.close()
            with pytest.raises(IntakeError, match=r"serve\.closed: .*, got it ended"):
                await under_way
            with pytest.raises(IntakeError, match=r"serve\.closed: .*, got none"):
                await front.take(Offer(document(1, 1)), Caller("m", Level.PARTY))
            assert front.status()["ready"] is False
            assert front.check("6901234567892", Caller()).ledger_size == 0

    asyncio.run(ask())
