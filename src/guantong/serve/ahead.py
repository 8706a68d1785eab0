"""The market, made and read in a process of its own, so that both cores have work.

One process makes the documents and reads them (pure work), this one decides, appends and
indexes. What comes out, and in which order, is the same as without it.
"""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

import msgspec

from guantong import capture, market
from guantong.capture import Document, Reading
from guantong.errors import Fault
from guantong.serve.projector import identified

BATCH: Final = 100
"""Submissions in one message."""

Read = tuple[market.Submission, Reading | None]
"""A submission, and what its document says if it is a document."""

_write = msgspec.msgpack.Encoder().encode
_document = msgspec.msgpack.Decoder(Document).decode


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


def _reading(submission: market.Submission) -> Reading | None:
    if not isinstance(submission, market.Filing):
        return None
    found = capture.read(submission.body, media=submission.media, name=submission.name)
    document = found.document and identified(found.document)
    return Reading(document, found.faults)


def _apart(seed: int, events: int) -> Iterator[Read]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(seed, events, theirs), daemon=True)
    worker.start()
    theirs.close()
    try:
        while batch := ours.recv():
            for submission, document, faults in batch:
                read = None if faults is None else Reading(_decoded(document), faults)
                yield submission, read
    finally:
        ours.close()
        worker.terminate()
        worker.join()


Sent = tuple[market.Submission, bytes, tuple[Fault, ...] | None]
"""A submission, its document in msgpack (b"" for none), its faults (None: it is no document)."""


def _decoded(document: bytes) -> Document | None:
    return _document(document) if document else None


def _work(seed: int, events: int, channel: Connection) -> None:
    """In the other process: send batches, then an empty one."""
    batch: list[Sent] = []
    for submission, read in _read(seed, events):
        batch.append(_sent(submission, read))
        if len(batch) >= BATCH:
            channel.send(batch)
            batch = []
    if batch:
        channel.send(batch)
    channel.send([])


def _sent(submission: market.Submission, read: Reading | None) -> Sent:
    if read is None:
        return submission, b"", None
    return submission, _write(read.document) if read.document else b"", read.faults
