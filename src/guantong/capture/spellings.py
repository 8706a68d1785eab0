"""How is a code written for a reader who wants EPC URNs?

References:
    EPCIS 2.0, section 12 (REST bindings); TDS 2.0, section 6
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from guantong.identify.canonical import canonical, parse_uri
from guantong.identify.epc_urn import build_urn
from guantong.identify.gs1_keys import Gs1Identifier
from guantong.identify.model import IdentifierError

Codes = Callable[[str], str]
"""Canonical code -> the spelling of it that is wanted."""
REMEMBERED: Final = 16_384
"""Codes whose URN is kept; the least used one is forgotten first."""


def as_kept(uri: str) -> str:
    """A code in its canonical form: a Digital Link where it is a GS1 key."""
    return uri


@lru_cache(REMEMBERED)
def as_urn(uri: str) -> str:
    """A code as an EPC URN.

    Args:
        uri: Canonical.

    Returns:
        The URN, if there is one that means the same; else the code as it is: EPC has no spelling for
        it, or nobody knows where its company prefix ends.
    """
    try:
        key = parse_uri(uri)
        urn = build_urn(key) if isinstance(key, Gs1Identifier) else uri
    except IdentifierError:
        return uri
    return urn if canonical(urn) == uri else uri
