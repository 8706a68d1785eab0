"""The stories in ``tests/cases/tampering.yaml``: each is carried out, and found by the named check."""

import re
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner
from msgspec.structs import replace

from guantong.caller import OPERATOR
from guantong.clock import SetClock
from guantong.errors import Refusal
from guantong.ledger import (
    Ledger,
    SeededEntropy,
    Statement,
    StatementType,
    Submission,
    SystemEntropy,
)
from guantong.ledger import export as exporting
from guantong.ledger.checkpoint import Checkpoint
from guantong.ledger.high_water import Mark
from guantong.ledger.keytable import Epoch
from guantong.ledger.merkle import leaf_hash
from guantong.ledger.note import sign
from guantong.ledger.note_key import SignerKey
from guantong.ledger.party_key import SigningKey
from guantong.ledger.signed import Claims
from guantong.ledger.signed import sign as sign_claims
from guantong.ledger.signer import Signer, read_key
from guantong.serve import audit as auditing
from guantong.serve import party_keys, projector
from guantong.serve.audit import Check, audit
from guantong.serve.cli import main
from guantong.serve.world import INDEX, LEDGER, open_world
from guantong.settings import Settings
from guantong.store import Fact, SegmentStore
from guantong.verdict import Hold
from tests.walk.test_walk import at, sell, walk

