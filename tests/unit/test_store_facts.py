"""Facts are found by what they are of, however many of their kind there are."""

from pathlib import Path

import pytest

from guantong.store.door import Fact, Indexed
from guantong.store.facts import SCHEMA, Facts
from guantong.store.sqlite import File, open_index

MANY = 4_000


def indexed(entry: int, *facts: Fact) -> Indexed:
    return Indexed(entry=entry, by="urn:a", received_ms=entry, facts=facts)


@pytest.fixture
def db(tmp_path: Path) -> File:
    return open_index(tmp_path / "index", SCHEMA, 1, read_only=False)


def test_a_few_of_many_are_found_without_looking_at_the_rest(db: File) -> None:
    facts = Facts(db)
    facts.add(indexed(n, Fact("submission", f"urn:a {n}", {"events": n})) for n in range(MANY))
    steps: list[int] = []
    db.set_progress_handler(lambda: steps.append(1), 100)
    for asked in (1, 3, 100):
        steps.clear()
        found = facts.find("submission", [f"urn:a {7 * n}" for n in range(asked)], None)
        assert [fact.fields["events"] for fact in found] == [7 * n for n in range(asked)]
        assert len(steps) * 100 < 100 * asked + 1_000, "it went through the others"


def test_those_of_one_group_have_their_own_links_and_numbers(db: File) -> None:
    facts = Facts(db)
    facts.add((indexed(0), indexed(1)))
    assert facts.last_number() == 0
    one = Fact("firm", "urn:b", {"name": "b"}, links=("urn:x", "urn:b"))
    two = Fact("firm", "urn:c", {"name": "c"}, links=("urn:x",))
    facts.add((indexed(2, one, two), indexed(3), indexed(4, one)))
    facts.add((indexed(5, two),))

    def of(key: str, as_of: int | None = None) -> list[tuple[str, int]]:
        return [(fact.key, fact.entry) for fact in facts.find("firm", [key], as_of)]

    assert of("urn:x") == [("urn:b", 2), ("urn:c", 2), ("urn:b", 4), ("urn:c", 5)]
    assert of("urn:b") == [("urn:b", 2), ("urn:b", 4)]
    assert of("urn:c", as_of=5) == [("urn:c", 2)]
    assert [fact.entry for fact in facts.after(2, ())] == [4, 5]
    assert facts.last_number() == facts.count() == 4
