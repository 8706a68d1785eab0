"""What does the spelling of an item tell of its kind?"""

from collections.abc import Iterator
from functools import lru_cache

from guantong.capture import lots
from guantong.identify.canonical import parse_uri
from guantong.identify.model import IdentifierError, Kind
from guantong.store.door import Stored
from guantong.trace.model import NodeKind

LOGISTIC_UNIT = "https://id.gs1.org/00/"
"""How the canonical URI of an SSCC begins."""

_KINDS = {Kind.BATCH: NodeKind.LOT, Kind.CLASS: NodeKind.CLASS, Kind.PATTERN: NodeKind.CLASS}


@lru_cache(maxsize=16_384)
def kind_of(item: str) -> NodeKind:
    """What an item is, as far as its spelling tells; a code we can not read is one thing."""
    if item.startswith(LOGISTIC_UNIT):
        return NodeKind.CONTAINER
    try:
        return _KINDS.get(parse_uri(item).kind, NodeKind.ITEM)
    except IdentifierError:
        return NodeKind.ITEM


def is_many(item: str) -> bool:
    """Whether the code stands for an amount that may be in several places at once."""
    return kind_of(item) in (NodeKind.LOT, NodeKind.CLASS)


def lots_named(item: str, stored: Stored) -> Iterator[str]:
    """The lots that the master data of an event gives its items, as URIs."""
    return lots.lots_named(item, stored.event.ilmd)