FILE = Path(__file__).parent.parent / "cases" / "tampering.yaml"
STORIES: list[dict[str, str]] = yaml.safe_load(FILE.read_text("utf-8"))
SALE, ERASURE = 3, 6
ORIGIN = Settings(Path()).origin


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installation, with what outsiders hold and older states of its files beside it."""
    place = tmp_path_factory.mktemp("tampering") / "data"
    settings = Settings(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 300)
        with open_world(settings, clock=SetClock(at(20)), create=True) as world:
            codes = walk(world)
            sell(world, codes[0])
            with closing(sqlite3.connect(place / INDEX)) as db:
                db.execute("VACUUM INTO ?", (str(place.with_name("index.old")),))
            world.hold(Hold(codes[5], "on_hold", "停售", "stopped"), OPERATOR)
        look = Submission(typ=StatementType.LOOK, by="operator", body=b"{}")
        with opened(place, segment_bytes=1) as ledger:  # finishes the first segment
            ledger.append([look])
        shutil.copytree(place / LEDGER, place.with_name("ledger.old"))
        with open_world(settings, clock=SetClock(at(21))) as world:
            world.erase(SALE, "PIPL art. 47", OPERATOR)
    with opened(place) as ledger:
        signer = Signer(ledger)
        exporting.export(ledger, signer.sign(), signer.trust.log, place.with_name("outside"))
    assert audit(settings).findings == ()
    return place


@pytest.fixture
def data(original: Path, tmp_path: Path) -> Path:
    """A copy of all of it."""
    shutil.copytree(original.parent, tmp_path / "copy")
    return tmp_path / "copy" / "data"


def opened(data: Path, *, segment_bytes: int = 1 << 26) -> Ledger:
    return Ledger.open(
        data / LEDGER,
        clock=SetClock(at(22)),
        entropy=SystemEntropy(),
        segment_bytes=segment_bytes,
    )


def flip(path: Path, offset: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= 1
    path.write_bytes(raw)


def sql(data: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(data / INDEX)) as db:
        for text, values in statements:
            assert db.execute(text, values).rowcount == 1
        db.commit()


def made_anew(data: Path, change: Callable[[Any], Any] = lambda it: it) -> None:
    """Make the index from the ledger, with some documents changed on the way."""
    (data / INDEX).unlink()
    with opened(data) as ledger, closing(SegmentStore.open(data / INDEX)) as store:
        store.append([change(it) for it in projector.replayed(ledger, 0, ledger.size)])


def event_changed(data: Path) -> None:
    def change(document: Any) -> Any:
        if document.entry != 2:
            return document
        first, second = document.as_events()
        events = (first, replace(second, disposition="destroyed"))
        return replace(document, events=events, table=None)

    made_anew(data, change)


def row_deleted(data: Path) -> None:
    made_anew(data)
    one = "SELECT item, event FROM hot WHERE event = 2 LIMIT 1"
    with closing(sqlite3.connect(data / INDEX)) as db:
        item, event = db.execute(one).fetchone()
    sql(data, ("DELETE FROM hot WHERE item = ? AND event = ?", (item, event)))


def certificate_date(data: Path) -> None:
    with closing(sqlite3.connect(data / INDEX)) as db:
        rows = db.execute("SELECT no, body FROM fact WHERE kind = 'certificate'").fetchall()
    ((no, body),) = rows
    fact = replace(msgspec.msgpack.decode(body, type=Fact), until="2038-12-31")
    sql(data, ("UPDATE fact SET body = ? WHERE no = ?", (msgspec.msgpack.encode(fact), no)))


def old_index(data: Path) -> None:
    with opened(data) as ledger:
        size = ledger.size
    shutil.copy(data.with_name("index.old"), data / INDEX)
    for name in (f"{INDEX}-wal", f"{INDEX}-shm"):
        (data / name).unlink(missing_ok=True)
    sql(data, ("UPDATE progress SET projected_size = ?", (size,)))


def index_deleted(data: Path) -> None:
    (data / INDEX).unlink()


def blob(data: Path, index: int) -> Path:
    (path,) = (data / LEDGER / "vault").glob(f"*/{index:016}.blob")
    return path


def document_deleted(data: Path) -> None:
    blob(data, 2).unlink()


def bodies_swapped(data: Path) -> None:
    one, two = blob(data, 0), blob(data, 2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def segments(data: Path) -> list[Path]:
    return sorted((data / LEDGER / "journal").glob("*.frames"))


def old_entry_bit(data: Path) -> None:
    raw = segments(data)[0].read_bytes()
    flip(segments(data)[0], raw.index(b'"typ":"code_range"') + 8)


def new_entry_bit(data: Path) -> None:
    raw = segments(data)[-1].read_bytes()
    flip(segments(data)[-1], raw.index(b'"typ":"look"') + 8)


def nodes_file(data: Path) -> Path:
    (path,) = (data / LEDGER / "journal").glob("*.nodes")
    return path


def node_at(data: Path, level: int, index: int) -> int:
    with opened(data) as ledger:
        node = ledger.nodes(level, index, index + 1)
    return nodes_file(data).read_bytes().index(node)


def node_bit(data: Path) -> None:
    flip(nodes_file(data), node_at(data, 1, 1))


def node_and_digest(data: Path) -> None:
    flip(nodes_file(data), node_at(data, 1, 1))
    raw = nodes_file(data).read_bytes()[:-32]
    nodes_file(data).write_bytes(raw + sha256(raw).digest())


def tile_bit(data: Path) -> None:
    (tile,) = (data.with_name("outside") / "tile" / "0").rglob("000.p/*")
    flip(tile, 5)


def size_edited(data: Path) -> None:
    path = data / LEDGER / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n7\n", b"\n6\n", 1))


def checkpoint_forged(data: Path) -> None:
    with opened(data) as ledger:
        body = Checkpoint(ledger.origin, ledger.size, ledger.root).encode()
    other = SignerKey(ORIGIN, SeededEntropy("another").salts(1)[0])
    (data / LEDGER / "checkpoint").write_bytes(sign(body, [other]))


def journal_cut(data: Path) -> None:
    old = data.with_name("ledger.old") / "journal" / segments(data)[-1].name
    segments(data)[-1].write_bytes(old.read_bytes())


def journal_and_marks_cut(data: Path) -> None:
    journal_cut(data)
    size, root = 6, old_root(data)
    for name in ("high_water", "last_signed"):
        (data / LEDGER / name).write_bytes(Mark(size, root).encode())
    with_own_key(data, size, root)
    key_restored(data)


def old_root(data: Path) -> bytes:
    with Ledger.open(
        data.with_name("ledger.old"), clock=SetClock(1), entropy=SystemEntropy(), read_only=True
    ) as ledger:
        assert ledger.size == 6
        return ledger.root


def with_own_key(data: Path, size: int, root: bytes) -> None:
    """Sign with the log's own key, past its memory."""
    note = sign(Checkpoint(ORIGIN, size, root).encode(), [read_key(data / LEDGER, ORIGIN)])
    (data / LEDGER / "checkpoint").write_bytes(note)


