"""What does the spelling of an item tell: its class, its kind, its lot?

>>> class_of("https://id.gs1.org/01/06901234567892/21/7")
'https://id.gs1.org/01/06901234567892'
>>> lot_uri("https://id.gs1.org/01/06901234567892/21/7", "A/1")
'https://id.gs1.org/01/06901234567892/10/A%2F1'
"""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from guantong.identify.canonical import parse_uri
from guantong.identify.gs1_keys import SAFE
from guantong.identify.model import IdentifierError, Kind
from guantong.store.door import Stored
from guantong.trace.model import NodeKind

LOGISTIC_UNIT = "https://id.gs1.org/00/"
"""How the canonical URI of an SSCC begins."""

GTIN = "https://id.gs1.org/01/"
"""How the canonical URI of a product class begins whose lots have a URI."""

LOT_FIELD = "lotNumber"
"""The master data member that names the lot, in whatever namespace."""

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


@lru_cache(maxsize=16_384)
def class_of(item: str) -> str:
    """The product class of an item or lot; "" when its spelling names none."""
    try:
        return parse_uri(item).class_uri
    except IdentifierError:
        return ""


def is_many(item: str) -> bool:
    """Whether the code stands for an amount that may be in several places at once."""
    return kind_of(item) in (NodeKind.LOT, NodeKind.CLASS)


def lots_named(item: str, stored: Stored) -> Iterator[str]:
    """The lots that the master data of an event gives its items, as URIs."""
    for name, value in stored.event.ilmd.items():
        if name.rpartition("}")[2].endswith(LOT_FIELD):
            for lot in value if isinstance(value, list) else [value]:
                if isinstance(lot, str | int) and (uri := lot_uri(item, str(lot))):
                    yield uri


def lot_uri(item: str, lot: str) -> str:
    """A lot of the item's GTIN; "" when it has none and the lot is no URI itself."""
    if lot.startswith(("urn:", "http://", "https://")):
        return lot
    of_class = class_of(item)
    known = of_class.startswith(GTIN) and lot
    return f"{of_class}/10/{quote(lot, safe=SAFE)}" if known else ""
