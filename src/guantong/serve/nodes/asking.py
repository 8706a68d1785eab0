"""What do the nodes of a file answer together about some codes?"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guantong import identify
from guantong.capture.serials import BETWEEN, SerialRange
from guantong.clock import Clock, day_in_china
from guantong.errors import fault
from guantong.nodes import Across, NodeEntry, homes, known_at, scope_across, trace_across
from guantong.serve.nodes.far import SECONDS, Far, doors_of, read_nodes
from guantong.serve.nodes.told import across_json, trail_json
from guantong.serve.problems import Fault, HttpError
from guantong.serve.scope_cli import scope_json
from guantong.serve.scope_origins import RANGE, check_sizes
from guantong.trace import Direction, Trail
from guantong.trace.closure import Bounds, Scope


@dataclass(frozen=True, slots=True)
class Nation:
    """The nodes that are asked together."""

    file: Path
    """Names them."""
    clock: Clock
    seconds: float = SECONDS
    """Longest wait for one answer of a node."""

    @property
    def entries(self) -> tuple[NodeEntry, ...]:
        """The nodes, as the file names them now."""
        return read_nodes(self.file)

    @contextmanager
    def _doors(self) -> Iterator[tuple[Far, ...]]:
        doors = doors_of(self.file, seconds=self.seconds)
        try:
            yield doors
        finally:
            for door in doors:
                door.close()

    def scope(self, codes: Sequence[str], *, seconds: float) -> Across[Scope]:
        """What came of some codes, and who has it now.

        Args:
            codes: As scanned, or ranges.
            seconds: Longest time for all of it.

        Returns:
            The scope of all nodes.

        Raises:
            HttpError: if one of them is no code.
            RecallError: if the ranges are too large.
        """
        until = time.monotonic() + seconds
        origins = [one for code in codes for one in origins_of(code)]
        with self._doors() as doors:
            return scope_across(
                doors,
                origins,
                now_ms=self.clock.now_ms(),
                bounds=Bounds(late=lambda: time.monotonic() > until),
            )

    def trace(self, code: str, direction: Direction = Direction.BOTH) -> Across[Trail]:
        """Where a code came from and went to. Raises HttpError."""
        item = uri_of(code)
        with self._doors() as doors:
            return trace_across(doors, item, now_ms=self.clock.now_ms(), direction=direction)

    def known(self, code: str) -> tuple[str, tuple[str, ...], Across[tuple[str, ...]]]:
        """A code as it is known, its home nodes today, and the nodes that know it. Raises HttpError."""
        item = uri_of(code)
        home = homes(self.entries, item, day_in_china(self.clock.now_ms()))
        with self._doors() as doors:
            return item, home, known_at(doors, item)


def uri_of(code: str) -> str:
    """The canonical URI of a code.

    Args:
        code: As scanned.

    Returns:
        The best reading's.

    Raises:
        HttpError: if it is none.
    """
    readings = identify.read(code.strip())
    if not readings:
        raise HttpError(fault(Fault.QUERY, expected="a code", got=code[:100], path="q"))
    return readings[0].value.uri


def origins_of(code: str) -> list[str]:
    """What a text begins with: a code, or all of a range.

    Args:
        code: A code, or two with a hyphen between.

    Returns:
        Canonical URIs.

    Raises:
        HttpError: if it is neither.
    """
    first, *more = RANGE.split(code.strip(), maxsplit=1)
    begun = uri_of(first)
    if not more:
        return [begun]
    last = more[0]
    serials = (
        SerialRange.parse(f"{begun}{BETWEEN}{last}")
        if last.isdecimal()
        else SerialRange.between(begun, uri_of(last))
    )
    if serials is None:
        expected = "two serials of one class, the lower first"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=code[:200], path="q"))
    check_sizes([serials.text])
    return list(serials.items())


def scope_told(nation: Nation, across: Across[Scope], ranges: int) -> dict[str, object]:
    """A scope as JSON."""
    found = scope_json(across.found, ranges)
    del found["as_of"]
    return across_json(across, nation.entries, "scope", found)


def trail_told(nation: Nation, across: Across[Trail]) -> dict[str, object]:
    """A trail as JSON."""
    return across_json(across, nation.entries, "trail", trail_json(across))


def known_told(
    nation: Nation, item: str, home: Sequence[str], across: Across[tuple[str, ...]]
) -> dict[str, object]:
    """Where a code is at home, and who knows it, as JSON."""
    found = {"item": item, "home": list(home), "known": list(across.found)}
    return across_json(across, nation.entries, "code", found)
