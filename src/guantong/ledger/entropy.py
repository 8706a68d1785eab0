"""Where do salts come from? The only door through which chance enters the ledger."""

import os
from hashlib import sha256
from typing import Final, Protocol

SALT_BYTES: Final = 32


class Entropy(Protocol):
    """Gives salts that nobody can guess."""

    def salt(self) -> bytes:
        """32 bytes, never the same twice."""


class SystemEntropy:
    """The operating system's."""

    def salt(self) -> bytes:
        """32 bytes from the system's generator."""
        return os.urandom(SALT_BYTES)


class SeededEntropy:
    """The same salts on every run, for tests and the seeded demo: hides nothing from anybody."""

    def __init__(self, seed: str) -> None:
        self._seed = sha256(seed.encode()).digest()
        self._count = 0

    def salt(self) -> bytes:
        """SHA-256 over the seed and a counter."""
        self._count += 1
        return sha256(self._seed + self._count.to_bytes(8, "big")).digest()
