"""Who is asking, and how much may they see?

A `Caller` passes every door from the first day. It lives on the ground, below all rooms,
since ledger, store and trace all take one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much is visible. Closed: a new level is a decision, not a string."""

    PUBLIC = "public"
    """Product, producer, certificate, status, recall."""
    PARTY = "party"
    """Own documents, and one step up and one step down from them."""
    REGULATOR = "regulator"
    """Everything in its region; every look is logged."""
    OPERATOR = "operator"
    """The people who run this installation; sees all, for repair."""


class Scope(StrEnum):
    """What a key may be used for. Closed; a key without any is good for all."""

    READ = "read"
    """Questions, as its firm may ask them."""
    CAPTURE = "capture"
    """Documents in, and what became of them."""
    CODES = "codes"
    """Codes issued."""
    KEYS = "keys"
    """Signing keys begun and ended."""
    SUBSCRIBE = "subscribe"
    """Subscriptions begun and ended."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The one on whose behalf something is asked."""

    party: str = ""
    """The firm's key (a USCC, a GLN, or an operator's own name); "" for the public."""
    level: Level = Level.PUBLIC
    """How much is visible."""
    region: str = ""
    """For a regulator: the GB/T 2260 prefix it is responsible for; "" means the whole country."""

    scopes: tuple[Scope, ...] = ()
    """What the key may be used for; empty for all."""

    def may(self, scope: Scope) -> bool:
        """Whether the key is good for this."""
        return not self.scopes or scope in self.scopes

    def sees_all(self) -> bool:
        """Whether nothing is hidden from this caller."""
        return self.level is Level.OPERATOR or (self.level is Level.REGULATOR and not self.region)


PUBLIC = Caller()
"""Someone with a phone and no account."""
OPERATOR = Caller(party="operator", level=Level.OPERATOR)
"""The command line on the machine itself."""
