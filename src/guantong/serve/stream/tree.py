"""Where does a log lie in NATS? As a static tree: an address is a subject, its last message the file."""

import asyncio
import time
from types import TracebackType
from typing import Final, Self

from guantong.serve.stream.engine import broker
from guantong.serve.stream.place import ID, Place

HEARD: Final = "checkpoint"
STORED_SECONDS: Final = 5.0
"""So long what was heard is waited for."""
LOOK_SECONDS: Final = 0.05


class Tree:
    """The tree of one log; for one thread that is no event loop."""

    def __init__(self, urls: str, origin: str, *, replicas: int = 3) -> None:
        """Not connected yet.

        Args:
            urls: NATS servers, by commas.
            origin: Name of the log.
            replicas: How many of them must keep each file.
        """
        self._urls = urls
        self._place = Place.of(origin)
        self._link = broker().Link(replicas)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Connect; makes the stream if there is none."""
        self._runner.run(self._connect())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up."""
        self._runner.run(self._link.close())
        self._runner.close()

    async def _connect(self) -> None:
        await self._link.connect(self._urls)
        await self._link.stream(self._place.tree, f"{self._place.files}.>", one_each=True)
        self._ear = await self._link.listen(self._subject(HEARD))

    def get(self, path: str) -> bytes | None:
        """A file; None when there is none."""
        found: bytes | None = self._runner.run(
            self._link.last(self._place.tree, self._subject(path))
        )
        return found

    def put(self, path: str, data: bytes, version: str) -> None:
        """Put a file in place of the one that is there.

        Args:
            path: Its address.
            data: What is in it.
            version: Tells one content of it from another.
        """
        headers = {ID: f"{path} {version}"}
        self._runner.run(self._link.store(self._place.tree, self._subject(path), data, headers))

    def drop(self, path: str) -> None:
        """Remove a file, or all below one."""
        for subject in (self._subject(path), f"{self._subject(path)}.>"):
            self._runner.run(self._link.purge(self._place.tree, subject=subject))

    def hear(self, seconds: float) -> None:
        """Wait until another checkpoint is there, since the last call or since this is open; not for ever.

        Who listens hears it before the stream has it.
        """
        said: bytes | None = self._runner.run(self._ear.hear(seconds))
        until = time.monotonic() + STORED_SECONDS
        while said is not None and self.get(HEARD) != said and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)

    def _subject(self, path: str) -> str:
        return f"{self._place.files}.{path.replace('/', '.')}"
