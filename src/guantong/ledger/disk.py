"""Every way in which the ledger changes a disk, in one place, so that tests can make it fail.

Reading does not pass here: a failed read loses nothing.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_BUFFERS_MAX: Final = 512
"""Buffers handed to one system call; Linux takes 1,024."""


class Disk:
    """The machine's disk. Every method returns when done or raises `OSError`."""

    def make_directory(self, path: Path) -> None:
        """Make one directory; not durable before `sync_directory` of its parent."""
        path.mkdir()

    def create(self, path: Path) -> int:
        """Make a file that does not exist and open it for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)

    def write(self, fd: int, buffers: Sequence[bytes], offset: int) -> None:
        """Write all of `buffers`, one after the other, from `offset` on."""
        if len(buffers) > _BUFFERS_MAX:
            buffers = [b"".join(buffers)]
        wanted = sum(map(len, buffers))
        done = os.pwritev(fd, buffers, offset)
        if done < wanted:
            rest = memoryview(b"".join(buffers))
            while done < wanted:
                done += os.pwrite(fd, rest[done:], offset + done)

    def sync(self, fd: int) -> None:
        """Wait until the data of this file would survive a loss of power."""
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file to `size` bytes; not durable before `sync`."""
        os.ftruncate(fd, size)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file its name, replacing what stood there."""
        source.rename(target)

    def remove(self, path: Path) -> None:
        """Remove a file that may be absent."""
        path.unlink(missing_ok=True)

    def sync_directory(self, path: Path) -> None:
        """Wait until the names in this directory would survive a loss of power."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def write_file(disk: Disk, path: Path, buffers: Sequence[bytes]) -> None:
    """Put a whole file in place, durable with its name, or leave what stood there."""
    draft = path.with_name(f"{path.name}.draft")
    disk.remove(draft)
    fd = disk.create(draft)
    try:
        disk.write(fd, buffers, 0)
        disk.sync(fd)
    finally:
        os.close(fd)
    disk.rename(draft, path)
    disk.sync_directory(path.parent)
