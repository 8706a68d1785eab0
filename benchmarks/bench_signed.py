"""What does it cost to take in what parties signed, and to check a scan's proof?

Intake: documents of 100 events, each from a party of its own. "Signed and sealed" is all that
signing, proving and sealing add to a document that was read: its file is opened, its events are
cut out and hashed with salts of their own, claims, signature, key, number and predecessor are
checked, the body is compressed and sealed under its own key, and the group is made durable; all
by one thread. The whole door also reads the events and fills the index. The floor does the
least on the same bytes: one SHA-256, one signature check, one AES-256-GCM for each document, one
write and fdatasync for each group; it takes turns with the ledger, group by group.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.bench_capture import documents
from guantong.caller import OPERATOR, Caller, Level
from guantong.capture import TableReading
from guantong.clock import SystemClock
from guantong.ledger import Ledger, StatementType, SystemEntropy
from guantong.ledger.checkpoint import Trust
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.ledger.signed import Signed, pae
from guantong.ledger.signer import Signer, create_key
from guantong.serve import party_keys, signing
from guantong.serve.bundles import make_bundle
from guantong.serve.intake import Intake, Receipt
from guantong.serve.job import Job, entry_of, job_of, offer_of
from guantong.serve.seal import MEDIA, Facts, opened, signed_file
from guantong.store import SegmentStore

EVENTS = 100
GROUPS = {10: 60, 100: 8}
"""Documents in a commit -> commits."""
CHECKS = 2_000
BY = "urn:guantong:uscc:91310000MA1FL{:04}1A"


@dataclass
class Party:
    """One that signs."""

    caller: Caller
    key: SigningKey
    after: tuple[int, str] = (0, "")


@dataclass
class House:
    """Ledger, index and writer, all in this thread."""

    ledger: Ledger
    store: SegmentStore
    intake: Intake
    parties: list[Party] = field(default_factory=list)

    def enter(self, count: int, algorithm: Algorithm) -> None:
        """Register a key for each of a number of parties."""
        jobs = []
        for number in range(count):
            party = Party(Caller(BY.format(number), Level.PARTY), SigningKey.new(algorithm))
            self.parties.append(party)
            text = party.key.public.encode()
            record = party_keys.registration(text, party.caller.party)
            jobs.append(entry_of(signing.made_about(record), OPERATOR, now()))
        self.intake.commit(jobs, lambda: None)

    def signed(self, bodies: Sequence[bytes]) -> list[bytes]:
        """The bodies, each signed by a party."""
        files = []
        for party, body in zip(self.parties, bodies, strict=True):
            reading = self.intake.read(offer_of(body))
            assert reading.document is not None
            facts = Facts(party.caller.party, StatementType.CAPTURE, "")
            salt = os.urandom(32)
            files.append(
                signed_file(body, reading.document, facts, party.key, salt=salt, after=party.after)
            )
        return files

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """What the parties remember of their receipts."""
        for party, receipt in zip(self.parties, receipts, strict=True):
            assert receipt.accepted, receipt
            party.after = receipt.seq, receipt.leaf


def now() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def house(count: int, algorithm: Algorithm) -> Iterator[House]:
    """A new one with parties."""
    with tempfile.TemporaryDirectory() as name:
        place, clock, entropy = Path(name), SystemClock(), SystemEntropy()
        ledger = Ledger.create(
            place / "ledger", "bench.example/log", clock=clock, entropy=entropy, sealed=True
        )
        create_key(ledger.directory, ledger.origin, entropy=entropy)
        with closing(ledger), closing(SegmentStore.open(place / "index.sqlite")) as store:
            made = House(ledger, store, Intake(ledger, store, clock, thread=False))
            made.enter(count, algorithm)
            yield made


def jobs_of(made: House, files: Sequence[bytes], readings: Sequence[TableReading]) -> list[Job]:
    """Files as the writer takes them."""
    jobs = []
    for party, file, reading in zip(made.parties, files, readings, strict=True):
        offer = offer_of(file, media=MEDIA)
        job = job_of(offer, reading, party.caller, now(), ledger=made.ledger, salt=b"")
        assert isinstance(job, Job), job
        jobs.append(job)
    return jobs


def taken_in(count: int, commits: int, algorithm: Algorithm) -> Iterator[dict[str, object]]:
    """One size of group: what signing and sealing cost, and the whole door."""
    sealed: list[float] = []
    whole: list[float] = []
    least: list[float] = []
    bodies = documents(EVENTS, count * commits)
    with house(count, algorithm) as made, tempfile.TemporaryFile() as file:
        for turn in range(commits):
            files = made.signed(bodies[turn * count : (turn + 1) * count])
            least.append(floor(made, files, file.fileno()))
            began = time.perf_counter()
            offers = [offer_of(each, media=MEDIA) for each in files]
            readings = [made.intake.read(offer) for offer in offers]
            was_read = time.perf_counter()
            told: list[float] = []
            jobs = jobs_of(made, files, readings)
            made.intake.commit(jobs, lambda: told.append(time.perf_counter()))  # noqa: B023
            whole.append(time.perf_counter() - began)
            sealed.append(told[0] - was_read)
            answers = [job.answer for job in jobs]
            made.settle([each.result() for each in answers if isinstance(each, Future)])
    events = EVENTS * count
    kind = f"{algorithm.value}, {EVENTS} events a document, {count} documents a commit"
    yield row(f"signed and sealed: {kind}", events, sealed, least)
    yield row(f"signed, whole door with reading and index: {kind}", events, whole, least)


def floor(made: House, files: Sequence[bytes], fd: int) -> float:
    """Seconds of the least that could be done with the same files."""
    came = [opened(file) for file in files]
    began = time.perf_counter()
    blobs = []
    for party, (body, signature) in zip(made.parties, came, strict=True):
        sha256(signature.salt + body).digest()
        signed = signature.signed
        assert party.key.public.verify(signed.signature, pae(signed.claims.payload()))
        blobs.append(AESGCM(os.urandom(32)).encrypt(os.urandom(12), body, None))
    os.write(fd, b"".join(blobs))
    os.fdatasync(fd)
    return time.perf_counter() - began


def row(name: str, events: int, ours: Sequence[float], least: Sequence[float]) -> dict[str, object]:
    """By medians of the turns: a machine that is busy with other things meets both alike."""
    middle, *_, last = quantiles(ours, n=100)[49:]
    return {
        "name": name,
        "per_second": events / median(ours),
        "p50_ms": 1_000 * middle,
        "p99_ms": 1_000 * last,
        "floor": "sha256 + verify + AES-GCM + write + fdatasync",
        "floor_per_second": events / median(least),
        "ratio": median(least) / median(ours),
    }


def checked(algorithm: Algorithm) -> dict[str, object]:
    """Checking the proof of one event of a signed document, from its bytes."""
    with house(100, algorithm) as made:
        files = made.signed(documents(1_000, 100))
        jobs = jobs_of(made, files, [made.intake.read(offer_of(f, media=MEDIA)) for f in files])
        made.intake.commit(jobs, lambda: None)
        signer = Signer(made.ledger)
        at = made.ledger.size - 1
        raw = make_bundle(made.ledger, made.store, at, signer.sign(), event=500).encode()
        trust = signer.trust
        ours, least = [], []
        for _ in range(CHECKS):
            ours.append(_timed_check(raw, trust))
            least.append(_timed_signatures(raw, trust))
    name = (
        f"scan proof checked: {algorithm.value}, {len(raw)} bytes, event of 1000, {at + 1} entries"
    )
    told = row(name, 1, ours, least)
    return told | {"floor": "its three signatures alone"}


def _timed_check(raw: bytes, trust: Trust) -> float:
    began = time.perf_counter()
    shown = check(Bundle.parse(raw), trust)
    spent = time.perf_counter() - began
    assert shown.signer is not None
    return spent


def _timed_signatures(raw: bytes, trust: Trust) -> float:
    bundle = Bundle.parse(raw)
    shown = check(bundle, trust)
    assert shown.signer is not None
    signed = Signed.of(shown.statement)
    said = pae(signed.claims.payload())
    began = time.perf_counter()
    for proof in (bundle.entry, bundle.entry):
        trust.open(proof.checkpoint)
    shown.signer.verify(signed.signature, said)
    return time.perf_counter() - began


def run() -> list[dict[str, object]]:
    """Measure; one row per question."""
    rows: list[dict[str, object]] = []
    for count, commits in GROUPS.items():
        rows += taken_in(count, commits, Algorithm.ED25519)
    rows += taken_in(100, 4, Algorithm.P256)
    return [*rows, *map(checked, Algorithm)]


if __name__ == "__main__":
    for each in run():
        print(each)
