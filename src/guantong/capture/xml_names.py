"""What is an XML element called in the JSON form of EPCIS?

Standard elements are called by their bare name, whether a document qualifies them or not;
extensions by a prefix of ours and their name. A prefix begins with ``_``, so that it can only
be the start of a name: the prefixes of XML say nothing about values such as ``example:x``.
"""

import re
from typing import Final

from guantong.capture.namespaces import STANDARD, Context

_EPCIS: Final = "urn:epcglobal:epcis"
_NOT_DATA: Final = frozenset(
    {
        "http://www.w3.org/2001/XMLSchema-instance",
        "http://www.w3.org/XML/1998/namespace",
    }
)
_BARE: Final = "_"
"""Prefix of extensions without a namespace, where a bare name would mean something else."""
_OURS: Final = re.compile(r"(?<![^.])_:?")
"""What our prefixes add to a path."""


class Names:
    """The names of one document, as far as it has been read."""

    __slots__ = ("_names", "_prefix_of", "_prefixes", "context", "with_bare")

    def __init__(self) -> None:
        """Knows what every EPCIS context declares."""
        self._prefixes: dict[str, str] = {**STANDARD, _BARE: ""}
        self._prefix_of: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.context = Context(self._prefixes)
        """What names and values mean; grows while the document is read."""
        self.with_bare = False
        """Whether an extension without a namespace was met."""

    def declare(self, prefix: str, space: str) -> None:
        """Take over a namespace declaration; the first prefix of a namespace is kept."""
        if not space or space in self._prefix_of or space.startswith(_EPCIS):
            return
        free = f"_{prefix or 'ns'}"
        while free in self._prefixes:
            free += "1"
        self._prefixes[free] = space
        self._prefix_of[space] = free

    def of(self, tag: str) -> str:
        """The name of an element or attribute; "" for what is no data (``xsi:type``)."""
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = self._new(tag)
        return name

    def _new(self, tag: str) -> str:
        """The name of a tag met for the first time."""
        space, _, local = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
        if not space or space.startswith(_EPCIS):
            return local
        return "" if space in _NOT_DATA else f"{self._prefix_of[space]}:{local}"

    def bare(self, name: str) -> str:
        """A name without namespace where it is an extension and would be taken for a mistake."""
        if ":" in name:
            return name
        self.with_bare = True
        return f"{_BARE}:{name}"


def as_written(path: str) -> str:
    """A path with the prefixes of the document instead of ours."""
    return _OURS.sub("", path) if "_" in path else path


def without_marks(value: object) -> object:
    """A value with ``{}name``, which `Names.bare` leads to, spelled ``name``."""
    if isinstance(value, dict):
        return {key.removeprefix("{}"): without_marks(part) for key, part in value.items()}
    return [without_marks(part) for part in value] if isinstance(value, list) else value
