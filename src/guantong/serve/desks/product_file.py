"""What is known of a product, for who supervises it? Record, certificates over time, codes, orders, cases."""

from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding, parties, watch
from guantong.errors import fault
from guantong.serve import answer, asked
from guantong.serve.desks.office import Office
from guantong.serve.desks.supervision import file_of
from guantong.serve.people.account import Role
from guantong.serve.problems import Fault, HttpError
from guantong.store import Fact, Store
from guantong.verdict.holds import standing_holds

SHOWN = 100


class ProductFiles:
    """The page of a product."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/desk/product-file/{key:path}", self.product)]

    async def product(self, request: Request) -> Response:
        """A product's file, as page or JSON.

        Returns:
            It.

        Raises:
            HttpError: if nobody filed the product, or its firm is of another region.
        """
        person = self._office.person(request, Role.REGULATOR)
        key = request.path_params["key"]
        found = await to_thread.run_sync(self._read, key)
        if found is None or not str(found["place"]).startswith(person.account.region):
            expected = "a product of a firm of your region"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=key[:100]))
        if asked.wants_json(request):
            return answer.json(_json(found))
        return self._office.page(request, person, "product_file.html", **found)

    def _read(self, key: str) -> dict[str, Any] | None:
        with self._office.desk.readers.lend() as store:
            return product_file(store, coding.class_of(key))


def product_file(store: Store, key: str) -> dict[str, Any] | None:
    """What is known of a product class, None when nobody filed it."""
    product = parties.product(store, key)
    if product is None:
        return None
    firm = file_of(store, product.firm) or {}
    said = [fact for fact in store.facts("product", (key,)) if fact.key == key]
    ranges = store.facts("code_range", (key,))
    reports = store.facts(watch.REPORT, (key,))
    return {
        "product": product,
        "place": firm.get("place", ""),
        "firm_name": firm.get("name", ""),
        "said": said[-SHOWN:],
        "certificates": parties.certificates_of(store, (key,)),
        "ranges": ranges[-SHOWN:],
        "codes": sum(_size(fact) for fact in ranges),
        "orders": standing_holds(store, [key]),
        "reports": reports[-SHOWN:],
    }


def _size(fact: Fact) -> int:
    return int(str(fact.fields["last"])) - int(str(fact.fields["first"])) + 1


def _json(found: Mapping[str, Any]) -> dict[str, object]:
    told = {"key": found["product"].key, "name": found["product"].name}
    return told | {name: found[name] for name in ("place", "firm_name", "codes")}
