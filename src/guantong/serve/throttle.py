"""Has this asker asked enough for now? A bucket of tokens for each, in this front."""

from collections import OrderedDict
from typing import Final

from guantong.clock import Clock
from guantong.errors import fault
from guantong.serve.problems import Fault, HttpError

ASKERS_MAX: Final = 50_000
"""Askers remembered; the one not seen longest is forgotten first."""


class Throttle:
    """So many at once, and one more every so often."""

    def __init__(self, clock: Clock, *, burst: int, every_ms: int) -> None:
        """Let `burst` through at once, then one each `every_ms`."""
        self._clock = clock
        self._burst = burst
        self._every_ms = every_ms
        self._held: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, asker: str) -> None:
        """Let one more through.

        Raises:
            HttpError: if it has to wait.
        """
        now_ms = self._clock.now_ms()
        left, since = self._held.pop(asker, (float(self._burst), now_ms))
        left = min(float(self._burst), left + (now_ms - since) / self._every_ms)
        is_let = left >= 1
        self._held[asker] = (left - 1 if is_let else left, now_ms)
        if len(self._held) > ASKERS_MAX:
            self._held.popitem(last=False)
        if not is_let:
            expected = f"at most {self._burst}, then one every {self._every_ms / 1000:g} s"
            raise HttpError(fault(Fault.OFTEN, expected=expected, got="more"))
