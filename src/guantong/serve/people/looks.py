"""Who has looked at what? A regulator's look is in the ledger before its answer goes out."""

from typing import Final

import msgspec

from guantong.clock import day_in_china
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.store import Fact

KIND: Final = "look"
"""Of the facts about looks, by day; also found by the party that looked."""
MEDIA: Final = "application/vnd.guantong.look+json"
WHAT_MAX: Final = 2_000
"""Characters kept of an address."""


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about a look."""

    day: str
    """In China, ISO."""
    party: str
    """The office that looked."""
    what: str
    """The address that was asked, with its query."""
    who: str = ""
    """Login of the person, "" for a program with a key."""

    def made(self) -> Made:
        """The entry that says it."""
        return Made(StatementType.LOOK, msgspec.json.encode(self), facts_of(self), MEDIA)


def look_of(at_ms: int, party: str, who: str, what: str) -> Look:
    """A look at an address."""
    return Look(day_in_china(at_ms).isoformat(), party, what[:WHAT_MAX], who)


def parse(body: bytes) -> Look:
    """Read the body of an entry about a look."""
    return msgspec.json.decode(body, type=Look)


def facts_of(look: Look) -> tuple[Fact, ...]:
    """What such an entry leaves in the store."""
    return (Fact(KIND, look.day, msgspec.to_builtins(look), links=(look.party,)),)
