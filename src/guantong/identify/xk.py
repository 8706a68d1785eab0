"""Which industrial production licence (全国工业产品生产许可证) does a number name?

>>> XkLicence.parse("（粤）XK05-003-00001").value
'(粤)XK05-003-00001'
>>> XkLicence.parse("xk0500300001").value
'XK05-003-00001'

There is no check digit.
"""

import re
from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.regions import abbreviations
from guantong.identify.spelling import tight, urn

_SHAPE = re.compile(
    r"(?:\(([\u4e00-\u9fff]{1,4})\)|([\u4e00-\u9fff]))?XK([0-9]{2})([0-9]{3})([0-9]{5})"
)
_ROUND = dict.fromkeys(map(ord, "〔［【[{"), "(") | dict.fromkeys(map(ord, "〕］】]}"), ")")


@dataclass(frozen=True, slots=True)
class XkLicence:
    """A licence number, as issued by the nation or by a province."""

    province: str
    """Short name of the issuing province, such as 粤; "" for a national licence."""
    industry: str
    """Two digits."""
    product: str
    """Three digits."""
    firm: str
    """Five digits."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as printed.

        Brackets of any shape or none round the province, any dashes or none, blanks,
        full-width and small letters are allowed.

        Returns:
            The licence.

        Raises:
            IdentifierError: if it is not XK with 2 + 3 + 5 digits.
        """
        found = _SHAPE.fullmatch(tight(text.translate(_ROUND)).upper())
        if not found:
            raise IdentifierError(
                fault(Fault.FORMAT, expected="XKaa-bbb-ccccc, (省)XKaa-bbb-ccccc", got=text)
            )
        bracketed, bare, industry, product, firm = found.groups(default="")
        return cls(bracketed or bare, industry, product, firm)

    @property
    def value(self) -> str:
        """The number as printed, with half-width brackets."""
        province = f"({self.province})" if self.province else ""
        return f"{province}XK{self.industry}-{self.product}-{self.firm}"

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.XK`."""
        return Scheme.XK

    @property
    def kind(self) -> Kind:
        """Always `Kind.DOCUMENT`."""
        return Kind.DOCUMENT

    @property
    def uri(self) -> str:
        """``urn:guantong:xk:<number>``, brackets and province percent-coded."""
        return urn(Scheme.XK, self.value)

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
        """What is odd about the number."""
        if not self.province or self.province in abbreviations():
            return ()
        return (Note("province_unknown", f"No province is called {self.province} in short."),)
