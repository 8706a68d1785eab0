"""Is this identifier one of those a pattern stands for?

References:
    EPCIS 2.0, section 12; TDS 2.0, section 8
"""

from typing import Final

from guantong.identify.canonical import parse_uri
from guantong.identify.epc_urn import LAYOUTS, build_urn, parse_urn
from guantong.identify.gs1_keys import Gs1Identifier
from guantong.identify.model import IdentifierError

_START: Final = "urn:epc:idpat:"
_ANY: Final = "*"
_SOME_LENGTH: Final = 7
"""Of a company prefix, where every company is meant: any length tells the scheme."""


def is_pattern(text: str) -> bool:
    """Whether a text is meant as a pattern: it has a star where an EPC has none."""
    return text.startswith(_START) and _ANY in text


def read_pattern(text: str) -> str:
    """The pattern, when it is one.

    Returns:
        The same text.

    Raises:
        IdentifierError: if it is no pattern over a GS1 key, or has stars before its end.
    """
    parse_urn(text)
    return text


def covers(pattern: str, uri: str) -> bool:
    """Whether a canonical identifier is one of those the pattern stands for.

    A class is covered as its own pattern of serials is; how many digits the company has is what the
    pattern says.

    Args:
        pattern: As `read_pattern` gave it.
        uri: Of an item, a lot, a class or a place.

    Returns:
        True when all fields of the pattern are stars or the identifier's.
    """
    scheme, asked = _fields(pattern)
    company = asked[0]
    try:
        key = parse_uri(uri)
        if not isinstance(key, Gs1Identifier):
            return False
        length = _SOME_LENGTH if company == _ANY else len(company)
        found_scheme, found = _fields(build_urn(key, prefix_length=length))
    except IdentifierError:
        return False
    same = scheme == found_scheme
    return same and all(one in {_ANY, other} for one, other in zip(asked, found, strict=True))


def _fields(urn: str) -> tuple[str, list[str]]:
    """Scheme and fields; a serial may hold dots, so the last field is what is left."""
    _, _, _, scheme, body = urn.split(":", 4)
    return scheme, body.split(".", LAYOUTS[scheme].fields - 1)
