"""What does a name or a prefixed value mean under the document's ``@context``?

Names of extensions become ``{namespace}name``, so that JSON and XML meet. No context is ever
fetched: the ones of GS1 are known, what an unknown one would define stays as it is written.

>>> Context.of(["https://example.org/x.jsonld", {"ex": "https://ns.example.com/"}]).name("ex:a")
'{https://ns.example.com/}a'

References:
    JSON-LD 1.1, sections 3.1 (the context) and 4.1.5 (compact IRIs); EPCIS 2.0, section 10
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import fault

CBVMDA: Final = "urn:epcglobal:cbv:mda"
"""Master-data attributes; XML writes it without the colon that JSON-LD needs at the end."""
STANDARD: Final[Mapping[str, str]] = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": f"{CBVMDA}:",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
"""Prefixes every EPCIS context declares."""
COMMENTS: Final = frozenset(
    {"comment", "rdfs:comment", "{http://www.w3.org/2000/01/rdf-schema#}comment"}
)
"""Members that say nothing about what happened."""
_KNOWN: Final = ("epcis-context.jsonld", "epcis-context-simple.jsonld", "epcis-context-root.jsonld")
_CONTEXTS_MAX: Final = 100
_SCHEMES: Final = frozenset({"urn", "http", "https"})
_DECLARES: Final = "@xmlns:"


@dataclass(frozen=True, slots=True)
class Context:
    """What names mean at one place of a document."""

    prefixes: Mapping[str, str] = field(default_factory=lambda: STANDARD)
    """Prefix or term -> IRI."""
    vocab: str = ""
    """IRI put before names without colon, "" for none."""
    open: bool = False
    """Whether a context was named that is not known here, so that any name may have a meaning."""
    declared: bool = False
    """Whether anything but the standard contexts was given."""

    @classmethod
    def of(cls, raw: object) -> "Context":
        """The context of a document. Raises what `under` does."""
        return _PLAIN if raw is None else cls().under(raw)

    def under(self, raw: object, path: str = "@context") -> "Context":
        """The context inside an object that brings its own.

        Args:
            raw: The value of its ``@context``.
            path: Where that stands.

        Returns:
            This context with what is declared there.

        Raises:
            CaptureError: if it is no context.
        """
        found = self
        for entry in _entries(raw, path):
            found = (
                found._with_terms(entry, path) if isinstance(entry, dict) else found._named(entry)
            )
        return found

    def _named(self, iri: str) -> "Context":
        """With a context that is only named."""
        if iri.endswith(_KNOWN):
            return self
        return Context(self.prefixes, self.vocab, open=True, declared=True)

    def _with_terms(self, terms: dict[str, object], path: str) -> "Context":
        """With prefixes and terms that are spelled out."""
        prefixes = dict(self.prefixes)
        for term, meaning in terms.items():
            if not term.startswith("@") and term not in _SCHEMES:
                prefixes[term] = _iri(meaning, f"{path}.{term}")
        vocab = terms.get("@vocab", self.vocab)
        found = Context(prefixes, vocab if isinstance(vocab, str) else "", self.open, declared=True)
        return found._expanded()

    def _expanded(self) -> "Context":
        """With terms that are defined by a prefix replaced by what that means."""
        prefixes = {term: self.value(iri) for term, iri in self.prefixes.items()}
        return Context(prefixes, self.vocab, self.open, self.declared)

    def name(self, text: str) -> str:
        """The full name of a member.

        Args:
            text: The name as it stands: ``prefix:name``, a URI, or a term.

        Returns:
            ``{namespace}name``; the text itself when no context says what it means.
        """
        prefix, colon, local = text.partition(":")
        if colon and not local.startswith("//"):
            space = self.prefixes.get(prefix)
            if space is not None:
                return f"{{{_xml(space)}}}{local}"
        elif not colon:
            return self._term(text)
        return _split(text) if _is_iri(text) else text

    def _term(self, text: str) -> str:
        """The full name of a member without colon."""
        iri = text if text in _WORDS else self.term(text)
        return text if iri == text else _split(iri)

    def term(self, text: str) -> str:
        """The IRI of a term without colon that a context defines; any other text as it is."""
        if text in self.prefixes and text not in STANDARD:
            return self.prefixes[text] or text
        return self.vocab + text

    def knows(self, text: str) -> bool:
        """Whether a member without colon may mean something here."""
        return self.open or bool(self.vocab) or text in self.prefixes

    def value(self, text: str) -> str:
        """A URI with its prefix written out; any other text as it is."""
        prefix, colon, local = text.partition(":")
        if not colon or local.startswith("//"):
            return text
        space = self.prefixes.get(prefix)
        return text if space is None or space == text else space + local

    def with_xmlns(self, members: Mapping[str, object]) -> "Context":
        """With the ``@xmlns:prefix`` members an older JSON binding put beside a value."""
        found = {
            key[len(_DECLARES) :]: space
            for key, space in members.items()
            if key.startswith(_DECLARES) and isinstance(space, str)
        }
        if not found:
            return self
        return Context({**self.prefixes, **found}, self.vocab, self.open, declared=True)


_PLAIN: Final = Context()
_WORDS: Final = frozenset({"id", "type"})


def _entries(raw: object, path: str) -> Iterator[str | dict[str, object]]:
    """The parts of a context, each a name or an object."""
    parts = raw if isinstance(raw, list) else [raw]
    for i, part in enumerate(parts[:_CONTEXTS_MAX]):
        if not isinstance(part, str | dict):
            where = f"{path}[{i}]" if isinstance(raw, list) else path
            found = fault(Fault.NAMESPACE, expected="a URI or an object", got=part, path=where)
            raise CaptureError(found)
        yield part


def _iri(meaning: object, path: str) -> str:
    """The IRI a term is defined as, "" when it is taken out of use."""
    if isinstance(meaning, dict):
        meaning = meaning.get("@id", "")
    if meaning is None or isinstance(meaning, str):
        return meaning or ""
    raise CaptureError(fault(Fault.NAMESPACE, expected="an IRI", got=meaning, path=path))


def _xml(space: str) -> str:
    """A namespace as XML would write it."""
    return CBVMDA if space == STANDARD["cbvmda"] else space


def _is_iri(text: str) -> bool:
    """Whether a name is a whole IRI and not a prefix nobody declared."""
    return "://" in text or text.startswith("urn:")


def _split(iri: str) -> str:
    """``{namespace}name`` of a whole IRI, cut after its last separator."""
    at = max(iri.rfind(mark) for mark in "#/:") + 1
    return f"{{{_xml(iri[:at])}}}{iri[at:]}" if 0 < at < len(iri) else iri
