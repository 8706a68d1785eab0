"""``guantong scope``: what came of some lots or items, and who has it now?"""

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import compress, islice
from pathlib import Path
from typing import Final

import click
import msgspec

from guantong import coding, parties
from guantong.clock import SystemClock
from guantong.serve.chosen import installation, store_option
from guantong.serve.ledger_cli import data_option, json_option
from guantong.serve.scope_origins import check_sizes, origin_of, singly
from guantong.serve.world import open_for_reading
from guantong.store import SegmentStore
from guantong.trace.closure import Bounds, Scope, closure, who, with_labelled

LABELLED_MAX: Final = 1_000_000
"""Codes that were issued as of lots, looked at for one scope."""
LABELLED_AT_ONCE: Final = 10_000
RANGES_SHOWN: Final = 1_000
"""Ranges of items told when nobody asks for more."""


@click.command("scope")
@click.argument("codes", nargs=-1, required=True)
@data_option
@store_option
@json_option
@click.option("--as-of", type=click.IntRange(0, 10**15 - 1), help="Answer for this ledger size.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="Stop after that.")
@click.option("--ranges", type=int, default=RANGES_SHOWN, show_default=True, help="Told at most.")
def scope_command(
    codes: Sequence[str],
    data: Path,
    as_of: int | None,
    seconds: float,
    ranges: int,
    *,
    as_json: bool,
) -> None:
    """Everything that came of CODES (lots, items, logistic units, ranges), and who has it now."""
    ledger, store, _ = open_for_reading(installation(data))
    with ledger, closing(store):
        scope = scope_of(store, codes, as_of=as_of, seconds=seconds)
        told = scope_json(scope, ranges)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    for held in scope.held:
        where = f"{held.party or '-'} {held.region or '-'}"
        click.echo(f"{held.count} {held.state.value} {where} {held.taker}".rstrip())
    account = ", ".join(f"{count} {name.value}" for name, count in scope.account().items())
    click.echo(f"{scope.made} made = {account}")
    click.echo("complete" if scope.complete else f"cut off: {', '.join(scope.stops)}")


def scope_of(
    store: SegmentStore, codes: Sequence[str], *, as_of: int | None, seconds: float
) -> Scope:
    """The scope of what was scanned.

    Args:
        store: The index.
        codes: Texts of codes and ranges.
        as_of: Ledger size, None for now.
        seconds: Longest time it may take.

    Returns:
        The scope.

    Raises:
        RecallError: if one of the texts is no code, or the ranges are too large.
    """
    origins = [origin_of(store, code, as_of=as_of) for code in codes]
    check_sizes(origins)
    until = time.monotonic() + seconds
    return scope_with(store, origins, now_ms=SystemClock().now_ms(), until=until, as_of=as_of)


def scope_with(
    store: SegmentStore,
    origins: Sequence[str],
    *,
    now_ms: int,
    until: float,
    as_of: int | None = None,
) -> Scope:
    """The scope of some origins, with firms and regions as they are filed.

    Args:
        store: The index.
        origins: Canonical URIs and ranges.
        now_ms: The present.
        until: When to stop, by the machine's monotonic clock.
        as_of: Ledger size, None for now.

    Returns:
        The scope.
    """
    register = parties.Register(store, as_of=as_of)

    def ask(begun: Sequence[str]) -> Scope:
        return closure(
            store,
            begun,
            now_ms=now_ms,
            as_of=as_of,
            firm_of=register.firm_of,
            region_of=register.region_of,
            bounds=Bounds(late=lambda: time.monotonic() > until),
            kept=store,
        )

    return with_labelled(ask, origins, singly(store, origins), Labelled(store, as_of))


class Labelled:
    """Items that belong to a lot because their codes were issued as of it."""

    def __init__(self, store: SegmentStore, as_of: int | None) -> None:
        """Over a store at a ledger size."""
        self._store, self._as_of = store, as_of
        self._seen: set[str] = set()
        self._left = LABELLED_MAX
        self.all = True
        """Whether none was left out."""

    def items(self, lots: Iterable[str]) -> list[str]:
        """Those of lots not asked for before, as far as they stand in any event."""
        found: list[str] = []
        for lot in lots:
            if lot not in self._seen:
                self._seen.add(lot)
                for issue in coding.ranges_of_lot(self._store, lot, as_of=self._as_of):
                    found += self._recorded(issue)
        return found

    def _recorded(self, issue: coding.CodeRange) -> list[str]:
        codes = coding.codes_of(issue)
        found: list[str] = []
        while batch := list(islice(codes, min(LABELLED_AT_ONCE, self._left))):
            self._left -= len(batch)
            known = (self._store.numbers(batch) >= 0).tolist()
            found += compress(batch, known)
        self.all = self.all and next(codes, None) is None
        return found


def scope_json(scope: Scope, ranges_max: int) -> dict[str, object]:
    """A scope as a JSON value; see the reference of JSON."""
    spans = scope.spans()
    return {
        "origins": list(scope.origins),
        "complete": scope.complete,
        "stops": [stop.value for stop in scope.stops],
        "hops": scope.hops,
        "as_of": scope.as_of,
        "made": scope.made,
        "account": {name.value: count for name, count in scope.account().items()},
        **who(scope.held, scope.amounts),
        "lots": list(scope.lots),
        "ranges": [
            {"head": span.head, "first": span.first, "last": span.last, "width": span.width}
            for span in islice(spans, ranges_max)
        ],
        "ranges_left": max(0, len(spans) - ranges_max),
    }
