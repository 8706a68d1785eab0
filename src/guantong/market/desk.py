"""Which deeds go into one document, and when is it filed?

A firm collects what it did for its own period (a factory a week, a trader a day, some shops
nothing at all) and files some time after; now and then days after. A `Desk` holds what is not
yet due, so that memory is bounded by the length of a campaign and not by the market.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guantong.market.deeds import Deed, Issue, Stop
from guantong.market.dice import Dice
from guantong.market.document import fits_xml1, json_document, xml_document
from guantong.market.firms import Firm, Syntax
from guantong.market.flow import Mint
from guantong.market.hours import DAY, MINUTE
from guantong.market.sheets import fits_sheet, sheet_document

EVENTS_MAX = 1000
"""In one document."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A document as somebody submits it."""

    name: str
    """File name."""
    media: str
    """``application/ld+json``, ``application/xml``, ``text/csv`` or ``application/json``."""
    by: str
    """Canonical key of the firm that submits it."""
    at_ms: int
    """When it is submitted."""
    body: bytes
    events: int
    """How many events it holds; 0 for records."""


Submission = Filing | Issue | Stop
"""What comes to the front door."""


class Desk:
    """Turns deeds into filings, in time order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._dice = Dice(seed, "desk")
        self._mint = Mint()
        self._open: dict[tuple[str, int], list[Deed]] = {}
        self._due: list[tuple[int, int, tuple[str, int]]] = []
        self._last: dict[str, int] = {}
        self._ready: list[tuple[int, int, Submission]] = []

    def take(self, deeds: Iterable[Deed]) -> None:
        """Put deeds in the trays of their firms."""
        for deed in deeds:
            period = deed.by.ways.period_ms or MINUTE
            key = (deed.by.key, deed.known_ms // period)
            tray = self._open.get(key)
            if tray is None:
                self._open[key] = tray = []
                due = (key[1] + 1) * period
                heapq.heappush(self._due, (due, self._mint.take("tray"), key))
            tray.append(deed)

    def put(self, one: Submission) -> None:
        """Something that is ready as it is."""
        heapq.heappush(self._ready, (one.at_ms, self._mint.take("ready"), one))

    def until(self, at_ms: float) -> Iterator[Submission]:
        """Everything that is filed before an instant, in time order.

        Later calls must not hand in deeds or filings of before `at_ms`.

        Yields:
            Filings, code issues and orders; their `at_ms` never falls.
        """
        while self._due and self._due[0][0] <= at_ms:
            due, _, key = heapq.heappop(self._due)
            self._close(self._open.pop(key), due)
        while self._ready and self._ready[0][0] <= at_ms:
            yield heapq.heappop(self._ready)[2]

    def _close(self, tray: list[Deed], due: int) -> None:
        """File a tray, in documents of at most `EVENTS_MAX`."""
        tray.sort(key=lambda deed: (deed.known_ms, deed.number, not deed.wrong))
        firm = tray[0].by
        at_ms = due + self._dice.between(1, 240) * MINUTE
        if self._dice.chance(firm.ways.late):
            at_ms += self._dice.between(1, 9) * DAY
        # A firm sends one document after the other: what it corrects is there before.
        self._last[firm.key] = at_ms = max(at_ms, self._last.get(firm.key, 0) + MINUTE)
        for start in range(0, len(tray), EVENTS_MAX):
            for syntax, deeds in _by_syntax(firm, tray[start:][:EVENTS_MAX]):
                self.put(self._file(firm, syntax, deeds, at_ms))

    def _file(self, firm: Firm, syntax: Syntax, deeds: list[Deed], at_ms: int) -> Filing:
        name = f"{firm.key}-{self._mint.take(firm.key):05d}"
        media, suffix = _MEDIA[syntax]
        named = f"{name}.{suffix}"
        body = _written(syntax, deeds, seed=self._seed, name=named, at_ms=at_ms)
        return Filing(named, media, firm.uri, at_ms, body, len(deeds))


_MEDIA = {
    Syntax.JSON: ("application/ld+json", "jsonld"),
    Syntax.XML1: ("application/xml", "xml"),
    Syntax.XML2: ("application/xml", "xml"),
    Syntax.SHEET: ("text/csv", "csv"),
}


def _by_syntax(firm: Firm, deeds: list[Deed]) -> Iterator[tuple[Syntax, list[Deed]]]:
    """What the firm's own syntax can say, and the rest in one that can."""
    match firm.ways.syntax:
        case Syntax.XML1:
            parts = ((Syntax.XML1, fits_xml1), (Syntax.XML2, lambda deed: not fits_xml1(deed)))
        case Syntax.SHEET:
            parts = ((Syntax.SHEET, fits_sheet), (Syntax.JSON, lambda deed: not fits_sheet(deed)))
        case Syntax.JSON | Syntax.XML2:
            yield firm.ways.syntax, deeds
            return
    for syntax, fits in parts:
        some = [deed for deed in deeds if fits(deed)]
        if some:
            yield syntax, some


def _written(syntax: Syntax, deeds: list[Deed], *, seed: int, name: str, at_ms: int) -> bytes:
    match syntax:
        case Syntax.JSON:
            return json_document(deeds, seed=seed, name=name, at_ms=at_ms)
        case Syntax.XML1:
            return xml_document(deeds, seed=seed, name=name, at_ms=at_ms, version=1)
        case Syntax.XML2:
            return xml_document(deeds, seed=seed, name=name, at_ms=at_ms, version=2)
        case Syntax.SHEET:
            return sheet_document(deeds)
