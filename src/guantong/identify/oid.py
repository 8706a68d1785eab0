"""Which object does an OID name?

>>> Oid.parse("OID.1.2.156.3088.1").uri
'urn:oid:1.2.156.3088.1'

China has the arcs 1.2.156 and 2.16.156. An OID of another arc is still an OID: a note says so.

References:
    ITU-T X.660, section 7 (arcs); RFC 3061 (urn:oid)
"""

import re
from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import tidy

CHINA = ("1.2.156.", "2.16.156.")
"""Arcs under which Chinese organisations are registered."""

_SHAPE = re.compile(r"(?:urn:oid:|oid[.:= ] ?)?([012](?:\.(?:0|[1-9][0-9]*))+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Oid:
    """An object identifier."""

    value: str
    """Numbers without leading zeros, joined by dots."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read dotted numbers, alone or after ``OID:``, ``OID.`` or ``urn:oid:``.

        Returns:
            The OID.

        Raises:
            IdentifierError: if it is no dotted number, or its second number is out of range.
        """
        found = _SHAPE.fullmatch(tidy(text))
        if not found:
            raise IdentifierError(
                fault(
                    Fault.FORMAT, expected="numbers without leading zeros, joined by dots", got=text
                )
            )
        first, second = found[1].split(".", 2)[:2]
        if first != "2" and (len(second) > 2 or int(second) > 39):
            raise IdentifierError(
                fault(Fault.COMPONENT, expected="at most 39 under arcs 0 and 1", got=found[1])
            )
        return cls(found[1])

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.OID`."""
        return Scheme.OID

    @property
    def kind(self) -> Kind:
        """Always `Kind.OTHER`: the numbers do not tell what they name."""
        return Kind.OTHER

    @property
    def uri(self) -> str:
        """``urn:oid:<numbers>``."""
        return f"urn:oid:{self.value}"

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether it lies outside the Chinese arcs."""
        if self.value.startswith(CHINA):
            return ()
        return (Note("arc_foreign", "It lies outside the arcs 1.2.156 and 2.16.156."),)
