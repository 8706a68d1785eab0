"""How does this installation ask another one? One HTTP request, bounded in time and size."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from guantong.errors import fault
from guantong.ledger import Fault, LedgerError

SECONDS_MAX: Final = 5.0
"""Longest silence of the other side."""
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""Longest answer: a bundle of 256 entries of 65,535 bytes has 16 MB."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def ask(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request; redirects are not followed.

    Returns:
        The answer, whatever its status.

    Raises:
        LedgerError: if the address is none, nobody answers in time, or says too much.
    """
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise LedgerError(fault(Fault.WITNESS, expected="an address http(s)://…", got=url))
    try:
        connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=SECONDS_MAX)
        try:
            connection.request(method, parts.path or "/", body, dict(headers or {}))
            came = connection.getresponse()
            data = came.read(ANSWER_BYTES_MAX + 1)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LedgerError(
            fault(Fault.WITNESS, path=url, expected="an answer", got=error)
        ) from error
    if len(data) > ANSWER_BYTES_MAX:
        expected = f"at most {ANSWER_BYTES_MAX} bytes"
        raise LedgerError(fault(Fault.WITNESS, path=url, expected=expected, got="more"))
    return Answer(came.status, data)