def keys(data: Path) -> Path:
    return data / LEDGER / "vault" / "keys"


def key_restored(data: Path) -> None:
    shutil.rmtree(keys(data))
    shutil.copytree(data.with_name("ledger.old") / "vault" / "keys", keys(data))


def erasure_removed(data: Path) -> None:
    destroyed = data.with_name("destroyed")
    shutil.copytree(keys(data), destroyed)
    journal_and_marks_cut(data)
    made_anew(data)
    shutil.rmtree(keys(data))
    shutil.copytree(destroyed, keys(data))


def key_destroyed(data: Path) -> None:
    for path in keys(data).glob("*.keys"):
        epoch = Epoch.parse(path.read_bytes())
        if epoch is not None:
            path.write_bytes(epoch.without(2, 5).encode())


def keys_swapped(data: Path) -> None:
    for path in keys(data).glob("*.keys"):
        epoch = Epoch.parse(path.read_bytes())
        if epoch is not None:
            one, two = sorted(epoch.seeds)[-2:]
            epoch.seeds[one], epoch.seeds[two] = epoch.seeds[two], epoch.seeds[one]
            path.write_bytes(epoch.encode())


def last_signed_removed(data: Path) -> None:
    (data / LEDGER / "last_signed").unlink()


def rewritten(data: Path) -> None:
    """Another history of as many entries, under the same name."""
    journal = data / LEDGER / "journal"
    with Ledger.create(
        data.with_name("rewritten"), ORIGIN, clock=SetClock(1), entropy=SeededEntropy("other")
    ) as other:
        look = Submission(typ=StatementType.LOOK, by="operator", body=b"{}")
        other.append([look] * 7)
    shutil.rmtree(journal)
    shutil.copytree(data.with_name("rewritten") / "journal", journal)
    shutil.copy(data.with_name("rewritten") / "high_water", data / LEDGER)


def history_rewritten(data: Path) -> None:
    rewritten(data)


def history_rewritten_and_signed(data: Path) -> None:
    rewritten(data)
    (data / LEDGER / "last_signed").unlink()
    with opened(data) as ledger:
        Signer(ledger).sign()


FIRM = "urn:guantong:uscc:92110105MA01NCMJ5Q"
Change = Callable[[Statement], Statement]


def enter(ledger: Ledger, submission: Submission, change: Change) -> Statement:
    """Write an entry past all that `append` looks at."""
    group = ledger._pack([submission])
    said = change(Statement.parse(group.statements[0]))
    group.statements[0] = said.encode()
    assert ledger._marks is not None
    ledger._commit(group, ledger._marks)
    return said


def chain(data: Path, *links: tuple[int, str], key: SigningKey | None = None) -> None:
    """Register a party's key, then enter what it signed, with these numbers and predecessors."""
    own = SigningKey.new()
    record = party_keys.registration(own.public.encode(), FIRM)
    registered = Submission(
        typ=StatementType.KEY,
        by=FIRM,
        body=msgspec.json.encode(record),
        media=party_keys.KEY_MEDIA,
        meta=record.meta(),
    )

    def signed(seq: int, prev: str) -> Change:
        def change(said: Statement) -> Statement:
            claimed = replace(said, seq=seq, prev=prev)
            made = sign_claims(Claims.of(claimed), key or own)
            signature = b64encode(made.signature).decode()
            return replace(claimed, key=own.public.id, sig=signature)

        return change

    document = Submission(typ=StatementType.LOOK, by=FIRM, body=b"{}")
    with opened(data) as ledger:
        enter(ledger, registered, lambda said: said)
        for seq, prev in links:
            enter(ledger, document, signed(seq, prev))
    made_anew(data)


