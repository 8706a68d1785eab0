"""A range of codes: what it says, how it is written down, and whether a code lies in it."""

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from guantong import parties
from guantong.caller import OPERATOR
from guantong.errors import Refusal, fault
from guantong.identify import Kind, canonical, read
from guantong.store import Fact, Store

SERIAL_DIGITS_MAX = 20
"""Longest serial of a range with a stem of its own."""
SERIAL_MAX = 2**63 - 1
"""Largest serial; a range is told by integers of 64 bits."""
TEXT_MAX = 500
"""Characters of a class, a stem or a lot."""
GS1_CLASS = "https://id.gs1.org/01/"


class Fault(StrEnum):
    """Why codes could not be issued. Part of the public API: never renamed."""

    FORMAT = "coding.format"
    RANGE = "coding.range"
    CLASS = "coding.class"


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

    def code(self, serial: int) -> str:
        """The item URI for one serial of the range."""
        return f"{self.stem or self.class_uri + '/21/'}{serial:0{self.width}d}"

    def holds(self, item: str) -> bool:
        """Whether an item URI lies in the range; "007" is not 7 where serials are canonical."""
        stem = self.stem or f"{self.class_uri}/21/"
        digits = item.removeprefix(stem)
        if digits == item or not (digits.isascii() and digits.isdecimal()):
            return False
        return self.first <= int(digits) <= self.last and self.code(int(digits)) == item


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
    class_uri = _class_uri(given.class_uri)
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
    for name in ("class_uri", "stem", "lot"):
        text = getattr(given, name)
        if len(text) > TEXT_MAX:
            expected = f"at most {TEXT_MAX} characters"
            raise CodingError(fault(Fault.FORMAT, expected=expected, got=text, path=name))
    if given.day and not _is_day(given.day):
        expected = "a day such as 2026-03-01"
        raise CodingError(fault(Fault.FORMAT, expected=expected, got=given.day, path="day"))


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _class_uri(text: str) -> str:
    """The class a text names: the best reading that is a class, else its canonical spelling."""
    classes = [found.value.uri for found in read(text) if found.value.kind is Kind.CLASS]
    return classes[0] if classes else canonical(text)


def facts_of(issue: CodeRange) -> tuple[Fact, ...]:
    """The fact an accepted issue leaves in the store."""
    fields = msgspec.to_builtins(issue)
    links = (issue.stem,) if issue.stem else ()
    return (Fact("code_range", issue.class_uri, fields, links=links),)


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
        held = msgspec.convert(fact.fields, CodeRange)
        if held.holds(item):
            if speaks_for(store, held.class_uri, fact.by, as_of=as_of):
                return held, fact
            found = found or (held, fact)
    return found


def speaks_for(store: Store, class_uri: str, party: str, *, as_of: int | None = None) -> bool:
    """Whether a party may issue codes of a class without anybody wondering.

    Args:
        store: Where the facts are.
        class_uri: The class.
        party: Who issued.
        as_of: Ledger size, None for now.

    Returns:
        True for those whose record of the product counts, for the operator, and while nobody
        has filed the product.
    """
    facts = store.facts("product", (class_uri,), as_of=as_of)
    speakers = parties.speakers_of(facts, class_uri)
    return not speakers or party in speakers or party == OPERATOR.party


def _stems(item: str) -> Iterator[str]:
    """What may stand before the serial: the item less one, two … of its last digits."""
    digits = len(item) - len(item.rstrip("0123456789"))
    return (item[:-count] for count in range(1, min(digits, SERIAL_DIGITS_MAX) + 1))


def codes_of(issue: CodeRange) -> Iterator[str]:
    """All item URIs of a range, in order, lazily."""
    return (issue.code(serial) for serial in range(issue.first, issue.last + 1))
