"""What do all firms of the market submit, in the order in which they submit it?

>>> from itertools import islice
>>> [one.name for one in islice(filings(7, events=2000), 2)]
['body-0-records.json', 'body-1-records.json']
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from math import inf
from typing import NamedTuple

from guantong.errors import Refusal
from guantong.market import cable, ebike, rebar, records, stove
from guantong.market.catalogue import Role
from guantong.market.desk import Desk, Filing, Submission
from guantong.market.dice import Dice
from guantong.market.firms import Product, World, world
from guantong.market.flow import Flow, Mint
from guantong.market.hours import DAY, HOUR, MINUTE, midnight
from guantong.market.stories import SUSPENDED_DAY, Story, told

EVENTS = 200_000
"""Events of the demo."""
EVENTS_MIN = 1_000
"""Fewer would not hold the stories."""
START = dt.date(2025, 7, 1)
"""First day of the demo."""
CAMPAIGN_DAYS = 400
"""Campaigns begin within so many days; the last goods are sold about three months later."""


class Fault(StrEnum):
    """Why there is no such market. Part of the public API: never renamed."""

    EVENTS = "market.events"
    ROWS = "market.rows"
    SEED = "market.seed"


class MarketError(Refusal):
    """A market that can not be made."""


class People(NamedTuple):
    """Firms one can look around as."""

    works: str
    shop: str
    site: str


class Line(StrEnum):
    """The four chains."""

    EBIKE = "ebike"
    CABLE = "cable"
    STOVE = "stove"
    REBAR = "rebar"


SHARES = {Line.EBIKE: 0.45, Line.CABLE: 0.30, Line.STOVE: 0.17, Line.REBAR: 0.08}
"""Of the events."""


def filings(seed: int, *, events: int = EVENTS, start: dt.date = START) -> Iterator[Submission]:
    """Everything submitted, lazily and in time order.

    Args:
        seed: Names the market, at least 0: the same seed gives the same bytes.
        events: How many events all documents together hold, at least `EVENTS_MIN`; exact.
        start: First day.

    Returns:
        Documents, code issues and orders; `at_ms` never falls. Memory is bounded by what about three
        months of the market hold.

    Raises:
        MarketError: if seed or events are out of bounds.
    """
    _check(seed, events)
    return _run(seed, events, start)


def start_ms(start: dt.date = START) -> int:
    """The first instant of a market that starts on a day; everything is submitted later."""
    return midnight(start)


def stories(seed: int, *, events: int = EVENTS, start: dt.date = START) -> tuple[Story, ...]:
    """One example code for each story of the market with these arguments.

    Args:
        seed: As for `filings`.
        events: As for `filings`; the codes are the same for every number.
        start: As for `filings`.

    Returns:
        The stories; takes milliseconds.

    Raises:
        MarketError: as `filings`.
    """
    _check(seed, events)
    everybody = world(seed, events=events, year=start.year)
    return tuple(told(everybody, Mint(), midnight(start)).stories)


def people(seed: int, *, events: int = EVENTS, start: dt.date = START) -> People:
    """The firms one can look around as: canonical party keys.

    Args:
        seed: As for `filings`.
        events: As for `filings`.
        start: As for `filings`.

    Returns:
        A factory of bikes, a shop that sells them, a building site.

    Raises:
        MarketError: as `filings`.
    """
    _check(seed, events)
    everybody = world(seed, events=events, year=start.year)
    roles = (Role.BIKE, Role.BIKE_SHOP, Role.SITE)
    return People(*(everybody.firm(role, 0).uri for role in roles))


def _check(seed: int, events: int) -> None:
    if events < EVENTS_MIN:
        raise MarketError.of(
            Fault.EVENTS, expected=f"at least {EVENTS_MIN} events", got=events, path="events"
        )
    if seed < 0:
        raise MarketError.of(Fault.SEED, expected="a seed of 0 or more", got=seed, path="seed")


def _run(seed: int, events: int, start: dt.date) -> Iterator[Submission]:
    everybody = world(seed, events=events, year=start.year)
    season = _Season(everybody, midnight(start), events)
    _introduce(season.desk, everybody, start)
    for flow in told(everybody, season.mint, season.start_ms).flows:
        season.add(flow)
    told_events = season.made
    while season.made < events:
        passed = (season.made - told_events) / (events - told_events)
        at_ms = season.start_ms + 3 * DAY + int(passed * CAMPAIGN_DAYS * DAY)
        yield from season.desk.until(at_ms)
        season.campaign(at_ms)
    yield from season.desk.until(inf)


def _introduce(desk: Desk, everybody: World, start: dt.date) -> None:
    """Everybody files records on the first day; a certificate is suspended later."""
    at_ms = midnight(start) + 8 * HOUR
    body = everybody.firm(Role.BODY)
    suspended = everybody.product(everybody.firm(Role.BIKE, records.SUSPENDED_WORKS))
    for number, firm in enumerate(records.introductions(everybody)):
        name = f"{firm.key}-records.json"
        desk.put(_records(name, firm.uri, at_ms + number * 5, records.of_firm(everybody, firm)))
    later = at_ms + 3 * HOUR
    desk.put(_records("households.json", body.uri, later, records.households(body)))
    certificates = records.certificates(everybody, body, start)
    desk.put(_records("certificates.json", body.uri, later + MINUTE, certificates))
    day = start + dt.timedelta(days=SUSPENDED_DAY)
    change = records.suspended(suspended, day)
    desk.put(_records("suspension.json", body.uri, midnight(day) + 9 * HOUR, change))


def _records(name: str, by: str, at_ms: int, body: bytes) -> Filing:
    return Filing(name, "application/json", by, at_ms, body, 0)


class _Season:
    """Runs campaign after campaign, keeping the shares of the lines."""

    def __init__(self, everybody: World, start_ms: int, events: int) -> None:
        self.world = everybody
        self.start_ms = start_ms
        self.mint = Mint()
        self.desk = Desk(everybody.seed)
        self.made = 0
        self._events = events
        self._by_line: Counter[Line] = Counter()

    def add(self, flow: Flow) -> int:
        """Hand a campaign to the desk; what goes beyond the number asked for has not happened.

        Returns:
            How many deeds were taken.
        """
        deeds = sorted(flow.deeds, key=lambda deed: deed.known_ms)[: self._events - self.made]
        self.made += len(deeds)
        self.desk.take(deeds)
        for issue in flow.issues:
            self.desk.put(issue)
        for stop in flow.stops:
            self.desk.put(stop)
        return len(deeds)

    def campaign(self, at_ms: int) -> None:
        """The next campaign, of the line that is most behind; goods are made 36 hours later."""
        line = max(Line, key=lambda one: SHARES[one] * self.made - self._by_line[one])
        dice = Dice(self.world.seed, f"campaign/{self.mint.take('campaign')}")
        flow = Flow(self.world, self.mint, dice)
        first_ms = at_ms + 36 * HOUR
        match line:
            case Line.EBIKE:
                self._ebike(flow, first_ms)
            case Line.CABLE:
                works = dice.pick(self.world.firms[Role.CABLE])
                cable.campaign(flow, first_ms, works=works, reels=dice.between(3, 9))
            case Line.STOVE:
                product = self._any(flow, Role.STOVE)
                stove.campaign(flow, first_ms, product=product, count=dice.between(40, 120))
            case Line.REBAR:
                product = self._any(flow, Role.BAR)
                rebar.campaign(flow, first_ms, product=product, bundles=dice.between(20, 60))
        self._by_line[line] += self.add(flow)

    def _any(self, flow: Flow, role: Role) -> Product:
        """A product of a firm of a role."""
        return flow.dice.pick(self.world.goods[flow.dice.pick(self.world.firms[role]).key])

    def _ebike(self, flow: Flow, at_ms: int) -> None:
        dice = flow.dice
        day = (at_ms - self.start_ms) // DAY
        works = dice.below(len(self.world.firms[Role.BIKE]))
        orders = [
            (self._model(flow, index % 4, day), dice.between(20, 70))
            for index in (works, works + 1)
        ]
        battery_works = dice.pick(self.world.firms[Role.BATTERY])
        ebike.campaign(flow, at_ms, orders, battery_works=battery_works)

    def _model(self, flow: Flow, index: int, day: int) -> Product:
        """What a bike factory makes on a day; one must stop two models when they lose CCC."""
        products = self.world.goods[self.world.firm(Role.BIKE, index).key]
        chosen = flow.dice.below(len(products))
        if index != records.SUSPENDED_WORKS:
            return products[chosen]
        if day < SUSPENDED_DAY - 15:
            return products[0 if chosen == 1 else chosen]
        if SUSPENDED_DAY + 4 < day < SUSPENDED_DAY + 40:
            return products[chosen or 1]
        return products[2]
