"""What takes long to find is found once for all who look within a minute, by one at a time."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from anyio import CapacityLimiter, to_thread

from guantong.clock import Clock

FRESH_MS: Final = 60_000

T = TypeVar("T")


class Fresh(Generic[T]):
    """What was found last."""

    def __init__(self, clock: Clock, look: Callable[[int], T]) -> None:
        """Nothing yet; `look` finds it as of a moment, in a thread."""
        self._clock = clock
        self._look = look
        self._last: tuple[int, T] | None = None
        self.looking = CapacityLimiter(1)
        """Who looks; also for other work that should not go on beside it."""

    async def get(self) -> T:
        """What was found within a minute, else found now."""
        now_ms = self._clock.now_ms()
        if self._last is None or not 0 <= now_ms - self._last[0] < FRESH_MS:
            found = await to_thread.run_sync(self._look, now_ms, limiter=self.looking)
            self._last = now_ms, found
        return self._last[1]

    def forget(self) -> None:
        """It changed: look again."""
        self._last = None
