"""Where in NATS do an installation's submissions lie, and why can they not be kept there?"""

import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple, Self

from guantong.errors import Refusal

SCHEMES: Final = ("nats://", "tls://")
"""What the address of a NATS server begins with."""
ID: Final = "Nats-Msg-Id"
"""Header by which a stream knows what it has already."""
SLUG_MAX: Final = 40
"""Characters of an origin that show in the name of its stream."""


class Fault(StrEnum):
    """Why a submission is not kept in the stream. Part of the public API: never renamed."""

    PACKAGE = "serve.intake_package"
    """The package by which NATS is spoken to is not installed."""
    AWAY = "serve.intake_away"
    """No NATS server that is reached keeps the stream now."""
    STREAM = "serve.intake_stream"
    """The stream is not as it must be, or can not be made so."""
    MESSAGE = "serve.intake_message"
    """What lies in the stream was not put there by this installation, or is not whole."""
    RECEIPT = "serve.receipt_unknown"
    """The caller has no receipt of that number, or it is too old."""


class StreamError(Refusal):
    """The stream does not do what was asked."""


class Place(NamedTuple):
    """The names of an installation in a NATS that it may share with others."""

    stream: str
    """Of submissions, in their order."""
    subject: str
    bodies: str
    """The stream of what is too large for one message."""
    parts: str
    """What the subjects of its messages begin with."""
    tree: str
    """The stream of its log, as others take it over."""
    files: str
    """What the subjects of that begin with."""

    @classmethod
    def of(cls, origin: str) -> Self:
        """The names that follow from the ledger's own."""
        slug = re.sub(r"[^A-Za-z0-9]+", "-", origin)[:SLUG_MAX].strip("-")
        name = f"{slug}-{sha256(origin.encode()).hexdigest()[:8]}"
        begin = f"guantong.{name}"
        return cls(
            *(f"{name}-intake", f"{begin}.intake"),
            *(f"{name}-bodies", f"{begin}.bodies"),
            *(f"{name}-tree", f"{begin}.tree"),
        )


class Message(NamedTuple):
    """Something that lies in the stream."""

    sequence: int
    data: bytes
    headers: Mapping[str, str]
