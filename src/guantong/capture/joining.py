"""Several tables of events as one, their events one after the other."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from guantong.capture.code_lines import Ints
from guantong.capture.few import Few, gathered
from guantong.capture.table import COLUMNS, TERMS, EventTable, Head, Numbers, Runs


def joined(tables: Sequence[EventTable]) -> EventTable:
    """One table with the events of several.

    Args:
        tables: At least one.

    Returns:
        Its columns made, unless it is the only one.
    """
    parts = list(_parts(tables))
    return parts[0] if len(parts) == 1 else EventTable(**_members(parts))  # type: ignore[arg-type]


def _parts(tables: Sequence[EventTable]) -> Iterator[EventTable]:
    """The tables, neighbours in rows as one."""
    for are_few, some in groupby(tables, lambda table: isinstance(table, Few)):
        if are_few:
            yield gathered([few for few in some if isinstance(few, Few)]).whole
        else:
            yield from some


def _members(tables: Sequence[EventTable]) -> dict[str, object]:
    """The members of that table."""
    terms, heads = Numbers({"": 0}), dict[Head, int]()
    rests: dict[bytes, int] = {b"": 0}
    columns: dict[str, list[Ints]] = {name: [] for name in COLUMNS}
    runs: dict[str, list[NDArray[np.generic]]] = {name: [] for name in Runs.__slots__}
    start = 0
    for table in tables:
        term = np.array([terms[text] for text in table.terms], np.int64)
        head = np.array([heads.setdefault(one, len(heads)) for one in table.heads], np.int64)
        rest = np.array([rests.setdefault(one, len(rests)) for one in table.rests], np.int64)
        moves = {"rest": rest, "head": head, "uom": term} | dict.fromkeys(TERMS, term)
        for name, parts in columns.items():
            column = getattr(table, name)
            parts.append(moves[name][column] if name in moves else column)
        for name, many in runs.items():
            column = getattr(table.runs, name)
            column = column + start if name == "event" else column
            many.append(moves[name][column] if name in moves else column)
        start += len(table)
    joined = any(table.transformation for table in tables)
    return {name: np.concatenate(parts) for name, parts in columns.items()} | {
        "terms": tuple(terms),
        "heads": tuple(heads),
        "ids": tuple(text for table in tables for text in table.ids),
        "transformation": tuple(
            text for table in tables for text in table.transformation or ("",) * len(table)
        )
        if joined
        else (),
        "rests": tuple(rests),
        "runs": Runs(**{name: np.concatenate(many) for name, many in runs.items()}),
    }
