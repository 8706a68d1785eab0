"""The market, made and read in a process of its own, so that both cores have work.

One process makes the documents and reads them (pure work), this one decides, appends and
indexes. What comes out, and in which order, is the same as without it.
"""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

from guantong import market
from guantong.capture import Limits, TableReading
from guantong.serve.fitting import read_offer
from guantong.serve.job import Offer

BATCH: Final = 100
"""Submissions in one message."""

Read = tuple[market.Submission, TableReading | None]
"""A submission, and what its document says if it is a document."""

_LIMITS: Final = Limits()


def submissions(seed: int, events: int, *, apart: bool) -> Iterator[Read]:
    """All submissions of a market in order, documents read.

    Args:
        seed: Of the market.
        events: How many events.
        apart: Make and read in another process; pays from some ten thousand events.

    Returns:
        Submissions with what their documents say, lazily.
    """
    return _apart(seed, events) if apart else _read(seed, events)


def _read(seed: int, events: int) -> Iterator[Read]:
    for submission in market.filings(seed, events=events):
        yield submission, _reading(submission)


def _reading(submission: market.Submission) -> TableReading | None:
    if not isinstance(submission, market.Filing):
        return None
    return read_offer(Offer(submission.body, submission.media, submission.name), _LIMITS)


def _apart(seed: int, events: int) -> Iterator[Read]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(seed, events, theirs), daemon=True)
    worker.start()
    theirs.close()
    try:
        while batch := ours.recv():
            yield from batch
    finally:
        ours.close()
        worker.terminate()
        worker.join()


def _work(seed: int, events: int, channel: Connection) -> None:
    """In the other process: send batches, then an empty one."""
    batch: list[Read] = []
    for one in _read(seed, events):
        batch.append(one)
        if len(batch) >= BATCH:
            channel.send(batch)
            batch = []
    if batch:
        channel.send(batch)
    channel.send([])
