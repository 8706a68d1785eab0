"""What may one component of an application identifier hold?

One function per rule named in the GS1 Barcode Syntax Dictionary; each says what is wrong, or
None. They look at characters only: whether a company prefix was issued, for one, is not known
here.

>>> yymmdd("260230")
(<Fault.DATE: 'identify.date'>, 'a day of the calendar, YYMMDD')

References:
    GS1 Barcode Syntax Dictionary (see data/gs1_ai.json for the edition).
"""

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import resources

from guantong.identify.check_digits import CSET82, check_pair, is_checked
from guantong.identify.model import Fault

Problem = tuple[Fault, str]
"""Why a component is refused, and what would have been accepted."""

Lint = Callable[[str], Problem | None]
"""A rule over one component."""

GCP_DIGITS_MIN = 4
"""A company prefix has at least so many digits."""

IBAN_LENGTH_MIN = 11
"""Country, two check digits and some account; the longest allowed is up to the AI."""

DATE_WORDS = "a day of the calendar, YYMMDD"
"""What `yymmdd` expects."""

_LAST_DAYS = {
    f"{month:02}": str(29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)
    for month in range(1, 13)
}
"""Last day of each month, both in two digits; February as in a leap year."""


@cache
def code_list(name: str) -> frozenset[str]:
    """A list of codes: ``iso3166``, ``iso3166alpha2``, ``iso4217`` or ``package_types``."""
    path = resources.files("guantong.identify") / "data" / "gs1_code_lists.json"
    return frozenset(json.loads(path.read_text(encoding="utf-8"))[name].split())


def _is_number(text: str) -> bool:
    """ASCII digits, at least one."""
    return text.isascii() and text.isdigit()


def csetnumeric(text: str) -> Problem | None:
    """Digits."""
    return None if not text or _is_number(text) else (Fault.CHARACTER, "digits")


def cset82(text: str) -> Problem | None:
    """Letters, digits and the 20 signs of CSET 82."""
    if text.isalnum() and text.isascii():
        return None
    return None if set(text) <= _CSET82 else (Fault.CHARACTER, "characters of CSET 82")


def cset39(text: str) -> Problem | None:
    """Capital letters, digits, ``#``, ``-`` and ``/``."""
    good = re.fullmatch(r"[#\-/0-9A-Z]*", text)
    return None if good else (Fault.CHARACTER, "characters of CSET 39")


def cset64(text: str) -> Problem | None:
    """Characters of base64url; padding only as far as it is needed."""
    body = text.rstrip("=")
    if not re.fullmatch(r"[\-0-9A-Z_a-z]*", body):
        return Fault.CHARACTER, "characters of base64url"
    padding = len(text) - len(body)
    if padding and (padding > 2 or len(text) % 4):
        return Fault.FORMAT, "base64url padded to a multiple of 4 characters"
    return None


def csum(text: str) -> Problem | None:
    """A number whose last digit is its check digit."""
    if not text:
        return Fault.LENGTH, "a check digit"
    if not _is_number(text):
        return Fault.CHARACTER, "digits"
    return None if is_checked(text) else (Fault.CHECK, "a right check digit")


def csumalpha(text: str) -> Problem | None:
    """A code whose last two characters are its check pair."""
    if len(text) < 2:
        return Fault.LENGTH, "a check pair"
    if cset82(text):
        return cset82(text)
    right = check_pair(text[:-2])
    return None if text[-2:] == right else (Fault.CHECK, f"check pair {right}")


def gcp_at(text: str, start: int) -> Problem | None:
    """A company prefix from character `start` on."""
    part = text[start : start + GCP_DIGITS_MIN]
    if len(part) == GCP_DIGITS_MIN and _is_number(part):
        return None
    return Fault.COMPONENT, f"a company prefix at character {start + 1}"


def gcppos1(text: str) -> Problem | None:
    """A company prefix at the first character."""
    return gcp_at(text, 0)


def gcppos2(text: str) -> Problem | None:
    """A company prefix at the second character."""
    return gcp_at(text, 1)


