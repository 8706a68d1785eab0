"""How is a code of no GS1 scheme tidied up on the way in, and spelt as a URI on the way out?

People copy codes from labels and licences with blanks, dashes of all sorts and full-width
letters; the URI has one spelling only.

>>> tight("（粤）ＸＫ０５－００３ 00001")
'(粤)XK0500300001'
>>> urn(Scheme.XK, "XK05-003-00001")
'urn:guantong:xk:XK05-003-00001'
"""

from urllib.parse import quote, unquote

from guantong.errors import fault
from guantong.identify.model import Fault, IdentifierError, Scheme

PREFIX = "urn:guantong:"
"""Our own, unregistered namespace for schemes that have no URI of their own."""

TEXT_MAX = 2_048
"""Longest text, in characters, that is looked at as a code."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE63, 0xFF0D), "-")
_PLAIN = _FULL_WIDTH | _DASHES
_TIGHT = _PLAIN | dict.fromkeys((0x20, 0x2D, 0x3000, 0x09, 0xA0, *_DASHES), "")


def tidy(text: str) -> str:
    """Full-width forms and dashes as ASCII, no blanks at the ends; nothing inside is lost."""
    return text.strip() if text.isascii() else text.strip().translate(_PLAIN)


def tight(text: str) -> str:
    """As `tidy`, and without the blanks and dashes that group a printed code."""
    bare = text.strip()
    return bare if bare.isalnum() and bare.isascii() else bare.translate(_TIGHT)


def is_digits(text: str) -> bool:
    """Whether `text` is one or more ASCII digits."""
    return text.isascii() and text.isdigit()


def check_length(value: str, lengths: tuple[int, ...], of: str) -> None:
    """Refuse a value of another length.

    Args:
        value: What was read.
        lengths: Lengths that are right, in characters.
        of: What it is, for the fault.

    Raises:
        IdentifierError: with `Fault.LENGTH`.
    """
    if len(value) not in lengths:
        wanted = " or ".join(str(length) for length in lengths)
        raise IdentifierError(
            fault(
                Fault.LENGTH, expected=f"{wanted} characters in {of}", got=f"{len(value)}: {value}"
            )
        )


def check_digits_only(value: str, of: str) -> None:
    """Refuse anything but ASCII digits.

    Args:
        value: What was read.
        of: What it is, for the fault.

    Raises:
        IdentifierError: with `Fault.CHARACTER`.
    """
    if not is_digits(value):
        raise IdentifierError(fault(Fault.CHARACTER, expected=f"digits only in {of}", got=value))


def urn(scheme: Scheme, value: str) -> str:
    """The URI of a value: everything beyond letters, digits and ``-._~`` percent-coded."""
    return f"{PREFIX}{scheme}:{value if value.isascii() and value.isalnum() else quote(value, safe='')}"


def split_urn(text: str) -> tuple[str, str]:
    """Scheme word and decoded value of one of our URNs.

    Returns:
        Both, the word in lower case.

    Raises:
        IdentifierError: if it is none of ours, or the value is empty or not UTF-8.
    """
    word, colon, value = text[len(PREFIX) :].partition(":")
    if text[: len(PREFIX)].lower() != PREFIX or not colon or not value:
        raise IdentifierError(fault(Fault.FORMAT, expected=f"{PREFIX}<scheme>:<value>", got=text))
    return word.lower(), decoded(value)


def decoded(value: str) -> str:
    """A percent-coded text as it was.

    Returns:
        The text.

    Raises:
        IdentifierError: if its bytes are not UTF-8.
    """
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as refusal:
        raise IdentifierError(fault(Fault.FORMAT, expected="UTF-8 in URI", got=value)) from refusal
