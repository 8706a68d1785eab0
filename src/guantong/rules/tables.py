"""Is this text a table of rules, and if not, where is it wrong?

All faults of all files are found in one go; each names file, line and field, such as
``ours.toml:duty[3].since``.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from guantong.errors import Fault as Flaw
from guantong.errors import fault
from guantong.rules.model import TABLES, Fault, Row, RulesError

REPLACE = "replace"
"""Top-level key of a file: names of tables of which nothing older is kept."""

COMPUTED = frozenset({"because"})
"""Fields that answers fill in and tables may not."""

Tables = Mapping[str, tuple[Row, ...]]
"""Lines by name of the table, in order of key and day."""

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"(?:missing required|unknown) field `([^`]+)`")


def merged(base: Tables, files: Iterable[tuple[str, str]]) -> Tables:
    """Put the lines of `files` in the place of those in `base`.

    A file's lines for a key replace all older lines of that key, whatever their days; other
    keys are added. A table named in the file's ``replace`` list starts empty.

    Args:
        base: What held so far.
        files: Name and text of each, the later overruling the earlier.

    Returns:
        All tables.

    Raises:
        RulesError: with every fault found.
    """
    tables = {name: list(base.get(name, ())) for name in TABLES}
    flaws: list[Flaw] = []
    for name, text in files:
        try:
            _merge(tables, name, text)
        except RulesError as refusal:
            flaws += refusal.faults
    if flaws:
        raise RulesError(*flaws)
    return {name: tuple(sorted(rows, key=_order)) for name, rows in tables.items()}


def _merge(tables: dict[str, list[Row]], name: str, text: str) -> None:
    """Merge one file into `tables`. Raises RulesError."""
    content = _content(name, text)
    cleared = content.pop(REPLACE, [])
    rows = {table: list(_rows(name, table, lines)) for table, lines in content.items()}
    flaws = [flaw for found in rows.values() for flaw in found if isinstance(flaw, Flaw)]
    flaws += _unknown(name, [*cleared, *content])
    if flaws:
        raise RulesError(*flaws)
    for table in cleared:
        tables[table] = []
    for table, found in rows.items():
        new = [row for row in found if isinstance(row, Row)]
        keys = {row.key for row in new}
        tables[table] = [row for row in tables[table] if row.key not in keys] + new
        flaws += _overlaps(name, table, new)
    if flaws:
        raise RulesError(*flaws)


def _content(name: str, text: str) -> dict[str, Any]:
    """The TOML of one file. Raises RulesError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as refusal:
        raise RulesError(fault(Fault.FILE, expected="TOML", got=refusal, path=name)) from refusal
    cleared = content.get(REPLACE, [])
    if not isinstance(cleared, list) or not all(isinstance(one, str) for one in cleared):
        raise RulesError(
            fault(
                Fault.TABLE, expected="a list of table names", got=cleared, path=f"{name}:{REPLACE}"
            )
        )
    return content


def _unknown(name: str, tables: Iterable[str]) -> Iterator[Flaw]:
    for table in tables:
        if table not in TABLES:
            known = ", ".join(TABLES)
            yield fault(Fault.TABLE, expected=known, got=table, path=f"{name}:{table}")


def _rows(name: str, table: str, lines: object) -> Iterator[Row | Flaw]:
    """The lines of one table; a fault in the place of each that cannot be used."""
    if table not in TABLES:
        return
    if not isinstance(lines, list):
        yield fault(Fault.TABLE, expected=f"[[{table}]] lines", got=lines, path=f"{name}:{table}")
        return
    for number, line in enumerate(lines):
        yield _row(TABLES[table], line, f"{name}:{table}[{number}]")


def _row(kind: type[Row], line: object, path: str) -> Row | Flaw:
    if isinstance(line, dict) and (computed := COMPUTED & line.keys()):
        field = min(computed)
        return fault(Fault.FIELD, expected="nothing", got=line[field], path=f"{path}.{field}")
    try:
        row = msgspec.convert(line, kind)
    except msgspec.ValidationError as refusal:
        return _field_fault(str(refusal), line, path)
    if not row.key:
        return fault(Fault.FIELD, expected="a key", got='""', path=f"{path}.key")
    if row.since and row.until and row.until < row.since:
        expected = f"a day from {row.since} on"
        return fault(Fault.PERIOD, expected=expected, got=row.until, path=f"{path}.until")
    return row


def _field_fault(message: str, line: object, path: str) -> Flaw:
    """The fault of a line that does not convert, its field moved into the path."""
    place = _PLACE.search(message)
    missing = _MISSING.search(message)
    field = place[1] if place else ""
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
    where = f"{path}{'' if not field or field.startswith('[') else '.'}{field}"
    got = line.get(re.split(r"[.\[]", field)[0], "") if isinstance(line, dict) else line
    return fault(Fault.FIELD, expected=_PLACE.sub("", message), got=got, path=where)


def _overlaps(name: str, table: str, rows: list[Row]) -> Iterator[Flaw]:
    """Lines of one key that hold on the same day."""
    for older, newer in pairwise(sorted(rows, key=_order)):
        if older.key != newer.key:
            continue
        if older.until is None or newer.since is None or newer.since <= older.until:
            yield fault(
                Fault.OVERLAP,
                expected=f"{older.key} to end before it begins again",
                got=f"{older.since or ''}..{older.until or ''} and {newer.since or ''}..",
                path=f"{name}:{table}",
            )


def _order(row: Row) -> tuple[str, str]:
    return row.key, row.since.isoformat() if row.since else ""
