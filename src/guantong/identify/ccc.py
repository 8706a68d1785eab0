"""Which compulsory-certification (CCC) certificate does a number name?

>>> CccCertificate.parse("2016010901123456").category
'0901'

There is no check digit: any 16 digits that begin with a year look right. Whether the
certificate exists, and held on the day of production, only a register can say.
"""

from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import check_digits_only, check_length, tight, urn

FIRST_YEAR = 2002
"""Year in which compulsory certification began."""


@dataclass(frozen=True, slots=True)
class CccCertificate:
    """A certificate number: year (4), body (2), product kind (4), serial (6)."""

    value: str
    """16 digits."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as printed; blanks, dashes and full-width digits are allowed.

        Returns:
            The number.

        Raises:
            IdentifierError: if it is not 16 digits that begin with a year from 2000 on.
        """
        value = tight(text)
        check_length(value, (16,), "a CCC certificate number")
        check_digits_only(value, "a CCC certificate number")
        if value[:2] != "20":
            raise IdentifierError(
                fault(Fault.DATE, expected="a year from 2000 to 2099 first", got=value[:4])
            )
        return cls(value)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.CCC`."""
        return Scheme.CCC

    @property
    def kind(self) -> Kind:
        """Always `Kind.DOCUMENT`."""
        return Kind.DOCUMENT

    @property
    def uri(self) -> str:
        """``urn:guantong:ccc:<16 digits>``."""
        return urn(Scheme.CCC, self.value)

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always "": a certificate has no class here."""
        return ""

    @property
    def year(self) -> int:
        """Year of issue."""
        return int(self.value[:4])

    @property
    def body(self) -> str:
        """Certification body, two digits; 01 is CQC."""
        return self.value[4:6]

    @property
    def category(self) -> str:
        """Product kind of the CCC catalogue, four digits."""
        return self.value[6:10]

    @property
    def number(self) -> str:
        """Running number, six digits."""
        return self.value[10:]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is odd about the number."""
        found = []
        if self.year < FIRST_YEAR:
            found.append(Note("year_early", f"No certificate was issued before {FIRST_YEAR}."))
        if self.body[0] == "9":
            found.append(
                Note("self_declaration", "A body code of 9x may mean a maker's own declaration.")
            )
        return tuple(found)
