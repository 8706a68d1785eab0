"""How do two machines that share a key talk, so that nobody else can, or listen?

Each sends 32 random bytes. Of these and the shared key two keys are made, one for each
direction; every message is sealed with AES-256-GCM under one of them and its number. Who can
send a message that opens has the key: that is the whole authentication, in both directions. A
message from another connection, or a second time, opens nowhere.
"""

import os
import socket
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.ledger import Fault, LedgerError

MESSAGE_BYTES_MAX: Final = 1 << 30
_HEAD_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_RANDOM_BYTES: Final = 32
_TAG_BYTES: Final = 16
_NAME: Final = b"guantong standby 1 "


class Channel:
    """One end of a connection; not for several threads."""

    def __init__(self, end: socket.socket, out: AESGCM, back: AESGCM) -> None:
        """Use `first` or `second`."""
        self._end = end
        self._out, self._back = out, back
        self._sent = self._heard = 0

    @classmethod
    def first(cls, end: socket.socket, secret: bytes) -> Self:
        """For who has called."""
        own = os.urandom(_RANDOM_BYTES)
        end.sendall(own)
        salt = own + _exactly(end, _RANDOM_BYTES)
        return cls(end, _key(secret, salt, b"first"), _key(secret, salt, b"second"))

    @classmethod
    def second(cls, end: socket.socket, secret: bytes) -> Self:
        """For who was called."""
        own = os.urandom(_RANDOM_BYTES)
        salt = _exactly(end, _RANDOM_BYTES) + own
        end.sendall(own)
        return cls(end, _key(secret, salt, b"second"), _key(secret, salt, b"first"))

    def send(self, message: bytes) -> None:
        """Send a message; `OSError` when it can not be."""
        head = len(message).to_bytes(_HEAD_BYTES, "little")
        self._sent += 1
        sealed = self._out.encrypt(_number(self._sent), message, head)
        self._end.sendall(head + sealed)

    def receive(self, bytes_max: int = MESSAGE_BYTES_MAX) -> bytes:
        """The next message; `OSError` or `EOFError` when none comes.

        Args:
            bytes_max: A longer one is not read.

        Returns:
            As it was sent.

        Raises:
            LedgerError: if it is not from who has the key.
        """
        head = _exactly(self._end, _HEAD_BYTES)
        size = int.from_bytes(head, "little")
        self._heard += 1
        if size > bytes_max:
            raise LedgerError(_strange(f"{size} bytes"))
        try:
            sealed = _exactly(self._end, size + _TAG_BYTES)
            return self._back.decrypt(_number(self._heard), sealed, head)
        except InvalidTag as error:
            raise LedgerError(_strange("another")) from error

    def close(self) -> None:
        """Hang up."""
        self._end.close()


def _exactly(end: socket.socket, size: int) -> bytes:
    """So many bytes.

    Returns:
        All of them.

    Raises:
        EOFError: if the other hangs up before.
    """
    data = bytearray()
    while len(data) < size:
        part = end.recv(min(size - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _key(secret: bytes, salt: bytes, direction: bytes) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=salt, info=_NAME + direction).derive(secret)
    return AESGCM(derived)


def _number(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "little")


def _strange(got: str) -> Found:
    return fault(Fault.STANDBY, expected="a message under the shared key", got=got)
