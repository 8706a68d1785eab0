"""The ledger as its callers see it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import (
    Disk,
    Fault,
    Ledger,
    LedgerError,
    Position,
    SeededEntropy,
    Statement,
    StatementType,
    Submission,
    SystemEntropy,
    check,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from guantong.ledger.merkle import EMPTY_ROOT, Levels, leaf_hashes

ORIGIN = "ledger.example/test"
LARGE = 1024 * 1024


def submission(body: bytes = b"{}", **fields: Any) -> Submission:
    return Submission(typ=StatementType.CAPTURE, by="party", body=body, n=1, **fields)


def create(directory: Path, **options: Any) -> Ledger:
    plain: dict[str, Any] = {"clock": SetClock(1_000), "entropy": SeededEntropy("test")}
    return Ledger.create(directory, ORIGIN, **(plain | options))


def reopen(directory: Path, **options: Any) -> Ledger:
    plain: dict[str, Any] = {"clock": SetClock(1_000), "entropy": SystemEntropy()}
    return Ledger.open(directory, **(plain | options))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with create(tmp_path / "ledger") as ledger:
        yield ledger


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refusal:
        action()
    (fault,) = refusal.value.faults
    return fault.code


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert (ledger.origin, ledger.size, ledger.root) == (ORIGIN, 0, EMPTY_ROOT)
    assert list(ledger.entries(0, 0)) == []
    assert ledger.root_at(0) == EMPTY_ROOT
    assert ledger.consistency_proof(0, 0) == []


def test_append_tells_where_each_one_stands(ledger: Ledger) -> None:
    assert ledger.append([submission(b"a"), submission(b"b")]) == [
        Position(ORIGIN, 0),
        Position(ORIGIN, 1),
    ]
    assert ledger.append([submission(b"c")]) == [Position(ORIGIN, 2)]
    assert [ledger.body(index) for index in range(3)] == [b"a", b"b", b"c"]


def test_appending_nothing_commits_nothing(ledger: Ledger) -> None:
    assert ledger.append([]) == []
    assert ledger.size == 0


def test_an_entry_says_what_was_submitted(ledger: Ledger) -> None:
    given = Submission(
        typ=StatementType.HOLD,
        by="监管",
        body=b"why",
        media="text/plain",
        n=0,
        meta={"region": "44", "rows": 12},
    )
    ledger.append([given])
    entry = ledger.entry(0)
    said = entry.statement
    assert (said.typ, said.by, said.media, said.n) == (given.typ, given.by, given.media, given.n)
    assert (said.meta, said.received, said.v) == (given.meta, 1_000, 1)
    assert said.doc == ledger.opening(0).commitment()
    assert Statement.parse(entry.raw) == said
    assert said.encode() == entry.raw
    assert entry.leaf == leaf_hash(entry.raw)


def test_equal_bodies_have_commitments_that_differ(ledger: Ledger) -> None:
    ledger.append([submission(b"same"), submission(b"same")])
    assert ledger.entry(0).statement.doc != ledger.entry(1).statement.doc


def test_the_root_is_that_of_the_statements(ledger: Ledger) -> None:
    for size in (1, 3, 10, 100):
        ledger.append([submission(bytes([size])) for _ in range(size)])
    levels = Levels()
    levels.extend(leaf_hashes([entry.raw for entry in ledger.entries(0, ledger.size)]))
    assert ledger.root == levels.root() == ledger.root_at(114)


def test_entries_of_a_stretch(ledger: Ledger) -> None:
    for size in (1, 5, 3):
        ledger.append([submission(bytes([size])) for _ in range(size)])
    assert [entry.index for entry in ledger.entries(2, 7)] == [2, 3, 4, 5, 6]
    assert list(ledger.entries(2, 7)) == [ledger.entry(index) for index in range(2, 7)]


ASKED: dict[str, Callable[[Ledger], object]] = {
    "entry after the last": lambda it: it.entry(3),
    "entry before the first": lambda it: it.entry(-1),
    "body after the last": lambda it: it.body(3),
    "root of more": lambda it: it.root_at(4),
    "root of less than nothing": lambda it: it.root_at(-1),
    "entries of more": lambda it: list(it.entries(0, 4)),
    "entries backwards": lambda it: list(it.entries(2, 1)),
    "entries before the first": lambda it: list(it.entries(-1, 1)),
    "inclusion after the last": lambda it: it.inclusion_proof(3, 3),
    "inclusion before the first": lambda it: it.inclusion_proof(-1, 3),
    "inclusion in more": lambda it: it.inclusion_proof(0, 4),
    "consistency backwards": lambda it: it.consistency_proof(3, 2),
    "consistency with more": lambda it: it.consistency_proof(2, 4),
    "consistency from less than nothing": lambda it: it.consistency_proof(-1, 3),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_not_there_is_refused(ledger: Ledger, asked: str) -> None:
    ledger.append([submission()] * 3)
    assert code_of(lambda: ASKED[asked](ledger)) == Fault.RANGE


def test_proofs_over_several_segments(tmp_path: Path) -> None:
    with create(tmp_path / "ledger", segment_bytes=2_000) as ledger:
        roots = [ledger.root]
        for count in (1, 2, 5, 1, 9, 3, 1, 1, 7, 4) * 4:
            ledger.append([submission(b"x" * count)] * count)
            roots += [ledger.root_at(size) for size in range(len(roots), ledger.size + 1)]
        assert len(list((tmp_path / "ledger" / "journal").glob("*.frames"))) > 10
        for index in range(ledger.size):
            leaf, proof = ledger.entry(index).leaf, ledger.inclusion_proof(index, ledger.size)
            assert verify_inclusion(leaf, index, ledger.size, proof, ledger.root)
        for old in range(ledger.size + 1):
            proof = ledger.consistency_proof(old, ledger.size)
            assert verify_consistency(old, ledger.size, roots[old], ledger.root, proof)


def test_a_body_of_one_segment_reads_the_same_later(tmp_path: Path) -> None:
    bodies = [bytes([number]) * 700 for number in range(60)]
    with create(tmp_path / "ledger", segment_bytes=1_000) as ledger:
        for body in bodies:
            ledger.append([submission(body)])
        root = ledger.root
    with reopen(tmp_path / "ledger", segment_bytes=1_000) as ledger:
        assert [ledger.body(index) for index in range(60)] == bodies
        assert ledger.root == root
        assert ledger.recovery.segments_rebuilt == 0


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_more_segments_than_are_kept_open(tmp_path: Path) -> None:
    with create(tmp_path / "ledger", segment_bytes=1) as ledger:
        before = _open_files()
        for number in range(200):
            ledger.append([submission(b"%d" % number)])
        assert _open_files() < before + 70
        assert [ledger.body(index) for index in range(200)] == [b"%d" % n for n in range(200)]
        assert _open_files() < before + 70
        root = ledger.root
    for path in (tmp_path / "ledger" / "journal").glob("*.nodes"):
        path.unlink()
    with reopen(tmp_path / "ledger", read_only=True) as ledger:
        for index in range(199, -1, -7):
            proof = ledger.inclusion_proof(index, 200)
            assert verify_inclusion(ledger.entry(index).leaf, index, 200, proof, root)


# Record time


def test_record_time_never_runs_backwards(tmp_path: Path) -> None:
    clock = SetClock(5_000)
    with create(tmp_path / "ledger", clock=clock) as ledger:
        ledger.append([submission()])
        clock.at_ms = 4_000
        ledger.append([submission(), submission(record_ms=6_000), submission()])
    with reopen(tmp_path / "ledger", clock=SetClock(10)) as ledger:
        ledger.append([submission()])
        received = [entry.statement.received for entry in ledger.entries(0, 5)]
    assert received == [5_000, 5_000, 6_000, 6_000, 6_000]


def test_record_time_is_kept_over_an_empty_segment(tmp_path: Path) -> None:
    with create(tmp_path / "ledger", clock=SetClock(9), segment_bytes=1) as ledger:
        ledger.append([submission()])
        mark = (tmp_path / "ledger" / "high_water").read_bytes()
        ledger.append([submission()])
    last = max((tmp_path / "ledger" / "journal").glob("*.frames"))
    os.truncate(last, 96)
    (tmp_path / "ledger" / "high_water").write_bytes(mark)
    with reopen(tmp_path / "ledger", clock=SetClock(1)) as ledger:
        assert ledger.size == 1
        ledger.append([submission()])
        assert ledger.entry(1).statement.received == 9


# Bodies


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"x" * 511, b"x" * 512, b'{"a":1}' * 1000, os.urandom(5_000)],
    ids=["empty", "one byte", "below compression", "compressed", "a document", "random"],
)
def test_bodies_come_back_byte_for_byte(ledger: Ledger, body: bytes) -> None:
    ledger.append([submission(body), submission(b"next")])
    assert (ledger.body(0), ledger.body(1)) == (body, b"next")


def test_a_document_is_compressed(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([submission(b'{"type":"ObjectEvent"}' * 10_000)])
    (segment,) = (tmp_path / "ledger" / "journal").glob("*.frames")
    assert segment.stat().st_size < 2_000


def test_a_large_body_has_a_file_of_its_own(tmp_path: Path, ledger: Ledger) -> None:
    large = os.urandom(LARGE)
    ledger.append([submission(b"small"), submission(large), submission(b"small too")])
    assert [ledger.body(index) for index in range(3)] == [b"small", large, b"small too"]
    (segment,) = (tmp_path / "ledger" / "journal").glob("*.frames")
    assert segment.stat().st_size < 2_000
    (blob,) = (tmp_path / "ledger" / "vault").glob("*/*.blob")
    assert (blob.name, blob.stat().st_size) == ("0000000000000001.blob", LARGE + 32)
    blob.unlink()
    assert code_of(lambda: ledger.body(1)) == Fault.DAMAGED
    assert ledger.body(2) == b"small too"


def test_a_large_body_that_compresses_stays_in_the_frame(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([submission(b"x" * (LARGE * 2))])
    assert [path.name for path in (tmp_path / "ledger" / "vault").iterdir()] == ["digest_key"]
    assert ledger.body(0) == b"x" * (LARGE * 2)


def test_the_body_is_not_in_the_statements(tmp_path: Path) -> None:
    with create(tmp_path / "ledger") as ledger:
        ledger.append([submission(b"a secret of trade")])
        assert b"secret" not in ledger.entry(0).raw


# Opening


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with create(tmp_path / name, segment_bytes=1_000) as ledger:
            for number in range(20):
                ledger.append([submission(bytes([number]) * 100)])
    one, two = (
        {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two


def test_a_ledger_is_not_made_over_another(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([submission()])
    assert code_of(lambda: create(tmp_path / "ledger")) == Fault.EXISTS
    assert ledger.body(0) == b"{}"


def test_a_ledger_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert code_of(lambda: create(tmp_path)) == Fault.EXISTS


def test_a_ledger_is_made_in_an_empty_or_absent_directory(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create(tmp_path / "empty").close()
    create(tmp_path / "a" / "b" / "c").close()
    reopen(tmp_path / "a" / "b" / "c").close()


def test_opening_does_not_make_one(tmp_path: Path) -> None:
    assert code_of(lambda: reopen(tmp_path / "none")) == Fault.MISSING
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak", "全角 空"])
def test_a_name_that_no_checkpoint_can_hold(tmp_path: Path, origin: str) -> None:
    where, clock = tmp_path / "ledger", SetClock(1)
    assert Fault.ORIGIN == code_of(
        lambda: Ledger.create(where, origin, clock=clock, entropy=SystemEntropy())
    )
    assert not (tmp_path / "ledger").exists()


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    create(tmp_path / "ledger").close()
    path = tmp_path / "ledger" / "ledger.json"
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2'))
    assert code_of(lambda: reopen(tmp_path / "ledger")) == Fault.FORMAT


def test_one_writer_at_a_time(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([submission()])
    assert code_of(lambda: reopen(tmp_path / "ledger")) == Fault.LOCKED
    ledger.close()
    reopen(tmp_path / "ledger").close()


def test_one_writer_among_processes(tmp_path: Path, ledger: Ledger) -> None:
    assert ledger.size == 0
    script = (
        "import sys; from pathlib import Path; from guantong.clock import SystemClock;"
        "from guantong.ledger import Ledger, LedgerError, SystemEntropy\n"
        "try: Ledger.open(Path(sys.argv[1]), clock=SystemClock(), entropy=SystemEntropy())\n"
        "except LedgerError as error: print(error.faults[0].code)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "ledger")],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.stdout.strip() == Fault.LOCKED


def test_a_closed_handle_does_nothing(ledger: Ledger) -> None:
    ledger.append([submission()])
    ledger.close()
    assert code_of(lambda: ledger.append([submission()])) == Fault.CLOSED
    assert code_of(lambda: ledger.entry(0)) == Fault.CLOSED
    ledger.close()


# Readers


def test_a_reader_changes_nothing_and_follows(tmp_path: Path) -> None:
    with (
        create(tmp_path / "ledger", segment_bytes=3_000) as writer,
        reopen(tmp_path / "ledger", read_only=True) as reader,
    ):
        assert reader.size == 0
        assert code_of(lambda: reader.append([submission()])) == Fault.READ_ONLY
        for number in range(40):
            writer.append([submission(bytes([number]))] * (number % 5 + 1))
            if number % 3 == 0:
                assert reader.refresh() == writer.size
                assert reader.root == writer.root
                assert reader.body(reader.size - 1) == bytes([number])
        reader.refresh()
        assert list(reader.entries(0, reader.size)) == list(writer.entries(0, writer.size))
        assert reader.inclusion_proof(3, 40) == writer.inclusion_proof(3, 40)


def test_a_reader_does_not_see_what_is_not_durable(tmp_path: Path) -> None:
    seen = []

    class Watched(Disk):
        def sync(self, fd: int) -> None:
            seen.append(reader.refresh() if reader else 0)
            super().sync(fd)

    reader: Ledger | None = None
    with create(tmp_path / "ledger", disk=Watched()) as writer:
        reader = reopen(tmp_path / "ledger", read_only=True)
        seen.clear()
        writer.append([submission()])
        assert (seen, reader.size, reader.refresh()) == ([0], 0, 1)
        reader.close()
        reader = None


def test_a_reader_that_was_told_of_more_believes_the_frames(tmp_path: Path) -> None:
    """After a crash the mark may lag behind what the index was told."""
    with create(tmp_path / "ledger") as writer:
        before = (tmp_path / "ledger" / "high_water").read_bytes()
        writer.append([submission(), submission()])
        (tmp_path / "ledger" / "high_water").write_bytes(before)
        with reopen(tmp_path / "ledger", read_only=True) as reader:
            assert reader.size == 0
        with reopen(tmp_path / "ledger", read_only=True, at_least=2) as reader:
            assert reader.size == 2
        assert code_of(lambda: reopen(tmp_path / "ledger", read_only=True, at_least=3)) == (
            Fault.SHRANK
        )


def test_reading_while_another_thread_appends(tmp_path: Path) -> None:
    with create(tmp_path / "ledger", segment_bytes=20_000) as ledger:
        wrong: list[object] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                size = ledger.size
                for index in range(0, size, max(1, size // 7)):
                    proof = ledger.inclusion_proof(index, size)
                    leaf = ledger.entry(index).leaf
                    if not verify_inclusion(leaf, index, size, proof, ledger.root_at(size)):
                        wrong.append((index, size))
                    if ledger.body(index) != str(index).encode():
                        wrong.append(index)

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for start in range(0, 1_000, 10):
            ledger.append([submission(str(start + place).encode()) for place in range(10)])
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []


# Refusing a submission


def test_a_group_with_one_bad_submission_is_refused_whole(ledger: Ledger) -> None:
    ledger.append([submission()])
    bad = submission(meta={"名": 1})
    with pytest.raises(LedgerError) as refusal:
        ledger.append([submission(), bad])
    assert refusal.value.faults[0].path == "submissions[1].meta"
    assert ledger.size == 1
    ledger.append([submission()])
    assert ledger.size == 2


def test_check_tells_beforehand(ledger: Ledger) -> None:
    check(submission())
    assert code_of(lambda: check(submission(media="x" * 2_000))) == Fault.STATEMENT
    assert code_of(lambda: check(submission(record_ms=2**53))) == Fault.STATEMENT
    longest = max(length for length in range(700, 1_000) if _passes(submission(media="m" * length)))
    ledger.append([submission(media="m" * longest)])
    assert len(ledger.entry(0).raw) > 1_000
    assert code_of(lambda: ledger.append([submission(media="m" * (longest + 20))])) == (
        Fault.STATEMENT
    )


def _passes(given: Submission) -> bool:
    try:
        check(given)
    except LedgerError:
        return False
    return True
