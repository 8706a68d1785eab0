"""Which GS1 identifier does a web address name, and how is one written as an address?

>>> identifier_in("https://shop.example/p/gtin/9520123456788/lot/A1").uri
'https://id.gs1.org/01/09520123456788/10/A1'

References:
    GS1 Digital Link URI Syntax 1.6, sections 4 and 5.
"""

from urllib.parse import unquote

from guantong.identify.check_digits import is_checked
from guantong.identify.gs1_keys import KEYS, QUALIFIERS, Gs1Identifier, padded_gtin
from guantong.identify.model import IdentifierError

SHORT_NAMES: dict[str, str] = {
    **{key.name: ai for ai, key in KEYS.items()},
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "tpx": "235",
    "glnx": "254",
    "cpsn": "8011",
    "srin": "8019",
    "refno": "8020",
    "uic": "7040",
}
"""Words that early Digital Links used in place of application identifiers."""


def identifier_in(text: str) -> Gs1Identifier | None:
    """The GS1 identifier that a web address names.

    On the hosts of GS1 resolvers (``id.gs1.…``) every key must be right. Elsewhere an address
    that only happens to contain a number after a short number, or goes on after the key in
    words of its own, is a plain address.

    Returns:
        The identifier with its qualifiers; None for a plain web address.

    Raises:
        IdentifierError: if it is a Digital Link and a part of it is wrong.
    """
    host, segments = split(text)
    start = key_position(segments)
    if start < 0:
        return None
    if not host.startswith("id.gs1.") and not _looks_like_link(segments[start:]):
        return None
    return read_segments(segments[start:])


def split(text: str) -> tuple[str, list[str]]:
    """Host (lower case) and raw path segments of a web address; ("", []) when it is none."""
    scheme, slashes, rest = text.partition("://")
    if not slashes or scheme.lower() not in {"http", "https"}:
        return "", []
    bare = rest.partition("#")[0].partition("?")[0]
    host, *segments = bare.split("/")
    return host.lower(), segments


def key_position(segments: list[str]) -> int:
    """Where the key stands among path segments, looked for from the right; -1 for nowhere."""
    for position in range(len(segments) - 2, -1, -2):
        if SHORT_NAMES.get(segments[position], segments[position]) in KEYS:
            return position
    return -1


def read_segments(segments: list[str]) -> Gs1Identifier:
    """Read key, value, qualifier, value, … as raw path segments.

    Returns:
        The identifier, qualifiers as they stand.

    Raises:
        IdentifierError: if a part is wrong.
    """
    names = [SHORT_NAMES.get(name, name) for name in segments[::2]]
    values = [unquote(value) for value in segments[1::2]]
    return Gs1Identifier.of(names[0], values[0], *zip(names[1:], values[1:], strict=True))


def _looks_like_link(segments: list[str]) -> bool:
    """Whether an address on any host is meant as a Digital Link."""
    names = [SHORT_NAMES.get(name, name) for name in segments[::2]]
    if not all(name.isdigit() or name in QUALIFIERS for name in names[1:]):
        return False
    value = unquote(segments[1])
    if names[0] != "01":
        return bool(KEYS[names[0]].shape.fullmatch(value))
    try:
        padded = padded_gtin(value)
    except IdentifierError:
        return False
    return len(value) > 8 or is_checked(padded)