def document_withheld(data: Path) -> None:
    chain(data, (1, ""), (3, leaf_hash(b"the second, which never came").hex()))


def document_replaced(data: Path) -> None:
    chain(data, (1, ""), (2, leaf_hash(b"what the party had sent before").hex()))


def document_invented(data: Path) -> None:
    chain(data, (1, ""), key=SigningKey.new())


def found_by_audit(data: Path) -> list[tuple[str, str]]:
    done = CliRunner().invoke(main, ["ledger", "audit", "--data", str(data), "--json"])
    findings = msgspec.json.decode(done.stdout)["findings"]
    assert done.exit_code == bool(findings)
    return [(found["check"], found["where"]) for found in findings]


def found_by_audit_lite(data: Path) -> list[tuple[str, str]]:
    outside = data.with_name("outside")
    words = ["ledger", "audit-lite", str(outside), "--vkey", str(outside / "vkey"), "--json"]
    done = CliRunner().invoke(main, words)
    findings = msgspec.json.decode(done.stdout)["findings"]
    assert done.exit_code == bool(findings)
    return [("audit-lite", found["path"]) for found in findings]


def found_by_export(data: Path) -> list[tuple[str, str]]:
    with opened(data) as ledger:
        signer = Signer(ledger)
        try:
            exporting.export(ledger, signer.sign(), signer.trust.log, data.with_name("outside"))
        except Refusal as refusal:
            return [("export", found.path) for found in refusal.faults]
    return []


FINDERS = {
    "audit": found_by_audit,
    "audit-lite": found_by_audit_lite,
    "export": found_by_export,
}


@pytest.mark.parametrize("story", STORIES, ids=[story["tamper"] for story in STORIES])
def test_it_is_found_by_the_named_check(data: Path, story: dict[str, str]) -> None:
    globals()[story["tamper"]](data)
    found = FINDERS[story["by"]](data)
    assert found, "nobody noticed"
    assert {check for check, _ in found} == {story["check"]}, found
    assert any(re.search(story["names"], where) for _, where in found), found


def test_nothing_is_found_where_nothing_was_done(data: Path) -> None:
    assert [found for finder in FINDERS.values() for found in finder(data)] == []


def test_there_are_enough_stories_and_each_check_has_one() -> None:
    assert len(STORIES) >= 12
    told = {story["check"] for story in STORIES if story["by"] == "audit"}
    assert told == set(Check) - {Check.REPLAY}


OF_CHECKS = {
    "entries": "_entries",
    "nodes": "_nodes",
    "checkpoint": "_checkpoint",
    "chains": "_chains",
    "signatures": "_chains",
    "bodies": "_bodies",
    "erasures": "_erasures",
    "index": "_index",
}


@pytest.mark.parametrize("check", OF_CHECKS)
def test_no_other_check_stands_in_for_it(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    """Without the check, no other of that name is left: each story rests on the check it names."""
    monkeypatch.setattr(auditing._Auditor, OF_CHECKS[check], lambda _: iter(()))
    told = [it["tamper"] for it in STORIES if (it["by"], it["check"]) == ("audit", check)]
    assert told
    for tamper in told:
        copy = tmp_path / tamper
        shutil.copytree(original.parent, copy)
        globals()[tamper](copy / "data")
        found = audit(Settings(copy / "data")).findings
        assert all(it.check is Check.REPLAY for it in found), (tamper, found)
