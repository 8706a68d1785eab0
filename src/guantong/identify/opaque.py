r"""What does a code of a scheme that only the operator knows name?

数字身份码 and house codes have no public definition. An operator describes them by a name and a
pattern, and we carry the text as it is.

>>> cable = OpaqueScheme("cable", r"CB(?P<class>[0-9]{4})-(?P<serial>[0-9]{6})")
>>> code = cable.parse("CB2024-000017")
>>> code.uri, code.class_uri, code.serial
('urn:guantong:opaque:cable.CB2024-000017', 'urn:guantong:opaque:cable.2024', '000017')
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import PREFIX, TEXT_MAX, split_urn, urn

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class OpaqueScheme:
    """A scheme as the operator describes it.

    Raises:
        IdentifierError: when made with a name that is no lower-case word of at most 32
            characters, or a pattern that does not compile.
    """

    name: str
    """Lower-case word; it stands in the URI."""
    pattern: str
    """Must match a code in full; may name the groups ``class`` and ``serial``."""
    kind: Kind = Kind.ITEM
    """What its codes name."""
    label: str = ""
    """How people call it."""
    _shape: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise IdentifierError(
                fault(
                    Fault.FORMAT,
                    expected="a lower-case word of at most 32",
                    got=self.name,
                    path="name",
                )
            )
        try:
            shape = re.compile(self.pattern)
        except re.error as refusal:
            raise IdentifierError(
                fault(
                    Fault.FORMAT,
                    expected="a pattern",
                    got=f"{refusal}: {self.pattern}",
                    path="pattern",
                )
            ) from refusal
        object.__setattr__(self, "_shape", shape)

    def is_code(self, text: str) -> bool:
        """Whether `text`, without blanks round it, matches the pattern in full."""
        bare = text.strip()
        return 0 < len(bare) <= TEXT_MAX and self._shape.fullmatch(bare) is not None

    def parse(self, text: str) -> "Opaque":
        """Read a code of this scheme; only blanks round it are taken off.

        Returns:
            The code.

        Raises:
            IdentifierError: if the pattern does not match in full, or the text is too long.
        """
        bare = text.strip()
        found = self._shape.fullmatch(bare) if bare and len(bare) <= TEXT_MAX else None
        if not found:
            raise IdentifierError(
                fault(Fault.FORMAT, expected=f"{self.pattern} ({self.name})", got=text)
            )
        parts = found.groupdict()
        group, serial = parts.get("class") or "", parts.get("serial") or ""
        return Opaque(self.name, bare, self.kind, group, serial, is_described=True)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A text we carry without understanding it."""

    name: str
    """Name of the operator's scheme; "" when none is told."""
    text: str
    """The code as it was."""
    kind: Kind = field(default=Kind.OTHER, compare=False)
    """What the scheme says it names."""
    group: str = field(default="", compare=False)
    """The part that names its class; "" when it has none."""
    serial: str = field(default="", compare=False)
    """The part that tells it from others of its class; "" when it has none."""
    is_described: bool = field(default=False, compare=False)
    """Whether an operator's scheme has read it."""

    @classmethod
    def from_uri(cls, uri: str, *, schemes: Iterable[OpaqueScheme] = ()) -> "Opaque":
        """Read ``urn:guantong:opaque:<name>.<text>`` back.

        Args:
            uri: The URI.
            schemes: What the operator knows; without the named one only the text is carried.

        Returns:
            The code; equal to the one whose URI it is.

        Raises:
            IdentifierError: if it is no such URI.
        """
        word, value = split_urn(uri)
        if word != Scheme.OPAQUE:
            raise IdentifierError(
                fault(Fault.FORMAT, expected=f"{PREFIX}{Scheme.OPAQUE}:<name>.<text>", got=uri)
            )
        return cls.from_value(value, schemes=schemes)

    @classmethod
    def from_value(cls, value: str, *, schemes: Iterable[OpaqueScheme] = ()) -> "Opaque":
        """Read the decoded value of such a URI; what no scheme reads is carried as it is."""
        name, dot, text = value.partition(".")
        if not (dot and text and _NAME.fullmatch(name)):
            return cls("", value)
        for scheme in schemes:
            if scheme.name == name and scheme.is_code(text):
                return scheme.parse(text)
        return cls(name, text)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.OPAQUE`."""
        return Scheme.OPAQUE

    @property
    def uri(self) -> str:
        """``urn:guantong:opaque:<name>.<text>``, percent-coded."""
        return urn(Scheme.OPAQUE, f"{self.name}.{self.text}" if self.name else self.text)

    @property
    def class_uri(self) -> str:
        """The class part under the same name; "" when it has none."""
        return urn(Scheme.OPAQUE, f"{self.name}.{self.group}") if self.group else ""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether nobody here knows how it is built."""
        if self.is_described:
            return ()
        return (Note("opaque", "No scheme that is known here describes this code."),)
