"""What does it cost to keep a document of one event: bytes on the disk, and time to pack them?

Beside it stands the same Zstandard level without the list of words.
"""

import json
import time
from collections.abc import Iterator

import zstandard

from guantong.ledger.vault import Wrapper
from guantong.market.bulk import Bulk

SALT = bytes(32)
DOCUMENTS = 20_000


def run() -> Iterator[dict[str, object]]:
    """The rows of the table."""
    bodies = [body for body, _ in zip(_single(), range(DOCUMENTS), strict=False)]
    plain = zstandard.ZstdCompressor(level=1)
    start = time.perf_counter()
    beside = sum(len(plain.compress(body)) for body in bodies)
    floor = time.perf_counter() - start
    salted, wrapper = [SALT + body for body in bodies], Wrapper()
    start = time.perf_counter()
    _, blobs = wrapper.wrap(salted)
    ours = time.perf_counter() - start
    kept = sum(len(blob) - len(SALT) for blob in blobs)
    each = [total / len(bodies) for total in (sum(map(len, bodies)), beside, kept)]
    yield {
        "name": f"documents of one event packed: {each[0]:.0f} B each, kept in {each[2]:.0f} B",
        "per_second": len(bodies) / ours,
        "peer": f"Zstandard without the words: {each[1]:.0f} B",
        "peer_per_second": len(bodies) / floor,
        "ratio": floor / ours,
    }


def _single() -> Iterator[bytes]:
    """Events of a market, each in a document of its own."""
    for filing in Bulk(7, rows=100_000).filings():
        if filing.media.endswith("ld+json"):
            document = json.loads(filing.body)
            for event in document["epcisBody"]["eventList"]:
                document["epcisBody"]["eventList"] = [event]
                yield json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
