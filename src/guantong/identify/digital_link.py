"""Which GS1 identifier does a web address name, and how is one written as an address?

>>> link = DigitalLink.parse("https://shop.example/p/gtin/9520123456788/lot/A1?17=301231")
>>> link.identifier.uri
'https://id.gs1.org/01/09520123456788/10/A1'
>>> link.elements.bracketed
'(01)09520123456788(10)A1(17)301231'
>>> link.text
'https://shop.example/p/01/09520123456788/10/A1?17=301231'

References:
    GS1 Digital Link URI Syntax 1.6, sections 4 (structure), 5 (grammar) and 6 (canonical form).
"""

import re
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote

from msgspec import Struct

from guantong.errors import fault
from guantong.identify.application_identifiers import table
from guantong.identify.check_digits import is_checked
from guantong.identify.compressed import expanded
from guantong.identify.element_string import ElementString
from guantong.identify.gs1_keys import (
    CANONICAL_HOST,
    GTIN_LENGTH,
    KEYS,
    QUALIFIERS,
    Gs1Identifier,
    check_qualifiers,
    check_value,
    coded,
    padded_gtin,
)
from guantong.identify.model import Fault, IdentifierError

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

GS1_HOSTS = "id.gs1."
"""How the hosts of GS1's own resolvers start."""

HOSTS_MAX = 4096
"""How many hosts are remembered as well-formed."""

HOST_LENGTH_MAX = 260
"""Longest host, with its port, that a name server can know (RFC 1035 allows 253)."""

