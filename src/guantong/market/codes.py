"""Which codes does this market write, and in which two spellings?

Half of the firms send EPC URNs, the other half GS1 Digital Links; a `Code` holds both, so that
the choice is made when a document is written and not before. Numbers of other schemes have
one spelling only.

>>> Numbers("697000012").place(3)
Code(urn='urn:epc:id:sgln:697000012.003.0', link='https://id.gs1.org/414/6970000120036')
"""

from dataclasses import dataclass
from typing import NamedTuple

from guantong.identify.check_digits import check_digit

LINK = "https://id.gs1.org"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a unified social credit code: no I, O, S, V, Z."""
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Code(NamedTuple):
    """One code in both spellings."""

    urn: str
    """EPC URN where GS1 has one."""
    link: str
    """GS1 Digital Link; for other schemes the same URI as `urn`."""


class Amount(NamedTuple):
    """Some of a product class or of a lot."""

    code: Code
    quantity: float
    uom: str
    """UN/ECE Recommendation 20 code; "" means pieces."""


def other(scheme: str, value: str) -> Code:
    """A code outside GS1; `value` must need no percent-encoding."""
    uri = f"urn:guantong:{scheme}:{value}"
    return Code(uri, uri)


CONSUMER = other("opaque", "consumer")
"""Who buys for own use: nobody in particular, and never a person."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The GS1 numbers one firm may give out under its company prefix."""

    prefix: str
    """Company prefix: 7 digits under 690 and 691, 8 under 692 to 696, 9 under 697."""

    def gln(self, reference: int) -> str:
        """A GLN: 0 names the firm, further ones its places."""
        return _checked(f"{self.prefix}{reference:0{12 - len(self.prefix)}d}")

    def party(self, reference: int = 0) -> Code:
        """The firm itself, as owner or holder."""
        number = self.gln(reference)
        inner = number[len(self.prefix) : 12]
        return Code(f"urn:epc:id:pgln:{self.prefix}.{inner}", f"{LINK}/417/{number}")

    def place(self, reference: int) -> Code:
        """A place of the firm."""
        number = self.gln(reference)
        inner = number[len(self.prefix) : 12]
        return Code(f"urn:epc:id:sgln:{self.prefix}.{inner}.0", f"{LINK}/414/{number}")

    def gtin(self, item: int) -> str:
        """A GTIN-13."""
        return _checked(f"{self.prefix}{item:0{12 - len(self.prefix)}d}")

    def crate(self, reference: int) -> Code:
        """A logistic unit (SSCC)."""
        inner = f"{reference:0{17 - len(self.prefix)}d}"
        extension, rest = inner[0], inner[1:]
        number = _checked(f"{extension}{self.prefix}{rest}")
        return Code(f"urn:epc:id:sscc:{self.prefix}.{inner}", f"{LINK}/00/{number}")

    def asset(self, reference: str) -> Code:
        """An individual asset (GIAI)."""
        return Code(
            f"urn:epc:id:giai:{self.prefix}.{reference}", f"{LINK}/8004/{self.prefix}{reference}"
        )


@dataclass(frozen=True, slots=True)
class Stems:
    """What stands before serial and lot in the codes of one product; made once, used often."""

    item_urn: str
    item_link: str
    lot_urn: str
    lot_link: str
    kind: Code
    """The class itself, any lot, any serial."""

    @classmethod
    def of(cls, prefix: str, gtin: str) -> "Stems":
        """The stems of a GTIN-13 under a company prefix."""
        inner = f"{prefix}.0{gtin[len(prefix) : 12]}"
        link = f"{LINK}/01/0{gtin}"
        return cls(
            item_urn=f"urn:epc:id:sgtin:{inner}.",
            item_link=f"{link}/21/",
            lot_urn=f"urn:epc:class:lgtin:{inner}.",
            lot_link=f"{link}/10/",
            kind=Code(f"urn:epc:idpat:sgtin:{inner}.*", link),
        )


def uscc(region: str, series: int, index: int) -> str:
    """A unified social credit code that nobody holds as far as we know.

    Args:
        region: GB/T 2260, six digits.
        series: 0 to 20; codes of two series never meet.
        index: 0 to 99,999; another one gives another code.

    Returns:
        18 characters with both check characters right.

    References:
        GB 32100-2015; GB 11714-1997
    """
    organisation = f"MA{ALPHABET[10 + series]}{index:05d}"
    body = f"91{region}{organisation}{_organisation_check(organisation)}"
    total = sum(ALPHABET.index(one) * pow(3, at, 31) for at, one in enumerate(body))
    return body + ALPHABET[-total % 31]


def _organisation_check(organisation: str) -> str:
    """The ninth character of an organisation code; letters count from A = 10."""
    values = (int(character, 36) for character in organisation)
    check = (
        11
        - sum(value * weight for value, weight in zip(values, _ORGANISATION_WEIGHTS, strict=True))
        % 11
    )
    return {10: "X", 11: "0"}.get(check, str(check))


def _checked(body: str) -> str:
    return body + check_digit(body)
