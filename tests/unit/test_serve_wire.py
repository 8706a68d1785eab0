"""What the processes say to each other, and what ends the line."""

from pathlib import Path
from unittest import mock

import msgspec
import pytest
import zstandard

from guantong.caller import Caller, Level
from guantong.capture import CaptureError, Limits
from guantong.capture.packed import squeeze, unsqueeze
from guantong.errors import fault
from guantong.ledger import StatementType
from guantong.serve import passing as serve_passing
from guantong.serve import wire
from guantong.serve.intake import read_offer
from guantong.serve.job import IntakeError, Job, Offer, Receipt, entry_of, job_of
from guantong.serve.made import Made
from guantong.serve.passing import LARGE_BYTES, Passing
from guantong.store import Fact
from tests.fault.capture_victim import document

MAKER = Caller("maker", Level.PARTY)


class Nowhere:
    """Documents that say nothing of persons are read without a look at the ledger."""

    directory = Path("/nowhere")

    def digest_key(self) -> bytes:
        raise AssertionError


def made(number: int = 1, events: int = 3) -> Job:
    offer = Offer(document(number, events), "application/ld+json; charset=utf-8", "a.json")
    reading, salt = read_offer(offer, Limits()), bytes(range(32))
    job = job_of(offer, reading, MAKER, 5, ledger=Nowhere(), salt=salt)
    assert isinstance(job, Job)
    return job


def whole(frame: bytes) -> bytes:
    (message,) = wire.Frames().feed(frame)
    return message


def without_answer(job: Job) -> dict[str, object]:
    """Its members; columns have no equality of their own, what they say has."""
    apart = ("answer", "reading")
    members = {name: getattr(job, name) for name in job.__slots__ if name not in apart}
    return members | {"document": job.reading.document}


@pytest.mark.parametrize(
    "job",
    [
        made(),
        entry_of(
            Made(
                StatementType.HOLD,
                b"{}",
                (Fact("hold", "k", {"a": [1, "b"]}, links=("c",)),),
                meta={"n": 1},
            ),
            MAKER,
            7,
        ),
    ],
    ids=["document", "entry"],
)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    no, come = wire.job_of(whole(wire.request(42, job)))
    assert no == 42
    assert without_answer(come) == without_answer(job)
    assert not come.answer.done()


def test_a_body_that_is_passed_in_a_file(tmp_path: Path) -> None:
    job, passing = made(), Passing(tmp_path)
    with mock.patch.object(serve_passing, "LARGE_BYTES", len(job.body)):
        name = passing.put(job.body)
    frame = wire.request(42, job, name)
    assert job.body not in frame
    _, come = wire.job_of(whole(frame), passing.take)
    assert without_answer(come) == without_answer(job)
    assert list((tmp_path / "passing").iterdir()) == []
    _, late = wire.job_of(whole(frame), passing.take)
    answer = wire.receipt_of
    assert late.answer.done()
    with pytest.raises(IntakeError) as caught:
        answer(wire.not_told(1, late.answer.error.faults, 0))  # type: ignore[attr-defined]
    assert caught.value.faults[0].code == "serve.busy"
    _, nowhere = wire.job_of(whole(frame))
    assert nowhere.answer.done()


def test_what_is_passed_lies_where_it_is_put(tmp_path: Path) -> None:
    """Small bodies stay in the message; no name leads out; what is old and unclaimed goes."""
    passing = Passing(tmp_path)
    assert passing.put(b"small") == ""
    (tmp_path / "secret").write_bytes(b"x")
    with pytest.raises(IntakeError):
        passing.take("../secret")
    passing.drop("../secret")
    assert (tmp_path / "secret").exists()
    name = passing.put(bytes(LARGE_BYTES))
    path = tmp_path / "passing" / name
    assert path.stat().st_mode & 0o777 == 0o600
    now_ms = int(path.stat().st_mtime * 1000)
    passing.tidy(now_ms + 60_000)
    assert path.exists()
    passing.tidy(now_ms + 601_000)
    assert not path.exists()


@pytest.mark.parametrize("change", ["short", "other", "release"])
def test_a_damaged_table_beside_a_body(change: str) -> None:
    squeezed = squeeze(made().table)
    if change == "short":
        raw = squeezed[:-3]
    elif change == "other":
        raw = bytes([squeezed[0]]) + bytes(len(squeezed) - 1)
    else:
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(squeezed)
        at = plain.index(b"columns") + len(b"columns")
        assert plain[at] == 2, "its release"
        raw = zstandard.compress(plain[:at] + b"\x03" + plain[at + 1 :])
    with pytest.raises(CaptureError):
        unsqueeze(raw)


def test_answers_arrive_as_they_were_sent() -> None:
    wrong = fault("capture.zone", expected="a zone", got="none", path="eventList[1]")
    receipts = [
        Receipt(accepted=True, events=3, ledger_index=9, repeated=True, leaf="ab", seq=7),
        Receipt(accepted=False, faults=(wrong,)),
    ]
    frame = wire.answers([wire.told(no, receipt, 8) for no, receipt in enumerate(receipts)])
    come = wire.answers_of(whole(frame))
    assert [answer.no for answer in come] == [0, 1]
    assert [answer.told for answer in come] == [8, 8]
    assert [wire.receipt_of(answer) for answer in come] == receipts


def test_that_nothing_was_decided_arrives_as_a_refusal() -> None:
    gone = fault("serve.closed", expected="a running writer", got="stopped")
    (answer,) = wire.answers_of(whole(wire.answers([wire.not_told(3, (gone,), 8)])))
    with pytest.raises(IntakeError, match=r"serve\.closed"):
        wire.receipt_of(answer)


@pytest.mark.parametrize("step", [1, 3, 1000, 10**6])
def test_frames_may_come_in_any_pieces(step: int) -> None:
    jobs = [made(number, 1 + number) for number in range(5)]
    stream = b"".join(wire.request(no, job) for no, job in enumerate(jobs))
    frames = wire.Frames()
    come = []
    for at in range(0, len(stream), step):
        come += [wire.job_of(message) for message in frames.feed(stream[at : at + step])]
    assert [no for no, _ in come] == [0, 1, 2, 3, 4]
    assert [job.body for _, job in come] == [job.body for job in jobs]
    assert not len(frames)


@pytest.mark.parametrize(
    "message",
    [b"", b"\xc1", msgspec.msgpack.encode({"no": 1}), b"\x80\x04\x95.", b"\x91\x90"],
    ids=["nothing", "no msgpack", "a map", "a pickle", "no members"],
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(wire.LineError):
        wire.job_of(message)
    with pytest.raises(wire.LineError):
        wire.answers_of(message)


def test_a_frame_without_end_is_refused() -> None:
    with pytest.raises(wire.LineError, match="a frame of 4294967295 bytes"):
        list(wire.Frames().feed(b"\xff\xff\xff\xff"))
