"""How is a value about a person held, hashed and shown?

In a type of its own. It is no text and no bytes, has no hash, can not be pickled, and does not
show itself in a message: whoever wants what is inside says `reveal`. An unsalted hash of it can not
be asked for; what stands in its place is the digest of a salted disclosure.

>>> told = Disclosure("_26bc4LT-ac6q2KI6cBW5es", "family_name", Personal("Möbius"))
>>> told.value
Personal(…)
>>> unsalted(Personal(b"13800138000"))  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
guantong.capture.faults.CaptureError: capture.unsalted

References:
    RFC 9901, section 4.2
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, NoReturn, Self, TypeVar

import msgspec

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import fault

SALT_BYTES: Final = 16
"""Of a disclosure: 128 bits, as RFC 9901 recommends."""
_TAG: Final = b"guantong disclosure salts v1\n"
_REFUSED: Final = fault(Fault.UNSALTED, expected="a salt or a key", got="a value about a person")
_encode: Final = msgspec.json.Encoder().encode

T_co = TypeVar("T_co", covariant=True)


class Personal(Generic[T_co]):
    """A value that says something of a person."""

    __slots__ = ("_value",)

    def __init__(self, value: T_co) -> None:
        """Hold a value."""
        self._value = value

    def reveal(self) -> T_co:
        """The value, for those who may see it and for hashes with a salt or key."""
        return self._value

    def __repr__(self) -> str:
        return "Personal(…)"

    def __hash__(self) -> int:
        raise CaptureError(_REFUSED)

    def __bytes__(self) -> NoReturn:
        raise CaptureError(_REFUSED)

    def __reduce__(self) -> NoReturn:
        raise CaptureError(_REFUSED)


def unsalted(data: bytes) -> str:
    """SHA-256 of something that says nothing of a person, hexadecimal.

    Args:
        data: What is hashed. A `Personal` is none: no type checker lets it pass.

    Returns:
        64 digits.

    Raises:
        CaptureError: `capture.unsalted` if it is `Personal` all the same.
    """
    given: object = data
    if isinstance(given, Personal):
        raise CaptureError(_REFUSED)
    return sha256(data).hexdigest()


def keyed(key: bytes, data: Personal[bytes]) -> str:
    """HMAC-SHA-256 of something personal, hexadecimal: nobody without the key can confirm a guess."""
    return hmac.digest(key, data.reveal(), "sha256").hex()


@dataclass(frozen=True, slots=True, eq=False)
class Disclosure:
    """One member that was taken out of a document."""

    salt: str
    name: str
    value: Personal[object]

    def text(self) -> str:
        """The disclosure as it is handed to who may see it."""
        return _base64(_encode([self.salt, self.name, self.value.reveal()]))

    def digest(self) -> str:
        """What stands in the place of the member.

        Returns:
            SHA-256 of `text` in base64url.

        References:
            RFC 9901, section 4.2.3
        """
        return _base64(sha256(self.text().encode("ascii")).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote.

        Returns:
            The same disclosure.
        """
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        salt, name, value = msgspec.json.decode(raw, type=tuple[str, str, object])
        return cls(salt, name, Personal(value))


class Salts:
    """The salts of the disclosures of one document; all follow from the document's salt."""

    def __init__(self, salt: bytes) -> None:
        """Begin.

        Args:
            salt: Of the document, 32 bytes, kept sealed with it: destroying it destroys all.
        """
        self._salt = salt
        self._count = 0

    def next(self) -> str:
        """Another salt, 128 bits in base64url."""
        number = self._count.to_bytes(8, "big")
        self._count += 1
        return _base64(sha256(_TAG + self._salt + number).digest()[:SALT_BYTES])


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
