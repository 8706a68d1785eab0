"""How does a firm say who it is, what it makes, and by which certificate? Forms that become records.

Each form is one record of a records document: what is wrong with it is told by the door that reads
documents, and every statement is an entry of the ledger.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties
from guantong.errors import Fault as Found
from guantong.errors import Refusal
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.store import Store

FILERS: Final = (Role.PRODUCER, Role.SELLER, Role.USER)
USCC: Final = "urn:guantong:uscc:"


Answerer = Callable[[Request], Awaitable[Response]]


class Field(NamedTuple):
    """One line of a form."""

    name: str
    required: bool = False
    choices: str = ""
    """Name of the list it is chosen from."""
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of record: where its form is, and what it asks."""

    path: str
    member: str
    """Of the records document."""
    title: str
    """Key of the sentence."""
    fields: tuple[Field, ...]
    lists: tuple[str, ...] = ()
    """Members that hold several codes, parted by blanks."""


FIRM: Final = Paper(
    "/desk/firm",
    "firms",
    "dk_firm",
    (
        Field("name", required=True),
        Field("name_en"),
        Field("uscc"),
        Field("gln"),
        Field("kind", choices="firm_kind"),
        Field("region"),
        Field("address"),
        Field("contact"),
        Field("industry"),
    ),
)
PRODUCT: Final = Paper(
    "/desk/products",
    "products",
    "dk_products",
    (
        Field("name", required=True),
        Field("gtin"),
        Field("class_code"),
        Field("category", choices="category"),
        Field("brand"),
        Field("model"),
        Field("specification"),
        Field("standard"),
        Field("name_en"),
        Field("certificates"),
    ),
    lists=("certificates",),
)
CERTIFICATE: Final = Paper(
    "/desk/certificates",
    "certificates",
    "dk_certificates",
    (
        Field("kind", choices="certificate", required=True),
        Field("number", required=True),
        Field("status", choices="standing", required=True),
        Field("products"),
        Field("body"),
        Field("since", type="date"),
        Field("until", type="date"),
        Field("status_since", type="date"),
        Field("reason"),
    ),
    lists=("products",),
)
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "firm_kind": ("producer", "entrusted", "importer", "distributor", "retailer", "site", "body"),
    "certificate": ("ccc", "xk", "report", "other"),
    "standing": ("valid", "suspended", "revoked", "expired", "cancelled"),
}


class Filings:
    """The forms of a firm."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Their addresses."""
        found = []
        for paper in (FIRM, PRODUCT, CERTIFICATE):
            shown, taken = self._shower(paper), self._taker(paper)
            found += [Route(paper.path, shown), Route(paper.path, taken, methods=["POST"])]
        return found

    def _shower(self, paper: Paper) -> Answerer:
        async def show(request: Request) -> Response:
            person = self._office.person(request, *FILERS)
            return await self._page(request, person, paper)

        return show

    def _taker(self, paper: Paper) -> Answerer:
        async def take(request: Request) -> Response:
            person = self._office.person(request, *FILERS)
            async with self._office.form(request, person) as form:
                try:
                    await self._office.submit(document(paper, form, person), person)
                except Refusal as refusal:
                    return await self._page(request, person, paper, form, refusal.faults)
            return on_to(f"{paper.path}?done=1")

        return take

    async def _page(
        self,
        request: Request,
        person: Person,
        paper: Paper,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        filed = await to_thread.run_sync(self._filed, person)
        given = dict(form.fields) if form else _first(paper, person, filed)
        return self._office.page(
            request,
            person,
            "filing.html",
            400 if errors else 200,
            paper=paper,
            given=given,
            choices={**CHOICES, "category": ("", *self._office.categories())},
            filed=filed,
            errors=errors,
            done="done" in request.query_params and not errors,
        )

    def _filed(self, person: Person) -> "Filed":
        with self._office.desk.readers.lend() as store:
            return filed_by(store, person.account.party)


class Filed(NamedTuple):
    """What a firm has filed about itself."""

    firm: parties.Firm | None
    products: tuple[parties.Product, ...]
    certificates: tuple[parties.Certificate, ...]


def filed_by(store: Store, party: str) -> Filed:
    """A firm's own record, its products and the certificates it holds."""
    keys = [fact.key for fact in store.facts("product", (party,)) if fact.key != party]
    products = (parties.product(store, key) for key in dict.fromkeys(keys))
    own = tuple(one for one in products if one is not None and one.firm == party)
    numbers = [fact.key for fact in store.facts("certificate", (party,))]
    held = parties.certificates_of(store, tuple(dict.fromkeys(numbers)))
    return Filed(
        parties.firm(store, party),
        own,
        tuple(one for one in held if one.holder == party),
    )


def document(paper: Paper, form: Form, person: Person) -> dict[str, object]:
    """The records document that a form stands for.

    A firm speaks of itself, of products that it makes and of certificates that it holds: the form
    does not ask for whom.

    Returns:
        A JSON value.
    """
    record: dict[str, object] = {
        field.name: form.text(field.name) for field in paper.fields if form.text(field.name)
    }
    for name in paper.lists:
        if name in record:
            record[name] = str(record[name]).replace(",", " ").replace("，", " ").split()
    own = person.account.party
    if paper is FIRM and own.startswith(USCC):
        record["uscc"] = own.removeprefix(USCC)
    elif paper is PRODUCT:
        record["firm"] = own
    elif paper is CERTIFICATE:
        record["holder"] = own
    return {"guantong": "records", paper.member: [record]}


def _first(paper: Paper, person: Person, filed: Filed) -> dict[str, str]:
    """What stands in a form nobody has filled in yet."""
    if paper is not FIRM:
        return {}
    known = filed.firm
    given = {name: str(getattr(known, name, "")) for name in known.__slots__} if known else {}
    own = person.account.party
    return {"uscc": own.removeprefix(USCC)} | given if own.startswith(USCC) else given
