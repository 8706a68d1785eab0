"""Which lot do the master data of an event give its items?

>>> lot_uri("https://id.gs1.org/01/06901234567892/21/7", "A/1")
'https://id.gs1.org/01/06901234567892/10/A%2F1'
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from guantong.identify.canonical import parse_uri
from guantong.identify.gs1_keys import SAFE
from guantong.identify.model import IdentifierError

GTIN: Final = "https://id.gs1.org/01/"
"""How the canonical URI of a product class begins whose lots have a URI."""

LOT_FIELD: Final = "lotNumber"
"""The master data member that names the lot, in whatever namespace."""


@lru_cache(maxsize=16_384)
def class_of(item: str) -> str:
    """The product class of an item or lot; "" when its spelling names none."""
    try:
        return parse_uri(item).class_uri
    except IdentifierError:
        return ""


def lots_named(item: str, ilmd: Mapping[str, object]) -> Iterator[str]:
    """The lots that the master data of an event give an item, as URIs."""
    for name, value in ilmd.items():
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
