"""Which of several processes does a thing? The one that has the lock; it is let go when that one ends."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def alone(lock: Path, every_s: float) -> AsyncIterator[None]:
    """Wait until no other process has a lock, and have it.

    Args:
        lock: A file.
        every_s: Seconds between two looks.

    Yields:
        Once, while it is had.
    """
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _have(fd):
            await asyncio.sleep(every_s)
        yield
    finally:
        os.close(fd)


def _have(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
