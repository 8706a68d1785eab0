"""What of a submission lies in the stream, and how is it known that this installation put it there?

The message is a job as a front sends it to the writer (`guantong.serve.wire`), or, when that is
large, a name under which it lies beside the stream. Its headers bear its digest, its sender and a
code that only who has the installation's vault can make: whoever may write to NATS can
not speak for a firm by it.
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from guantong.errors import fault
from guantong.serve import wire
from guantong.serve.job import RECEIPT, Job
from guantong.serve.stream.place import ID, Fault, StreamError

INLINE_BYTES: Final = 512 << 10
"""What is larger lies beside the stream: a server takes 1 MB at once, if nothing else is set."""
NAME_MAX: Final = 64

PARTY: Final = "Guantong-Party"
DIGEST: Final = "Guantong-Digest"
BYTES: Final = "Guantong-Bytes"
CODE: Final = "Guantong-Code"
"""Headers beside `ID`, the submission's own name: its sender, digest and size of the job, the code."""


class Sealed(NamedTuple):
    """A submission ready to be stored."""

    name: str
    """Its own: a random one, after the time in milliseconds."""
    data: bytes
    """The job."""
    headers: Mapping[str, str]

    @property
    def is_large(self) -> bool:
        """Whether the job lies beside the stream."""
        return len(self.data) > INLINE_BYTES


def key_of(secret: bytes) -> bytes:
    """The key of the codes, from a secret of the installation."""
    return hmac.digest(secret, b"guantong intake 1", "sha256")


def sealed(job: Job, key: bytes) -> Sealed:
    """A job as it is stored."""
    name = f"{job.record_ms:011x}{secrets.token_hex(8)}"
    data = wire.message(job)
    headers = {
        ID: name,
        PARTY: quote(job.by, safe=""),
        DIGEST: sha256(data).hexdigest(),
        BYTES: str(len(data)),
    }
    return Sealed(name, data, headers | {CODE: _code(headers, key)})


def check(headers: Mapping[str, str], key: bytes) -> None:
    """Refuse what this installation did not store.

    Raises:
        StreamError: if the code is another.
    """
    if not hmac.compare_digest(_code(headers, key).encode(), headers.get(CODE, "").encode()):
        expected = "a submission that was stored here"
        raise StreamError(fault(Fault.MESSAGE, expected=expected, got="another code"))


def opened(headers: Mapping[str, str], data: bytes, receipt: str) -> Job:
    """The job of a message whose headers are in order.

    Args:
        headers: Its headers.
        data: The job as it was stored.
        receipt: The number of its receipt, which its entry is to bear.

    Returns:
        The job.

    Raises:
        StreamError: if it is not what was stored.
    """
    if sha256(data).hexdigest() != headers[DIGEST]:
        expected, got = f"{headers[BYTES]} bytes as they were stored", f"{len(data)} others"
        raise StreamError(fault(Fault.MESSAGE, expected=expected, got=got))
    try:
        _, job = wire.job_of(data)
    except wire.LineError as error:
        raise StreamError(fault(Fault.MESSAGE, expected="a submission", got=error)) from error
    job.meta = {**job.meta, RECEIPT: receipt}
    return job


def receipt_of(sequence: int, headers: Mapping[str, str]) -> str:
    """The number of a receipt: sequence in the stream, and the submission's own name."""
    return f"{sequence}-{headers.get(ID, '')[:NAME_MAX]}"


def sequence_of(receipt: str) -> int:
    """The sequence in the number of a receipt, 0 when there is none."""
    text, _, _ = receipt.partition("-")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def sender_of(headers: Mapping[str, str]) -> str:
    """Whose submission it is, as its headers say."""
    return unquote(headers.get(PARTY, ""))


def stored_ms(name: str) -> int:
    """When a submission of this name was made, 0 when it is no such name."""
    try:
        return int(name[:11], 16)
    except ValueError:
        return 0


def _code(headers: Mapping[str, str], key: bytes) -> str:
    said = "\n".join(headers.get(name, "") for name in (ID, PARTY, DIGEST, BYTES))
    return hmac.new(key, said.encode(), "sha256").hexdigest()
