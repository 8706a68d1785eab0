"""What the documents of the made-up market say, read as anyone's are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from guantong.capture.door import read
from guantong.capture.model import Document, Event, MasterItem
from guantong.market import Filing, Issue, Stop, Submission


@dataclass(frozen=True)
class Told:
    """One event with who filed it and when."""

    by: str
    at_ms: int
    event: Event

    @property
    def things(self) -> tuple[str, ...]:
        """Every item it names, in whatever role but container."""
        event = self.event
        return (*event.epcs, *event.child_epcs, *event.input_epcs, *event.output_epcs)


@dataclass(frozen=True)
class Market:
    """A market, read."""

    filings: list[Filing]
    issues: list[Issue]
    stops: list[Stop]
    told: list[Told]
    master: list[MasterItem]

    def of(self, item: str) -> list[Told]:
        """Events that name an item, also as parent, by time; declarations of error left out."""
        found = [
            one for one in self.told if item in (*one.things, one.event.parent) and counts(one)
        ]
        return sorted(found, key=lambda one: one.event.time_ms)

    def steps(self, item: str) -> list[str]:
        """Their business steps."""
        return [one.event.step for one in self.of(item)]

    def place(self, uri: str) -> MasterItem:
        """The record of a place."""
        return next(one for one in self.master if one.kind == "place" and one.key == uri)


def counts(told: Told) -> bool:
    """Whether it is no declaration of error."""
    return told.event.error is None


def document_of(filing: Filing) -> Document:
    """What a filing says; it must be without fault."""
    reading = read(filing.body, media=filing.media, name=filing.name)
    assert not reading.faults, (filing.name, reading.faults[0])
    assert reading.document is not None
    return reading.document


def market_of(submissions: Iterable[Submission]) -> Market:
    """Read everything."""
    found: Sequence[Submission] = list(submissions)
    filings = [one for one in found if isinstance(one, Filing)]
    told: list[Told] = []
    master: list[MasterItem] = []
    for filing in filings:
        document = document_of(filing)
        assert len(document.events) == filing.events, filing.name
        told += [Told(filing.by, filing.at_ms, event) for event in document.events]
        master += document.master
    return Market(
        filings,
        [one for one in found if isinstance(one, Issue)],
        [one for one in found if isinstance(one, Stop)],
        told,
        master,
    )


def sold(market: Market, item: str) -> Iterator[Told]:
    """Sales of an item to consumers, by time."""
    return (one for one in market.of(item) if one.event.step == "retail_selling")
