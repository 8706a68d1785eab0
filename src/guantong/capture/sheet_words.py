"""Which headers and words may a sheet use, and what do they mean?

The words are data (``sheet_columns.toml``); here they become look-ups.

>>> COLUMNS[plain("批 号")], STEPS[plain("进货")].disposition
('batch', 'in_progress')
"""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from guantong.capture.model import Action


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column that a sheet may have."""

    key: str
    """What the reader calls it."""
    names: tuple[str, ...]
    """Headers that stand for it, Chinese and English."""
    zh: str
    en: str
    required: bool = False
    """Whether a sheet without it is no sheet of events."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One word of the step column and the event it makes."""

    key: str
    names: tuple[str, ...]
    kind: Literal["object", "aggregation", "association"]
    action: Action
    step: str
    """Business step, a CBV word."""
    disposition: str
    """A CBV word."""
    needs: tuple[str, ...] = ()
    """Columns without which the row says nothing."""
    party: str = ""
    """CBV word for the parties of the from and to columns; "" is ``possessing_party``."""
    to_consumer: str = ""
    """Key of the step that it is when nobody, or a consumer, is on the other side."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All words of the data file."""

    column: tuple[Column, ...]
    step: tuple[Step, ...]
    consumer: dict[str, tuple[str, ...]]
    units: dict[str, tuple[str, ...]]
    """UN/ECE code -> words; "" is pieces."""
    document_types: dict[str, tuple[str, ...]]
    """CBV word -> words."""


def plain(word: str) -> str:
    """A header or word in the form in which it is compared: no blanks or marks, lower case."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(folded.split()).strip("*:")


def _load() -> Words:
    """Read the data file that lies beside this module."""
    text = files("guantong.capture").joinpath("sheet_columns.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Words)


def _by_word(rows: Iterable[tuple[Any, tuple[str, ...]]]) -> Mapping[str, Any]:
    """From every word to what it stands for; the same word twice is our own mistake."""
    found: dict[str, Any] = {}
    for meaning, names in rows:
        for name in names:
            if found.setdefault(plain(name), meaning) is not meaning:
                message = f"{name} stands for two things"
                raise ValueError(message)
    return found


WORDS: Final = _load()
"""The data file as values."""
COLUMNS: Final[Mapping[str, str]] = _by_word((one.key, one.names) for one in WORDS.column)
"""Header, as `plain` gives it -> key of the column."""
HEADER_OF: Final = {one.key: one.names[0] for one in WORDS.column}
"""Key of a column -> the header it is known by."""
STEPS: Final[Mapping[str, Step]] = _by_word((one, one.names) for one in WORDS.step)
"""Word -> step."""
UNITS: Final[Mapping[str, str]] = _by_word(WORDS.units.items())
"""Word -> UN/ECE Recommendation 20 code."""
DOCUMENT_TYPES: Final[Mapping[str, str]] = _by_word(WORDS.document_types.items())
"""Word -> CBV business transaction type."""
CONSUMER: Final = frozenset(plain(word) for word in WORDS.consumer["words"])
"""Words for somebody who buys for own use."""
STEP_OF: Final = {one.key: one for one in WORDS.step}
"""Key -> step."""
