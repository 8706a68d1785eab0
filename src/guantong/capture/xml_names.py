"""What is an XML element called in the JSON form of EPCIS?

Standard elements are called by their bare name, whether a document qualifies them or not;
extensions by ``prefix:name``, prefixes being the document's own where they are unambiguous.
"""

from typing import Final

from guantong.capture.namespaces import CBVMDA, STANDARD, Context

_RESERVED: Final = frozenset({"urn", "http", "https", "xml", "_"})
"""Prefixes that would be mistaken for the start of a URI, or are used here."""
BARE: Final = "_"
"""Prefix of extensions without a namespace; see `bare`."""
_EPCIS: Final = "urn:epcglobal:epcis"
_NOT_DATA: Final = frozenset(
    {"http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"}
)


class Names:
    """The names of one document, as far as it has been read."""

    __slots__ = ("_names", "_prefix_of", "context", "prefixes", "with_bare")

    def __init__(self) -> None:
        """Knows what every EPCIS context declares."""
        self.prefixes: dict[str, str] = {**STANDARD, BARE: ""}
        """Prefix -> namespace; grows while the document is read."""
        self.context = Context(self.prefixes, declared=True)
        """The same for those who read values."""
        self.with_bare = False
        """Whether an extension without a namespace was met."""
        self._prefix_of: dict[str, str] = {CBVMDA: "cbvmda"}
        self._names: dict[str, str] = {}

    def declare(self, prefix: str, space: str) -> None:
        """Take over a namespace declaration."""
        if space in self._prefix_of or not space or space.startswith(_EPCIS):
            return
        free = prefix
        count = 0
        while not free or free in _RESERVED or self._taken(free, space):
            count += 1
            free = f"{prefix or 'ns'}{count}"
        self.prefixes[free] = space
        self._prefix_of[space] = free

    def _taken(self, prefix: str, space: str) -> bool:
        """Whether a prefix already stands for another namespace of this document."""
        return prefix in self._prefix_of.values() and self.prefixes.get(prefix) != space

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

    def inner(self, tag: str) -> str:
        """The name of an element inside an extension; one without a namespace stays bare."""
        name = self.of(tag)
        return self.bare(name) if name in self.prefixes else name

    def bare(self, name: str) -> str:
        """A name without namespace where a bare one would mean something else."""
        if ":" in name:
            return name
        self.with_bare = True
        return f"{BARE}:{name}"


def without_marks(value: object) -> object:
    """A value with ``{}name``, which `Names.bare` leads to, spelled ``name``."""
    if isinstance(value, dict):
        return {key.removeprefix("{}"): without_marks(part) for key, part in value.items()}
    return [without_marks(part) for part in value] if isinstance(value, list) else value
