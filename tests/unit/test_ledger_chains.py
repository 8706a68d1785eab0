"""Chains of signed entries: each way to break one is found at the entry where it breaks."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from guantong.ledger import Statement, StatementType, leaf_hash
from guantong.ledger.chains import Chains
from guantong.ledger.disclosure import KEY_MEDIA
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.ledger.signed import Claims, Signed, sign

FIRM, RIVAL = "urn:guantong:uscc:firm", "urn:guantong:uscc:rival"
OLD = SigningKey.of_seed(hashlib.sha256(b"old").digest())
NEW = SigningKey.new(Algorithm.P256)
OTHER = SigningKey.of_seed(hashlib.sha256(b"other").digest())


def about_key(party: str, key: SigningKey, *, replaces: str = "", ends: bool = False) -> bytes:
    meta: dict[str, str | int] = {"id": key.public.id, "party": party}
    meta |= {} if ends else {"public": key.public.encode()}
    meta |= {"replaces": replaces} if replaces else {}
    return entry(by="operator", media=KEY_MEDIA, meta=meta, typ=StatementType.KEY)


def entry(**other: Any) -> bytes:
    said: dict[str, Any] = {"by": FIRM, "doc": "0" * 64, "media": "", "n": 0, "received": 1, "v": 1}
    return Statement(**(said | {"typ": StatementType.CAPTURE} | other)).encode()


def signed(party: str, key: SigningKey, seq: int, before: bytes = b"", doc: str = "0") -> bytes:
    claims = Claims(
        by=party,
        doc=doc * 64,
        media="",
        prev=leaf_hash(before).hex() if before else "",
        root="",
        seq=seq,
        typ=StatementType.CAPTURE,
        v=1,
    )
    made = sign(claims, key)
    members = msgspec.structs.asdict(claims)
    return entry(**members, key=made.key, sig=b64encode(made.signature).decode())


def honest() -> list[bytes]:
    """Two parties; one replaces its key after two documents and ends the new one."""
    log = [about_key(FIRM, OLD), about_key(RIVAL, OTHER)]
    log.append(signed(FIRM, OLD, 1))
    log.append(signed(RIVAL, OTHER, 1))
    log.append(signed(FIRM, OLD, 2, log[2]))
    log.append(entry(att="gateway"))
    log.append(about_key(FIRM, NEW, replaces=OLD.public.id))
    log.append(signed(FIRM, NEW, 3, log[4]))
    log.append(signed(RIVAL, OTHER, 2, log[3]))
    log.append(signed(FIRM, NEW, 4, log[7]))
    log.append(about_key(FIRM, NEW, ends=True))
    return log


def found(log: list[bytes]) -> list[tuple[str, str]]:
    chains = Chains()
    said = [wrong for index, raw in enumerate(log) for wrong in chains.follow(index, raw)]
    return [(wrong.path, wrong.code) for wrong in said]


def changed(raw: bytes, **members: Any) -> bytes:
    return msgspec.structs.replace(Statement.parse(raw), **members).encode()


def test_an_honest_log_has_nothing_to_tell() -> None:
    assert found(honest()) == []
    assert found([b"another log's entry", *honest()]) == []


def left_out(log: list[bytes]) -> None:
    """Withheld: the next one of the party shows it."""
    log[4] = entry(att="gateway")


def last_one_left_out(log: list[bytes]) -> None:
    log[7], log[9] = entry(), log[7]
    log.insert(10, signed(FIRM, NEW, 4))


def swapped(log: list[bytes]) -> None:
    log[2], log[4] = log[4], log[2]


def number_skipped(log: list[bytes]) -> None:
    """Signed so by the party itself: its own document before is missing."""
    log[9] = signed(FIRM, NEW, 5, log[7])


def put_in(log: list[bytes]) -> None:
    log.insert(5, signed(FIRM, OTHER, 3, log[4]))


def time_changed(log: list[bytes]) -> None:
    """Not signed by the party itself, but by its next document."""
    log[2] = changed(log[2], received=2)


def document_changed(log: list[bytes]) -> None:
    log[9] = changed(log[9], doc="1" * 64)


def signature_taken_off(log: list[bytes]) -> None:
    log[9] = changed(log[9], sig="", key="")


def all_taken_off(log: list[bytes]) -> None:
    """As if the gateway had vouched for the first one."""
    log[2] = changed(log[2], sig="", key="", seq=0, prev="", att="gateway")


def no_base64(log: list[bytes]) -> None:
    log[9] = changed(log[9], sig="AB=C")


def of_the_rival(log: list[bytes]) -> None:
    log[9] = signed(FIRM, OTHER, 4, log[7])


def with_the_old_key(log: list[bytes]) -> None:
    log[9] = signed(FIRM, OLD, 4, log[7])


def after_the_end(log: list[bytes]) -> None:
    log.append(signed(FIRM, NEW, 5, log[9]))


def before_the_key(log: list[bytes]) -> None:
    log[0], log[2] = log[2], log[0]


def registered_again(log: list[bytes]) -> None:
    log.append(about_key(FIRM, NEW))


def ended_twice(log: list[bytes]) -> None:
    log.append(about_key(FIRM, OLD, ends=True))


def key_under_another_id(log: list[bytes]) -> None:
    log[1] = changed(log[1], meta={**Statement.parse(log[1]).meta, "id": OLD.public.id})


def key_that_is_none(log: list[bytes]) -> None:
    log[1] = changed(log[1], meta={**Statement.parse(log[1]).meta, "public": "AAAA"})


C, S = "ledger.chain", "ledger.signature"
STORIES: list[tuple[Callable[[list[bytes]], None], list[tuple[str, str]]]] = [
    (left_out, [("entry 7", C)]),
    (last_one_left_out, [("entry 10", C)]),
    (swapped, [("entry 2", C), ("entry 4", C), ("entry 7", C)]),
    (number_skipped, [("entry 9", C)]),
    (put_in, [("entry 5", S), ("entry 8", C)]),
    (time_changed, [("entry 4", C)]),
    (document_changed, [("entry 9", S)]),
    (signature_taken_off, [("entry 9", S)]),
    (all_taken_off, [("entry 4", C)]),
    (no_base64, [("entry 9", "ledger.envelope")]),
    (of_the_rival, [("entry 9", S)]),
    (with_the_old_key, [("entry 9", S)]),
    (after_the_end, [("entry 11", S)]),
    (before_the_key, [("entry 0", S)]),
    (registered_again, [("entry 11", C)]),
    (ended_twice, [("entry 11", C)]),
    (key_under_another_id, [("entry 1", C)]),
    (key_that_is_none, [("entry 1", "ledger.party_key"), ("entry 3", S), ("entry 8", S)]),
]


@pytest.mark.parametrize(("change", "named"), STORIES, ids=[s[0].__name__ for s in STORIES])
def test_the_entry_is_named_where_a_chain_breaks(
    change: Callable[[list[bytes]], None], named: list[tuple[str, str]]
) -> None:
    log = honest()
    change(log)
    assert found(log) == named


def test_a_signature_says_nothing_without_its_claims() -> None:
    """The same signature under other members of the entry is another's."""
    log = honest()
    taken = Signed.of(Statement.parse(log[2]))
    log[9] = changed(log[9], sig=b64encode(taken.signature).decode(), key=taken.key)
    assert found(log) == [("entry 9", S)]
