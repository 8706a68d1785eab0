"""A log that was closed takes nothing more, and its successor says how it ended."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from guantong.clock import SetClock
from guantong.ledger import Ledger, LedgerError, SeededEntropy, StatementType, Submission
from guantong.ledger.bundle import Proof, make_proof
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.merkle import Levels, leaf_hash
from guantong.ledger.note import sign
from guantong.ledger.signer import Signer
from guantong.ledger.statement import Statement
from guantong.ledger.succession import MEDIA, Link, check_link, closing_meta, opening_meta
from tests.witness_small import append, log_key, small_log

OLD, NEW = "log.example/2026", "log.example/2027"
TRUST = {origin: Trust(log_key(origin).verifier()) for origin in (OLD, NEW)}


def closing(successor: str = NEW) -> Submission:
    meta = closing_meta(successor)
    return Submission(typ=StatementType.CLOSED, by="p", body=b"", meta=meta)


def opening(last: Checkpoint, note: bytes = b"note") -> Submission:
    meta = opening_meta(last)
    return Submission(typ=StatementType.OPENED, by="p", body=note, media=MEDIA, meta=meta)


def plain() -> Submission:
    return Submission(typ=StatementType.CAPTURE, by="p", body=b"x")


def last_of(ledger: Ledger) -> Checkpoint:
    return Checkpoint(ledger.origin, ledger.size, ledger.root)


def proof(ledger: Ledger, index: int) -> Proof:
    return make_proof(ledger, index, Signer(ledger).sign())


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Ledger]:
    with small_log(tmp_path / "old", OLD, 5) as ledger:
        yield ledger


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Ledger]:
    with small_log(tmp_path / "new", NEW) as ledger:
        yield ledger


def test_nothing_follows_the_end(old: Ledger) -> None:
    old.append([plain(), closing()])
    for group in ([plain()], [closing()], [plain(), plain()]):
        with pytest.raises(LedgerError, match=r"ledger\.ended"):
            old.append(group)
    assert old.size == 7
    assert TRUST[OLD].open(Signer(old).sign())[0].size == 7


def test_nothing_follows_the_end_in_its_own_group(old: Ledger) -> None:
    for group in ([closing(), plain()], [closing(), closing()]):
        with pytest.raises(LedgerError, match=r"ledger\.ended"):
            old.append(group)
    assert (old.size, old.is_ended) == (5, False)
    append(old, 1)


def test_the_end_outlives_the_process(old: Ledger) -> None:
    old.append([closing()])
    old.close()
    options = {"clock": SetClock(1), "entropy": SeededEntropy("x")}
    with Ledger.open(old.directory, **options) as again:  # type: ignore[arg-type]
        with pytest.raises(LedgerError, match=r"ledger\.ended"):
            again.append([plain()])
        assert again.body(0) == b"x"


def test_a_log_is_opened_by_its_first_entry_alone(old: Ledger, new: Ledger) -> None:
    first = opening(last_of(old))
    for ledger, group in ((old, [first]), (new, [plain(), first]), (new, [first, first])):
        with pytest.raises(LedgerError, match=r"ledger\.statement at typ"):
            ledger.append(group)
    new.append([first, plain()])
    assert new.size == 2


def test_the_two_are_linked_by_two_proofs(old: Ledger, new: Ledger) -> None:
    old.append([closing()])
    new.append([opening(last_of(old), Signer(old).sign())])
    append(new, 20)
    link = check_link(proof(old, 5), TRUST[OLD], proof(new, 0), TRUST[NEW])
    assert link == Link(last_of(old), NEW)
    assert TRUST[OLD].open(new.body(0))[0] == last_of(old)


def test_a_log_that_goes_on_is_not_linked(old: Ledger, new: Ledger) -> None:
    new.append([opening(last_of(old))])
    with pytest.raises(LedgerError, match=r"ledger\.succession at last: expected the last entry"):
        check_link(proof(old, 4), TRUST[OLD], proof(new, 0), TRUST[NEW])
    old.append([closing()])
    with pytest.raises(LedgerError, match=r"ledger\.succession at last"):
        check_link(proof(old, 4), TRUST[OLD], proof(new, 0), TRUST[NEW])
    with pytest.raises(LedgerError, match=r"ledger\.succession at first: expected .* at 6, with"):
        check_link(proof(old, 5), TRUST[OLD], proof(new, 0), TRUST[NEW])


@pytest.mark.parametrize(
    "stated",
    [
        Checkpoint("log.example/other", 6, bytes(32)),
        Checkpoint(OLD, 6, bytes(32)),
        Checkpoint(OLD, 5, bytes(32)),
    ],
)
def test_another_end_is_not_linked(old: Ledger, new: Ledger, stated: Checkpoint) -> None:
    old.append([closing()])
    new.append([opening(stated)])
    with pytest.raises(LedgerError, match=r"ledger\.succession at first"):
        check_link(proof(old, 5), TRUST[OLD], proof(new, 0), TRUST[NEW])


def test_a_successor_that_was_not_named_is_not_linked(old: Ledger, new: Ledger) -> None:
    old.append([closing("log.example/else")])
    new.append([opening(last_of(old)), plain()])
    with pytest.raises(LedgerError, match=r"ledger\.succession at last: expected the successor"):
        check_link(proof(old, 5), TRUST[OLD], proof(new, 0), TRUST[NEW])
    with pytest.raises(LedgerError, match=r"ledger\.succession at first: expected the first"):
        check_link(proof(old, 5), TRUST[OLD], proof(new, 1), TRUST[NEW])


def test_a_proof_of_others_links_nothing(old: Ledger, new: Ledger) -> None:
    old.append([closing()])
    new.append([opening(last_of(old))])
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned"):
        check_link(proof(old, 5), TRUST[NEW], proof(new, 0), TRUST[NEW])
    with pytest.raises(LedgerError, match=r"ledger\.note_unsigned"):
        check_link(proof(old, 5), TRUST[OLD], proof(new, 0), TRUST[OLD])


def test_an_end_that_something_follows_is_none(new: Ledger) -> None:
    """No writer here makes such a log; another program could."""
    said = Statement(by="p", doc="0" * 64, media="", n=0, received=1, typ=StatementType.CLOSED, v=1)
    closed = msgspec.structs.replace(said, meta=closing_meta(NEW)).encode()
    levels = Levels()
    levels.extend([leaf_hash(closed), leaf_hash(b"more")])
    note = sign(Checkpoint(OLD, 2, levels.root()).encode(), [log_key(OLD)])
    follows = Proof(0, (levels.node(0, 1),), note, closed)
    new.append([opening(Checkpoint(OLD, 2, levels.root()))])
    with pytest.raises(LedgerError, match=r"ledger\.succession at last: expected the last entry"):
        check_link(follows, TRUST[OLD], proof(new, 0), TRUST[NEW])
