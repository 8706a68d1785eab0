"""Codes for firms without a prefix: ranges of classes that others delegated to the operator.

The regulator offers GS1, Ecode, digital identity (MA) and CCC codes free of charge. The first three
need a range that its issuing body allocated to the operator; a CCC certificate names a model, so
that it needs an item code of one of the three beside it. Whoever's allocation of a number stands
first in the ledger has it; the number is drawn, so that two seldom meet.
"""

import secrets
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from guantong.clock import is_day
from guantong.coding.issue import ALLOCATION, CodingError, Fault, allocated_to
from guantong.errors import Refusal, fault
from guantong.identify import MaCode, read
from guantong.identify.check_digits import check_digit
from guantong.identify.ecode import Ecode
from guantong.store import Fact, Store, all_facts

DELEGATION: Final = "delegation"
"""Of the facts about delegated ranges, by scheme and stem."""
DELEGATION_MEDIA: Final = "application/vnd.guantong.delegation+json"
ALLOCATION_MEDIA: Final = "application/vnd.guantong.allocation+json"
SERIAL_DIGITS: Final = 12
"""Digits of the serials for which a code must have room."""
WIDTH_MAX: Final = 9
CLASSES_MAX: Final = 200
"""Classes a firm is given of one range."""
DRAWS: Final = 20
"""Numbers drawn before the range is gone through."""
TEXT_MAX: Final = 200


class Free(StrEnum):
    """The families in which classes are handed out."""

    GS1 = "gs1"
    ECODE = "ecode"
    MA = "ma"


