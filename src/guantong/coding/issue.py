"""A range of codes: what it says, how it is written down, and whether a code lies in it."""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec
import numpy as np

from guantong import parties
from guantong.caller import OPERATOR
from guantong.capture import lots
from guantong.clock import is_day
from guantong.errors import Refusal, fault
from guantong.identify import Kind, canonical, read
from guantong.identify.ff1 import DIGITS_MAX, DIGITS_MIN, Ff1, ff1_of, place_of
from guantong.store import Fact, Spread, Store

SERIAL_DIGITS_MAX = 20
"""Longest serial of a range with a stem of its own."""
SERIAL_MAX = 2**63 - 1
"""Largest serial; a range is told by integers of 64 bits."""
TEXT_MAX = 500
"""Characters of a class, a stem or a lot."""
CODES_AT_ONCE = 65_536
"""Item URIs made at once."""
GS1_CLASS = "https://id.gs1.org/01/"
ALLOCATION = "allocation"
"""Of the facts about classes that firms were given, by the class; also found by firm and range."""


class Fault(StrEnum):
    """Why codes could not be issued. Part of the public API: never renamed."""

    FORMAT = "coding.format"
    RANGE = "coding.range"
    CLASS = "coding.class"
    USED = "coding.used"
    LABEL = "coding.label"
    REPRINT = "coding.reprint"
    VOID = "coding.void"
    DELEGATED = "coding.delegated"


class CodingError(Refusal):
    """A code range that can not be issued."""


class CodeRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Consecutive serials of one product class, issued together."""

    class_uri: str
    """Canonical class URI; what the item's own `class_uri` is."""
    first: int
    """First serial, at least 0."""
    last: int
    """Last serial, inclusive."""
    stem: str = ""
    """What stands before the serial in the item's URI; "" means the GS1 form, class + "/21/"."""
    width: int = 0
    """Digits of the serial with leading zeros; 0 means a canonical decimal."""
    lot: str = ""
    """Batch the items belong to, as printed."""
    day: str = ""
    """Production day planned for them (ISO), "" when not known."""
    spread: int = 0
    """Digits of the serials shown, which are a permutation of `first` to `last`; 0 for none."""
    key: str = ""
    """Key of that permutation, in 32 hexadecimal digits."""

    @property
    def head(self) -> str:
        """What stands before the serial in every item URI of the range."""
        return self.stem or f"{self.class_uri}/21/"

    def code(self, serial: int) -> str:
        """The item URI for one serial of the range."""
        return next(self.codes(serial, serial))

    def codes(self, first: int, last: int) -> Iterator[str]:
        """The item URIs of some serials of the range, in order, lazily."""
        for low in range(first, last + 1, CODES_AT_ONCE):
            serials = np.arange(low, min(low + CODES_AT_ONCE, last + 1))
            shown = self._ff1().encrypt(serials) if self.spread else serials
            width = self.spread or self.width
            yield from (f"{self.head}{serial:0{width}d}" for serial in shown.tolist())

    def _ff1(self) -> Ff1:
        return ff1_of(bytes.fromhex(self.key), self.spread)

    def holds(self, item: str) -> bool:
        """Whether an item URI lies in the range; "007" is not 7 where serials are canonical."""
        return self.place(item) is not None

    def place(self, item: str) -> int | None:
        """The serial of an item URI before it was spread; None when it is not in the range."""
        digits = item.removeprefix(self.head)
        if digits == item or not (digits.isascii() and digits.isdecimal()):
            return None
        place = int(digits)
        if self.spread:
            if len(digits) != self.spread:
                return None
            place = place_of(bytes.fromhex(self.key), self.spread, place)
        elif not self.first <= place <= self.last or self.code(place) != item:
            return None
        return place if self.first <= place <= self.last else None


