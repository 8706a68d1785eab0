"""Is this the password? Argon2id, and what a password must be.

References:
    RFC 9106, section 4
"""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from guantong.errors import fault
from guantong.serve.people.account import AccountError
from guantong.serve.people.account import Fault as AccountFault

LEAST: Final = 10
"""Characters of a password; any characters."""
MOST: Final = 200
_HASHER: Final = PasswordHasher()
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5bm9ib2R5bm8$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Compared with when there is no account, so that the answer takes as long."""


def check(text: str, login: str) -> None:
    """Refuse a password that is soon guessed.

    Raises:
        AccountError: if it is too short or too long, the login, or all one character.
    """
    is_poor = login in text.lower() or len(set(text)) < 5
    if not LEAST <= len(text) <= MOST or is_poor:
        expected = f"{LEAST} to {MOST} characters, five of them different, without the login"
        got = "another" if is_poor else f"{len(text)} characters"
        path = "password"
        raise AccountError(fault(AccountFault.ACCOUNT, expected=expected, got=got, path=path))


def hashed(text: str, *, salt: bytes | None = None) -> str:
    """The hash that is kept; only the seeded demo gives the salt."""
    return _HASHER.hash(text, salt=salt)


def fits(kept: str, text: str) -> bool:
    """Whether a password has this hash; takes as long when there is none to compare with."""
    try:
        _HASHER.verify(kept or _NOBODY, text)
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)
