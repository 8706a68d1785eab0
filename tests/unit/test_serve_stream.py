"""What of a submission lies in the stream, and what is believed of it; no server is needed for that."""

import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from guantong.caller import Caller, Level
from guantong.capture import Limits
from guantong.clock import SystemClock
from guantong.serve import stream, wire
from guantong.serve.cli import main
from guantong.serve.intake import Intake, Offer, read_offer
from guantong.serve.job import IntakeError, Job, Receipt, job_of
from guantong.serve.places import Places
from guantong.serve.stream import envelope
from guantong.serve.stream.engine import broker
from guantong.serve.stream.outcomes import KEPT_MS, Outcome, Outcomes
from guantong.serve.stream.own import own
from guantong.serve.stream.place import ID, Fault, Message, Place, StreamError
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.fault.capture_victim import document

MAKER = Caller("maker 甲/\n".strip(), Level.PARTY)
KEY = envelope.key_of(b"secret")


@pytest.fixture
def world(tmp_path: Path) -> "World":
    return open_world(Settings(tmp_path / "d"), create=True, thread=False)


def job(world: World, number: int = 1) -> Job:
    offer = Offer(document(number, 2))
    made = job_of(
        offer,
        read_offer(offer, Limits()),
        MAKER,
        SystemClock().now_ms(),
        ledger=world.ledger,
        salt=bytes(32),
    )
    assert isinstance(made, Job)
    return made


def code(caught: pytest.ExceptionInfo[StreamError]) -> str:
    return caught.value.faults[0].code


def test_a_job_comes_back_as_it_was_with_the_number_of_its_receipt(world: World) -> None:
    with world:
        before = job(world)
        sealed = envelope.sealed(before, KEY)
        envelope.check(sealed.headers, KEY)
        receipt = envelope.receipt_of(17, sealed.headers)
        after = envelope.opened(sealed.headers, sealed.data, receipt)
        assert (after.body, after.by, after.digest) == (before.body, before.by, before.digest)
        assert after.meta == {"intake": receipt}
        assert envelope.sequence_of(receipt) == 17
        assert envelope.sender_of(sealed.headers) == MAKER.party
        assert envelope.stored_ms(sealed.name) == before.record_ms
        assert [envelope.sequence_of(one) for one in ("", "x", "-3", "²-x", "9" * 16)] == [0] * 5
        assert envelope.stored_ms("x") == 0


def test_what_was_not_stored_here_or_is_not_whole_is_refused(world: World) -> None:
    with world:
        sealed = envelope.sealed(job(world), KEY)
    for name in (ID, envelope.PARTY, envelope.DIGEST, envelope.BYTES, envelope.CODE):
        for headers in (
            {one: said for one, said in sealed.headers.items() if one != name},
            {**sealed.headers, name: "another"},
        ):
            with pytest.raises(StreamError) as caught:
                envelope.check(headers, KEY)
            assert code(caught) == Fault.MESSAGE
    with pytest.raises(StreamError) as caught:
        envelope.check(sealed.headers, envelope.key_of(b"another"))
    assert code(caught) == Fault.MESSAGE
    with pytest.raises(StreamError) as caught:
        envelope.opened(sealed.headers, sealed.data[:-1] + b"\0", "1-x")
    assert code(caught) == Fault.MESSAGE
    digest = sha256(b"x").hexdigest()
    with pytest.raises(StreamError) as caught:
        envelope.opened({**sealed.headers, envelope.DIGEST: digest}, b"x", "1-x")
    assert code(caught) == Fault.MESSAGE


def given(intake: Intake, *jobs: Job) -> list[Receipt]:
    for one in jobs:
        one.answer = wire.Waiting()
    intake.commit(list(jobs), lambda: None)
    found = [one.answer for one in jobs]
    return [one.receipt for one in found if isinstance(one, wire.Waiting) and one.receipt]


