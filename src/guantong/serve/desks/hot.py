"""Where are there more complaints of late than before? A page for who supervises, product by product."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import identify, parties, watch
from guantong.capture.lots import class_of
from guantong.clock import day_in_china
from guantong.serve import answer, asked
from guantong.serve.desks.fresh import Fresh
from guantong.serve.desks.office import Office
from guantong.serve.people.account import Role
from guantong.store import Fact, Store, all_facts
from guantong.watch import PUBLIC_KINDS, Complaint, HotSpot

PRODUCTS_MAX: Final = 10
"""Products looked at one by one: those complained of most."""


class Spot(NamedTuple):
    """A hot spot, of one product or of all complaints."""

    product: str
    """Class URI; "" for all complaints together."""
    name: str
    spot: HotSpot

    @property
    def since(self) -> str:
        """Its first day, ISO."""
        return dt.date.fromordinal(self.spot.since).isoformat()


class Hot:
    """The page of hot spots."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._fresh = Fresh(office.desk.clock, self._looked)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [Route("/desk/hot", self.hot), Route("/desk/hot.json", self.hot)]

    async def hot(self, request: Request) -> Response:
        """The hot spots that touch the region, the least likely by chance first; page or JSON."""
        person = self._office.person(request, Role.REGULATOR)
        region = person.account.region[:2]
        found = [
            one for one in await self._fresh.get() if not region or region in one.spot.provinces
        ]
        if asked.wants_json(request):
            return answer.json({"hot_spots": [_json(one) for one in found]})
        return self._office.page(request, person, "hot.html", found=found)

    def _looked(self, now_ms: int) -> list[Spot]:
        with self._office.desk.readers.lend() as store:
            return spots(store, day_in_china(now_ms))


def spots(store: Store, today: dt.date) -> list[Spot]:
    """Hot spots of all complaints, and of each product that is complained of most.

    Args:
        store: What is known.
        today: The last day looked at.

    Returns:
        The least likely by chance first.
    """
    told = [(_class_of(fact), _complaint(fact)) for fact in _complaints(store)]
    counted = Counter(product for product, _ in told if product)
    products = ["", *(product for product, _ in counted.most_common(PRODUCTS_MAX))]
    found = [
        Spot(product, _name(store, product), spot)
        for product in products
        for spot in watch.hot_spots(
            [one for of, one in told if of == product or not product], today.toordinal()
        )
    ]
    return sorted(found, key=lambda one: (one.spot.chance, one.spot.since, one.product))


def _complaints(store: Store) -> Iterable[Fact]:
    """Reports of buyers; what was found here is none."""
    kinds = {kind.value for kind in PUBLIC_KINDS}
    return (fact for fact in all_facts(store, watch.REPORT) if fact.fields["kind"] in kinds)


def _complaint(fact: Fact) -> Complaint:
    return Complaint(day_in_china(fact.received_ms).toordinal(), str(fact.fields["province"]))


def _class_of(fact: Fact) -> str:
    readings = identify.read(str(fact.fields["code"]))
    return class_of(readings[0].value.uri) if readings else ""


def _name(store: Store, product: str) -> str:
    known = parties.product(store, product) if product else None
    return known.name if known is not None else ""


def _json(one: Spot) -> dict[str, object]:
    spot = one.spot
    return {
        "product": one.product,
        "name": one.name,
        "provinces": list(spot.provinces),
        "since": one.since,
        "complaints": spot.complaints,
        "expected": round(spot.expected, 2),
        "chance": spot.chance,
    }
