"""How many digits of a GS1 number are the company prefix?

Nothing in a number tells; GS1 publishes where each prefix was licensed and how long it is. We
carry the table for GS1 China in full and, for other prefixes, as far as four digits settle the
length; ``data/gs1_company_prefix.json`` names source and day.

>>> prefix_length("6901234567892")
7
>>> prefix_length("9999999999999") is None
True
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType


def prefix_length(digits: str) -> int | None:
    """Digits of the company prefix that `digits` starts with.

    Args:
        digits: A GLN, or another number from its company prefix on (a GTIN-14 without its
            indicator, an SSCC without its extension digit).

    Returns:
        6 to 12; None when the table does not tell.
    """
    lengths = _lengths()
    return next(
        (lengths[digits[:size]] for size in range(len(digits), 0, -1) if digits[:size] in lengths),
        None,
    )


@cache
def _lengths() -> Mapping[str, int]:
    """Company prefix length by the digits that settle it."""
    path = resources.files("guantong.identify") / "data" / "gs1_company_prefix.json"
    found: dict[str, int] = {}
    for row in json.loads(path.read_text(encoding="utf-8"))["lengths"]:
        length, _, prefixes = row.partition(": ")
        found |= dict.fromkeys(prefixes.split(), int(length))
    return MappingProxyType(found)
