"""Does the telephone in the person's hand agree? Codes of six digits, new every 30 seconds.

References:
    RFC 6238, section 4
    RFC 4226, section 5.3
"""

import base64
import hmac
import re
import secrets
from typing import Final
from urllib.parse import quote

STEP_MS: Final = 30_000
DIGITS: Final = 6
SECRET_BYTES: Final = 20
_SECRET: Final = re.compile("[A-Z2-7]{32}")
AROUND: Final = (0, -1, 1)
"""Steps that count beside the present one: clocks differ."""


def new_secret() -> str:
    """A secret nobody can guess, in base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a step.

    Returns:
        Six digits.

    >>> code_at("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1)
    '287082'
    """
    key = base64.b32decode(secret)
    mac = hmac.digest(key, step.to_bytes(8), "sha1")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, code: str, now_ms: int) -> int | None:
    """The step whose code this is, None when it is of none around now."""
    now = now_ms // STEP_MS
    for near in AROUND:
        if hmac.compare_digest(code_at(secret, now + near).encode(), code.encode()):
            return now + near
    return None


def is_right(secret: str, code: str, now_ms: int) -> bool:
    """Whether a secret is one of ours, and this its code around now."""
    return bool(_SECRET.fullmatch(secret)) and step_of(secret, code, now_ms) is not None


def address(secret: str, login: str, issuer: str) -> str:
    """What an authenticator reads, as a QR code or a link."""
    label = quote(f"{issuer}:{login}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"
