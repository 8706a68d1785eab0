"""Is a North American coupon (AI 8110, AI 8112) put together right?

Coupons are strings of digits in which single digits say how long the next part is.

References:
    GS1 General Specifications, section 3 (AI 8110, AI 8112); the coupon guidelines of GS1 US.
"""

from guantong.identify.linters import DATE_WORDS, Problem, gcp_at, yymmdd
from guantong.identify.model import Fault

GCP_LENGTHS = "0123456"
"""Length digits of a company prefix; the length is six more."""

NO_GCP = "9"
"""Length digit of a second or third company prefix that is left out."""


class _Bad(Exception):
    """The first problem found; caught before it leaves this file."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem[1])


class _Digits:
    """A string of digits that is read from left to right."""

    def __init__(self, text: str) -> None:
        if text and not (text.isascii() and text.isdigit()):
            raise _Bad((Fault.CHARACTER, "digits only in a coupon"))
        self.text = text
        self.at = 0

    def take(self, length: int, what: str) -> str:
        """The next `length` digits."""
        part = self.text[self.at : self.at + length]
        if len(part) < length:
            raise _Bad((Fault.COMPONENT, f"{length} digits of {what}"))
        self.at += length
        return part

    def one_of(self, allowed: str, what: str) -> str:
        """The next digit, one of `allowed`."""
        digit = self.take(1, what)
        if digit not in allowed:
            raise _Bad((Fault.COMPONENT, f"{what} among {allowed}"))
        return digit

    def sized(self, allowed: str, what: str, *, plus: int = 0) -> str:
        """A part whose length is the next digit and `plus`."""
        return self.take(int(self.one_of(allowed, f"length of {what}")) + plus, what)

    def company(self, what: str, *, allowed: str = GCP_LENGTHS, plus: int = 6) -> str:
        """A company prefix with its length digit."""
        prefix = self.sized(allowed, what, plus=plus)
        problem = gcp_at(prefix, 0)
        if problem:
            raise _Bad(problem)
        return prefix

    def begins(self, digit: str) -> bool:
        """Whether the optional part `digit` comes next; if so it is stepped into."""
        found = self.text[self.at : self.at + 1] == digit
        self.at += found
        return found

    def end(self) -> None:
        """Refuse what is left over."""
        if self.at < len(self.text):
            raise _Bad((Fault.LENGTH, f"nothing after digit {self.at}"))


def couponcode(text: str) -> Problem | None:
    """What is wrong with an AI 8110 coupon; None when nothing is."""
    try:
        _read_coupon(_Digits(text))
    except _Bad as bad:
        return bad.problem
    return None


def couponposoffer(text: str) -> Problem | None:
    """What is wrong with an AI 8112 coupon; None when nothing is."""
    try:
        digits = _Digits(text)
        digits.one_of("01", "format code")
        digits.sized(GCP_LENGTHS, "funder", plus=6)
        digits.take(6, "offer code")
        digits.sized("0123456789", "serial number", plus=6)
        digits.end()
    except _Bad as bad:
        return bad.problem
    return None


def _read_coupon(digits: _Digits) -> None:
    """Read the fixed parts, then the optional ones in their order."""
    digits.company("company prefix")
    digits.take(6, "offer code")
    digits.sized("12345", "save value")
    _read_purchase(digits, "first purchase")
    if digits.begins("1"):
        digits.one_of("0123", "additional purchase rules")
        _read_other_purchase(digits, "second purchase")
    if digits.begins("2"):
        _read_other_purchase(digits, "third purchase")
    _read_dates(digits)
    if digits.begins("5"):
        digits.sized("0123456789", "serial number", plus=6)
    if digits.begins("6"):
        digits.company("retailer", allowed="1234567")
    if digits.begins("9"):
        digits.one_of("01256", "save value code")
        digits.one_of("012", "item the save value applies to")
        digits.take(1, "store coupon flag")
        digits.one_of("01", "do-not-multiply flag")
    digits.end()


def _read_purchase(digits: _Digits, what: str) -> None:
    """Requirement, its code and the family."""
    digits.sized("12345", f"{what} requirement")
    digits.one_of("012349", f"{what} requirement code")
    digits.take(3, f"{what} family code")


def _read_other_purchase(digits: _Digits, what: str) -> None:
    """A further purchase, whose company prefix may be left out."""
    _read_purchase(digits, what)
    if not digits.begins(NO_GCP):
        digits.company(f"{what} company prefix")


def _read_dates(digits: _Digits) -> None:
    """Expiry, then start; the start may not be later."""
    expiry = _read_date(digits, "expiration date") if digits.begins("3") else ""
    start = _read_date(digits, "start date") if digits.begins("4") else ""
    if expiry and start > expiry:
        raise _Bad((Fault.DATE, "a start date that is not after the expiration date"))


def _read_date(digits: _Digits, what: str) -> str:
    """Six digits that are a day."""
    day = digits.take(6, what)
    if yymmdd(day):
        raise _Bad((Fault.DATE, f"{what}: {DATE_WORDS}"))
    return day
