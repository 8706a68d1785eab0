"""What do a writer and its standby say to each other?"""

from typing import Final

import msgspec

from guantong.errors import Fault as Found
from guantong.ledger import LedgerError
from guantong.ledger.pieces import Beginning, Piece


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The writer, when it has called."""

    beginning: Beginning
    epoch: int
    alone: bool
    """Whether it goes on when the standby does not answer."""


class Carry(msgspec.Struct, frozen=True, tag="carry", gc=False):
    """The writer, with what it has made durable."""

    piece: Piece
    note: bytes = b""
    """The last signed checkpoint; empty when the standby was told of it before."""


class Held(msgspec.Struct, frozen=True, tag="held", gc=False):
    """The standby: all this is durable here."""

    size: int
    root: bytes


class Fenced(msgspec.Struct, frozen=True, tag="fenced"):
    """The standby: another writes, since this epoch."""

    epoch: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The standby: this was not taken."""

    faults: tuple[Found, ...]

    def error(self) -> LedgerError:
        """As the writer raises it."""
        return LedgerError(*self.faults)


From = Hello | Carry
Back = Held | Fenced | Refused

encode: Final = msgspec.msgpack.Encoder().encode
read_from: Final = msgspec.msgpack.Decoder(From).decode
read_back: Final = msgspec.msgpack.Decoder(Back).decode
