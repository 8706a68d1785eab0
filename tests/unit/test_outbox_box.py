"""Letters over crashes and dead receivers: each in its order, none lost, none twice."""

import asyncio
import hashlib
import hmac
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from guantong.clock import SetClock
from guantong.serve.outbox import box as boxes
from guantong.serve.outbox.box import About, Box, Letter, Line
from guantong.serve.outbox.carrier import Carrier, Outcome, signature
from guantong.serve.outbox.destination import Destination
from guantong.serve.outbox.post import Kind, Post, Written
from tests.receiver import receiver

NOW = 1_774_000_000_000


def about(url: str = "https://example.com/", token: str = "") -> About:
    return About(url=url, kind="test", made_ms=NOW, token=token)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_letters_and_how_far_was_looked_go_together(box: Box) -> None:
    box.open_line("a", "party", about(), seen=3)
    assert box.put("a", [b"one", b"two"], NOW, seen=(3, 5))
    assert not box.put("a", [b"one", b"two"], NOW, seen=(3, 5)), "somebody was first"
    assert not box.put("b", [b"one"], NOW, seen=(0, 1)), "no such line"
    assert box.put("a", [], NOW, seen=(5, 9))
    line = box.line("a")
    assert line is not None
    assert (line.seen, line.party, line.about) == (9, "party", about())
    front = box.front("a")
    assert front == Letter("a", 1, b"one", NOW)
    assert front.mark == "a-1"


