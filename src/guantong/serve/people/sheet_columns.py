"""What does a firm call the columns of its sheets?"""

from collections.abc import Mapping

import msgspec

from guantong.store import Fact, Store

KIND = "sheet_columns"
"""Of the facts about columns, by party."""
MEDIA = "application/vnd.guantong.sheet-columns+json"


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an entry about a firm's columns."""

    party: str
    names: Mapping[str, str]
    """Header as the firm writes it -> key of the column, "" for one that is left out."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(KIND, self.party, {"names": dict(self.names)}),)


def parse(body: bytes) -> Columns:
    """Read the body of an entry about a firm's columns."""
    return msgspec.json.decode(body, type=Columns)


def columns_of(store: Store, party: str) -> Columns:
    """What a firm last called its columns; none when it never said."""
    facts = [fact for fact in store.facts(KIND, (party,)) if fact.by == party]
    names = facts[-1].fields["names"] if facts else {}
    return Columns(party, msgspec.convert(names, dict[str, str]))
