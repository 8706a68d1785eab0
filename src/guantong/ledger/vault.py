"""How is a body kept, so that its entry commits to it, hides it, and lets it be erased later?

A body is stored as a blob: ``salt || body``, the body part compressed when that pays. The entry
holds SHA-256(salt || body) over the plain body. Small blobs lie in the frame of their entry;
those over `INLINE_BYTES_MAX` in a file of their own, durable before the frame is written.

In a sealed ledger the whole of ``salt || body`` is encrypted under a key of its own, which
`keytable` keeps elsewhere; destroying that key erases body and salt alike.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guantong.errors import fault
from guantong.ledger.disk import Disk
from guantong.ledger.entropy import SALT_BYTES
from guantong.ledger.faults import Fault, LedgerError

INLINE_BYTES_MAX: Final = 1024 * 1024
"""Largest blob that lies in a frame."""
COMPRESS_BYTES_MIN: Final = 512
"""Smaller bodies are not worth the 3 microseconds that trying to compress them costs."""
NONCE_DIGITS: Final = 24
"""Of the commitment, in hexadecimal, that serve as nonce: the salt makes them random."""
WORDED_BYTES_MAX: Final = 16 * 1024
"""Longer bodies say every word often enough by themselves."""
_PER_DIRECTORY: Final = 1_000


@cache
def words() -> zstandard.ZstdCompressionDict:
    """What short documents are likely to say, so that they need not be stored saying it.

    Written by hand and never changed: bodies are kept that can not be read without it. Nothing
    is learned from bodies, as an erasure would not reach it.

    Returns:
        The list, for Zstandard.
    """
    text = resources.files("guantong.ledger").joinpath("data/words-1.txt").read_bytes()
    return zstandard.ZstdCompressionDict(text, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class BlobFlag(IntFlag):
    """How a blob is stored. Stored: never renumbered."""

    ZSTD = 1
    """The body part is a Zstandard frame."""
    SEALED = 2
    """Encrypted with AES-256-GCM under the key of its entry, see `keytable`."""
    OUTSIDE = 4
    """In a file of its own, named by the index of the entry."""
    WORDED = 8
    """The Zstandard frame refers to `words`."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment was made of: enough to show the body to somebody else."""

    salt: bytes
    """32 bytes."""
    body: bytes
    """As submitted, byte for byte."""

    def commitment(self) -> str:
        """SHA-256(salt || body), 64 hexadecimal digits."""
        return sha256(self.salt + self.body).hexdigest()


_ZSTD, _OUTSIDE, _SEALED = int(BlobFlag.ZSTD), int(BlobFlag.OUTSIDE), int(BlobFlag.SEALED)
_WORDED: Final = int(BlobFlag.WORDED)
_INNER: Final = INLINE_BYTES_MAX - SALT_BYTES
_ALL: Final = sum(BlobFlag)
"""Plain integers: arithmetic on the members of an enumeration costs as much as a hash."""


class Wrapper:
    """Makes blobs of bodies. Holds a compressor, so one thread at a time."""

    def __init__(self) -> None:
        self._plain = zstandard.ZstdCompressor(level=1)
        self._worded = zstandard.ZstdCompressor(level=1, dict_data=words())

    def wrap(self, plain: list[bytes]) -> tuple[bytearray, list[bytes]]:
        """The flags and blobs of what is given as ``salt || body``."""
        flags, blobs = bytearray(len(plain)), plain
        longest = max(map(len, plain), default=0)
        if longest >= COMPRESS_BYTES_MIN + SALT_BYTES:
            blobs = [self._wrap_one(place, blob, flags) for place, blob in enumerate(plain)]
        return flags, blobs

    def wrap_large(
        self, salts: Sequence[bytes], bodies: Sequence[bytes]
    ) -> tuple[bytearray, list[bytes]]:
        """The same of salts and bodies, without a copy of a body that becomes smaller."""
        flags, blobs = bytearray(len(bodies)), []
        for place, (salt, body) in enumerate(zip(salts, bodies, strict=True)):
            packed = self._plain.compress(body) if len(body) > WORDED_BYTES_MAX else body
            if len(packed) < len(body):
                flags[place] = _ZSTD | (_OUTSIDE if len(packed) > _INNER else 0)
                blobs.append(salt + packed)
            else:
                blobs.append(self._wrap_one(place, salt + body, flags))
        return flags, blobs

    def _wrap_one(self, place: int, plain: bytes, flags: bytearray) -> bytes:
        """Compress one blob if that pays, and note in `flags` how it is stored."""
        blob, size = plain, len(plain)
        if size >= COMPRESS_BYTES_MIN + SALT_BYTES:
            is_short = size <= WORDED_BYTES_MAX
            compressor = self._worded if is_short else self._plain
            packed = compressor.compress(memoryview(plain)[SALT_BYTES:])
            if len(packed) + SALT_BYTES < size:
                flags[place] = _ZSTD | _WORDED if is_short else _ZSTD
                blob = plain[:SALT_BYTES] + packed
        if len(blob) > INLINE_BYTES_MAX:
            flags[place] |= _OUTSIDE
        return blob


