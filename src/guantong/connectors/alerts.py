"""What is an alert about a dangerous product? What two foreign offices say, in one form.

A file is read whole: each of its alerts is either there or among those that are rejected, with where and
why, so that both add up to what the file holds.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from guantong.capture import Limits
from guantong.clock import is_day
from guantong.connectors.partner import ConnectorError
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.identify import Gtin, IdentifierError
from guantong.identify.gs1_keys import GTIN_LENGTH
from guantong.store import Fact, Store, all_facts

ALERT: Final = "alert"
"""Of the facts about alerts, by office and number."""
FILE: Final = "alert_file"
"""Of the facts about files of alerts, by office."""
ALERTS_MEDIA: Final = "application/vnd.guantong.alerts+json"
ALERTS_BYTES_MAX: Final = 64 * 2**20
ALERTS_MAX: Final = 50_000
LIMITS: Final = Limits(bytes_max=ALERTS_BYTES_MAX, values_max=3_000_000, depth_max=32)
"""What reading a file may cost."""
TEXT_MAX: Final = 4_000
SHORT_MAX: Final = 500
NUMBER_MAX: Final = 40
VALUES_MAX: Final = 200
"""Brands, models or barcodes of one alert."""
_NONE: Final = frozenset({
    "", "-", "--", "/", "n/a", "na", "none", "null", "unknown", "not known", "no brand", "unbranded",
    "not specified", "not applicable", "no name", "without brand",
})  # fmt: skip
_NULLS: Final = re.compile(r"\A(?:null(?:\s+|\Z))+")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_LABEL: Final = re.compile(
    r"\A(?:(?:item|model|type|art|article|part|style|ref|reference)s?(?=[\s.:#])[\s.]*)+"
    r"(?:(?:numbers?|nos?|nr)(?=[\s.:#])[\s.]*)?[:#]?\s*",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"[,;|\n•]|\s/\s|\s(?:and|or|&)\s")
_BRANDS: Final = re.compile(r"[;|\n•]|\s/\s")
_DIGITS: Final = re.compile(r"[0-9]+(?:[ \-][0-9]+)*")
_LENGTHS: Final = frozenset({8, 12, 13, 14})


class Source(StrEnum):
    """Whose list it is. Stored: never renamed."""

    SAFETY_GATE = "safety_gate"
    CPSC = "cpsc"


class Fault(StrEnum):
    """What is wrong with a file of alerts. Part of the public API: never renamed."""

    FILE = "connectors.alerts"
    """No file of alerts at all, or one that is cut off."""
    ALERT = "connectors.alert"
    """An alert in it without a number, or that names no product, or comes twice, or has another shape."""


class Alert(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an office says of one product. Texts are plain."""

    source: Source
    number: str
    product: str = ""
    """What it is."""
    title: str = ""
    published: str = ""
    """ISO day, "" when the file does not say."""
    brands: tuple[str, ...] = ()
    """Brands, and firms that make or bring it in."""
    models: tuple[str, ...] = ()
    barcodes: tuple[str, ...] = ()
    """GTINs of 14 digits; what has a wrong check digit is none."""
    batches: str = ""
    text: str = ""
    """Its description."""
    hazard: str = ""
    risk: str = ""
    measures: str = ""
    origin: str = ""
    """Country it comes from, as written."""
    notifying: str = ""
    """Country that says so."""
    address: str = ""

    @property
    def key(self) -> str:
        """By which it is found."""
        return f"{self.source} {self.number}"


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file as it was handed in. The body of an entry; `alerts` are those that are new or say something else."""

    source: Source
    total: int
    rejected: int
    alerts: tuple[Alert, ...]

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        told: dict[str, object] = {"total": self.total, "rejected": self.rejected}
        told["new"] = len(self.alerts)
        rows = (Fact(ALERT, one.key, msgspec.to_builtins(one)) for one in self.alerts)
        return (Fact(FILE, self.source.value, told), *rows)


class Read(NamedTuple):
    """A file, as far as it could be read: `total` is what both add up to."""

    source: Source
    alerts: tuple[Alert, ...]
    rejected: tuple[Found, ...]
    """Where and why, in the order of the file."""

    @property
    def total(self) -> int:
        """Alerts in the file."""
        return len(self.alerts) + len(self.rejected)

    def changes(self, known: dict[str, Alert]) -> Alerts:
        """The body of an entry: what is not known yet, or known otherwise."""
        new = tuple(one for one in self.alerts if known.get(one.key) != one)
        return Alerts(self.source, self.total, len(self.rejected), new)


def parse_alerts(body: bytes) -> Alerts:
    """Read the body of an entry about a file."""
    return msgspec.json.decode(body, type=Alerts)


def known_alerts(store: Store) -> dict[str, Alert]:
    """All alerts by key, each as it was said last."""
    return {fact.key: msgspec.convert(fact.fields, Alert) for fact in all_facts(store, ALERT)}


# ------------------------------------------------------------------------ reading


def gathered(source: Source, rows: Iterable[tuple[str, Callable[[], Alert]]]) -> Read:
    """Sort the elements of a file into those that are alerts and those that are not.

    Args:
        source: Whose file it is.
        rows: Where each element stands, and what reads it; reading raises ConnectorError.

    Returns:
        All of them.

    Raises:
        ConnectorError: if there are more than `ALERTS_MAX`.
    """
    found: dict[str, Alert] = {}
    rejected: list[Found] = []
    for where, read in rows:
        if len(found) + len(rejected) >= ALERTS_MAX:
            raise ConnectorError(broken(f"at most {ALERTS_MAX} alerts", "more", where))
        try:
            alert = read()
            _check(alert, found)
        except ConnectorError as refusal:
            rejected.append(refusal.faults[0].under(where))
        else:
            found[alert.key] = alert
    return Read(source, tuple(found.values()), tuple(rejected))


def _check(alert: Alert, known: dict[str, Alert]) -> None:
    """Refuse what is no alert. Raises ConnectorError."""
    if not 0 < len(alert.number) <= NUMBER_MAX or not alert.number.isprintable():
        expected = f"a number of 1 to {NUMBER_MAX} characters"
        raise ConnectorError(refused(expected, alert.number or "none", "number"))
    if not (alert.product or alert.title or alert.models or alert.barcodes):
        raise ConnectorError(refused("something that names a product", "nothing", "product"))
    if alert.key in known:
        raise ConnectorError(refused("a number of its own", alert.number, "number"))


def refused(expected: str, got: object, path: str = "") -> Found:
    """Why one alert is rejected."""
    return fault(Fault.ALERT, expected=expected, got=got, path=path)


def broken(expected: str, got: object, path: str = "") -> Found:
    """Why a whole file is refused."""
    return fault(Fault.FILE, expected=expected, got=got, path=path)


def check_size(data: bytes) -> None:
    """Refuse what is too large to be read. Raises ConnectorError."""
    if len(data) > ALERTS_BYTES_MAX:
        raise ConnectorError(broken(f"at most {ALERTS_BYTES_MAX} bytes", len(data)))


# ------------------------------------------------------------------------ texts


def plain(text: str, most: int = TEXT_MAX) -> str:
    """A text without entities, tags, hard spaces and the word ``null`` before it.

    Args:
        text: As the file has it.
        most: Characters that are kept.

    Returns:
        The text, lines kept apart; "" when it says that there is none.
    """
    text = text[: 4 * most]
    for _ in range(3):
        text = html.unescape(text)
    text = _TAG.sub("\n", text).replace("\xa0", " ")
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char)[0] != "C")
    lines = (" ".join(line.split()) for line in text.split("\n"))
    text = _NULLS.sub("", "\n".join(line for line in lines if line))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def line(text: str) -> str:
    """The same as one short line."""
    return plain(text.replace("\n", " "), SHORT_MAX).replace("\n", " ")


def is_none(text: str) -> bool:
    """Whether a value says that there is none."""
    return text.strip().casefold() in _NONE


def values(texts: Iterable[str]) -> tuple[str, ...]:
    """Values that say something, each once, at most `VALUES_MAX`."""
    kept = dict.fromkeys(one for one in map(line, texts) if not is_none(one))
    return tuple(kept)[:VALUES_MAX]


def brands_in(text: str) -> tuple[str, ...]:
    """The brands that a field lists; a comma may stand within one."""
    return values(_BRANDS.split(plain(text)))


def models_in(text: str) -> tuple[str, ...]:
    """The models that a field lists, without the words before them."""
    return values(_LABEL.sub("", one.strip()) for one in _LISTED.split(plain(text)))


def gtins_in(text: str) -> tuple[str, ...]:
    """The GTINs that a text holds, as 14 digits: those of which the check digit is right.

    Groups of digits between blanks or hyphens are one number when no group of them is one.

    Returns:
        Each once, in order.

    >>> gtins_in("Barcodes: 6901234567892; 6 936983 800013")
    ('06901234567892', '06936983800013')
    """
    found: dict[str, None] = {}
    for run in _DIGITS.findall(plain(text)):
        groups = re.split(r"[ \-]", run)
        single = [gtin for gtin in map(_gtin, groups) if gtin]
        found |= dict.fromkeys(single or _joined(groups))
    return tuple(found)[:VALUES_MAX]


def _joined(groups: Sequence[str]) -> list[str]:
    """GTINs of groups that stand side by side, from the left."""
    found, at = [], 0
    while at < len(groups):
        for end in range(min(len(groups), at + GTIN_LENGTH), at + 1, -1):
            if gtin := _gtin("".join(groups[at:end])):
                found.append(gtin)
                at = end - 1
                break
        at += 1
    return found


def _gtin(digits: str) -> str:
    if len(digits) not in _LENGTHS or not digits.strip("0"):
        return ""
    try:
        return Gtin.parse(digits).value
    except IdentifierError:
        return ""


def day_of(text: str) -> str:
    """The day of ``dd/mm/yyyy`` or ``yyyy-mm-dd…`` as ISO, "" when it is none."""
    text = text.strip()
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    day = f"{parts[3]}-{parts[2]:0>2}-{parts[1]:0>2}" if parts else text[:10]
    return day if is_day(day) and day > "1900" else ""


def address_in(text: str) -> str:
    """The web address in a text, "" when there is none."""
    found = re.search(r"https?://[^\s<>\"]{1,400}", html.unescape(text[:2_000]))
    return found[0].rstrip(",;.") if found else ""