def parse(body: bytes) -> CodeRange:
    """Read a code range as it is sent and kept: a JSON object with `CodeRange`'s members.

    Args:
        body: UTF-8 JSON.

    Returns:
        The range, its class canonical.

    Raises:
        CodingError: if it is not such an object, the class is unknown, the range is empty, or
            a member is out of its bounds.
    """
    try:
        given = msgspec.json.decode(body, type=CodeRange)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CodingError(fault(Fault.FORMAT, expected="a code range object", got=error)) from error
    _check_bounds(given)
    class_uri = class_of(given.class_uri)
    if ":" not in class_uri:
        expected = "a class code, or a URI"
        raise CodingError(
            fault(Fault.CLASS, expected=expected, got=given.class_uri, path="class_uri")
        )
    if not given.stem and not class_uri.startswith(GS1_CLASS):
        raise CodingError(
            fault(
                Fault.CLASS,
                expected="a GTIN class, or the stem of the item URIs",
                got=class_uri,
                path="class_uri",
            )
        )
    return msgspec.structs.replace(given, class_uri=class_uri)


def _check_bounds(given: CodeRange) -> None:
    """Refuse what no code can have; it would be found out only when somebody scans."""
    if not 0 <= given.first <= given.last <= SERIAL_MAX:
        expected, got = f"0 <= first <= last <= {SERIAL_MAX}", f"{given.first}..{given.last}"
        raise CodingError(fault(Fault.RANGE, expected=expected, got=got, path="first"))
    if not 0 <= given.width <= SERIAL_DIGITS_MAX:
        expected = f"0 to {SERIAL_DIGITS_MAX} digits"
        raise CodingError(fault(Fault.RANGE, expected=expected, got=given.width, path="width"))
    _check_spread(given)
    for name in ("class_uri", "stem", "lot"):
        text = getattr(given, name)
        if len(text) > TEXT_MAX:
            expected = f"at most {TEXT_MAX} characters"
            raise CodingError(fault(Fault.FORMAT, expected=expected, got=text, path=name))
    if given.day and not is_day(given.day):
        expected = "a day such as 2026-03-01"
        raise CodingError(fault(Fault.FORMAT, expected=expected, got=given.day, path="day"))


def _check_spread(given: CodeRange) -> None:
    """Refuse a permutation that is none."""
    if not given.spread and not given.key:
        return
    if not DIGITS_MIN <= given.spread <= DIGITS_MAX or given.width:
        expected, got = f"{DIGITS_MIN} to {DIGITS_MAX} digits, no width", given.spread
        raise CodingError(fault(Fault.RANGE, expected=expected, got=got, path="spread"))
    if given.last >= 10**given.spread:
        expected = f"last < 10^{given.spread}"
        raise CodingError(fault(Fault.RANGE, expected=expected, got=given.last, path="last"))
    if not re.fullmatch("[0-9a-f]{32}", given.key):
        expected = "a key of 32 hexadecimal digits"
        raise CodingError(fault(Fault.FORMAT, expected=expected, got="another text", path="key"))


def class_of(text: str) -> str:
    """The class a text names: the best reading that is a class, else its canonical spelling."""
    classes = [found.value.uri for found in read(text) if found.value.kind is Kind.CLASS]
    return classes[0] if classes else canonical(text)


def facts_of(issue: CodeRange) -> tuple[Fact, ...]:
    """The fact an accepted issue leaves in the store."""
    fields = msgspec.to_builtins(issue)
    fields.pop("key", None)
    links = (issue.stem,) if issue.stem else ()
    key = bytes.fromhex(issue.key)
    spread = Spread(issue.head, issue.spread, key) if issue.spread else None
    return (Fact("code_range", issue.class_uri, fields, links=links, spread=spread),)


def check_fits(store: Store, asked: CodeRange, party: str) -> None:
    """Refuse a range whose serials are written in another way than the party's before it.

    Args:
        store: Where the facts are.
        asked: The range.
        party: Who issues.

    Raises:
        CodingError: if a range of the same class has another key or form: two items could bear
            one code.
    """
    form = (asked.spread, asked.key)
    for before in ranges_of(store, asked.class_uri, party):
        if before.head == asked.head and (before.spread, before.key) != form:
            expected = f"serials of {before.spread} digits under one key" if before.spread else ""
            raise CodingError(
                fault(
                    Fault.USED,
                    expected=expected or "serials as they are",
                    got="another form or key",
                    path=asked.class_uri,
                )
            )