def _day(text: str, digits: int, *, first: str) -> Problem | None:
    """A date of `digits` digits, days counted from `first`; 00 stands for a whole month."""
    if len(text) == digits and _is_number(text):
        month, day = text[-4:-2], text[-2:]
        if first <= day <= _LAST_DAYS.get(month, "") and (day != "29" or _has_29(text[:-2])):
            return None
        return Fault.DATE, f"a day of the calendar, {'YYYYMMDD'[8 - digits :]}"
    code = Fault.CHARACTER if csetnumeric(text) else Fault.LENGTH
    return code, f"a day of the calendar, {'YYYYMMDD'[8 - digits :]}"


def _has_29(month: str) -> bool:
    """Whether ``YYMM`` or ``YYYYMM`` has a day 29; years of two digits lie near 2000."""
    year = int(month[:-2])
    leap = year % 4 == 0 and (len(month) == 4 or year % 100 != 0 or year % 400 == 0)
    return leap or month[-2:] != "02"


def yymmdd(text: str) -> Problem | None:
    """A day."""
    return _day(text, 6, first="01")


def yymmd0(text: str) -> Problem | None:
    """A day, or a month with day 00."""
    return _day(text, 6, first="00")


def yyyymmdd(text: str) -> Problem | None:
    """A day with its century."""
    return _day(text, 8, first="01")


def yyyymmd0(text: str) -> Problem | None:
    """A day with its century, or a month with day 00."""
    return _day(text, 8, first="00")


def _clock(text: str, limits: tuple[int, ...], words: str) -> Problem | None:
    """Two digits per entry of `limits`, each below its limit."""
    if csetnumeric(text):
        return Fault.CHARACTER, words
    if len(text) != 2 * len(limits):
        return Fault.LENGTH, words
    parts = [int(text[at : at + 2]) for at in range(0, len(text), 2)]
    good = all(part < limit for part, limit in zip(parts, limits, strict=True))
    return None if good else (Fault.DATE, words)


def hh(text: str) -> Problem | None:
    """An hour."""
    return _clock(text, (24,), "an hour from 00 to 23")


def mi(text: str) -> Problem | None:
    """A minute."""
    return _clock(text, (60,), "a minute from 00 to 59")


def ss(text: str) -> Problem | None:
    """A second."""
    return _clock(text, (60,), "a second from 00 to 59")


def hhmi(text: str) -> Problem | None:
    """Hour and minute."""
    return _clock(text, (24, 60), "a time from 0000 to 2359")


def _listed(text: str, name: str, words: str) -> Problem | None:
    """A member of a code list."""
    return None if text in code_list(name) else (Fault.COMPONENT, words)


def iso3166(text: str) -> Problem | None:
    """A country number."""
    return _listed(text, "iso3166", "a country number of ISO 3166")


def iso3166999(text: str) -> Problem | None:
    """A country number, or 999."""
    return None if text == "999" else iso3166(text)


def iso3166alpha2(text: str) -> Problem | None:
    """A country in two letters."""
    return _listed(text, "iso3166alpha2", "two letters of ISO 3166")


def iso4217(text: str) -> Problem | None:
    """A currency number."""
    return _listed(text, "iso4217", "a currency number of ISO 4217")


def packagetype(text: str) -> Problem | None:
    """A package type of UN/ECE Recommendation 21 or GS1."""
    return _listed(text, "package_types", "a package type code")


def iban(text: str) -> Problem | None:
    """A bank account number with its country and its two check digits."""
    if len(text) < IBAN_LENGTH_MIN:
        return Fault.LENGTH, f"an IBAN of {IBAN_LENGTH_MIN} characters or more"
    if iso3166alpha2(text[:2]):
        return Fault.COMPONENT, "an IBAN that starts with a country"
    if not re.fullmatch(r"[0-9A-Z]+", text):
        return Fault.CHARACTER, "digits and capital letters in an IBAN"
    number = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return None if int(number) % 97 == 1 else (Fault.CHECK, "right check digits in an IBAN")