def seal(
    keys: Sequence[bytes], commitments: Sequence[bytes], flags: bytearray, blobs: Sequence[bytes]
) -> list[bytes]:
    """Encrypt the blobs of a group, each under its own key, and note it in `flags`.

    An entry's key may meet a second blob when the first was never acknowledged; the nonce is
    then another one, as it is a part of the commitment.

    Returns:
        The sealed blobs, 16 bytes longer each.
    """
    flags[:] = bytes([flag | _SEALED for flag in flags])
    return [
        AESGCM(key).encrypt(bytes.fromhex(commitment[:NONCE_DIGITS].decode()), blob, None)
        for key, commitment, blob in zip(keys, commitments, blobs, strict=True)
    ]


def unseal(key: bytes, commitment: str, blob: bytes) -> bytes:
    """A sealed blob, in the clear.

    Returns:
        ``salt || body``, the body part perhaps compressed.

    Raises:
        LedgerError: if another key or commitment was used, or a bit of the blob is not as it was.
    """
    try:
        return AESGCM(key).decrypt(bytes.fromhex(commitment[:NONCE_DIGITS]), blob, None)
    except (InvalidTag, ValueError) as error:
        raise LedgerError(
            fault(Fault.DAMAGED, expected="its sealed body", got="another")
        ) from error


def unwrap(flags: int, blob: bytes) -> Opening:
    """The salt and body of a blob that is not sealed, or no more.

    Returns:
        Both, in the clear.

    Raises:
        LedgerError: if it is stored in a way this version does not know, or does not unpack.
    """
    if flags & ~_ALL:
        raise LedgerError(fault(Fault.FORMAT, expected=f"flags 0 to {_ALL}", got=flags))
    salt, stored = blob[:SALT_BYTES], blob[SALT_BYTES:]
    if not flags & BlobFlag.ZSTD:
        return Opening(salt, stored)
    try:
        known = words() if flags & BlobFlag.WORDED else None
        return Opening(salt, zstandard.ZstdDecompressor(dict_data=known).decompress(stored))
    except zstandard.ZstdError as error:
        raise LedgerError(fault(Fault.DAMAGED, expected="a body", got=error)) from error


class LargeBodies:
    """The blobs that have a file of their own: ``vault/<index // 1000>/<index>.blob``."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory

    def write(self, index: int, blob: bytes) -> None:
        """Store the blob of entry `index`, durable with its name."""
        path = self._path(index)
        if not path.parent.exists():
            self._disk.make_directory(path.parent)
            self._disk.sync_directory(self._directory)
        fd = self._disk.create(path)
        try:
            self._disk.write(fd, [blob], 0)
            self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.sync_directory(path.parent)

    def read(self, index: int) -> bytes:
        """The blob of entry `index`.

        Returns:
            As it was written.

        Raises:
            LedgerError: if the file is gone.
        """
        try:
            return self._path(index).read_bytes()
        except FileNotFoundError as error:
            raise LedgerError(
                fault(Fault.DAMAGED, path=f"entry {index}", expected="its body", got="no file")
            ) from error

    def discard_from(self, size: int) -> int:
        """Remove what was stored for entries that were never committed; tells how many."""
        orphans = list(self._from(size))
        for path in orphans:
            self._disk.remove(path)
        return len(orphans)

    def _from(self, size: int) -> Iterator[Path]:
        """The blobs of entries at or after `size`."""
        for directory in self._directory.iterdir():
            if directory.name.isdigit() and int(directory.name) >= size // _PER_DIRECTORY:
                for path in directory.glob("*.blob"):
                    if path.stem.isdigit() and int(path.stem) >= size:
                        yield path

    def _path(self, index: int) -> Path:
        return self._directory / f"{index // _PER_DIRECTORY:013}" / f"{index:016}.blob"
