"""Which organisation does a unified social credit code (统一社会信用代码) name?

>>> Uscc.parse("91110000 60003734 1L").uri
'urn:guantong:uscc:91110000600037341L'

The check character catches every single wrong character. The organisation code inside has a
check digit of its own, which some old codes got wrong: that is a note, not a refusal.

References:
    GB 32100-2015, sections 4 and 5 (structure, check character)
    GB 11714-1997 (organisation code inside)
"""

from dataclasses import dataclass
from typing import Self

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Kind, Note, Scheme
from guantong.identify.regions import region_note
from guantong.identify.spelling import check_length, is_digits, tight, urn

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters; I, O, S, V and Z are left out."""

REGISTRIES = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管",
    "A": "中央军委编制",
    "N": "农业",
    "Y": "其他",
}
"""First character: who registered the organisation."""

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Uscc:
    """A code whose check character was right."""

    value: str
    """18 characters of `ALPHABET`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as printed; blanks, dashes, full-width and small letters are allowed.

        Returns:
            The code in its one spelling.

        Raises:
            IdentifierError: for the first of: length, character, region not digits, check.
        """
        value = tight(text).upper()
        check_length(value, (18,), "a unified social credit code")
        for character in value:
            if character not in _VALUES:
                raise IdentifierError(
                    fault(
                        Fault.CHARACTER,
                        expected=f"one of {ALPHABET}",
                        got=f"{character} in {value}",
                    )
                )
        if not is_digits(value[2:8]):
            raise IdentifierError(
                fault(Fault.COMPONENT, expected="a region of 6 digits", got=value[2:8])
            )
        if value[17] != (check := check_character(value[:17])):
            raise IdentifierError(
                fault(
                    Fault.CHECK, expected=f"check character {check}", got=f"{value[17]} in {value}"
                )
            )
        return cls(value)

    @property
    def scheme(self) -> Scheme:
        """Always `Scheme.USCC`."""
        return Scheme.USCC

    @property
    def kind(self) -> Kind:
        """Always `Kind.PARTY`."""
        return Kind.PARTY

    @property
    def uri(self) -> str:
        """``urn:guantong:uscc:<code>``."""
        return urn(Scheme.USCC, self.value)

    @property
    def class_uri(self) -> str:
        """Always ""."""
        return ""

    @property
    def serial(self) -> str:
        """Always ""."""
        return ""

    @property
    def registry(self) -> str:
        """Who registered it, in Chinese; "" for a first character that is not assigned."""
        return REGISTRIES.get(self.value[0], "")

    @property
    def region(self) -> str:
        """Region of the registry, six digits of GB/T 2260; 100000 is the nation."""
        return self.value[2:8]

    @property
    def organisation(self) -> str:
        """Organisation code, nine characters with its check digit."""
        return self.value[8:17]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is odd about a code that is formally right."""
        found = []
        if not self.registry:
            found.append(Note("registry_unknown", f"No registry has the letter {self.value[0]}."))
        if region := region_note(self.region):
            found.append(region)
        if self.organisation[8] != inner_check(self.organisation[:8]):
            found.append(
                Note("inner_check", "The check digit of the organisation code inside is wrong.")
            )
        return tuple(found)


def check_character(body: str) -> str:
    """The 18th character for 17 characters of `ALPHABET`; weights are 3**i mod 31."""
    total = sum(
        _VALUES[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True)
    )
    return ALPHABET[-total % 31]


def inner_check(body: str) -> str:
    """The check digit (0–9 or X) for the 8 characters of an organisation code.

    Returns:
        One character.

    References:
        GB 11714-1997, section 4: C = 11 − Σ mod 11; 10 is X, 11 is 0.
    """
    pairs = zip(body, _INNER_WEIGHTS, strict=True)
    return "0123456789X"[-sum(int(character, 36) * weight for character, weight in pairs) % 11]