class Delegation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A range of classes that an issuing body allocated to the operator. The body of an entry."""

    scheme: Free
    stem: str
    """What all classes begin with: a GS1 company prefix; version, NSI and more digits of an Ecode;
    an MA code up to the category."""
    first: int
    last: int
    """The numbers that follow the stem."""
    width: int
    """Digits of the number; 0 for no leading zeros."""
    source: str
    """Who allocated it, and by what document."""
    until: str = ""
    """Last day, ISO; "" for no end."""

    @property
    def key(self) -> str:
        """By which it is found."""
        return f"{self.scheme} {self.stem}"

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(DELEGATION, self.key, msgspec.to_builtins(self)),)

    def class_uri(self, number: int) -> str:
        """The canonical URI of the class of a number."""
        told = f"{self.stem}{number:0{self.width}d}"
        match self.scheme:
            case Free.GS1:
                return f"https://id.gs1.org/01/0{told}{check_digit(told)}"
            case Free.ECODE:
                return Ecode.parse(told).uri
            case Free.MA:
                return MaCode.parse(f"{self.stem}.{number:0{self.width}d}").uri

    def stem_of(self, number: int) -> str:
        """What stands before the serial in the items of a class; "" for the GS1 form."""
        return stem_of(self.class_uri(number))

    def number_of(self, class_uri: str) -> int | None:
        """The number of a class, None when it does not lie in the range."""
        digits = len(str(self.last)) + self.width
        shown = "".join(one for one in class_uri if one.isdigit())
        ends = shown[:-1] if self.scheme is Free.GS1 else shown
        for size in range(1, min(digits, len(ends)) + 1):
            number = int(ends[-size:])
            if self.first <= number <= self.last and self.class_uri(number) == class_uri:
                return number
        return None


class Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class that a firm is given. The body of an entry of that firm."""

    range: str
    """Key of the delegated range."""
    number: int
    class_uri: str
    firm: str
    what: str
    """The product it is for."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        links = (f"range {self.range}", f"firm {self.firm} {self.range}")
        return (Fact(ALLOCATION, self.class_uri, msgspec.to_builtins(self), links=links),)


class Given(NamedTuple):
    """A delegated range and how much of it is given out."""

    range: Delegation
    used: int

    @property
    def size(self) -> int:
        """Classes in all."""
        return self.range.last - self.range.first + 1


def check_delegation(given: Delegation) -> None:
    """Refuse a range of which no code can be made.

    Raises:
        CodingError: if a member is out of its bounds, or the codes are no codes of the scheme.
    """
    if not 0 <= given.first <= given.last < 10**WIDTH_MAX or not 0 <= given.width <= WIDTH_MAX:
        expected = f"0 <= first <= last < 10^{WIDTH_MAX}, a width of 0 to {WIDTH_MAX}"
        got = f"{given.first}..{given.last}, {given.width}"
        raise CodingError(fault(Fault.DELEGATED, expected=expected, got=got, path="first"))
    if not 1 <= len(given.source) <= TEXT_MAX or (given.until and not is_day(given.until)):
        expected, got = "who allocated it; until: a day", f"{given.source[:50]}, {given.until[:50]}"
        raise CodingError(fault(Fault.DELEGATED, expected=expected, got=got, path="source"))
    for number in (given.first, given.last):
        _check_number(given, number)


def _check_number(given: Delegation, number: int) -> None:
    try:
        class_uri = given.class_uri(number)
        item = f"{stem_of(class_uri) or class_uri + '/21/'}{'9' * SERIAL_DIGITS}"
        is_right = bool(read(class_uri)) and bool(read(item)) and _has_room(given, number)
        if is_right and given.scheme is Free.ECODE:
            Ecode.parse(item.rpartition(":")[2])
    except (Refusal, ValueError):
        is_right = False
    if not is_right:
        expected = f"a stem with which {given.scheme} has classes and {SERIAL_DIGITS} digits more"
        raise CodingError(
            fault(Fault.DELEGATED, expected=expected, got=given.stem[:50], path="stem")
        )


def _has_room(given: Delegation, number: int) -> bool:
    """Whether stem and number are as long as the scheme demands."""
    if given.scheme is Free.GS1:
        return given.stem.isdecimal() and len(f"{given.stem}{number:0{given.width}d}") == 12
    return given.width >= len(str(given.last)) or given.scheme is Free.MA


def stem_of(class_uri: str) -> str:
    """What stands before the serial in the items of a class, as the class's spelling tells.

    Args:
        class_uri: Canonical URI.

    Returns:
        The stem; "" where items have the GS1 form, or where nothing tells.
    """
    if class_uri.startswith("urn:guantong:ecode:"):
        return class_uri
    found = next((one.value for one in read(class_uri) if isinstance(one.value, MaCode)), None)
    if found is None or not found.product:
        return ""
    ends = "/0" if found.mark == "/" else ".S0"
    return MaCode.parse(found.value + ends).uri[:-1]


def delegations(store: Store) -> list[Delegation]:
    """All ranges as they were delegated last, by scheme and stem."""
    last = {fact.key: fact for fact in all_facts(store, DELEGATION)}
    return [msgspec.convert(fact.fields, Delegation) for fact in last.values()]


def given_of(store: Store) -> list[Given]:
    """All ranges, and how much of each is given out."""
    return [
        Given(one, len({fact.key for fact in store.facts(ALLOCATION, (f"range {one.key}",))}))
        for one in delegations(store)
    ]


def allocations_of(store: Store, firm: str) -> list[Allocation]:
    """The classes a firm was given, in ledger order."""
    keys = [f"firm {firm} {one.key}" for one in delegations(store)]
    told = (msgspec.convert(fact.fields, Allocation) for fact in store.facts(ALLOCATION, keys))
    return [one for one in told if allocated_to(store, one.class_uri) == firm]


def next_free(store: Store, scheme: Free, firm: str, what: str, today: str) -> Allocation:
    """A class for a firm, of a range that is in force and not used up.

    Args:
        store: What is known.
        scheme: The family.
        firm: Who is to have it.
        what: The product it is for.
        today: ISO.

    Returns:
        The allocation, to be entered; whether it stood first is known afterwards.

    Raises:
        CodingError: if there is none of the family, or the firm has its fill.
    """
    for one in delegations(store):
        if one.scheme is not scheme or (one.until and one.until < today):
            continue
        has = {fact.key for fact in store.facts(ALLOCATION, (f"firm {firm} {one.key}",))}
        if len(has) >= CLASSES_MAX:
            expected = f"at most {CLASSES_MAX} classes"
            raise CodingError(fault(Fault.DELEGATED, expected=expected, got=len(has) + 1))
        number = _drawn(store, one)
        if number is not None:
            return Allocation(one.key, number, one.class_uri(number), firm, what[:TEXT_MAX])
    expected = f"a range of {scheme} that was delegated and has room"
    raise CodingError(fault(Fault.DELEGATED, expected=expected, got="none", path="scheme"))


def _drawn(store: Store, one: Delegation) -> int | None:
    """A number nobody has and nothing is known of; None when there is none."""
    size = one.last - one.first + 1
    for _ in range(DRAWS):
        number = one.first + secrets.randbelow(size)
        if _is_free(store, one.class_uri(number)):
            return number
    numbers = range(one.first, one.last + 1)
    return next((number for number in numbers if _is_free(store, one.class_uri(number))), None)


def _is_free(store: Store, class_uri: str) -> bool:
    kinds = (ALLOCATION, "product", "code_range")
    return not any(store.facts(kind, (class_uri,)) for kind in kinds)


def check_own(store: Store, class_uri: str, party: str) -> None:
    """Refuse the use of a class that was delegated and is not the party's.

    Args:
        store: What is known.
        class_uri: The class.
        party: Who would issue codes of it.

    Raises:
        CodingError: if another firm has it, or nobody yet.
    """
    firm = allocated_to(store, class_uri)
    is_delegated = bool(firm) or any(
        one.number_of(class_uri) is not None for one in delegations(store)
    )
    if is_delegated and firm != party:
        expected = "a class that your firm was given"
        raise CodingError(fault(Fault.DELEGATED, expected=expected, got=class_uri))


def parse_delegation(body: bytes) -> Delegation:
    """Read the body of an entry about a delegated range."""
    return msgspec.json.decode(body, type=Delegation)


def parse_allocation(body: bytes) -> Allocation:
    """Read the body of an entry about a class that a firm was given."""
    return msgspec.json.decode(body, type=Allocation)
