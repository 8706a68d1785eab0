"""A small market in a store of either kind, for tests of the doors above it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from guantong.capture import read_table
from guantong.market.bulk import Bulk
from guantong.store import Indexed, RowStore, SegmentStore

Engine = RowStore | SegmentStore
KINDS: dict[str, type[Engine]] = {"rows": RowStore, "segments": SegmentStore}


@contextmanager
def filled(
    kind: str, place: Path, at_ms: Callable[[int], int], most: int | None = None
) -> Iterator[Engine]:
    """The first documents of a market, each received at its own time; all of them for None."""
    with closing(KINDS[kind].open(place / "index")) as store:
        for entry, filing in enumerate(islice(Bulk(5, rows=10_000).filings(), most)):
            table = read_table(filing.body, media=filing.media, name=filing.name).table
            store.append(
                [Indexed(entry=entry, by=filing.by, received_ms=at_ms(entry), table=table)]
            )
        yield store
