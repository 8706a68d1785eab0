"""Which object does a handle of the industrial internet (工业互联网标识) name?

>>> code = Handle.parse("88.118.8/123456.ABC")
>>> code.prefix, code.suffix, code.is_vaa
('88.118.8', '123456.ABC', True)

The prefix is country or agency, industry, enterprise. 86 is China's root; 88 is the one
commonly written for VAA codes, whose agency is registered under ISO/IEC 15459. There is no
check digit.
"""

import re
from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import decoded, tidy, urn

PREFIXES = frozenset(("10", "11", "20", "21", "22", "25", "27", "44", "77", "86", "88"))
"""First numbers of prefixes that resolvers in China are known to answer."""

_SHAPE = re.compile(r"([0-9]{2,}(?:\.[0-9]+)+)/(\S(?:.*\S)?)")
_ADDRESS = re.compile(r"(?:hdl:|https?://(?:hdl\.handle\.net|handle\.org)/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle."""

    prefix: str
    """Numbers joined by dots."""
    suffix: str
    """What the owner of the prefix made up; letters keep their case."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``prefix/suffix``, alone, after ``hdl:``, or as an address of the proxy.

        Returns:
            The handle.

        Raises:
            IdentifierError: if there is no prefix of two or more numbers, or no suffix.
        """
        bare = tidy(text)
        if address := _ADDRESS.match(bare):
            bare = bare[address.end() :]
            bare = decoded(bare.partition("?")[0]) if address[0].lower() != "hdl:" else bare
        found = _SHAPE.fullmatch(bare)
        if not found:
            raise IdentifierError(
                fault(
                    Fault.FORMAT,
                    expected="two or more numbers joined by dots, / and a suffix",
                    got=text,
                )
            )
        return cls(found[1], found[2])

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.HANDLE`."""
        return Scheme.HANDLE

    @property
    def kind(self) -> Kind:
        """Always `Kind.OTHER`: each owner has a structure of its own."""
        return Kind.OTHER

    @property
    def value(self) -> str:
        """Prefix and suffix."""
        return f"{self.prefix}/{self.suffix}"

    @property
    def uri(self) -> str:
        """``urn:guantong:handle:<prefix>%2F<suffix>``."""
        return urn(Scheme.HANDLE, self.value)

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""

    @property
    def is_vaa(self) -> bool:
        """Whether it is commonly written for the agency VAA."""
        return self.prefix.startswith("88.")

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether its prefix is one that is known to be used."""
        if self.prefix.partition(".")[0] in PREFIXES:
            return ()
        return (Note("prefix_unknown", f"No known resolver answers for prefix {self.prefix}."),)
