"""Who carries the letters? One process at a time, many lines at once, each line in its order."""

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from guantong.clock import Clock
from guantong.errors import Refusal
from guantong.serve.alone import alone
from guantong.serve.logged import trace_of
from guantong.serve.outbox.box import Box, Letter, Line
from guantong.serve.outbox.carrier import Carrier, Outcome, signature, webhook_signature
from guantong.serve.outbox.destination import Destination

LOOK_SECONDS: Final = 0.5
"""Between two looks for letters that are due."""
AT_ONCE: Final = 16
"""Lines that are carried on at once."""
TIDY_SECONDS: Final = 3600.0
EMPTY: Final = Outcome(204, "nothing to send any more")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it is sent."""

    media: str
    body: bytes


Write = Callable[[Line, Letter], Written | None]
"""Writes a letter; None when nothing of it is to be seen any more."""
Halve = Callable[[bytes], tuple[bytes, bytes] | None]
"""What two letters in the place of one are about; None for one that is as small as can be."""
Look = Callable[[Line], bool]
"""Looks further at what happened, and puts letters into the box; False when there was nothing."""


TOO_LARGE: Final = 413
"""A receiver that says so wants smaller letters."""


def _whole(content: bytes) -> None:
    del content


@dataclass(frozen=True, slots=True)
class Kind:
    """What lines of one kind do."""

    look: Look
    write: Write
    halve: Halve = _whole


class Post:
    """The letters of an installation, as one process carries them."""

    def __init__(
        self, box: Box, kinds: Mapping[str, Kind], clock: Clock, *, private: bool = False
    ) -> None:
        """Carry none yet.

        Args:
            box: Where they are.
            kinds: What lines do, by their kind.
            clock: Says when.
            private: Whether addresses that are not public are sent to.
        """
        self._box = box
        self._kinds = kinds
        self._clock = clock
        self._private = private
        self._carrier = Carrier(private=private)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Carry letters meanwhile, unless another process does.

        Yields:
            Once, meanwhile.
        """
        carrying = asyncio.create_task(self._carry_on())
        try:
            yield
        finally:
            carrying.cancel()
            self._carrier.end()
            with suppress(asyncio.CancelledError):
                await carrying
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _carry_on(self) -> None:
        async with alone(self._box.lock_path, LOOK_SECONDS):
            tidied = -TIDY_SECONDS
            while True:
                now = asyncio.get_running_loop().time()
                if now - tidied > TIDY_SECONDS:
                    tidied = now
                    await to_thread.run_sync(self._box.tidy, self._clock.now_ms())
                await to_thread.run_sync(self._look)
                await self._begin()
                await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        """Let each line look at what happened since."""
        for line in self._all_lines():
            kind = self._kinds.get(line.about.kind)
            if kind is not None and not line.is_stopped and self._box.has_room(line.id):
                _looked(kind, line)

    def _all_lines(self) -> list[Line]:
        found: list[Line] = []
        while page := self._box.lines(after=found[-1].id if found else ""):
            found += page
        return found

    async def _begin(self) -> None:
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return
        due = await to_thread.run_sync(self._box.due, self._clock.now_ms(), AT_ONCE * 2)
        for id_ in [id_ for id_ in due if id_ not in self._under_way][:room]:
            task = asyncio.create_task(self._empty(id_))
            self._under_way[id_] = task
            task.add_done_callback(lambda _, id_=id_: self._under_way.pop(id_, None))  # type: ignore[misc]

    async def _empty(self, id_: str) -> None:
        """Carry letter after letter of a line until one does not arrive."""
        while await to_thread.run_sync(self.carry_front, id_):
            pass

    def carry_front(self, id_: str) -> bool:
        """Try the letter in front of a line once; True if it arrived and the next may be tried."""
        line, letter = self._box.line(id_), self._box.front(id_)
        kind = self._kinds.get(line.about.kind) if line else None
        if line is None or letter is None or kind is None or line.is_stopped:
            return False
        written = kind.write(line, letter)
        outcome = EMPTY if written is None else self._carry(line, letter, written)
        if not outcome.is_delivered and self._carrier.is_ended:
            return False
        halves = kind.halve(letter.content) if outcome.status == TOO_LARGE else None
        if halves is not None:
            self._box.split(letter, halves)
            return True
        self._box.tried(letter, outcome, self._clock.now_ms())
        return outcome.is_delivered and not self._carrier.is_ended

    def _carry(self, line: Line, letter: Letter, written: Written) -> Outcome:
        at_s = self._clock.now_ms() // 1000
        headers = {
            "Content-Type": written.media,
            "Guantong-Letter": letter.mark,
            "Guantong-Attempt": str(line.tries + 1),
            "traceparent": trace_of("").header,
        }
        if line.about.token:
            signed = signature(line.about.token, at_s, letter.mark, written.body)
            headers["GS1-Signature"] = signed
            headers["webhook-id"], headers["webhook-timestamp"] = letter.mark, str(at_s)
            headers["webhook-signature"] = webhook_signature(
                line.about.token, at_s, letter.mark, written.body
            )
        try:
            to = Destination.parse(line.about.url, private=self._private)
        except Refusal as refusal:
            return Outcome(0, str(refusal))
        return self._carrier.carry(to, written.body, headers)


def _looked(kind: Kind, line: Line) -> None:
    """Let a line look; what fails there holds up no other, and is tried again."""
    try:
        kind.look(line)
    except Exception:  # noqa: BLE001 - whatever it was, other lines go on
        sys.stderr.write(f"guantong outbox: line {line.id}: {traceback.format_exc()}\n")
