"""An index in PostgreSQL answers as one in a file does, also when the server goes and comes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from guantong.store import Fact, Indexed, SegmentStore, StoreError
from guantong.store.codebook import Codebook
from guantong.store.place import Place, fresh_place, replace
from guantong.store.segment import Segment
from guantong.store.segments import VERSION
from guantong.store.terms import Terms
from tests.postgres_small import Server
from tests.store_model import Twins
from tests.unit.test_store_recall import CASE, ITEM, event

ROOT = Path(__file__).parent.parent.parent
STEPS = 120
NAME = "urn:a name with\0a NUL"
SIGN = "urn:\ufdd00 and a sign that stands for it"


@pytest.fixture
def where(postgres: Server) -> str:
    return postgres.url(f"s_{uuid4().hex[:12]}")


@pytest.fixture
def store(where: str) -> Iterator[SegmentStore]:
    opened = SegmentStore.open(where)
    yield opened
    opened.close()


@pytest.fixture
def reader(store: SegmentStore, where: str) -> Iterator[SegmentStore]:
    opened = SegmentStore.open(where, read_only=True)
    yield opened
    opened.close()


def said(entry: int, *events: object, by: str = "urn:test:firm") -> Indexed:
    return Indexed(entry=entry, by=by, received_ms=entry, events=events)  # type: ignore[arg-type]


def code(refused: pytest.ExceptionInfo[StoreError]) -> str:
    return refused.value.faults[0].code


def kill_all(postgres: Server) -> None:
    """The server ends every connection but the one that asks."""
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_life_is_that_of_the_oracle(tmp_path: Path, where: str, seed: int) -> None:
    twins = Twins(tmp_path, seed, where)
    for _ in range(STEPS):
        twins.step()
    twins.compact()
    for _ in range(10):
        twins.look()
        twins.scan()
        twins.bulk()
    twins.close()


def test_numbers_and_texts_come_back_as_they_were(store: SegmentStore) -> None:
    texts = [f"urn:x:{at}" for at in range(40)] + ["", NAME, SIGN, f"{SIGN}\0", "码"]
    with store._db.transaction():
        numbers = Terms(store._db).assign(texts)
        codes = Codebook(store._db).assign([text for text in texts if text])
    again = Terms(store._db)
    assert [again.text(number) for number in numbers.tolist()] == texts
    assert Codebook(store._db).find([NAME, SIGN]).tolist() == codes[[40, 41]].tolist()
    made = [np.arange(-4, 4) * 2**61] * 7
    with store._db.transaction():
        store._db.insert_columns("hot", [*made[:6], made[6][::-1]])
    (row,) = store._db.execute("SELECT * FROM hot WHERE item = ?", (2**61,)).fetchall()
    assert row == (*[2**61] * 6, -(2**62))
    facts = (Fact("firm", NAME, {"name": SIGN}, links=(SIGN,)),)
    store.append([Indexed(entry=0, by=NAME, received_ms=0, facts=facts)])
    (fact,) = store.facts("firm", [SIGN])
    assert (fact.key, fact.by, fact.fields["name"]) == (NAME, NAME, SIGN)


def test_there_is_one_writer(
    store: SegmentStore, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.store.postgres.LOCK_SECONDS", 0.1)
    with pytest.raises(StoreError) as refused:
        SegmentStore.open(where)
    assert code(refused) == "store.held"
    store.close()
    SegmentStore.open(where).close()


def test_another_layout_is_refused_and_built_anew(store: SegmentStore, where: str) -> None:
    store.append([said(0, event(1, epcs=(ITEM,)))])
    store._db.execute("UPDATE layout SET version = 99")
    store.close()
    for read_only in (False, True):
        with pytest.raises(StoreError) as refused:
            SegmentStore.open(where, read_only=read_only)
        assert code(refused) == "store.version"
    anew(where, said(0, event(1, epcs=(ITEM,))))
    again = SegmentStore.open(where)
    assert len(again.history(ITEM)) == 1
    assert again._db.execute("SELECT version FROM layout").fetchone() == (VERSION,)
    again.close()


def anew(where: Place, *documents: Indexed) -> None:
    fresh = fresh_place(where)
    made = SegmentStore.open(fresh)
    made.append(documents)
    made.close()
    replace(fresh, where)


def test_nothing_is_believed_of_an_index_that_was_replaced(
    store: SegmentStore, reader: SegmentStore, where: str
) -> None:
    store.append([said(0, event(1, epcs=(ITEM,), step="shipping"))])
    assert reader.history(ITEM)[0].stored.event.step == "shipping"
    assert reader.history(CASE) == []
    store.close()
    anew(where, said(0, event(2, epcs=(CASE,), step="receiving")), said(1))
    with reader.still():
        assert [row.stored.event.step for row in reader.history(CASE)] == ["receiving"]
        assert reader.history(ITEM) == []
    assert reader.reached.size == 2


def test_who_reads_makes_nothing(where: str) -> None:
    with pytest.raises(StoreError) as refused:
        SegmentStore.open(where, read_only=True)
    assert code(refused) == "store.version"


def test_a_reader_sees_that_others_wrote(store: SegmentStore, reader: SegmentStore) -> None:
    for entry in range(3):
        store.append([said(entry, event(entry, epcs=(ITEM, CASE)))])
        with reader.still():
            assert len(reader.history(ITEM)) == entry + 1
        store.compact()
        with reader.still():
            assert len(reader.history(CASE)) == entry + 1


def test_a_lost_connection_is_made_anew(
    postgres: Server, store: SegmentStore, reader: SegmentStore
) -> None:
    for entry in range(3):
        kill_all(postgres)
        store.append([said(entry, event(entry, epcs=(ITEM,)))])
        kill_all(postgres)
        assert len(reader.history(ITEM)) == entry + 1
        with reader.still():
            assert len(reader.history(ITEM)) == entry + 1
        assert reader.projected_size == entry + 1
        kill_all(postgres)
        assert reader.reached.size == entry + 1


def test_nothing_is_believed_after_a_lost_connection(
    postgres: Server, store: SegmentStore, reader: SegmentStore
) -> None:
    """As when the server came back without the last transactions, and numbers mean other texts."""
    store.append([said(0, event(0, epcs=(ITEM,), step="shipping"))])
    assert reader.history(ITEM)[0].stored.event.step == "shipping"
    store._db.execute("UPDATE term SET text = ? WHERE text = ?", ("receiving", "shipping"))
    kill_all(postgres)
    assert reader.history(ITEM)[0].stored.event.step == "receiving"
    store.append([said(1, event(1, epcs=(CASE,), step="shipping"))])
    assert reader.history(CASE)[0].stored.event.step == "shipping"


def test_who_lost_the_right_to_write_does_not_write(
    postgres: Server, store: SegmentStore, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.store.postgres.LOCK_SECONDS", 0.1)
    kill_all(postgres)
    other = SegmentStore.open(where)
    with pytest.raises(StoreError) as refused:
        store.append([said(0)])
    assert code(refused) == "store.held"
    other.append([said(0)])
    other.close()
    with pytest.raises(StoreError) as refused:
        store.append([said(0)])
    assert code(refused) == "store.gap"


def test_half_a_transaction_is_none(
    postgres: Server, store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([said(0, event(0, epcs=(ITEM,)))])
    plain = store._writer._insert_hot

    def broken(segment: Segment) -> None:
        plain(segment)
        kill_all(postgres)

    with monkeypatch.context() as patched:
        patched.setattr(store._writer, "_insert_hot", broken)
        with pytest.raises(StoreError) as refused:
            store.append([said(1, event(1, epcs=(ITEM, CASE)))])
    assert code(refused) == "store.stopped"
    assert store.projected_size == 1
    assert store.history(CASE) == []
    store.append([said(1, event(1, epcs=(ITEM, CASE)))])
    assert (len(store.history(ITEM)), len(store.history(CASE))) == (2, 1)


def test_the_server_is_not_there(postgres: Server, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        SegmentStore.open(postgres.url("any").replace(str(postgres.place), str(tmp_path)))
    assert code(refused) == "store.unreadable"


def test_the_package_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "guantong.store.postgres", raising=False)
    monkeypatch.delattr("guantong.store.postgres", raising=False)
    with pytest.raises(StoreError) as refused:
        SegmentStore.open("postgresql://nowhere/")
    assert code(refused) == "store.engine"


def test_roles_of_the_guide(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements that the reference gives, as they stand there."""
    guide = (ROOT / "docs" / "reference" / "postgresql.md").read_text("utf-8")
    for statement in guide.partition("```sql\n")[2].partition("```")[0].split(";"):
        if statement.strip() and "DATABASE" not in statement:
            postgres.sql(statement)
    postgres.sql("GRANT CREATE ON DATABASE postgres TO guantong_writer")
    monkeypatch.setattr("guantong.store.postgres.LOCK_SECONDS", 0.1)
    name = f"r_{uuid4().hex[:12]}"
    writer = SegmentStore.open(postgres.url(name, "guantong_writer"))
    writer.append([said(0, event(0, epcs=(ITEM,)))])
    reader = SegmentStore.open(postgres.url(name, "guantong_reader"), read_only=True)
    assert len(reader.history(ITEM)) == 1
    with pytest.raises(StoreError) as refused:
        SegmentStore.open(postgres.url(name, "guantong_reader")).append([said(1)])
    assert code(refused) in {"store.held", "store.stopped"}
    writer.close()
    bold = SegmentStore.open(postgres.url(name, "guantong_reader"))
    with pytest.raises(StoreError) as refused:
        bold.append([said(1)])
    assert "permission denied" in refused.value.faults[0].got
    bold.close()
    anew(postgres.url(name, "guantong_writer"), said(0, event(1, epcs=(CASE,))))
    assert len(reader.history(CASE)) == 1
    reader.close()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("", "guantong"),
        ("?options=-csearch_path%3Dnation", "nation"),
        ("?options=-c%20search_path%3Da1,public%20-cjit%3Doff", "a1"),
        ("?options=-csearch_path%3D%22quoted%22", "quoted"),
    ],
)
def test_the_schema_of_a_url(options: str, name: str) -> None:
    postgres = pytest.importorskip("guantong.store.postgres")
    place = f"postgresql://who:secret@db.example/guantong{options}"
    assert postgres.schema_of(place) == name
    assert postgres.schema_of(postgres.fresh_place(place)) == f"{name}_new"
