"""Promises of the ledger, over whatever hypothesis can think of."""

import importlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.clock import SetClock
from guantong.ledger import (
    STATEMENT_BYTES_MAX,
    Ledger,
    LedgerError,
    SeededEntropy,
    Statement,
    StatementType,
    Submission,
    verify_consistency,
    verify_inclusion,
)
from guantong.ledger.merkle import (
    Levels,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    range_root,
)

pytestmark = pytest.mark.property

INTEGERS = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
COUNTS = st.integers(min_value=0, max_value=2**53 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KEYS = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=12)
STATEMENTS = st.builds(
    Statement,
    by=TEXTS,
    doc=st.binary(min_size=32, max_size=32).map(bytes.hex),
    media=TEXTS,
    meta=st.dictionaries(KEYS, TEXTS | INTEGERS, max_size=5),
    n=COUNTS,
    prev=st.just("") | st.binary(min_size=32, max_size=32).map(bytes.hex),
    received=COUNTS,
    seq=COUNTS,
    typ=st.sampled_from(StatementType),
    v=st.just(1),
)


@pytest.fixture(scope="module")
def rfc8785_dumps() -> Callable[[Any], bytes]:
    try:
        module = importlib.import_module("rfc8785")
    except ImportError:
        pytest.skip("rfc8785 is not installed (dependency group `oracles`)")
    dumps: Callable[[Any], bytes] = module.dumps
    return dumps


class TestStatement:
    """RFC 8785, section 3: the bytes of a statement are the canonical form of what it says."""

    @settings(max_examples=2_000)
    @given(STATEMENTS)
    def test_bytes_equal_those_of_an_independent_canonicalizer(
        self, rfc8785_dumps: Callable[[Any], bytes], statement: Statement
    ) -> None:
        try:
            raw = statement.encode()
        except LedgerError as error:
            assert error.faults[0].expected == f"at most {STATEMENT_BYTES_MAX} bytes"
        else:
            assert raw == rfc8785_dumps(json.loads(raw))

    @settings(max_examples=500)
    @given(STATEMENTS)
    def test_reading_gives_back_what_was_written(self, statement: Statement) -> None:
        try:
            raw = statement.encode()
        except LedgerError:
            return
        assert Statement.parse(raw) == statement
        assert len(raw) <= STATEMENT_BYTES_MAX


ENTRIES = [f"entry {number}".encode() for number in range(700)]
TREE = Levels()
TREE.extend(leaf_hashes(ENTRIES))
SIZES = st.integers(min_value=1, max_value=len(ENTRIES))


class TestTree:
    """RFC 9162, section 2.1: whatever is in the tree can be shown, and nothing else can."""

    @settings(max_examples=500)
    @given(SIZES, st.data())
    def test_inclusion(self, size: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(min_value=0, max_value=size - 1))
        proof, root = inclusion_proof(TREE.node, index, size), range_root(TREE.node, 0, size)
        assert verify_inclusion(leaf_hash(ENTRIES[index]), index, size, proof, root)
        other = data.draw(
            st.integers(min_value=0, max_value=size + 3).filter(lambda it: it != index)
        )
        assert not verify_inclusion(leaf_hash(ENTRIES[index]), other, size, proof, root)

    @settings(max_examples=500)
    @given(SIZES, SIZES, st.data())
    def test_consistency(self, one: int, other: int, data: st.DataObject) -> None:
        old, new = sorted([one, other])
        proof = consistency_proof(TREE.node, old, new)
        before, after = range_root(TREE.node, 0, old), range_root(TREE.node, 0, new)
        assert verify_consistency(old, new, before, after, proof)
        if proof:
            place = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
            bit = data.draw(st.integers(min_value=0, max_value=255))
            wrong = (int.from_bytes(proof[place], "big") ^ 1 << bit).to_bytes(32, "big")
            spoiled = [*proof[:place], wrong, *proof[place + 1 :]]
            assert not verify_consistency(old, new, before, after, spoiled)

    @given(st.lists(st.integers(min_value=0, max_value=60), max_size=12))
    def test_the_root_does_not_depend_on_the_batches(self, batches: list[int]) -> None:
        levels, start = Levels(), 0
        for count in batches:
            levels.extend(leaf_hashes(ENTRIES[start : start + count]))
            start += count
        assert levels.root() == range_root(TREE.node, 0, start)


GROUPS = st.lists(st.lists(st.binary(max_size=900), min_size=1, max_size=6), max_size=12)


class TestLedger:
    """Every entry that was acknowledged is there, in its place, however the ledger was handled."""

    @settings(max_examples=60, deadline=None)
    @given(GROUPS, st.integers(min_value=1, max_value=4_000), st.data())
    def test_appending_closing_and_opening(
        self, groups: list[list[bytes]], segment_bytes: int, data: st.DataObject
    ) -> None:
        with tempfile.TemporaryDirectory() as name:
            directory, entropy = Path(name) / "ledger", SeededEntropy("property")
            options: dict[str, Any] = {
                "clock": SetClock(7),
                "entropy": entropy,
                "segment_bytes": segment_bytes,
            }
            ledger = Ledger.create(directory, "property.example/log", **options)
            bodies: list[bytes] = []
            for group in groups:
                ledger.append(
                    [Submission(typ=StatementType.LOOK, by="p", body=body) for body in group]
                )
                bodies += group
                if data.draw(st.booleans()):
                    ledger.close()
                    ledger = Ledger.open(directory, at_least=len(bodies), **options)
            assert [ledger.body(index) for index in range(ledger.size)] == bodies
            for index, entry in enumerate(ledger.entries(0, ledger.size)):
                proof = ledger.inclusion_proof(index, ledger.size)
                assert verify_inclusion(entry.leaf, index, ledger.size, proof, ledger.root)
            ledger.close()