def _matches(pattern: str, words: str, *, code: Fault = Fault.COMPONENT) -> Lint:
    """A rule that is one pattern over the whole component."""
    compiled = re.compile(pattern)

    def lint(text: str) -> Problem | None:
        return None if compiled.fullmatch(text) else (code, words)

    return lint


def _numeric(pattern: str, words: str) -> Lint:
    """A rule over a number: digits first, then a pattern."""
    rule = _matches(pattern, words)

    def lint(text: str) -> Problem | None:
        return csetnumeric(text) or rule(text)

    return lint


def _degrees(text: str, most: int, words: str) -> Problem | None:
    """Ten digits of shifted degrees with seven decimals."""
    if csetnumeric(text):
        return Fault.CHARACTER, words
    if len(text) != 10:
        return Fault.LENGTH, words
    return None if int(text) <= most else (Fault.COMPONENT, words)


def latitude(text: str) -> Problem | None:
    """Degrees north plus 90, seven decimals."""
    return _degrees(text, 180 * 10**7, "a latitude of 10 digits")


def longitude(text: str) -> Problem | None:
    """Degrees east plus 180, seven decimals."""
    return _degrees(text, 360 * 10**7, "a longitude of 10 digits")


def pieceoftotal(text: str) -> Problem | None:
    """A piece number and the total, in halves of the component."""
    if csetnumeric(text):
        return Fault.CHARACTER, "digits"
    half, odd = divmod(len(text), 2)
    if odd or not half:
        return Fault.LENGTH, "an even number of digits"
    piece, total = int(text[:half]), int(text[half:])
    good = 1 <= piece <= total
    return None if good else (Fault.COMPONENT, "a piece number from 1 to the total")


def posinseqslash(text: str) -> Problem | None:
    """A position and the end of its sequence, as ``1/2``."""
    match = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)", text)
    if not match:
        return Fault.FORMAT, "a position such as 1/2"
    good = int(match[1]) <= int(match[2])
    return None if good else (Fault.COMPONENT, "a position not beyond the end")


LINTERS: dict[str, Lint] = {
    "csetnumeric": csetnumeric,
    "cset82": cset82,
    "cset39": cset39,
    "cset64": cset64,
    "csum": csum,
    "csumalpha": csumalpha,
    "gcppos1": gcppos1,
    "gcppos2": gcppos2,
    "yymmdd": yymmdd,
    "yymmd0": yymmd0,
    "yyyymmdd": yyyymmdd,
    "yyyymmd0": yyyymmd0,
    "hh": hh,
    "mi": mi,
    "ss": ss,
    "hhmi": hhmi,
    "iso3166": iso3166,
    "iso3166999": iso3166999,
    "iso3166alpha2": iso3166alpha2,
    "iso4217": iso4217,
    "iso5218": _matches(r"[0129]", "0, 1, 2 or 9 for biological sex"),
    "iban": iban,
    "packagetype": packagetype,
    "mediatype": _matches(r"0[1-9]|10|8[0-9]|9[0-9]", "a media type 01 to 10 or 80 to 99"),
    "latitude": latitude,
    "longitude": longitude,
    "hyphen": _matches(r"-+", "a hyphen"),
    "zero": _matches(r"0+", "zero"),
    "nonzero": _numeric(r"[0-9]*[1-9][0-9]*", "a number other than zero"),
    "nozeroprefix": _numeric(r"0?|[1-9][0-9]*", "a number without a leading zero"),
    "hasnondigit": _matches(r".*[^0-9].*", "at least one character that is no digit"),
    "yesno": _matches(r"[01]", "0 or 1"),
    "winding": _matches(r"[019]", "0, 1 or 9 for the winding direction"),
    "importeridx": _matches(r"[\-0-9A-Z_a-z]", "one character of base64url", code=Fault.CHARACTER),
    "pcenc": _matches(
        r"(?:[^%]|%[0-9A-Fa-f]{2})*", "two hexadecimal digits after %", code=Fault.FORMAT
    ),
    "pieceoftotal": pieceoftotal,
    "posinseqslash": posinseqslash,
}
"""Every rule of the dictionary but the two over coupons, by its name there."""

_CSET82 = frozenset(CSET82)
