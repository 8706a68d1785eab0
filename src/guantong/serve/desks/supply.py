"""Which products would stop without one supplier? A map for a regulator, and for a producer of its own."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, recall
from guantong.clock import CHINA, day_in_china
from guantong.errors import fault
from guantong.parties import Register
from guantong.recall import Supply
from guantong.serve import answer, asked
from guantong.serve.desks.office import Office
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.scope_origins import origin_of
from guantong.store import Store
from guantong.trace.sight import Sight

DAYS: Final = 365
"""Looked back, unless said otherwise."""
SHOWN: Final = 300
AT_ONCE: Final = 1
DAY_MS: Final = 86_400_000


class Hung(NamedTuple):
    """A supplier, and what would stop without it."""

    party: str
    products: tuple[str, ...]
    components: tuple[str, ...]
    """Of which it is the only source of some product."""


class Map(NamedTuple):
    """What is shown."""

    supply: Supply
    hung: tuple[Hung, ...]
    """The most products first."""
    since: str
    names: dict[str, str]


class SupplyMap:
    """The page."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._reading = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/desk/supply", self.supply)]

    async def supply(self, request: Request) -> Response:
        """Products and their suppliers, single sources first; page or JSON."""
        person = self._office.person(request, Role.REGULATOR, Role.PRODUCER)
        supplier = request.query_params.get("supplier", "").strip()
        since = self._since(request.query_params.get("since", ""))
        found = await to_thread.run_sync(self._read, person, supplier, since, limiter=self._reading)
        if asked.wants_json(request):
            return answer.json(_json(found))
        return self._office.page(
            request,
            person,
            "supply.html",
            found=found,
            hung=found.hung[:SHOWN],
            sources=_singles_first(found.supply)[:SHOWN],
            names=found.names,
            supplier=supplier,
        )

    def _since(self, text: str) -> dt.date:
        """From which day on. Raises HttpError when it is none."""
        if not text:
            return day_in_china(self._office.desk.clock.now_ms()) - dt.timedelta(DAYS)
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise HttpError(
                fault(Fault.QUERY, expected="a day", got=text[:20], path="since")
            ) from None

    def _read(self, person: Person, supplier: str, since: dt.date) -> Map:
        now_ms = self._office.desk.clock.now_ms()
        since_ms = int(dt.datetime.combine(since, dt.time(), CHINA).timestamp() * 1000)
        with self._office.desk.readers.lend() as store:
            party = origin_of(store, supplier) if supplier else ""
            register = Register(store)
            sight = Sight(person.account.caller(), register.firm_of, register.region_of)
            makers = _Makers(store)
            is_all = person.account.role is Role.REGULATOR
            found = recall.supply_of(
                store,
                sees=sight.sees,
                firm_of=register.firm_of,
                is_wanted=lambda one: is_all or makers.of(one) == person.account.party,
                since_ms=since_ms,
                until_ms=now_ms + DAY_MS,
            )
            hung = _hung(found, makers)
        if party:
            hung = [one for one in hung if one.party == party]
            kept = [one for one in found.sources if any(s.party == party for s in one.suppliers)]
            found = found._replace(sources=tuple(kept))
        return Map(found, tuple(hung), since.isoformat(), self._names(found, hung))

    def _names(self, found: Supply, hung: Sequence[Hung]) -> dict[str, str]:
        asked_for = {one.party for one in hung}
        asked_for |= {product for one in hung for product in one.products}
        for one in found.sources:
            asked_for |= {one.product, one.component, *(two.party for two in one.suppliers)}
        return dict(self._office.desk.names(asked_for - {""}))


class _Makers:
    """Whose products are: each looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, str] = {}

    def of(self, product: str) -> str:
        """The producer that is filed, "" when there is none."""
        if product not in self._known:
            found = parties.product(self._store, product)
            self._known[product] = found.firm if found is not None else ""
        return self._known[product]


def _hung(supply: Supply, makers: _Makers) -> list[Hung]:
    """Suppliers without whom something of another would stop, the most products first."""
    found = []
    for party in dict.fromkeys(one.single for one in supply.sources if one.single):
        products = [one for one in supply.stopped_by(party) if makers.of(one) != party]
        parts = {one.component for one in supply.sources if one.single == party}
        if products:
            found.append(Hung(party, tuple(products), tuple(sorted(parts))))
    return sorted(found, key=lambda one: (-len(one.products), one.party))


def _singles_first(supply: Supply) -> list[recall.Source]:
    return sorted(supply.sources, key=lambda one: (not one.single, one.product, one.component))


def _json(found: Map) -> dict[str, object]:
    name = found.names.get
    return {
        "since": found.since,
        "events": found.supply.events,
        "complete": found.supply.is_whole,
        "suppliers": [
            {"party": one.party, "name": name(one.party, ""), "products": one.products,
             "components": one.components}
            for one in found.hung
        ],
        "sources": [
            {
                "product": one.product,
                "product_name": name(one.product, ""),
                "component": one.component,
                "component_name": name(one.component, ""),
                "single": bool(one.single),
                "suppliers": [
                    two._asdict() | {"name": name(two.party, "")} for two in one.suppliers
                ],
            }
            for one in found.supply.sources
        ],
    }  # fmt: skip