_HOST = re.compile(r"(?:[\w.\-~]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in order."""


class DigitalLink(Struct, frozen=True, gc=False):
    """A web address that names a GS1 key; every value has passed the rules of its identifier."""

    stem: str
    """Scheme, host and leading path, without a slash at the end."""
    identifier: Gs1Identifier
    """Key and qualifiers, from the path."""
    attributes: Pairs = ()
    """Application identifier and value of each attribute, from the query."""
    others: Pairs = ()
    """Query parameters that are no application identifiers, such as ``linkType``; decoded."""

    @classmethod
    def parse(cls, text: str, *, short_gtin: bool = True) -> Self:
        """Read a Digital Link on any host, short names included.

        Args:
            text: The address.
            short_gtin: Whether a GTIN may have 8, 12 or 13 digits, as before version 1.2.

        Returns:
            The link; a short GTIN is padded, a fragment is dropped.

        Raises:
            IdentifierError: if it is no Digital Link or a value breaks its rules.
        """
        segments, query = _split(text)
        start = _key_position(segments)
        if start < 0 and (whole := expanded(text)) != text:
            return cls.parse(whole, short_gtin=short_gtin)
        if start < 0:
            raise IdentifierError(
                fault(Fault.FORMAT, expected="a web address with a GS1 key in its path", got=text)
            )
        stem = "/".join(segments[:start])
        identifier = _read_segments(segments, start, short_gtin=short_gtin)
        if not query:
            return cls(stem, identifier)
        return cls(stem, identifier, *_read_query(query, short_gtin=short_gtin))

    @classmethod
    def of(cls, message: ElementString, *, stem: str = CANONICAL_HOST) -> Self:
        """Write a message of element strings as a link.

        Returns:
            The link: the first key of the message with its qualifiers, the rest as attributes.

        Raises:
            IdentifierError: if there is no key, or an element may not stand in a link.
        """
        identifier = message.identifier
        if identifier is None:
            raise IdentifierError(
                fault(Fault.ASSOCIATION, expected="a GS1 key", got=message.bracketed)
            )
        used = {identifier.ai, *(name for name, _ in identifier.qualifiers)}
        rest = dict(one for one in message.elements if one[0] not in used)
        for name, value in rest.items():
            _check_attribute(name, value)
        return cls(stem.removesuffix("/"), identifier, tuple(rest.items()))

    @property
    def text(self) -> str:
        """The address: path in the standard's order, then attributes, then other parameters."""
        parts = ((self.identifier.ai, self.identifier.value), *self.identifier.qualifiers)
        path = "".join(f"/{name}/{coded(value)}" for name, value in parts)
        pairs = (*self.attributes, *self.others)
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
        return f"{self.stem}{path}" + (f"?{query}" if query else "")

    @property
    def canonical(self) -> str:
        """The same on GS1's own host, without other parameters; attributes in order of name.

        This is the standard's canonical form of the whole link. The form that names a thing in
        an event is `Gs1Identifier.uri`.
        """
        attributes = tuple(sorted(self.attributes))
        return type(self)(CANONICAL_HOST, self.identifier, attributes).text

    @property
    def elements(self) -> ElementString:
        """Key, qualifiers and attributes as a message of element strings."""
        own = self.identifier
        return ElementString(((own.ai, own.value), *own.qualifiers, *self.attributes))


def identifier_in(text: str) -> Gs1Identifier | None:
    """The GS1 identifier that a web address names; attributes are not looked at.

    On the hosts of GS1 resolvers (``id.gs1.…``) every key must be right. Elsewhere an address
    that only happens to contain a number after a short number, or goes on after the key in
    words of its own, is a plain address.

    Returns:
        The identifier with its qualifiers; None for a plain web address.

    Raises:
        IdentifierError: if it is a Digital Link and a part of it is wrong.
    """
    segments, _ = _split(text)
    start = _key_position(segments)
    if start < 0:
        is_ours = len(segments) == 4 and segments[2].lower().startswith(GS1_HOSTS)
        whole = expanded(text) if is_ours else text
        return identifier_in(whole) if whole != text else None
    is_gs1 = segments[2].lower().startswith(GS1_HOSTS)
    if not is_gs1 and not _looks_like_link(segments[start:]):
        return None
    return _read_segments(segments, start)


def _split(text: str) -> tuple[list[str], str]:
    """An address between its slashes, and its query.

    Returns:
        Scheme with colon, nothing, host, path segments; ([], "") when it is no web address.
    """
    if "#" in text:
        text = text.partition("#")[0]
    address, _, query = text.partition("?")
    segments = address.split("/")
    if len(segments) < 3 or segments[1] or len(segments[0]) > len("https:"):
        return [], ""
    host = segments[2]
    good = len(host) <= HOST_LENGTH_MAX and _is_web(segments[0], host)
    return (segments, query) if good else ([], "")


@lru_cache(maxsize=HOSTS_MAX)
def _is_web(scheme: str, host: str) -> bool:
    """Whether scheme and host are those of a web address."""
    return scheme.lower() in {"https:", "http:"} and _HOST.fullmatch(host) is not None


def _key_position(segments: list[str]) -> int:
    """Where the key stands in an address, looked for from the right; -1 for nowhere."""
    position = len(segments) - 2
    while position > 2:
        name = segments[position]
        if name in KEYS or SHORT_NAMES.get(name) in KEYS:
            return position
        position -= 2
    return -1


def _read_segments(segments: list[str], start: int, *, short_gtin: bool = True) -> Gs1Identifier:
    """Read key, value, qualifier, value, … as they stand in the path."""
    name, value = segments[start], _decoded(segments[start + 1])
    ai = name if name in KEYS else SHORT_NAMES[name]
    if ai == "01" and len(value) != GTIN_LENGTH:
        if not short_gtin:
            table()["01"].verify(value)
        value = padded_gtin(value)
    check_value(ai, value)
    if len(segments) == start + 2:
        return Gs1Identifier(ai, value)
    qualifiers = tuple(
        [
            (_name(segments[at]), _decoded(segments[at + 1]))
            for at in range(start + 2, len(segments), 2)
        ]
    )
    check_qualifiers(ai, qualifiers)
    return Gs1Identifier(ai, value, qualifiers)


def _name(segment: str) -> str:
    """The application identifier that a path segment stands for."""
    return segment if segment.isdigit() else SHORT_NAMES.get(segment, segment)


def _decoded(segment: str) -> str:
    """A path segment without percent coding."""
    return unquote(segment) if "%" in segment else segment


def _read_query(query: str, *, short_gtin: bool) -> tuple[Pairs, Pairs]:
    """Attributes and other parameters of a query; a name of digits is meant as an attribute."""
    attributes: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for part in query.split("&"):
        raw_name, equals, raw_value = part.partition("=")
        name, value = _name(_decoded(raw_name)), _decoded(raw_value)
        if name.isdigit():
            if name == "01" and short_gtin:
                value = padded_gtin(value)
            _check_attribute(name, value)
            if attributes.setdefault(name, value) != value:
                raise IdentifierError(
                    fault(Fault.ASSOCIATION, expected=f"one value of AI {name}", got=value)
                )
        elif equals or name:
            others.append((name, value))
    return tuple(attributes.items()), tuple(others)


def _check_attribute(name: str, value: str) -> None:
    """Refuse an identifier that may not be an attribute, or a value it cannot have."""
    entry = table().get(name)
    if entry is None or not entry.in_link:
        code = Fault.UNKNOWN if entry is None else Fault.ASSOCIATION
        raise IdentifierError(fault(code, expected="an attribute of a Digital Link", got=name))
    entry.verify(value)


def _quoted(text: str) -> str:
    """A name or value as it stands in a query."""
    return text if text.isalnum() and text.isascii() else quote(text, safe="-._~")


def _looks_like_link(segments: list[str]) -> bool:
    """Whether an address on any host is meant as a Digital Link."""
    names = [_name(name) for name in segments[::2]]
    if not all(name.isdigit() or name in QUALIFIERS for name in names[1:]):
        return False
    value = _decoded(segments[1])
    if names[0] != "01":
        return bool(KEYS[names[0]].shape.fullmatch(value))
    try:
        padded = padded_gtin(value)
    except IdentifierError:
        return False
    return len(value) > 8 or is_checked(padded)
