"""Which products filed here are on a foreign list of dangerous ones? Files are handed in; what matches becomes a case.

Matches are computed when they are looked at, with the products that are filed by then.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import connectors, parties, watch
from guantong.capture.lots import GTIN
from guantong.connectors import Known, Match, Matcher, Read
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.parties.registry import merged, text_of
from guantong.serve import answer, asked
from guantong.serve.desks.fresh import Fresh
from guantong.serve.desks.office import Office, on_to
from guantong.serve.desks.opening import open_case
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.store import Fact, Store, all_facts
from guantong.watch import Kind, Report, State

ROLES: Final = (Role.REGULATOR, Role.OPERATOR)
SHOWN: Final = 100
"""Matches, and rejected alerts, on a page; JSON has all matches."""
FILES: Final = 20
"""Files that are listed, the latest."""
GTIN_DIGITS: Final = 14


class Alerted(NamedTuple):
    """A match, and whose product it is."""

    match: Match
    name: str
    firm: str
    firm_name: str
    region: str

    @property
    def about(self) -> str:
        """By which its case is found."""
        return f"alert {self.match.alert.key} {self.match.product}"


class HandedIn(NamedTuple):
    """What became of a file."""

    read: Read
    new: int
    """Alerts that were not known, or said something else."""


class Seen(NamedTuple):
    """What there is to see at one moment."""

    alerts: int
    files: tuple[Fact, ...]
    found: tuple[Alerted, ...]
    """The latest alerts first."""


class ForeignAlerts:
    """The page of foreign alerts."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._fresh = Fresh(office.desk.clock, self._look)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/alerts", self.alerts),
            Route("/desk/alerts.json", self.alerts),
            Route("/desk/alerts", self.take, methods=["POST"]),
            Route("/desk/alerts/case", self.open, methods=["POST"]),
        ]

    async def alerts(self, request: Request) -> Response:
        """Products of the region that are on a list, and the form for a file; page or JSON."""
        person = self._office.person(request, *ROLES)
        if asked.wants_json(request):
            seen = await self._seen(person)
            cases = await to_thread.run_sync(self._cases, seen.found)
            return answer.json(_json(seen, cases))
        return await self._page(request, person)

    async def take(self, request: Request) -> Response:
        """Take a file in; the page, with what is rejected of it, or with why it is refused."""
        person = self._office.person(request, *ROLES)
        bytes_max = connectors.ALERTS_BYTES_MAX
        async with self._office.form(request, person, bytes_max=bytes_max) as form:
            try:
                file = form.files.get("file")
                if file is None:
                    raise HttpError(fault(Fault.QUERY, expected="a file", got="none", path="file"))
                handed = await self._hand_in(file.data, person)
            except Refusal as refusal:
                return await self._page(request, person, errors=refusal.faults)
        return await self._page(request, person, handed=handed)

    async def open(self, request: Request) -> Response:
        """Make a case of a match that has none that is open; on to the page.

        Returns:
            On to the page.

        Raises:
            HttpError: if there is no such match in the region.
        """
        person = self._office.person(request, Role.REGULATOR)
        async with self._office.form(request, person) as form:
            about = form.text("about")
            seen = await self._seen(person)
            one = next((one for one in seen.found if one.about == about), None)
            if one is None:
                expected = "a match in your region"
                raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=about[:100]))
            case = (await to_thread.run_sync(self._cases, (one,))).get(about)
            if case is None or case.state is State.CLOSED:
                await open_case(self._office, _report(one), person)
        return on_to("/desk/alerts")

    async def _hand_in(self, data: bytes, person: Person) -> HandedIn:
        """Enter what is new of a file. Raises Refusal when it is none."""

        def read() -> tuple[Read, connectors.Alerts]:
            found = connectors.read_alerts(data)
            with self._office.desk.readers.lend() as store:
                return found, found.changes(connectors.known_alerts(store))

        found, changes = await to_thread.run_sync(read, limiter=self._fresh.looking)
        if changes.alerts:
            made = Made.of(StatementType.CASE, changes, connectors.ALERTS_MEDIA)
            await self._office.enter(made, person)
            self._fresh.forget()
        return HandedIn(found, len(changes.alerts))

    async def _page(
        self,
        request: Request,
        person: Person,
        *,
        handed: HandedIn | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        seen = await self._seen(person)
        cases = await to_thread.run_sync(self._cases, seen.found[:SHOWN])
        return self._office.page(
            request,
            person,
            "alerts.html",
            400 if errors else 200,
            seen=seen,
            found=seen.found[:SHOWN],
            rejected=handed.read.rejected[:SHOWN] if handed else (),
            handed=handed,
            cases=cases,
            may_open=person.account.role is Role.REGULATOR,
            errors=errors,
        )

    async def _seen(self, person: Person) -> Seen:
        seen, region = await self._fresh.get(), person.account.region
        mine = tuple(one for one in seen.found if one.region.startswith(region))
        return seen._replace(found=mine)

    def _look(self, _: int) -> Seen:
        with self._office.desk.readers.lend() as store:
            alerts = connectors.known_alerts(store)
            files = sorted(all_facts(store, connectors.FILE), key=lambda fact: -fact.entry)
            matcher = Matcher(known_products(store)) if alerts else Matcher(())
            matches = [match for alert in alerts.values() for match in matcher.matches(alert)]
            found = sorted(alerted(store, matches), key=lambda one: one.match.alert.published)
        return Seen(len(alerts), tuple(files[:FILES]), tuple(found[::-1]))

    def _cases(self, found: tuple[Alerted, ...]) -> dict[str, watch.Case]:
        with self._office.desk.readers.lend() as store:
            cases = {one.about: watch.case_about(store, one.about) for one in found}
        return {about: case for about, case in cases.items() if case is not None}


def known_products(store: Store) -> Iterator[Known]:
    """What is filed of all products, as far as alerts can name it."""
    for key, facts in groupby(all_facts(store, "product"), key=lambda fact: fact.key):
        fields = merged(list(facts), key)
        if fields is not None:
            digits = key.removeprefix(GTIN)
            gtin = digits if len(digits) == GTIN_DIGITS and digits.isdecimal() else ""
            yield Known(key, gtin, text_of(fields, "brand"), text_of(fields, "model"))


def alerted(store: Store, matches: list[Match]) -> Iterator[Alerted]:
    """Whose products the matches are about."""
    register = parties.Register(store)
    products = {one.product: parties.product(store, one.product) for one in matches}
    for one in matches:
        product = products[one.product]
        firm = product.firm if product is not None else ""
        name = product.name or product.name_en if product is not None else ""
        yield Alerted(one, name, firm, register.name_of(firm), register.region_of(firm))


def _report(one: Alerted) -> Report:
    alert = one.match.alert
    said = "; ".join(text for text in (alert.title or alert.product, alert.hazard) if text)
    text = f"{alert.source} {alert.number}: {said} ({one.match.by}: {one.match.why})"
    text = text.replace("\n", " ")[: watch.TEXT_MAX]
    place = one.region[:2] or "11"
    return Report(watch.new_id(), one.match.product, Kind.ALERT, text, place, about=one.about)


def _json(seen: Seen, cases: dict[str, watch.Case]) -> dict[str, object]:
    files = [{"source": one.key, **one.fields, "at_ms": one.received_ms} for one in seen.files]
    matches = [_match_json(one, cases.get(one.about)) for one in seen.found]
    return {"alerts": seen.alerts, "files": files, "matches": matches}


def _match_json(one: Alerted, case: watch.Case | None) -> dict[str, object]:
    alert = one.match.alert
    told = {
        name: getattr(alert, name)
        for name in ("source", "number", "published", "product", "hazard", "risk", "address")
    }
    return told | {
        "by": one.match.by,
        "why": one.match.why,
        "code": one.match.product,
        "name": one.name,
        "firm": one.firm,
        "region": one.region,
        "case": case.id if case is not None else "",
    }
