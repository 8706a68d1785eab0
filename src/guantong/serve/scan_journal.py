"""Which scans of the public are not in the ledger yet?

They are counted here by code and place, and entered together: a scan changes no answer but the
number of scans. A code scanned often is entered more and more seldom, at last once a day, so that
nobody fills the ledger by scanning. What is counted and not entered when the power fails is lost.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from guantong import watch
from guantong.caller import Caller, Level
from guantong.clock import Clock
from guantong.errors import Refusal
from guantong.identify.regions import regions
from guantong.ledger import StatementType
from guantong.serve.job import Receipt
from guantong.serve.made import Made

BY: Final = Caller("public", Level.PUBLIC)
"""On whose behalf scans are entered."""
SECONDS: Final = 60.0
"""Between two looks what is to be entered."""
WAIT_MS: Final = 60_000
WAIT_MAX_MS: Final = 86_400_000
"""How long a code waits after it was entered: the first time, doubled each time, up to a day."""
LISTED_MAX: Final = 50_000
"""Pairs of code and place that are counted at once."""
UNKNOWN_MAX: Final = 200
"""Of these, with codes that are not known here."""
ENTRY_MAX: Final = 5_000
"""Pairs in one entry."""
REMEMBERED_MAX: Final = 100_000
"""Codes of which it is known when they were entered last."""

Enter = Callable[[Made, Caller], Awaitable[Receipt]]


@dataclass(slots=True)
class Counted:
    """What is not entered yet of a code at a place."""

    n: int
    first_ms: int
    last_ms: int


class ScanJournal:
    """The scans of one process."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._counted: dict[tuple[str, str], Counted] = {}
        self._unknown: set[tuple[str, str]] = set()
        self._unlisted = 0
        self._due: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Code -> when it may be entered again, and how long it waited for that."""

    def note(self, item: str, place: str, *, known: bool) -> None:
        """Count a scan.

        Args:
            item: Canonical URI of the code.
            place: GB/T 2260 code, "" where nobody said.
            known: Whether anything is known about it here.
        """
        key, now_ms = (item, place), self._clock.now_ms()
        counted = self._counted.get(key)
        if counted is not None:
            counted.n, counted.last_ms = counted.n + 1, now_ms
        elif len(self._counted) >= LISTED_MAX or (not known and len(self._unknown) >= UNKNOWN_MAX):
            self._unlisted += 1
        else:
            self._counted[key] = Counted(1, now_ms, now_ms)
            if not known:
                self._unknown.add(key)

    def take(self, *, everything: bool = False) -> list[watch.Scans]:
        """What is due to be entered; it is not counted here any more.

        Args:
            everything: Also what should wait: the process ends.

        Returns:
            Bodies of entries, none when nothing is due.
        """
        now_ms = self._clock.now_ms()
        due = [key for key in self._counted if everything or self._is_due(key[0], now_ms)]
        counts = [_count(key, self._counted.pop(key)) for key in due]
        self._unknown.difference_update(due)
        for item in {item for item, _ in due}:
            self._entered(item, now_ms)
        unlisted, self._unlisted = self._unlisted, 0
        return _bodies(counts, unlisted)

    def give_back(self, scans: watch.Scans) -> None:
        """Count again what could not be entered."""
        self._unlisted += scans.unlisted
        for one in scans.counts:
            counted = self._counted.setdefault(
                (one.item, one.place), Counted(0, one.first_ms, one.last_ms)
            )
            counted.n += one.n
            counted.first_ms = min(counted.first_ms, one.first_ms)
            self._due.pop(one.item, None)

    def _is_due(self, item: str, now_ms: int) -> bool:
        return self._due.get(item, (0, 0))[0] <= now_ms

    def _entered(self, item: str, now_ms: int) -> None:
        _, waited = self._due.pop(item, (0, 0))
        wait = min(max(WAIT_MS, 2 * waited), WAIT_MAX_MS)
        self._due[item] = (now_ms + wait, wait)
        if len(self._due) > REMEMBERED_MAX:
            self._due.popitem(last=False)


def place_of(text: str) -> str:
    """A place as a proxy names it: a GB/T 2260 code that is one, else ""."""
    code = text.strip()
    return code if len(code) == 6 and code.isdecimal() and code[:2] in regions() else ""


async def enter_all(journal: ScanJournal, enter: Enter, *, everything: bool = False) -> None:
    """Enter what is due. What is refused is counted on, and entered another time."""
    for scans in journal.take(everything=everything):
        try:
            receipt = await enter(Made.of(StatementType.LOOK, scans, watch.SCANS_MEDIA), BY)
            is_in = receipt.accepted
        except Refusal:
            is_in = False
        if not is_in:
            journal.give_back(scans)


async def keep(journal: ScanJournal, enter: Enter, stop: asyncio.Event) -> None:
    """Enter what is due every minute, and everything at the end.

    Args:
        journal: Where it is counted.
        enter: By which an entry is made.
        stop: Set when the process is to end.
    """
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SECONDS)
        await enter_all(journal, enter, everything=stop.is_set())


def _count(key: tuple[str, str], counted: Counted) -> watch.Count:
    item, place = key
    return watch.Count(item, place, counted.n, counted.first_ms, counted.last_ms)


def _bodies(counts: list[watch.Count], unlisted: int) -> list[watch.Scans]:
    found = [
        watch.Scans(tuple(counts[at : at + ENTRY_MAX])) for at in range(0, len(counts), ENTRY_MAX)
    ]
    if unlisted:
        found.append(watch.Scans((), unlisted))
    return found