def test_waits_double_and_end(box: Box) -> None:
    box.open_line("a", "party", about(), seen=0)
    box.put("a", [b"one", b"two"], NOW, seen=(0, 1))
    front, now, waits = box.front("a"), NOW, []
    assert front
    for _ in range(16):
        assert box.due(now, 9) == ["a"]
        box.tried(front, Outcome(503), now)
        assert box.due(now, 9) == []
        start = now
        while not box.due(now, 9):
            now += 1_000
        waits.append((now - start) // 1000)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600, 3600]
    now = NOW + boxes.PATIENCE_MS + 1
    box.tried(front, Outcome(0, "refused"), now)
    line = box.line("a")
    assert line
    assert line.is_stopped
    assert box.due(now + boxes.PATIENCE_MS, 9) == []
    assert box.go_on("a")
    assert box.due(now, 9) == ["a"]
    box.tried(front, Outcome(200), now)
    line, after = box.line("a"), box.front("a")
    assert line
    assert after
    assert (line.tries, line.is_stopped, line.sent_ms, after.no) == (0, False, now, 2)
    log = box.log("a", limit=3)
    assert [(one.no, one.status, one.said) for one in log] == [
        (1, 200, ""),
        (1, 0, "refused"),
        (1, 503, ""),
    ]


def test_who_is_gone_wants_no_more(box: Box) -> None:
    box.open_line("a", "party", about(), seen=0)
    box.put("a", [b"one"], NOW, seen=(0, 1))
    front = box.front("a")
    assert front
    box.tried(front, Outcome(410), NOW)
    line = box.line("a")
    assert line
    assert line.is_stopped


def test_sent_again_before_those_that_wait(box: Box) -> None:
    box.open_line("a", "party", about(), seen=0)
    box.put("a", [b"one", b"two"], NOW, seen=(0, 1))
    for _ in range(2):
        front = box.front("a")
        assert front
        box.tried(front, Outcome(200), NOW)
    box.put("a", [b"three"], NOW, seen=(1, 2))
    assert not box.again("a", 3), "it has not arrived yet"
    assert not box.again("a", 9)
    assert box.again("a", 1)
    again = box.front("a")
    assert again
    assert again.content == b"one"
    box.tidy(NOW + boxes.KEPT_MS + 1)
    assert not box.again("a", 2), "it is forgotten"
    assert box.front("a") == again


def halve(content: bytes) -> tuple[bytes, bytes] | None:
    middle = len(content) // 2
    return (content[:middle], content[middle:]) if middle else None


def test_what_is_too_large_is_split(box: Box) -> None:
    """A receiver that takes two letters of the alphabet at most gets all of them, in order."""
    with receiver() as there:
        there.judge = lambda body: 413 if len(msgspec.json.decode(body)[1]) > 2 else 204
        box.open_line("a", "party", about(there.url), seen=0)
        box.put("a", [b"abcdefg", b"hi", b"jkl"], NOW, seen=(0, 1))
        sender = post(box)
        while sender.carry_front("a"):
            pass
    assert [msgspec.json.decode(body)[1] for _, body in there.taken] == [
        "a", "bc", "de", "fg", "hi", "j", "kl",
    ]  # fmt: skip
    marks = [headers["Guantong-Letter"] for headers, _ in there.taken]
    assert marks == ["a-1", "a-1.25", "a-1.5", "a-1.75", "a-2", "a-3", "a-3.5"]


def test_only_its_party_closes_a_line(box: Box) -> None:
    box.open_line("a", "party", about(), seen=0)
    box.put("a", [b"one"], NOW, seen=(0, 1))
    front = box.front("a")
    assert front
    assert not box.close_line("a", "another")
    assert box.close_line("a", "party")
    box.tried(front, Outcome(200), NOW)
    assert (box.line("a"), box.front("a"), box.log("a")) == (None, None, [])
    assert box.lines("party") == []


def test_a_line_that_waits_looks_no_further(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "WAITING_MAX", 2)
    box.open_line("a", "party", about(), seen=0)
    assert box.has_room("a")
    box.put("a", [b"one", b"two"], NOW, seen=(0, 1))
    assert not box.has_room("a")


def test_the_signature_is_plain_hmac() -> None:
    said = b"1774000000.a-1.{}"
    expected = hmac.new(b"shared", said, hashlib.sha256).hexdigest()
    assert signature("shared", 1_774_000_000, "a-1", b"{}") == f"t=1774000000,v1={expected}"


def post(box: Box, *, private: bool = True) -> Post:
    def write(line: Line, letter: Letter) -> Written | None:
        if letter.content == b"erased":
            return None
        return Written("application/json", msgspec.json.encode([line.id, letter.content.decode()]))

    return Post(
        box, {"test": Kind(lambda line: False, write, halve)}, SetClock(NOW), private=private
    )


def test_letters_arrive_in_order_over_failures(box: Box) -> None:
    with receiver() as there:
        there.answers = lambda count: 500 if count in {0, 3} else 204
        box.open_line("a", "party", about(there.url, token="shared"), seen=0)
        box.put("a", [b"1", b"2", b"erased", b"3"], NOW, seen=(0, 1))
        sender = post(box)
        for _ in range(12):
            sender.carry_front("a")
    bodies = [body for _, body in there.taken]
    assert bodies == [b'["a","1"]', b'["a","2"]', b'["a","3"]']
    assert [h["Guantong-Letter"] for h, _ in there.came] == ["a-1", "a-1", "a-2", "a-4", "a-4"]
    assert [h["Guantong-Attempt"] for h, _ in there.came] == ["1", "2", "1", "1", "2"]
    headers, body = there.came[0]
    assert headers["GS1-Signature"] == signature("shared", NOW // 1000, "a-1", body)
    assert headers["Content-Type"] == "application/json"
    assert box.front("a") is None


def test_inner_addresses_get_nothing(box: Box) -> None:
    with receiver() as there:
        box.open_line("a", "party", about(there.url), seen=0)
        box.put("a", [b"1"], NOW, seen=(0, 1))
        assert not post(box, private=False).carry_front("a")
        assert there.came == []
    assert "serve.destination" in box.log("a")[0].said


def test_nobody_listens(box: Box) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    outcome = Carrier(private=True).carry(
        Destination.parse(f"http://127.0.0.1:{port}/", private=True), b"", {}
    )
    assert outcome.status == 0
    assert outcome.said


def dripping(server: socket.socket, stop: threading.Event) -> None:
    line, _ = server.accept()
    with closing(line):
        while not stop.wait(0.02):
            try:
                line.send(b"H")
            except OSError:
                return


def test_who_drips_is_cut_off() -> None:
    stop = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=dripping, args=(server, stop))
        thread.start()
        to = Destination.parse(f"http://127.0.0.1:{server.getsockname()[1]}/", private=True)
        start = time.monotonic()
        outcome = Carrier(private=True, seconds=0.3).carry(to, b"{}", {})
        stop.set()
        thread.join()
    assert outcome.status == 0
    assert time.monotonic() - start < 5


def test_one_process_carries(box: Box, tmp_path: Path) -> None:
    """A second one waits until the first has gone; what waited is carried by it."""

    async def main() -> None:
        other = Box(tmp_path)
        with receiver() as there:
            box.open_line("a", "party", about(there.url), seen=0)
            async with post(box).running():
                await asyncio.sleep(0.05)
                async with post(other).running():
                    box.put("a", [b"1"], NOW, seen=(0, 1))
                    while not there.came:
                        await asyncio.sleep(0.01)
            async with post(other).running():
                box.put("a", [b"2"], NOW, seen=(1, 2))
                while there.came[-1][1] != b'["a","2"]':
                    await asyncio.sleep(0.01)
        other.close()
        # One that ends before it has noted that a letter arrived leaves it to be sent again.
        assert [*dict.fromkeys(body for _, body in there.came)] == [b'["a","1"]', b'["a","2"]']

    asyncio.run(main())
