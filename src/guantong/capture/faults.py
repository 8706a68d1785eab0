"""Why can a document not be read, and how large may it be?"""

from dataclasses import dataclass
from enum import StrEnum

from guantong.errors import Refusal


class Fault(StrEnum):
    """What is wrong with a document. Part of the public API: never renamed."""

    SYNTAX = "capture.syntax"
    """Not well-formed JSON, XML or table; broken off, NaN, a number without end."""
    ENCODING = "capture.encoding"
    """Not UTF-8 (or, for XML, not what its declaration says)."""
    FORMAT = "capture.format"
    """Well-formed, but no kind of document that is read here."""
    TOO_LARGE = "capture.too_large"
    TOO_DEEP = "capture.too_deep"
    TOO_MANY_EVENTS = "capture.too_many_events"
    TOO_MANY_FAULTS = "capture.too_many_faults"
    """Always the last one: there are more faults than are listed."""
    MISSING = "capture.missing"
    """A field the standard requires is absent or empty."""
    TYPE = "capture.type"
    """A value of the wrong kind: a number for a text, a list for an object."""
    NUMBER = "capture.number"
    """A number outside its range, or a text that is no number."""
    TIME = "capture.time"
    """Not a time of ISO 8601 that the calendar has."""
    ZONE = "capture.zone"
    """A time without zone, or a zone offset that does not exist."""
    VOCABULARY = "capture.vocabulary"
    """A word that is neither in the vocabulary nor a URI."""
    IDENTIFIER = "capture.identifier"
    """A code that is not what it says it is; a wrong check digit."""
    NAMESPACE = "capture.namespace"
    """A context that is none: a prefix that stands for a number, a list in a list."""
    UNEXPECTED = "capture.unexpected"
    """A field that this kind of event or document may not have."""
    DUPLICATE = "capture.duplicate"
    """The same key twice in an object, or the same event id twice in a document."""
    UNSALTED = "capture.unsalted"
    """A hash of personal data that anybody could try out."""
    NOT_IN_XML = "capture.not_in_xml"
    """A name or a character that XML does not have, in an event that is wanted in XML."""
    UNSAFE_XML = "capture.unsafe_xml"
    """A document type definition or an entity; refused whatever it says."""


class CaptureError(Refusal):
    """A document, or a value in one, that cannot be read as what it claims to be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document may cost. What is over is refused before it is parsed."""

    bytes_max: int = 64 * 1024 * 1024
    """Size of the document as sent."""
    events_max: int = 100_000
    """Events in one document."""
    values_max: int = 5_000_000
    """Values in one JSON document, counted by commas and opening brackets; bounds the memory."""
    depth_max: int = 64
    """Levels of nesting in an extension, or of elements in XML."""
    faults_max: int = 1_000
    """Faults that are listed; one more says that the list was cut."""
