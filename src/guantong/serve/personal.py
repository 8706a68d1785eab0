"""Which members leave a document of this installation, and how is it recognised without them?

The list is the table `personal` of the package, with the lines of ``personal.toml`` in the data
directory over it. What was withheld of a document is decided once, by the lines of the day it
came; its entry says how many members (``meta.withheld``), and a rebuild has to find as many.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from guantong.capture import EventTable, TableReading
from guantong.capture.personal import Disclosure, Personal, keyed, unsalted
from guantong.capture.withholding import Declared, Withheld, may_hold, withhold
from guantong.clock import day_in_china
from guantong.errors import fault
from guantong.rules import load, shipped
from guantong.serve.erasing import ErasingError, Fault

FILE: Final = "personal.toml"
"""An installation's own lines, in its data directory; part of its backups."""
WITHHELD: Final = "withheld"
"""Member of `Statement.meta`: how many members were taken out of the document."""
BY: Final = "withheld_on"
"""Member of `Statement.meta`: by the lines of which day."""


class Keeper(Protocol):
    """What of a ledger is needed here; `guantong.ledger.Ledger` is one."""

    @property
    def directory(self) -> Path:
        """Where it is; the list lies beside it."""

    def digest_key(self) -> bytes:
        """With which documents about persons are recognised: 32 bytes, a secret."""


def withheld(
    ledger: Keeper, reading: TableReading, *, data: bytes, salt: bytes, at_ms: int
) -> Withheld:
    """What is left of a document without what is personal.

    Args:
        ledger: Of the installation.
        reading: What it says, event ids filled in.
        data: The document as sent.
        salt: Of the document: 32 bytes.
        at_ms: When it came.

    Returns:
        The same reading when nothing was taken out.
    """
    if reading.table is None or not may_hold(reading):
        return Withheld(reading, ())
    declared = _declared(*_file(ledger.directory), day_in_china(at_ms))
    return withhold(reading, declared, salt, data)


def meta(left: Withheld, at_ms: int) -> dict[str, str | int]:
    """What the statement of a document says of what was taken out of it."""
    if not left.disclosures:
        return {}
    return {WITHHELD: len(left.disclosures), BY: day_in_china(at_ms).isoformat()}


def without(left: Withheld) -> TableReading:
    """What is left, without the events whose ids tell what was taken out of them."""
    reading = left.reading
    if not left.hashed or reading.table is None:
        return reading
    positions = reading.positions or range(len(reading.table))
    rows = zip(positions, reading.table.events(), strict=True)
    kept = [(position, event) for position, event in rows if position not in left.hashed]
    table = EventTable.of([event for _, event in kept])
    return replace(reading, table=table, positions=tuple(position for position, _ in kept))


def again(
    ledger: Keeper,
    reading: TableReading,
    *,
    data: bytes,
    salt: bytes,
    said: Mapping[str, str | int],
) -> Withheld:
    """As `withheld`, of a document that is in the ledger.

    Args:
        ledger: Where it stands.
        reading: What it says, event ids filled in.
        data: The document as sent.
        salt: Of the document.
        said: What its statement says of what was taken out (`meta`).

    Returns:
        What the index was given.

    Raises:
        ErasingError: if others are taken out today: nothing personal may come into an index.
    """
    count = said.get(WITHHELD, 0)
    if not count:
        return Withheld(reading, ())
    day = dt.date.fromisoformat(str(said.get(BY, "")))
    found = withhold(reading, _declared(*_file(ledger.directory), day), salt, data)
    if len(found.disclosures) != count:
        expected, got = f"{count} members withheld", len(found.disclosures)
        raise ErasingError(fault(Fault.LIST, expected=expected, got=got, path=FILE))
    return found


def digest(ledger: Keeper, data: bytes, disclosures: tuple[Disclosure, ...]) -> str:
    """By what the same bytes are recognised: with a key when they say something of persons."""
    if disclosures:
        return keyed(ledger.digest_key(), Personal(data))
    return unsalted(data)


def _file(directory: Path) -> tuple[Path, int]:
    """The installation's own list, and which version of it; 0 when there is none."""
    path = directory.parent / FILE
    try:
        return path, path.stat().st_mtime_ns
    except FileNotFoundError:
        return path, 0


@lru_cache(maxsize=256)
def _declared(path: Path, version: int, day: dt.date) -> Declared:
    """The members of a day."""
    rules = load([path]) if version else shipped()
    return Declared.of(rules.on(day).personal)
