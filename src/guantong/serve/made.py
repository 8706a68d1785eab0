"""What is entered that is no document, before it is handed in."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, Self

import msgspec

from guantong.ledger import StatementType
from guantong.store import Fact


class Stated(Protocol):
    """The body of an entry that knows what it leaves."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""


class Made(NamedTuple):
    """A range of codes, a key, an order, an account: ready to be entered."""

    typ: StatementType
    body: bytes
    """As the vault keeps it."""
    facts: tuple[Fact, ...]
    """What it leaves in the store; a rebuild must make the same from `body`."""
    media: str = "application/json"
    """Media type of the body."""
    meta: Mapping[str, str | int] = {}
    """Small facts for the statement; never personal data."""
    alone: bool = False
    """Whether its body can be handed over with its proof, see `guantong.serve.bundles`."""

    @classmethod
    def of(cls, typ: StatementType, stated: Stated, media: str) -> Self:
        """What is entered by a statement."""
        return cls(typ, msgspec.json.encode(stated), stated.facts(), media)
