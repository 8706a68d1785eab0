"""Which of several `guantong serve` over one directory serves? The first; the next when that one has ended."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LOCK: Final = "serving.lock"
LEDGER_LOCK: Final = Path("ledger") / "lock"
"""Held by the writer, which ends after who started it."""


@contextmanager
def serving_alone(data: Path, *, waits: bool) -> Iterator[None]:
    """Be the one who serves an installation.

    Without waiting another one is not looked for: the ledger's own lock refuses the second writer.

    Args:
        data: The directory of the installation.
        waits: Wait until nobody else does, and nobody writes.

    Yields:
        Once, while it is so; the lock ends with the process, however that ends.
    """
    fd = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if waits:
            fcntl.flock(fd, fcntl.LOCK_EX)
            _let_end(data / LEDGER_LOCK)
        else:
            with suppress(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def _let_end(lock: Path) -> None:
    """Wait until nobody has a lock that is there."""
    fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)
