"""Is this XML safe to read, and what is wrong with it when it cannot be read?

No document type definition, so no entity: neither a bomb of them nor one that fetches a file. A
bare ``<!DOCTYPE name>`` defines nothing and is passed over: published examples have it. The prolog is looked at by a parser that stops at the first element, in whatever encoding.

References:
    XML 1.0, sections 2.8 (prolog) and 4.4 (treatment of entities)
"""

import re
from typing import Any, Final

from lxml import etree

from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.errors import Fault as Found
from guantong.errors import fault

PARSER: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""How every document is parsed; text of one node ends at 10 MB, depth at 256."""
_PIECE: Final = 65_536
_RUN_MAX: Final = 10_000_000
"""Bytes of one tag or text."""
_WIDE: Final = re.compile(
    rb"""<\?xml[^>]*encoding\s*=\s*["'](?:utf-?16|utf-?32|ucs)""", re.IGNORECASE
)
_BARE_DOCTYPE: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?
    (?:<\?xml\s(?:(?!encoding)[^>?])*(?:encoding\s*=\s*["'](?i:utf-8|us-ascii)["'][^>?]*)?\?>)?
    (?:\s|<!--(?:(?!-->).){0,2000}-->){0,50}
    <!DOCTYPE\s+[A-Za-z_][A-Za-z0-9_.:-]{0,99}\s*>""",
    re.VERBOSE | re.DOTALL,
)
"""A prolog whose document type is a name and nothing else, in bytes that mean what they show."""
_ENCODING_ERRORS: Final = frozenset({31, 32, 81, 101})
"""libxml2: unknown, unsupported, invalid bytes, missing."""
_UNDECLARED_ENTITY: Final = frozenset({1, 26})
"""libxml2's own, and what is left of it when entities are not to be resolved."""
_RESOURCE_LIMIT: Final = 114


class _FirstElement(Exception):
    """The prolog is over."""


class _Prolog:
    """A parser target that looks at nothing but the prolog."""

    def __init__(self, *, bare: bool) -> None:
        """Let a document type pass if the bytes show that it is a bare name."""
        self._bare = bare

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse what defines. Raises CaptureError before what it declares is read."""
        if self._bare and public is None and system is None:
            return
        got = " ".join(["<!DOCTYPE", name, *(part for part in (public, system) if part)])
        raise CaptureError(
            fault(Fault.UNSAFE_XML, expected="XML without a document type definition", got=got)
        )

    def start(self, tag: str | bytes, attrib: object) -> None:
        """Stop. Raises _FirstElement."""
        raise _FirstElement

    def end(self, tag: str | bytes) -> None:
        """Never reached."""

    def data(self, data: str | bytes) -> None:
        """Nothing to do."""

    def comment(self, text: str | bytes) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to give back."""


def check_cost(data: bytes, limits: Limits) -> None:
    """Refuse what would cost too much before it is parsed.

    Raises:
        CaptureError: if there are more tags than the values allowed could need (two for each
            element), or a tag or text is longer than a parser should hold in one piece.
    """
    if len(data) > 2 * limits.values_max and data.count(b"<") > 2 * limits.values_max:
        raise CaptureError(too_many(limits))
    at = 0
    while len(data) - at > _RUN_MAX:
        end = data.rfind(b">", at, at + _RUN_MAX) + 1
        if not end:
            raise CaptureError(
                fault(Fault.TOO_LARGE, expected=_EXPECTED[Fault.TOO_LARGE], got="longer ones")
            )
        at = end


def too_many(limits: Limits) -> Found:
    """The fault of a document that holds too much."""
    most = f"at most {limits.values_max} elements and attributes"
    return fault(Fault.TOO_LARGE, expected=most, got="more")


def check_prolog(data: bytes) -> None:
    """Refuse a document that has a document type definition, or no element at all.

    Raises:
        CaptureError: if it has; or if what precedes the first element is not well-formed.
    """
    bare = _BARE_DOCTYPE.match(data) is not None
    parser = etree.XMLParser(target=_Prolog(bare=bare), **_PROLOG_OPTIONS)
    try:
        for at in range(0, len(data), _PIECE):
            parser.feed(data[at : at + _PIECE])
        parser.close()
    except _FirstElement:
        return
    except etree.XMLSyntaxError as problem:
        if _WIDE.match(data):
            raise CaptureError(
                fault(Fault.ENCODING, expected="the encoding that is declared", got="another one")
            ) from problem
        raise CaptureError(complaint(problem)) from problem


_PROLOG_OPTIONS: Final = {
    name: value for name, value in PARSER.items() if not name.startswith("remove_")
}


def complaint(problem: etree.XMLSyntaxError) -> Found:
    """What a parser complains of, as a fault."""
    number: int = getattr(problem, "code", 0)
    code = Fault.SYNTAX
    if number in _ENCODING_ERRORS:
        code = Fault.ENCODING
    elif number in _UNDECLARED_ENTITY:
        return fault(Fault.UNSAFE_XML, expected=_ENTITIES, got="an entity that is not declared")
    elif number == _RESOURCE_LIMIT:
        code = Fault.TOO_DEEP if "depth" in str(problem) else Fault.TOO_LARGE
    return fault(code, expected=_EXPECTED[code], got=str(problem).partition(" (<")[0])


_ENTITIES: Final = "no entities but those of XML itself"
_EXPECTED: Final = {
    Fault.SYNTAX: "well-formed XML",
    Fault.ENCODING: "text in the encoding that is declared",
    Fault.TOO_DEEP: "at most 256 levels of elements",
    Fault.TOO_LARGE: "tags and texts of at most 10,000,000 characters",
}
