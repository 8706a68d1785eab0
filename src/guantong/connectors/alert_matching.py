"""Which products that are filed here may an alert be about? By barcode, else by brand and model together.

A brand is equal when it is so without case, marks and what firms add to their names; a model, when its
letters and digits are those of a whole word, or of up to three words that belong together. A model
that could be a year, a voltage or a word tells nothing, and matches nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from guantong.connectors.alerts import Alert, is_none

WORDS_MAX: Final = 3
"""Words that may make up a model or a brand."""
MATCHES_MAX: Final = 50
"""Products one alert is matched with by brand and model."""
_MARKS: Final = str.maketrans("", "", "®™©℠")
_FIRM: Final = frozenset({
    "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "inc", "incorporated", "kg",
    "limited", "llc", "ltd", "plc", "pte", "pty", "sa", "sas", "spa", "srl",
})  # fmt: skip
_HAN_FIRM: Final = re.compile(r"(?:股份|集团|有限|责任|公司|品牌)+\Z")
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_SEGMENT: Final = re.compile(r"[,;:()\[\]{}|\n•\"“”]|\.(?=\s|\Z)|(?<=\s)/|/(?=\s)")
_UNIT: Final = re.compile(
    r"\d+(?:v|kv|w|kw|hz|mhz|ghz|a|ma|mah|ah|va|mm|cm|m|kg|g|mg|l|ml|pcs|pc|inch|in|oz|lb|lbs|ft|"
    r"year|years|months|days|cells|wh|kwh|c|k|gb|mb|tb|st|nd|rd|th|pack|x)"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


class By(StrEnum):
    """By what an alert and a product were brought together. Stored: never renamed."""

    GTIN = "gtin"
    BRAND_MODEL = "brand_model"


class Known(NamedTuple):
    """A product that is filed here."""

    key: str
    gtin: str
    """14 digits, "" when its class is none."""
    brand: str
    model: str


class Match(NamedTuple):
    """An alert that may be about a product."""

    alert: Alert
    product: str
    """Its key."""
    by: By
    why: str
    """The barcode, or brand and model, that both have."""


class Matcher:
    """Products, so that alerts find them however many they are."""

    def __init__(self, products: Iterable[Known]) -> None:
        """Take the products in."""
        self._by_gtin: dict[str, list[Known]] = {}
        self._by_brand: dict[str, dict[str, list[Known]]] = {}
        for one in products:
            if one.gtin:
                self._by_gtin.setdefault(one.gtin, []).append(one)
            model = bare(one.model)
            if tells(model):
                for brand in brand_keys(one.brand):
                    models = self._by_brand.setdefault(brand, {})
                    models.setdefault(model, []).append(one)

    def matches(self, alert: Alert) -> list[Match]:
        """The products an alert may be about, each once, those by barcode first."""
        found = {
            one.key: Match(alert, one.key, By.GTIN, gtin)
            for gtin in alert.barcodes
            for one in self._by_gtin.get(gtin, ())
        }
        for one, brand, model in self._named(alert):
            if len(found) >= MATCHES_MAX:
                break
            found.setdefault(one.key, Match(alert, one.key, By.BRAND_MODEL, f"{brand} · {model}"))
        return list(found.values())

    def _named(self, alert: Alert) -> Iterator[tuple[Known, str, str]]:
        """Products of which the alert names brand and model."""
        models: set[str] | None = None
        for brand in brands_of(alert):
            listed = self._by_brand.get(brand)
            if listed is None:
                continue
            if models is None:
                models = models_of(alert)
            for model in sorted(models & listed.keys()):
                yield from ((one, one.brand, one.model) for one in listed[model])


def brands_of(alert: Alert) -> dict[str, None]:
    """What brands an alert may name: those it lists, and the words its product begins with."""
    found = dict.fromkeys(key for brand in alert.brands for key in brand_keys(brand))
    words = alert.product.split()[:WORDS_MAX]
    leading = (" ".join(words[:count]) for count in range(1, len(words)))
    return found | dict.fromkeys(key for text in leading for key in brand_keys(text))


def models_of(alert: Alert) -> set[str]:
    """What models an alert may name: in its list, else in its texts."""
    texts = alert.models or (alert.product, alert.title, alert.text)
    return {word for text in texts for word in words_in(text)}


def brand_keys(brand: str) -> list[str]:
    """A brand as it is compared: whole, and its Chinese and other part where it has both."""
    if is_none(brand):
        return []
    han = "".join(_HAN.findall(brand))
    parts = [brand, *([han, _HAN.sub(" ", brand)] if han else [])]
    return list(dict.fromkeys(key for part in parts if len(key := _brand(part)) > 1))


def _brand(text: str) -> str:
    words = re.split(r"[\s,]+", _folded(text).strip())
    while len(words) > 1 and bare(words[-1]) in _FIRM | {""}:
        words.pop()
    return _HAN_FIRM.sub("", bare("".join(words)))


def words_in(text: str) -> set[str]:
    """The words of a text as models are compared, and those that belong together as one."""
    found: set[str] = set()
    apart = text.replace("/", "\n")  # a list of models, or a part of one
    for segment in dict.fromkeys((*_SEGMENT.split(text), *_SEGMENT.split(apart))):
        words = segment.split()
        for at, word in enumerate(words):
            found.add(bare(word))
            joined = word
            for after in words[at + 1 : at + WORDS_MAX]:
                if not _belong(joined, after):
                    break
                joined += after
                found.add(bare(joined))
    found.discard("")
    return found


def _belong(before: str, after: str) -> bool:
    """Whether two words may be one model: not two numbers, and no small letters after a digit."""
    return not (before[-1].isdigit() and (after[0].isdigit() or after.islower()))


def tells(model: str) -> bool:
    """Whether a model, as compared, is one that few others share."""
    digits = sum(char.isdigit() for char in model)
    if digits == len(model):
        return digits >= 4 and not _YEAR.fullmatch(model)
    return digits > 0 and len(model) >= 3 and not _UNIT.fullmatch(model)


def bare(text: str) -> str:
    """Letters and digits alone, without case, accents and width."""
    return "".join(filter(str.isalnum, _folded(text)))


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.translate(_MARKS))
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()
