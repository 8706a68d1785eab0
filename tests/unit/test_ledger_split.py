"""Two histories of one log: shown by evidence that needs no witness, and by nothing less."""

import pytest

from guantong.ledger import LedgerError
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.merkle import Levels, consistency_proof, leaf_hash
from guantong.ledger.note import sign
from guantong.ledger.split import Split, compare
from tests.witness_small import log_key

LOG = log_key("log.example/a")
TRUST = Trust(LOG.verifier())
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33)


def tree(size: int, kind: bytes = b"x", changed: int = 0) -> tuple[Levels, bytes]:
    levels = Levels()
    levels.extend([leaf_hash(b"%s%d" % (kind if n == changed else b"x", n)) for n in range(size)])
    return levels, sign(Checkpoint(LOG.name, size, levels.root()).encode(), [LOG])


@pytest.mark.parametrize(("old", "new"), [(a, b) for a in SIZES for b in SIZES if a <= b])
def test_a_fork_is_shown_and_one_history_is_not(old: int, new: int) -> None:
    _, note = tree(old)
    same, grown = tree(new)
    assert compare(note, grown, TRUST, same.node) is None
    for changed in {0, old - 1}:
        other, forked = tree(new, b"y", changed)
        split = compare(forked, note, TRUST, other.node)
        assert split is not None
        seen = Split.parse(split.encode()).check(LOG.verifier())
        assert (seen.size, seen.larger) == (old, new)
        assert other.root() in {seen.root, seen.larger_root}


def test_nodes_that_are_not_those_of_the_tree_show_nothing() -> None:
    _, note = tree(5)
    _, grown = tree(9)
    other, _ = tree(9, b"y")
    with pytest.raises(LedgerError, match=r"ledger\.inconsistent"):
        compare(note, grown, TRUST, other.node)


def test_evidence_that_shows_nothing_is_refused() -> None:
    small, note = tree(5)
    grown, larger = tree(9)
    other, forked = tree(9, b"y")
    good = compare(note, forked, TRUST, other.node)
    assert good is not None
    text, big = note.decode(), larger.decode()
    for bad in (
        Split(text, text),
        Split(text, big),
        Split(text, big, small.root(), good.proof),
        Split(text, big, small.root(), tuple(consistency_proof(grown.node, 5, 9))),
        Split(tree(0)[1].decode(), big),
        Split(text, big, good.beginning, good.proof),
        Split(text, forked.decode(), good.beginning, good.proof[1:]),
        Split(text, forked.decode(), bytes(32), good.proof),
        Split(forked.decode(), text, good.beginning, good.proof),
    ):
        with pytest.raises(LedgerError, match=r"ledger\.proof: expected two histories"):
            bad.check(LOG.verifier())


def test_evidence_that_the_log_did_not_sign_is_refused() -> None:
    _, one = tree(5)
    _, other = tree(5, b"y")
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned"):
        Split(one.decode(), other.decode()).check(log_key("log.example/b").verifier())
    with pytest.raises(LedgerError, match=r"ledger\.note_signature"):
        Split(one.decode(), other.decode().replace("\n5\n", "\n6\n")).check(LOG.verifier())


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b'{"smaller":1,"larger":"x"}'])
def test_what_is_no_evidence(raw: bytes) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.proof"):
        Split.parse(raw)
