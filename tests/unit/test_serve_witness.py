"""Witnesses over HTTP: statuses, logs that witness each other, and who is shown what."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from guantong.clock import SetClock
from guantong.ledger import Disk, Ledger, LedgerError
from guantong.ledger.bundle import make_proof
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.cosigned import YOUNG_MS, join, keep, latest, request, signatures
from guantong.ledger.export import export
from guantong.ledger.merkle import EMPTY_ROOT
from guantong.ledger.note import Note
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.policy import Policy
from guantong.ledger.signer import Signer
from guantong.ledger.split import Split
from guantong.ledger.witness import Asked, Witness
from guantong.serve.cli import main
from guantong.serve.gathering import Gatherer, gathering
from guantong.serve.ledger_http import Log
from guantong.serve.outward import ask
from guantong.serve.server import let_threads_end, threads
from guantong.serve.witness_http import create_witness_app
from guantong.settings import Settings
from tests.witness_small import append, log_key, served, small_log, witness_key

ORIGIN = "log.example/a"
CLOCK = SetClock(7_000)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with small_log(tmp_path / "log", ORIGIN, 3) as made:
        yield made


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    witness_key(tmp_path / "w", "w.example")
    return Witness(tmp_path / "w", [log_key(ORIGIN).verifier()], clock=CLOCK)


def asked(ledger: Ledger, old: int) -> bytes:
    return request(ledger, Signer(ledger).sign(), old).encode()


def test_the_statuses_are_those_of_the_protocol(ledger: Ledger, witness: Witness) -> None:
    client = TestClient(create_witness_app(witness))
    first = asked(ledger, 0)
    good = client.post("/add-checkpoint", content=first)
    assert good.status_code == 200
    assert signatures(good.content, Signer(ledger).sign(), witness.key)
    append(ledger, 4)
    stale = client.post("/add-checkpoint", content=asked(ledger, 0))
    assert (stale.status_code, stale.text) == (409, "3\n")
    assert stale.headers["content-type"] == "text/x.tlog.size"
    note = Signer(ledger).sign()
    body = Checkpoint(ORIGIN, 3, EMPTY_ROOT).encode()
    unknown = Checkpoint("log.example/b", 0, EMPTY_ROOT).encode()
    stranger = log_key("log.example/b")
    for status, raw in (
        (422, Asked(3, (), note).encode()),
        (422, Asked(3, (bytes(32),) * 3, note).encode()),
        (400, Asked(9, (), note).encode()),
        (400, b"old 3\n\nnothing\n"),
        (400, b""),
        (404, Asked(0, (), Note(unknown, (stranger.sign(unknown),)).encode()).encode()),
        (403, Asked(3, (), Note(body, (stranger.sign(body),)).encode()).encode()),
        (403, Asked(3, (), note.replace(b"\n7\n", b"\n8\n")).encode()),
        (409, Asked(3, (), Note(body, (log_key(ORIGIN).sign(body),)).encode()).encode()),
        (413, b"o" * 2_000_000),
        (200, asked(ledger, 3)),
        (200, asked(ledger, 7)),
    ):
        assert client.post("/add-checkpoint", content=raw).status_code == status, raw[:200]
    assert client.get("/add-checkpoint").status_code == 405


def test_what_was_signed_last_is_shown(ledger: Ledger, witness: Witness) -> None:
    client = TestClient(create_witness_app(witness))
    address = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert client.get(address).status_code == 404
    client.post("/add-checkpoint", content=asked(ledger, 0))
    assert client.get(address).content == Signer(ledger).sign()
    assert client.get(f"/{'0' * 64}/checkpoint").status_code == 404


def test_an_answer_that_is_no_signature_is_refused(ledger: Ledger, witness: Witness) -> None:
    note = Signer(ledger).sign()
    line = witness.add_checkpoint(Asked.parse(asked(ledger, 0))).encode()
    own = Note.parse(note).lines[0].encode()
    assert len(signatures((own + line).encode(), note, witness.key)) == 1
    for answer in ("", own, "nonsense\n", line[:-1], line.replace("w.example", "v.example")):
        with pytest.raises(LedgerError, match=r"ledger\.witness"):
            signatures(answer.encode(), note, witness.key)
    append(ledger, 1)
    with pytest.raises(LedgerError, match=r"ledger\.witness"):
        signatures(line.encode(), Signer(ledger).sign(), witness.key)


@pytest.mark.parametrize(
    "url", ["", "ftp://x.example/", "http://", "http://127.0.0.1:1/", "http://h:x/"]
)
def test_an_address_at_which_nobody_answers(url: str) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.witness"):
        ask("GET", url)


def test_the_cosigned_checkpoint_is_shown_while_it_is_young(
    ledger: Ledger, witness: Witness
) -> None:
    place, newest = ledger.directory, Signer(ledger).sign()
    assert latest(place, newest, now_ms=0) == newest
    both = join(newest, [witness.add_checkpoint(Asked.parse(asked(ledger, 0)))])
    policy = Policy.parse(f"witness w {witness.key.encode()}\nquorum w\n".encode())
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned"):
        keep(place, newest, policy, log_key(ORIGIN).verifier(), now_ms=100, disk=Disk())
    keep(place, both, policy, log_key(ORIGIN).verifier(), now_ms=100, disk=Disk())
    assert latest(place, newest, now_ms=10**9) == both
    append(ledger, 1)
    newer = Signer(ledger).sign()
    assert latest(place, newer, now_ms=100 + YOUNG_MS - 1) == both
    assert latest(place, newer, now_ms=100 + YOUNG_MS) == newer


AWAY = "http://127.0.0.1:1"
NAMES = ("guangdong", "zhejiang", "sichuan")


class Province:
    """A log, and a witness of the two other logs."""

    def __init__(self, place: Path, name: str, stack: ExitStack, body: bytes = b"x") -> None:
        self.origin = f"{name}.example/log"
        self.ledger = stack.enter_context(small_log(place / f"{name}-log", self.origin, 4, body))
        self.key: VerifierKey = witness_key(place / f"{name}-w", f"{name}.example/witness")
        others = [log_key(f"{other}.example/log").verifier() for other in NAMES if other != name]
        self.witness = Witness(place / f"{name}-w", others, clock=CLOCK)
        self.url = stack.enter_context(served(create_witness_app(self.witness)))


def policy_for(name: str, provinces: dict[str, Province]) -> Policy:
    others = [other for other in NAMES if other != name]
    lines = [f"log {log_key(f'{name}.example/log').verifier().encode()}"]
    lines += [f"witness {o} {provinces[o].key.encode()} {provinces[o].url}" for o in others]
    lines += [f"group both all {' '.join(others)}", "quorum both", ""]
    return Policy.parse("\n".join(lines).encode())


@pytest.fixture
def provinces(tmp_path: Path) -> Iterator[dict[str, Province]]:
    before = threads()
    with ExitStack() as stack:
        yield {name: Province(tmp_path, name, stack) for name in NAMES}
    let_threads_end(before)


def gatherer(ledger: Ledger, policy: Policy) -> Gatherer:
    return Gatherer(ledger, policy, clock=CLOCK, disk=Disk())


def test_three_logs_witness_each_other(provinces: dict[str, Province]) -> None:
    for name, province in provinces.items():
        policy = policy_for(name, provinces)
        asking = gatherer(province.ledger, policy)
        for count in (0, 1, 300):
            append(province.ledger, count)
            done = asking.round()
            assert (done.is_met, done.refused) == (True, {})
            shown = latest(province.ledger.directory, Signer(province.ledger).sign(), now_ms=0)
            checkpoint, opened = policy.trust().open(shown)
            assert checkpoint.size == province.ledger.size
            assert len(opened.by) == 3
        # One that begins anew learns from the witnesses how far they are.
        append(province.ledger, 1)
        assert gatherer(province.ledger, policy).round().is_met


def test_a_split_view_is_refused_and_the_evidence_convinces(
    provinces: dict[str, Province], tmp_path: Path
) -> None:
    name, first = NAMES[0], provinces[NAMES[0]]
    policy = policy_for(name, provinces)
    assert gatherer(first.ledger, policy).round().is_met
    # The same log shows others another history: of one size, then a longer one.
    with small_log(tmp_path / "other", first.origin, 4, b"y") as other:
        done = gatherer(other, policy).round()
        assert not done.is_met
        assert all("ledger.split" in str(why) for why in done.refused.values())
        append(other, 5)
        done = gatherer(other, policy).round()
        assert not done.is_met
        assert all("422" in str(why) for why in done.refused.values())
        for witness in (provinces[NAMES[1]].witness, provinces[NAMES[2]].witness):
            (kept,) = witness.evidence()
            seen = Split.parse(kept.read_bytes()).check(log_key(first.origin).verifier())
            assert (seen.root, seen.larger_root) == (first.ledger.root, other.root_at(4))
            assert witness.last(first.origin) == Signer(first.ledger).sign()


def test_one_witness_that_is_away_is_told(provinces: dict[str, Province]) -> None:
    name = NAMES[0]
    policy = policy_for(name, provinces)
    raw = f"witness gone {provinces[NAMES[1]].key.encode()} http://127.0.0.1:1\n"
    other = policy.witnesses[1]
    raw += f"witness here {other.key.encode()} {other.url}\ngroup g {{}} gone here\nquorum g\n"
    for needed, met in (("any", True), ("all", False)):
        done = gatherer(provinces[name].ledger, Policy.parse(raw.format(needed).encode())).round()
        assert (done.is_met, done.signed, list(done.refused)) == (met, ("here",), ["gone"])
    assert Trust(log_key(f"{name}.example/log").verifier()).open(done.note)


def test_the_commands_take_a_policy(provinces: dict[str, Province], tmp_path: Path) -> None:
    name = NAMES[0]
    ledger, policy = provinces[name].ledger, policy_for(name, provinces)
    bare = Signer(ledger).sign()
    note = gatherer(ledger, policy).round().note
    file = tmp_path / "policy"
    lines = [f"log {policy.logs[0].key.encode()}"]
    lines += [f"witness {each.name} {each.key.encode()}" for each in policy.witnesses]
    lines += ["group both all " + " ".join(each.name for each in policy.witnesses), "quorum both"]
    file.write_text("\n".join(lines) + "\n")
    for held, code in ((note, 0), (bare, 1)):
        proof = tmp_path / f"{code}.tlog-proof"
        proof.write_bytes(make_proof(ledger, 2, held).encode())
        export(ledger, held, policy.logs[0].key, tmp_path / f"tree{code}")
        for words in (["verify", str(proof)], ["audit-lite", str(tmp_path / f"tree{code}")]):
            done = CliRunner().invoke(main, ["ledger", *words, "--policy", str(file)])
            assert (done.exit_code, "ledger.note_unsigned" in done.output) == (code, bool(code))
    for more in ([], ["--policy", str(file), "--quorum", "0"]):
        done = CliRunner().invoke(main, ["ledger", "verify", str(proof), *more])
        assert done.exit_code == 2, done.output


def test_a_witness_is_made_and_asked_by_commands(
    provinces: dict[str, Province], tmp_path: Path
) -> None:
    run = CliRunner().invoke
    made = run(main, ["ledger", "witness", "new", str(tmp_path / "nw"), "new.example"])
    assert VerifierKey.parse(made.output).name == "new.example"
    again = run(main, ["ledger", "witness", "new", str(tmp_path / "nw"), "new.example"])
    assert "ledger.exists" in again.output
    name = NAMES[0]
    data = tmp_path / "data"
    data.mkdir()
    (data / "ledger").symlink_to(provinces[name].ledger.directory)
    witness = provinces[NAMES[1]]
    text = f"witness w {witness.key.encode()} {witness.url}\nquorum w\n"
    (tmp_path / "p").write_text(text)
    words = ["ledger", "witness", "ask", "--data", str(data), "--policy", str(tmp_path / "p")]
    assert "ok: the quorum has signed" in run(main, words).output
    (tmp_path / "p").write_text(text.replace(witness.url, "http://127.0.0.1:1"))
    away = run(main, words)
    assert (away.exit_code, "FAIL no quorum" in away.output.replace(":", "")) == (1, True)


def test_the_server_asks_by_itself(
    provinces: dict[str, Province], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name, witness = NAMES[0], provinces[NAMES[1]]
    data, ledger = tmp_path / "data", provinces[name].ledger
    data.mkdir()
    (data / "ledger").symlink_to(ledger.directory)
    text = f"witness w {witness.key.encode()} {witness.url}\nwitness away {provinces[NAMES[2]].key.encode()} {AWAY}\n"
    (tmp_path / "policy").write_text(f"{text}quorum w\n")
    with gathering(Settings(data=data, witnesses=tmp_path / "policy")):
        for count in (0, 3):
            append(ledger, count)
            until = time.monotonic() + 20
            while witness.witness.last(ledger.origin) != Signer(ledger).sign():
                assert time.monotonic() < until
                time.sleep(0.05)
    newest = Signer(ledger).sign()
    assert len(Note.parse(latest(ledger.directory, newest, now_ms=0)).lines) == 2
    assert "guantong witnesses: away: ledger.witness" in capfd.readouterr().err


def test_nothing_is_asked_without_a_policy(tmp_path: Path) -> None:
    with gathering(Settings(data=tmp_path)):
        assert list(tmp_path.iterdir()) == []
    refused = pytest.raises(LedgerError, match=r"ledger\.policy: expected a file")
    with refused, gathering(Settings(data=tmp_path, witnesses=tmp_path / "none")):
        pass


def test_the_log_shows_and_proves_by_the_cosigned_one(ledger: Ledger, witness: Witness) -> None:
    keeper: Any = SimpleNamespace(ledger=ledger)
    clock = SetClock(50_000)
    log, newest = Log(keeper, keeper, clock), Signer(ledger).sign()
    assert log.note() == newest
    both = join(newest, [witness.add_checkpoint(Asked.parse(asked(ledger, 0)))])
    policy = Policy.parse(f"witness w {witness.key.encode()}\nquorum w\n".encode())
    key = log_key(ORIGIN).verifier()
    keep(ledger.directory, both, policy, key, now_ms=50_000, disk=Disk())
    append(ledger, 1)
    clock.at_ms = 51_000
    assert log.note() == both
    clock.at_ms = 50_000 + YOUNG_MS
    assert log.note() == Signer(ledger).sign()
