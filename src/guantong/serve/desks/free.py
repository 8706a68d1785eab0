"""How does a firm without a prefix get codes? Free of charge, of ranges delegated to the operator."""

from urllib.parse import quote

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding
from guantong.clock import day_in_china
from guantong.coding import Allocation, Delegation, Free
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.identify import CccCertificate
from guantong.ledger import StatementType
from guantong.serve.desks.filing import CHOICES
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError

TRIES = 5
"""Times a number is drawn again because another firm's allocation stood first."""
KINDS = ("gs1", "ecode", "ma", "ccc")
"""What the regulator offers free; CCC names a model and is carried by one of the others."""


class FreeCodes:
    """The pages about delegated ranges."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/free", self.free),
            Route("/desk/free", self.take, methods=["POST"]),
            Route("/desk/delegated", self.delegated),
            Route("/desk/delegated", self.delegate, methods=["POST"]),
        ]

    # ---------------------------------------------------------------- the firm

    async def free(self, request: Request) -> Response:
        """What is there, what the firm has, and the form for a product."""
        return await self._free_page(request, self._office.person(request, Role.PRODUCER))

    async def take(self, request: Request) -> Response:
        """Give the firm a class for a product, and file the product under it.

        Returns:
            On to the form that issues codes of it; the page with what is wrong.
        """
        person = self._office.person(request, Role.PRODUCER)
        async with self._office.form(request, person) as form:
            try:
                certificate, _ = _certificate(form), _status(form)
                given = await self._allocated(form, person)
                await self._office.submit(_record(given, form, certificate), person)
            except Refusal as refusal:
                return await self._free_page(request, person, form, refusal.faults)
        return on_to(f"/desk/codes?class={quote(given.class_uri)}")

    async def _allocated(self, form: Form, person: Person) -> Allocation:
        """A class that is the firm's by the ledger's order; raises HttpError when others are quicker."""
        scheme, what, firm = _scheme(form), form.text("name"), person.account.party
        if not what:
            raise HttpError(fault(Fault.QUERY, expected="a name", got="", path="name"))
        today = day_in_china(self._office.desk.clock.now_ms()).isoformat()

        def draw() -> Allocation:
            with self._office.desk.readers.lend() as store:
                return coding.next_free(store, scheme, firm, what, today)

        def is_ours(given: Allocation) -> bool:
            with self._office.desk.readers.lend() as store:
                return coding.allocated_to(store, given.class_uri) == firm

        for _ in range(TRIES):
            given = await to_thread.run_sync(draw)
            made = Made.of(StatementType.CODE_RANGE, given, coding.ALLOCATION_MEDIA)
            await self._office.enter(made, person)
            if await to_thread.run_sync(is_ours, given):
                return given
        expected, got = "a number that nobody took first", f"{TRIES} that others took"
        raise HttpError(fault(Fault.CROWDED, expected=expected, got=got))

    async def _free_page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        def read() -> tuple[object, object]:
            with self._office.desk.readers.lend() as store:
                own = coding.allocations_of(store, person.account.party)
                return {one.range.scheme for one in coding.given_of(store)}, own

        there, own = await to_thread.run_sync(read)
        return self._office.page(
            request,
            person,
            "free.html",
            400 if errors else 200,
            kinds=KINDS,
            standings=CHOICES["standing"],
            there=there,
            own=own,
            categories=("", *self._office.categories()),
            given=form.fields if form else {},
            errors=errors,
        )

    # ---------------------------------------------------------------- the operator

    async def delegated(self, request: Request) -> Response:
        """All delegated ranges and how full they are, and the form for another."""
        return await self._range_page(request, self._office.person(request, Role.OPERATOR))

    async def delegate(self, request: Request) -> Response:
        """Enter a range that an issuing body allocated to the operator.

        Returns:
            On to the page; the same with what is wrong.
        """
        person = self._office.person(request, Role.OPERATOR)
        async with self._office.form(request, person) as form:
            try:
                given = _delegation(form)
                coding.check_delegation(given)
                made = Made.of(StatementType.CODE_RANGE, given, coding.DELEGATION_MEDIA)
                await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._range_page(request, person, form, refusal.faults)
        return on_to("/desk/delegated")

    async def _range_page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        def read() -> list[coding.Given]:
            with self._office.desk.readers.lend() as store:
                return coding.given_of(store)

        return self._office.page(
            request,
            person,
            "delegated.html",
            400 if errors else 200,
            ranges=await to_thread.run_sync(read),
            schemes=tuple(Free),
            given=form.fields if form else {},
            errors=errors,
        )


def _scheme(form: Form) -> Free:
    """The family asked for; for CCC the one that carries it. Raises HttpError."""
    asked = form.text("kind")
    named = form.text("carrier") if asked == "ccc" else asked
    if named not in set(Free):
        expected = " | ".join(KINDS)
        raise HttpError(fault(Fault.QUERY, expected=expected, got=named[:50], path="kind"))
    return Free(named)


def _certificate(form: Form) -> str:
    """Number of the certificate; it must be one where the code is to carry it. Raises Refusal."""
    text = form.text("certificate")
    if not text and form.text("kind") != "ccc":
        return ""
    return CccCertificate.parse(text).value


def _status(form: Form) -> str:
    """How the certificate stands, as the firm says. Raises HttpError."""
    told, known = form.text("status") or "valid", CHOICES["standing"]
    if told not in known:
        expected = " | ".join(known)
        raise HttpError(fault(Fault.QUERY, expected=expected, got=told[:50], path="status"))
    return told


def _record(given: Allocation, form: Form, certificate: str) -> dict[str, object]:
    """The product as a records document, and that its certificate is for it."""
    record: dict[str, object] = {
        "name": given.what,
        "class_code": given.class_uri,
        "firm": given.firm,
        **{name: form.text(name) for name in ("model", "category") if form.text(name)},
    }
    if not certificate:
        return {"guantong": "records", "products": [record]}
    held = {"kind": "ccc", "number": certificate, "holder": given.firm}
    held["status"] = _status(form)
    return {
        "guantong": "records",
        "products": [record | {"certificates": [certificate]}],
        "certificates": [held | {"products": [given.class_uri]}],
    }


def _delegation(form: Form) -> Delegation:
    """The range a form names. Raises HttpError when a number is none."""
    names = ("scheme", "stem", "source", "until")
    numbers = {name: form.text(name) or "0" for name in ("first", "last", "width")}
    wrong = next((name for name, text in numbers.items() if not text.isdecimal()), "")
    if wrong or form.text("scheme") not in set(Free):
        path = wrong or "scheme"
        expected, got = "a number" if wrong else " | ".join(Free), form.text(path)[:50]
        raise HttpError(fault(Fault.QUERY, expected=expected, got=got, path=path))
    told = {name: form.text(name) for name in names}
    return msgspec.convert(told | {name: int(numbers[name][:18]) for name in numbers}, Delegation)