def issued_as(store: Store, asked: CodeRange, party: str) -> Fact | None:
    """The fact of a party's own issue of exactly this range, None when there is none."""
    for fact in store.facts("code_range", (asked.class_uri,)):
        if fact.by == party and msgspec.structs.replace(range_of(fact), key=asked.key) == asked:
            return fact
    return None


def key_before(store: Store, class_uri: str, party: str) -> str:
    """The key under which a party issued serials of a class before, "" for none."""
    found = ranges_of(store, class_uri, party)
    return next((before.key for before in found if before.spread), "")


def ranges_of(store: Store, class_uri: str, party: str = "") -> Iterator[CodeRange]:
    """All ranges of a class that a party issued, or anybody, in ledger order."""
    facts = store.facts("code_range", (class_uri,))
    return (range_of(fact) for fact in facts if party in {"", fact.by})


def ranges_of_lot(store: Store, lot: str, *, as_of: int | None = None) -> Iterator[CodeRange]:
    """The ranges of codes that were issued as of a lot, in ledger order.

    Args:
        store: Where the facts are.
        lot: Canonical URI of a lot.
        as_of: Ledger size, None for now.

    Yields:
        Ranges; what a label says of its batch counts as much as what the making says.
    """
    for fact in store.facts("code_range", (lots.class_of(lot),), as_of=as_of):
        issue = range_of(fact)
        if issue.lot and lots.lot_uri(issue.class_uri, issue.lot) == lot:
            yield issue


def range_of(fact: Fact) -> CodeRange:
    """The range that a fact states."""
    key = {"key": fact.spread.key.hex()} if fact.spread else {}
    return msgspec.convert(fact.fields | key, CodeRange)


def issued(
    store: Store, class_uri: str, item: str, *, as_of: int | None = None
) -> tuple[CodeRange, Fact] | None:
    """The range an item URI was issued in, with the fact that says so (who, when).

    A range is found by the item's class, or by its own stem where the spelling of a code does
    not tell its class (an Ecode, a vehicle code).

    Args:
        store: Where the facts are.
        class_uri: The item's class, "" when its spelling names none.
        item: The item's canonical URI.
        as_of: Ledger size, None for now.

    Returns:
        The first range that holds it, one of those who speak for the class before any other;
        None if no one issued it here.
    """
    keys = [key for key in (class_uri, *_stems(item)) if key]
    found: tuple[CodeRange, Fact] | None = None
    for fact in store.facts("code_range", keys, as_of=as_of):
        held = range_of(fact)
        if held.holds(item):
            if speaks_for(store, held.class_uri, fact.by, as_of=as_of):
                return held, fact
            found = found or (held, fact)
    return found


def allocated_to(store: Store, class_uri: str, *, as_of: int | None = None) -> str:
    """The firm that was given a class first, "" for none."""
    facts = store.facts(ALLOCATION, (class_uri,), as_of=as_of)
    return next((str(fact.fields["firm"]) for fact in facts if fact.key == class_uri), "")


def speaks_for(store: Store, class_uri: str, party: str, *, as_of: int | None = None) -> bool:
    """Whether a party may issue codes of a class without anybody wondering.

    Args:
        store: Where the facts are.
        class_uri: The class.
        party: Who issued.
        as_of: Ledger size, None for now.

    Returns:
        True for whoever was given the class, for those whose record of the product counts, for
        the operator, and while nobody has filed the product.
    """
    if given_to := allocated_to(store, class_uri, as_of=as_of):
        return party in {given_to, OPERATOR.party}
    facts = store.facts("product", (class_uri,), as_of=as_of)
    speakers = parties.speakers_of(facts, class_uri)
    return not speakers or party in speakers or party == OPERATOR.party


def _stems(item: str) -> Iterator[str]:
    """What may stand before the serial: the item less one, two … of its last digits."""
    digits = len(item) - len(item.rstrip("0123456789"))
    return (item[:-count] for count in range(1, min(digits, SERIAL_DIGITS_MAX) + 1))


def codes_of(issue: CodeRange) -> Iterator[str]:
    """All item URIs of a range, in order, lazily."""
    return issue.codes(issue.first, issue.last)
