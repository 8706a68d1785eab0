"""What is entered that is no document, before it is handed in."""

from collections.abc import Mapping
from typing import NamedTuple

from guantong.ledger import StatementType
from guantong.store import Fact


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
