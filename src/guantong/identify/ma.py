"""What does an MA code (IDcode, 统一标识代码) name?

>>> code = MaCode.parse("MA.156.1003.1629/73.10000000.6/")
>>> code.country, code.node, code.organisation, code.product
('156', '1003', '1629', '73.10000000.6')
>>> MaCode.parse("MA.156.M0.100761.21234561.Sx00008.L20220117").serial
'x00008'

Two forms are known from samples: with strokes (use, category, item, then a serial), and with
dots, for medical devices (device, then parts that begin with a letter: S serial, L lot, M made,
D sterilised, E expires, V valid, C check). How the check is computed was not found.
"""

import re
from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.spelling import tidy, urn

_SHAPE = re.compile(r"(MA\.([0-9]{3})\.([0-9A-Z]{2,4})\.([0-9]+))(?:([./])(\S.*)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MaCode:
    """An MA code."""

    issuer: str
    """``MA``, country, node and organisation, joined by dots."""
    mark: str = ""
    """``/`` or ``.``: which of the two forms follows; "" for the organisation alone."""
    product: str = ""
    """Use, category and item, or the device identifier."""
    details: tuple[str, ...] = ()
    """What follows the product, in order."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as printed; blanks round it and a stroke at its end do not count.

        Returns:
            The code.

        Raises:
            IdentifierError: if it does not begin with ``MA``, a country of three digits, a node
                and an organisation, or a part that follows is empty.
        """
        found = _SHAPE.fullmatch(tidy(text))
        if not found:
            raise IdentifierError(
                fault(Fault.FORMAT, expected="MA.<country>.<node>.<organisation>…", got=text)
            )
        mark, rest = found[5] or "", (found[6] or "").removesuffix("/")
        issuer = found[1].upper()
        if not rest:
            if mark == ".":
                raise IdentifierError(
                    fault(Fault.FORMAT, expected="a part after the dot", got=text)
                )
            return cls(issuer)
        product, *details = rest.split(mark)
        if not product or not all(details):
            raise IdentifierError(fault(Fault.FORMAT, expected="no empty part", got=text))
        return cls(issuer, mark, product, tuple(details))

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.MA`."""
        return Scheme.MA

    @property
    def kind(self) -> Kind:
        """By what follows: organisation, product class, lot or one thing."""
        if not self.product:
            return Kind.PARTY
        if self.serial:
            return Kind.ITEM
        return Kind.BATCH if self.part("L") else Kind.CLASS

    @property
    def value(self) -> str:
        """The whole code, without a stroke at its end."""
        return self.mark.join((self.issuer, self.product, *self.details))

    @property
    def uri(self) -> str:
        """``urn:guantong:ma:<code>``, strokes percent-coded."""
        return urn(Scheme.MA, self.value)

    @property
    def class_uri(self) -> str:
        """The product; "" for an organisation."""
        return urn(Scheme.MA, self.mark.join((self.issuer, self.product))) if self.product else ""

    @property
    def serial(self) -> str:
        """Serial number; "" when it has none."""
        return "/".join(self.details) if self.mark == "/" else self.part("S")

    @property
    def country(self) -> str:
        """Three digits of ISO 3166; 156 is China."""
        return self.issuer.split(".")[1]

    @property
    def node(self) -> str:
        """Who registered the organisation."""
        return self.issuer.split(".")[2]

    @property
    def organisation(self) -> str:
        """Number of the organisation under the node."""
        return self.issuer.split(".")[3]

    def part(self, letter: str) -> str:
        """The part that begins with `letter`, in the form with dots; "" when absent."""
        parts = self.details if self.mark == "." else ()
        return next((part[1:] for part in parts if part[0] == letter), "")

    @property
    def notes(self) -> tuple[Note, ...]:
        """What cannot be told from the samples."""
        found = []
        if self.part("C"):
            found.append(Note("check_unknown", "Its check part is not verified: no rule is known."))
        if self.mark == "/" and not self.details:
            found.append(
                Note("level_unsettled", "Whether it names a model or one thing is not settled.")
            )
        return tuple(found)