def test_handed_over_again_it_stands_where_it_stood_and_is_no_repetition(world: World) -> None:
    """A writer or its helper that died before anybody knew: the receipt in the entry tells."""
    with world:
        intake = world.writer()
        first, other = job(world), job(world)
        first.meta, other.meta = {"intake": "1-a"}, {"intake": "2-b"}
        same = replace(first)
        one, two, three = given(intake, first, same, other)
        assert [one.repeated, two.repeated, three.repeated] == [False, False, True]
        assert {one.ledger_index, two.ledger_index, three.ledger_index} == {one.ledger_index}
        again, others, plain = given(intake, replace(first), replace(other), job(world))
        assert [again.repeated, others.repeated, plain.repeated] == [False, True, True]
        assert again.ledger_index == one.ledger_index
        assert world.ledger.size == one.ledger_index + 1


def test_outcomes_are_their_senders_and_stay_as_they_were_told(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path)
    told = Receipt(accepted=True, events=2, ledger_index=7)
    outcomes.add([Outcome("1-a", "maker", 5, told)])
    outcomes.add([Outcome("1-a", "maker", 6, Receipt(accepted=False))])
    assert outcomes.get("1-a", "maker") == told
    assert outcomes.get("1-a", "other") is None
    assert outcomes.known(["1-a", "2-b"]) == {"1-a"}
    outcomes.close()
    outcomes = Outcomes(tmp_path)
    outcomes.tidy(5 + KEPT_MS)
    assert outcomes.known(["1-a"]) == {"1-a"}
    outcomes.tidy(6 + KEPT_MS)
    assert outcomes.get("1-a", "maker") is None
    outcomes.close()


def test_names_in_nats_follow_from_the_ledgers_own(tmp_path: Path) -> None:
    assert Place.of("a.b/c").stream != Place.of("a-b/c").stream
    assert Place.of("a.b/c").stream.startswith("a-b-c-")
    with open_world(Settings(tmp_path / "d", origin="x.example/y"), create=True) as world:
        key = world.ledger.digest_key()
    assert own(Settings(tmp_path / "d")) == (Place.of("x.example/y"), envelope.key_of(key))


def test_places_are_bounded_over_all_and_for_each() -> None:
    places = Places(bytes_max=10, documents_max=4)
    for number in range(3):
        places.take("a", 1)
    for by, size, refused in (("a", 1, "serve.too_many"), ("b", 8, "serve.busy")):
        with pytest.raises(IntakeError) as caught:
            places.take(by, size)
        assert caught.value.faults[0].code == refused
    with places.taken("b", 1), pytest.raises(IntakeError):
        places.take("c", 1)
    for number in range(3):
        places.give_back("a", 1)
    places.take("a", 99)


def test_without_the_package_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_world(Settings(tmp_path / "d"), create=True):
        pass
    monkeypatch.setitem(sys.modules, "nats", None)
    for name in ("nats.aio.client", "nats.errors", "nats.js", "nats.js.errors"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "guantong.serve.stream.broker", raising=False)
    monkeypatch.delattr(stream, "broker", raising=False)
    with pytest.raises(StreamError) as caught:
        broker()
    assert code(caught) == Fault.PACKAGE
    asked = ["serve", "--data", str(tmp_path / "d"), "--intake", "nats://127.0.0.1:1"]
    done = CliRunner().invoke(main, [*asked, "--workers", "1"])
    assert (done.exit_code, "guantong[nats]" in done.output) == (1, True)
    assert CliRunner().invoke(main, [*asked, "--workers", "0"]).exit_code == 2
    done = CliRunner().invoke(main, [*asked[:-1], "http://127.0.0.1:1"])
    assert (done.exit_code, "nats://" in done.output) == (2, True)


def test_what_is_read_has_no_gap_that_a_new_reader_does_not_see_too() -> None:
    row = pytest.importorskip("guantong.serve.stream.broker")._row
    five, six, eight = (Message(number, b"", {}) for number in (5, 6, 8))
    assert row([five, six], 4, is_new=False) == [five, six]
    assert row([], 4, is_new=False) == []
    assert row([six], 4, is_new=False) is None, "5 was lost on the way"
    assert row([six], 4, is_new=True) == [six], "5 is gone from the stream"
    assert row([five, six, eight], 4, is_new=False) == [five, six]
    assert row([six, eight], 4, is_new=True) == [six]
    assert row([five], 5, is_new=False) is None, "again"
