"""Is this submission complete, like one before it? What was found for those alike is kept.

A firm's documents are alike but for their times, ids and serials, which the profile does not look
at: only whether they are there. What was found for one holds for the next, until something is
filed that it rests on, or another day begins.
"""

import math
from dataclasses import replace
from typing import Final

from guantong import parties
from guantong.capture import TableReading
from guantong.capture.few import Few
from guantong.clock import Clock, day_in_china
from guantong.parties import Filing
from guantong.serve.job import Receipt
from guantong.serve.kept import Answers, noting
from guantong.serve.readers import Readers

BYTES_MAX: Final = 4 << 20
"""Bytes of what is kept in one half of the memory."""
WEIGHT: Final = 2_000
"""About what the finding for one shape takes, beside its texts."""


class Filed:
    """Compares submissions with the profile of the day."""

    def __init__(self, readers: Readers, clock: Clock) -> None:
        """Keep nothing yet."""
        self._readers = readers
        self._clock = clock
        self._answers: Answers[Filing] = Answers(readers.memory, BYTES_MAX)

    def told(self, receipt: Receipt, reading: TableReading, by: str) -> Receipt:
        """The receipt with what the profile misses.

        Args:
            receipt: Of an accepted document.
            reading: What it says, with a table.
            by: Its party.

        Returns:
            With `Receipt.filing`.
        """
        return replace(receipt, filing=self._filing(reading, by))

    def _filing(self, reading: TableReading, by: str) -> Filing:
        now_ms = self._clock.now_ms()
        day = day_in_china(now_ms)
        shape = shape_of(reading)
        if shape is None:
            with self._readers.lend() as store:
                return parties.filing(store, reading, by, day)
        key = (by, day, shape)
        with self._readers.borrow() as store:
            kept = self._answers.get(key, store, now_ms)
        if kept is not None:
            return kept.value
        with noting() as note, self._readers.lend() as store:
            found = parties.filing(store, reading, by, day)
        self._answers.put(key, found, note, now_ms, WEIGHT)
        return found


def shape_of(reading: TableReading) -> tuple[object, ...] | None:
    """All of a document that the profile looks at, beside what was filed before.

    Args:
        reading: What it says, with a table.

    Returns:
        Of times, serials and amounts only whether they are there; None when it files something
        itself, or is too long to be like another.
    """
    table = reading.table
    if reading.master or not isinstance(table, Few):
        return None
    return (
        table.terms,
        table.heads,
        table.rests,
        tuple([(time != 0, *said) for time, *said in table.rows]),
        tuple(
            [
                (event, role, head, measured, math.isnan(much))
                for event, role, head, _, _, measured, much, _ in table.run_rows
            ]
        ),
    )
