"""What may stand in an entry, and that its bytes are the same everywhere."""

import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from guantong.ledger import STATEMENT_BYTES_MAX, Fault, LedgerError, Statement, StatementType

VECTORS = Path(__file__).parent.parent / "vectors" / "ledger_statements.json"


def statement(**fields: Any) -> Statement:
    plain: dict[str, Any] = {
        "by": "91310000MA1FL0XY1A",
        "doc": "ab" * 32,
        "media": "application/json",
        "n": 3,
        "received": 1_790_000_000_000,
        "typ": StatementType.CAPTURE,
        "v": 1,
    }
    return Statement(**(plain | fields))


def rows(kind: str) -> list[Any]:
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [pytest.param(row["input"], row[kind], id=row["desc"]) for row in found if kind in row]


@pytest.mark.parametrize(("given", "want"), rows("want"))
def test_accepted(given: dict[str, Any], want: str) -> None:
    raw = statement(**given).encode()
    assert raw.decode() == want
    assert Statement.parse(raw).encode() == raw


@pytest.mark.parametrize(("given", "fault"), rows("fault"))
def test_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        statement(**given).encode()
    assert [found.code for found in refusal.value.faults] == [fault]


@pytest.mark.parametrize(
    "meta",
    [{"a": 1.5}, {"a": True}, {"a": None}, {"a": ["b"]}, {"a": {"b": 1}}],
    ids=["fraction", "truth value", "null", "list", "map"],
)
def test_meta_holds_texts_and_integers_only(meta: object) -> None:
    with pytest.raises(LedgerError, match=r"^ledger.statement at meta.a: expected a text or an"):
        statement(meta=cast("dict[str, str | int]", meta)).encode()


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(LedgerError, match="expected text that UTF-8 can hold"):
        statement(by="\ud800").encode()


def test_room_counts() -> None:
    raw = statement().encode()
    assert statement().encode(room=STATEMENT_BYTES_MAX - len(raw)) == raw
    with pytest.raises(LedgerError) as refusal:
        statement().encode(room=STATEMENT_BYTES_MAX - len(raw) + 1)
    assert str(refusal.value) == "ledger.statement: expected at most 1024 bytes, got 1025"


def test_fields_stand_in_the_order_of_their_names() -> None:
    names = [field.name for field in msgspec.structs.fields(Statement)]
    assert names == sorted(names)


def test_order_of_meta_does_not_matter() -> None:
    forwards, backwards = {"a": 1, "b": "x", "c": 2}, {"c": 2, "b": "x", "a": 1}
    assert statement(meta=forwards).encode() == statement(meta=backwards).encode()


def test_fields_of_later_versions_are_passed_over() -> None:
    raw = statement().encode()[:-1] + b',"zz":["new"]}'
    assert Statement.parse(raw) == statement()


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"\xff", b'{"by":"x"', b'{"by":"x","doc":"","media":"","n":"1"}'],
    ids=["nothing", "no fields", "a list", "not UTF-8", "broken off", "a text for a number"],
)
def test_what_is_no_statement(raw: bytes) -> None:
    with pytest.raises(LedgerError) as refusal:
        Statement.parse(raw)
    assert refusal.value.faults[0].code == Fault.STATEMENT


def test_an_unknown_type_is_refused() -> None:
    raw = statement().encode().replace(b'"capture"', b'"rumour"')
    with pytest.raises(LedgerError, match="expected a statement, got Invalid enum value 'rumour'"):
        Statement.parse(raw)
