"""Small logs and witnesses on loopback, for tests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp

from guantong.clock import SetClock
from guantong.ledger import Ledger, SeededEntropy, StatementType, Submission
from guantong.ledger.note_key import KeyType, SignerKey, VerifierKey
from guantong.ledger.signer import create_key
from guantong.serve.server import address_of, free_port, run_server

HOST = "127.0.0.1"


def append(ledger: Ledger, count: int, body: bytes = b"x") -> None:
    ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=body) for _ in range(count)])


@contextmanager
def small_log(directory: Path, origin: str, count: int = 0, body: bytes = b"x") -> Iterator[Ledger]:
    """A log with a key of its own: the same key for the same origin, whatever the entries."""
    clock, entropy = SetClock(1), SeededEntropy(origin + body.decode())
    with Ledger.create(directory, origin, clock=clock, entropy=entropy) as ledger:
        create_key(directory, origin, entropy=SeededEntropy(origin))
        append(ledger, count, body)
        yield ledger


def witness_key(directory: Path, name: str) -> VerifierKey:
    directory.mkdir()
    return create_key(directory, name, entropy=SeededEntropy(name), kind=KeyType.COSIGNATURE)


def log_key(origin: str) -> SignerKey:
    return SignerKey(origin, SeededEntropy(origin).salts(1)[0])


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """An application that answers on loopback, in a thread."""
    port = free_port(HOST, 0)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(run_server(app, HOST, port, ready=ready.set, stop=stop))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(20)
        yield address_of(HOST, port)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
