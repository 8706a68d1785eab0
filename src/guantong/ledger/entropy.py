"""Where do salts come from? The only door through which chance enters the ledger."""

import os
from hashlib import sha256
from typing import Final, Protocol

SALT_BYTES: Final = 32


class Entropy(Protocol):
    """Gives salts that nobody can guess."""

    def salts(self, count: int) -> list[bytes]:
        """So many times 32 bytes, never the same twice."""

    def apart(self, name: str) -> "Entropy":
        """Another source, whose salts do not depend on how many were taken here."""


class SystemEntropy:
    """The operating system's."""

    def salts(self, count: int) -> list[bytes]:
        """32 bytes each, from the system's generator, asked once."""
        raw = os.urandom(SALT_BYTES * count)
        return [raw[at : at + SALT_BYTES] for at in range(0, len(raw), SALT_BYTES)]

    def apart(self, name: str) -> Entropy:
        """The same: nobody can guess what it gives next."""
        del name
        return self


class SeededEntropy:
    """The same salts on every run, for tests and the seeded demo: hides nothing from anybody."""

    def __init__(self, seed: str) -> None:
        self._seed = sha256(seed.encode()).digest()
        self._count = 0

    def salts(self, count: int) -> list[bytes]:
        """SHA-256 over the seed and a counter, for each."""
        start, self._count = self._count, self._count + count
        return [
            sha256(self._seed + number.to_bytes(8, "big")).digest()
            for number in range(start, self._count)
        ]

    def apart(self, name: str) -> Entropy:
        """A source with a seed of its own."""
        return SeededEntropy(f"{self._seed.hex()} {name}")
