"""A segment's sieve lets through what the segment says, and little else."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guantong.capture.model import ErrorDeclaration, Typed
from guantong.store import SegmentStore
from guantong.store.said import Sought
from guantong.store.sieve import mark_of, may_hold, sieve_of
from tests.unit.test_store_doors import document, event

KEYS = st.integers(0, 2**48 - 1)


@given(st.sets(KEYS, max_size=300))
def test_no_key_is_held_back(keys: set[int]) -> None:
    sieve = sieve_of(np.array(sorted(keys), np.int64))
    assert all(may_hold(sieve, mark_of(key)) for key in keys)


def test_nearly_all_others_are() -> None:
    chance = np.random.default_rng(7)
    keys, others = chance.integers(0, 2**48, 500), chance.integers(0, 2**48, 5_000)
    sieve = sieve_of(keys)
    assert len(sieve) == 752
    assert sum(may_hold(sieve, mark_of(int(key))) for key in others) < 150


def test_what_a_segment_says(tmp_path: Path) -> None:
    one = event(
        1,
        5,
        read_point="urn:x:here",
        biz_location="urn:x:there",
        sources=(Typed("owning_party", "urn:x:seller"),),
        destinations=(Typed("owning_party", "urn:x:买方"),),
        transactions=(Typed("desadv", "urn:x:order"),),
        persistent_set=("completeness_verified",),
        error=ErrorDeclaration(5, "did_not_occur", ("urn:x:right",)),
        ilmd={"{urn:x}a": [{"{urn:x}b": "deep"}]},
        sensors=[{"sensorReport": [{"type": "Mass", "{urn:x}c": 5}]}],
    )
    store = SegmentStore.open(tmp_path / "index")
    store.append([document(0, one)])
    store.append([document(1, event(2, 5))])
    said = [
        *("urn:x:here", "urn:x:there", "urn:x:seller", "urn:x:买方", "urn:x:order"),
        *("completeness_verified", "error", "did_not_occur", "urn:x:right"),
        *("{urn:x}a", "{urn:x}b", "deep", "sensors", "{urn:x}c"),
    ]
    for _ in range(2):  # as it came, and compacted
        sieves = [row[0] for row in store._db.execute("SELECT said FROM segment ORDER BY first")]
        for text in said:
            assert Sought([[text], ["urn:x:none", text]]).may_be_in(sieves[0]), text
            assert len(sieves) == 1 or not Sought([[text]]).may_be_in(sieves[1]), text
        assert not Sought([["deep"], ["urn:x:none"]]).may_be_in(sieves[0])
        store.compact()
    store.close()
