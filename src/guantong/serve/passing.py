"""How does a large body get to the writer? In a file, so that neither process holds it twice.

The file is no promise: a sender that dies, or is told that nothing was decided, sends again. What
nobody took is removed when a writer begins.
"""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.serve.job import Fault, IntakeError

DIRECTORY: Final = "passing"
LARGE_BYTES: Final = 4 << 20
"""From here on a body is passed in a file."""
OLD_SECONDS: Final = 600.0
"""A file of this age is waited for by nobody."""


class Passing:
    """The files of an installation that are on their way."""

    def __init__(self, data: Path) -> None:
        self._place = data / DIRECTORY

    def put(self, body: bytes) -> str:
        """Write a body where the writer finds it.

        Returns:
            What to call it; "" for one that is not large, which is not written.
        """
        if len(body) < LARGE_BYTES:
            return ""
        self._place.mkdir(mode=0o700, exist_ok=True)
        name = secrets.token_hex(16)
        path = self._place / name
        path.touch(mode=0o600)
        path.write_bytes(body)
        return name

    def take(self, name: str) -> bytes:
        """Read a body and remove its file.

        Returns:
            The body.

        Raises:
            IntakeError: if there is none of that name any more.
        """
        path = self._place / Path(name).name
        try:
            body = path.read_bytes()
        except OSError as error:
            raise IntakeError(fault(Fault.BUSY, expected="the body", got="none")) from error
        self.drop(name)
        return body

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            (self._place / Path(name).name).unlink()

    def tidy(self, now_ms: int) -> None:
        """Remove what nobody waits for."""
        for path in self._place.glob("*"):
            with suppress(FileNotFoundError):
                if now_ms / 1000 - path.stat().st_mtime > OLD_SECONDS:
                    path.unlink()
