"""What do the cells of one row hold, each read by what its column means?"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.reading import Collector
from guantong.capture.sheet_table import Row
from guantong.capture.sheet_words import UNITS, WORDS, plain
from guantong.capture.values import amount, number
from guantong.errors import fault

_BETWEEN: Final = re.compile("[ \t\r\n\f\v\u3000\xa0,，;；、]+")
"""Between several codes in one cell; not U+001D, which belongs inside some."""
_UNIT_CODE: Final = re.compile(r"[A-Z0-9]{2,3}")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Cells:
    """One row and the place where its faults go."""

    row: Row
    faults: Collector

    def has(self, key: str) -> bool:
        """Whether a cell holds anything."""
        return key in self.row.cells

    def text(self, key: str) -> str:
        """A cell as text; "" when empty or spoiled, the latter noted."""
        return self.read(key, str, "")

    def read(self, key: str, meaning: Callable[[str], _Value], otherwise: _Value) -> _Value:
        """What a cell means; `otherwise` when it is empty or wrong, the latter noted."""
        if key not in self.row.cells:
            return otherwise
        try:
            return meaning(self.row.text(key))
        except CaptureError as refusal:
            self.faults.take(refusal, self.row.path(key))
            return otherwise

    def several(self, key: str, meaning: Callable[[str], str]) -> list[str]:
        """What the words of a cell mean; the wrong ones are noted and left out."""
        found: list[str] = []
        for word in _BETWEEN.split(self.text(key)):
            try:
                found += [meaning(word)] if word else []
            except CaptureError as refusal:
                self.faults.take(refusal, self.row.path(key))
        return found

    def blame(self, code: Fault, key: str, *, expected: str, got: object = "nothing") -> None:
        """Note a fault of one cell."""
        self.faults.say(code, self.row.path(key), expected=expected, got=got)

    def quantity(self, key: str) -> float | None:
        """A quantity; None when empty or wrong, the latter noted."""
        return self.read(key, lambda text: amount(number(text)), None)

    def unit(self, key: str) -> str:
        """A unit as UN/ECE code; "" for pieces."""
        return self.read(key, unit_code, "")


def unit_code(text: str) -> str:
    """The UN/ECE Recommendation 20 code of a unit; "" for pieces.

    Returns:
        Such as ``KGM``.

    Raises:
        CaptureError: if it is neither a known word nor looks like a code.
    """
    known = UNITS.get(plain(text))
    if known is not None:
        return known
    if _UNIT_CODE.fullmatch(text):
        return text
    words = "、".join(names[0] for names in WORDS.units.values())
    raise CaptureError(
        fault(Fault.VOCABULARY, expected=f"a UN/ECE unit code or one of {words}", got=text)
    )
