"""How does a factory code what it makes? Issue, print, print again, make void: forms over `coding`."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding, identify
from guantong.coding import CodeRange, PrintJob, Template, Void
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.ledger import StatementType
from guantong.parties import Product
from guantong.serve import asked
from guantong.serve.desks.filing import filed_by
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, download, on_to
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.store import Fact, Store

SPREAD: Final = 12
"""Digits of serials that nobody can guess."""
COUNT_MAX: Final = 10_000_000
"""Codes issued by one form."""
PRINTED_DIGITS: Final = 12
"""Of codes printed elsewhere, how many digits at the end may count up."""
LABELS_MAX: Final = 20_000
"""Labels of one file; more go as several jobs, or by the command line."""
PRINTING_MAX: Final = 1
"""Files made at once."""
FORMS: Final = {
    "a4": ("pdf", "application/pdf"),
    "roll": ("pdf", "application/pdf"),
    "zpl": ("zpl", "application/octet-stream"),
    "tspl": ("prn", "application/octet-stream"),
    "csv": ("csv", "text/csv; charset=utf-8"),
}
"""What can be printed: ending and media type of the file."""


@dataclass(frozen=True, slots=True)
class Issued:
    """One range a firm issued, and what became of it."""

    codes: CodeRange
    fact: Fact
    jobs: tuple[tuple[PrintJob, Fact], ...]
    voids: tuple[Void, ...]

    @property
    def count(self) -> int:
        """How many codes."""
        return self.codes.last - self.codes.first + 1


class Codes:
    """The pages about codes."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._printing = CapacityLimiter(PRINTING_MAX)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/codes", self.codes),
            Route("/desk/codes", self.issue, methods=["POST"]),
            Route("/desk/codes/{entry:int}", self.range),
            Route("/desk/codes/{entry:int}/print", self.print, methods=["POST"]),
            Route("/desk/codes/{entry:int}/void", self.void, methods=["POST"]),
        ]

    # ---------------------------------------------------------------- issuing

    async def codes(self, request: Request) -> Response:
        """All ranges of the firm, and the form for the next."""
        return await self._list_page(request, self._office.person(request, Role.PRODUCER))

    async def _list_page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        def read() -> tuple[object, object]:
            with self._office.desk.readers.lend() as store:
                party = person.account.party
                products = filed_by(store, party).products
                return products, issued_by(store, party, products)

        products, listed = await to_thread.run_sync(read)
        given = form.fields if form else {"class": request.query_params.get("class", "")}
        return self._office.page(
            request,
            person,
            "codes.html",
            400 if errors else 200,
            products=products,
            issued=listed,
            given=given,
            errors=errors,
        )

    async def issue(self, request: Request) -> Response:
        """Issue the next serials of a product.

        Returns:
            On to the page of the new range; the form with what is wrong.
        """
        person = self._office.person(request, Role.PRODUCER)
        async with self._office.form(request, person) as form:
            try:
                codes = await to_thread.run_sync(self._asked_for, form, person)
                receipt = await self._office.issue(codes, person)
            except Refusal as refusal:
                return await self._list_page(request, person, form, refusal.faults)
        return on_to(f"/desk/codes/{receipt.ledger_index}")

    def _asked_for(self, form: Form, person: Person) -> CodeRange:
        """The range that follows the firm's last one of the class.

        Returns:
            The range.

        Raises:
            HttpError: if a number is none, or too large.
        """
        count = _number(form, "count", 1, COUNT_MAX)
        class_uri = coding.class_of(form.text("class"))
        asked_for = CodeRange(
            class_uri=class_uri, first=0, last=count - 1, lot=form.text("lot"), day=form.text("day")
        )
        if form.text("first_code"):
            codes = printed_from(asked_for, form.text("first_code"))
        else:
            codes = self._next(
                asked_for, person.account.party, is_plain=form.text("spread") == "no"
            )
        return coding.parse(msgspec.json.encode(codes))

    def _next(self, asked_for: CodeRange, party: str, *, is_plain: bool) -> CodeRange:
        """The same range after the firm's last one whose codes were made here."""
        stem = coding.stem_of(asked_for.class_uri)
        made_here = msgspec.structs.replace(asked_for, stem=stem)
        with self._office.desk.readers.lend() as store:
            ranges = coding.ranges_of(store, asked_for.class_uri, party)
            before = [one for one in ranges if one.head == made_here.head]
            key = coding.key_before(store, asked_for.class_uri, party)
        first = max((one.last + 1 for one in before), default=0)
        is_spread = bool(key) or (not before and not is_plain)
        return msgspec.structs.replace(
            made_here,
            first=first,
            last=first + asked_for.last,
            spread=SPREAD if is_spread else 0,
            key=(key or secrets.token_hex(16)) if is_spread else "",
        )

    # ---------------------------------------------------------------- one range

    async def range(self, request: Request) -> Response:
        """One range: what was printed of it, and the forms to print and to make void."""
        return await self._range_page(request, self._office.person(request, Role.PRODUCER))

    async def _range_page(
        self,
        request: Request,
        person: Person,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        one = await self._range_of(request, person)
        name = (form.text("template") if form else "") or request.query_params.get("template", "")
        party = person.account.party
        previews = await to_thread.run_sync(self._previews, one, party, host_of(request))
        first = one.codes.code(one.codes.first)
        given: Mapping[str, str] = form.fields if form else {"template": name}
        return self._office.page(
            request,
            person,
            "code_range.html",
            400 if errors else 200,
            one=one,
            first_code=first,
            last_code=one.codes.code(one.codes.last),
            previews=previews,
            forms=tuple(FORMS),
            given=given,
            most=LABELS_MAX,
            errors=errors,
        )

    def _previews(self, one: Issued, party: str, host: str) -> dict[str, str]:
        """The first label in each template that can hold it, as SVG."""
        found: dict[str, str] = {}
        codes = one.codes
        with self._office.desk.readers.lend() as store:
            words, templates = coding.words_of(store, codes), coding.templates_of(store, party)
        for name, template in templates.items():
            with suppress(Refusal):
                found[name] = first_label(template, codes, words, host)
        return found

    async def print(self, request: Request) -> Response:
        """Give out labels as a file, once the job is in the ledger.

        Returns:
            The file; the page of the range with what is wrong.
        """
        person = self._office.person(request, Role.PRODUCER)
        one = await self._range_of(request, person)
        async with self._office.form(request, person) as form:
            try:
                job, data = await to_thread.run_sync(
                    self._made, one, form, host_of(request), person, limiter=self._printing
                )
                made = Made.of(StatementType.CODE_RANGE, job, coding.PRINT_MEDIA)
                receipt = await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._range_page(request, person, form, refusal.faults)
        ending, media = FORMS[job.form]
        return download(data, f"labels-{receipt.ledger_index}.{ending}", media)

    def _made(self, one: Issued, form: Form, host: str, person: Person) -> tuple[PrintJob, bytes]:
        first, last = _serials(one, form)
        if last - first >= LABELS_MAX:
            expected = f"at most {LABELS_MAX} labels"
            raise HttpError(
                fault(Fault.QUERY, expected=expected, got=last - first + 1, path="last")
            )
        with self._office.desk.readers.lend() as store:
            templates = coding.templates_of(store, person.account.party)
        template, shape = templates.get(form.text("template")), form.text("form")
        if template is None or shape not in FORMS:
            expected = " | ".join((*templates, *FORMS))
            got = f"{form.text('template')}, {shape}"
            raise HttpError(fault(Fault.QUERY, expected=expected, got=got, path="template"))
        job = PrintJob(one.codes.class_uri, first, last, template.name, shape, form.text("reason"))
        with self._office.desk.readers.lend() as store:
            coding.check_job(store, job, person.account.party)
            words = coding.words_of(store, one.codes)
        uris = one.codes.codes(first, last)
        labels = coding.labels_of(template, uris, words, resolver=host)
        data = b"".join(coding.file_of(labels, template, shape))
        return msgspec.structs.replace(job, digest=hashlib.sha256(data).hexdigest()), data

    async def void(self, request: Request) -> Response:
        """Make codes void.

        Returns:
            On to the page of the range; the same with what is wrong.
        """
        person = self._office.person(request, Role.PRODUCER)
        one = await self._range_of(request, person)
        async with self._office.form(request, person) as form:
            try:
                first, last = _serials(one, form)
                void = Void(one.codes.class_uri, first, last, form.text("reason"))
                with self._office.desk.readers.lend() as store:
                    coding.check_void(store, void, person.account.party)
                made = Made.of(StatementType.CODE_RANGE, void, coding.VOID_MEDIA)
                await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._range_page(request, person, form, refusal.faults)
        return on_to(f"/desk/codes/{request.path_params['entry']}")

    async def _range_of(self, request: Request, person: Person) -> Issued:
        """The range of the address; somebody else's is as if there were none. Raises HttpError."""
        entry = request.path_params["entry"]

        def read() -> Issued | None:
            with self._office.desk.readers.lend() as store:
                party = person.account.party
                listed = issued_by(store, party, filed_by(store, party).products)
            return next((one for one in listed if one.fact.entry == entry), None)

        found = await to_thread.run_sync(read)
        if found is None:
            expected = "a range your firm issued"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        return found


def issued_by(store: Store, party: str, products: Iterable[Product]) -> list[Issued]:
    """The ranges a firm issued of some products, the latest first."""
    found: list[Issued] = []
    for product in products:
        jobs = tuple(coding.jobs_of(store, product.key, party))
        voids = tuple(coding.voids_of(store, product.key, party))
        for fact in store.facts("code_range", (product.key,)):
            if fact.by != party:
                continue
            codes = coding.range_of(fact)
            found.append(
                Issued(
                    codes,
                    fact,
                    tuple(one for one in jobs if _within(one[0], codes)),
                    tuple(one for one in voids if _within(one, codes)),
                )
            )
    return sorted(found, key=lambda one: -one.fact.entry)


def first_label(template: Template, codes: CodeRange, words: Mapping[str, str], host: str) -> str:
    """The first label of a range, as SVG. Raises CodingError when the template can not hold it."""
    uris = codes.codes(codes.first, codes.first)
    return coding.label_svg(next(coding.labels_of(template, uris, words, resolver=host)), template)


def printed_from(asked_for: CodeRange, first_code: str) -> CodeRange:
    """The range of codes that were printed elsewhere and count up.

    Args:
        asked_for: With as many codes as there are.
        first_code: The first of them, as it is printed.

    Returns:
        The range, with the stem and digits of the first code.

    Raises:
        HttpError: if no code is read there, it does not end in digits, or they overflow.
    """
    readings = identify.read(first_code)
    uri = readings[0].value.uri if readings else ""
    digits = uri[len(uri.rstrip("0123456789")) :][-PRINTED_DIGITS:]
    stem = uri.removesuffix(digits)
    first = int(digits or "0")
    is_filled = digits.startswith("0") or stem[-1:].isdecimal()
    if not digits or (is_filled and first + asked_for.last >= 10 ** len(digits)):
        expected = "a code that ends in enough digits to count up"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=first_code, path="first_code"))
    return msgspec.structs.replace(
        asked_for,
        first=first,
        last=first + asked_for.last,
        width=len(digits) if is_filled else 0,
        stem="" if stem == asked_for.head else stem,
    )


def _within(one: PrintJob | Void, codes: CodeRange) -> bool:
    return codes.first <= one.first and one.last <= codes.last


def _serials(one: Issued, form: Form) -> tuple[int, int]:
    """Which of a range: by their places in it, from 1; all when nothing is said. Raises HttpError."""
    begin = _number(form, "from", 1, one.count, default=1)
    end = _number(form, "to", begin, one.count, default=one.count)
    return one.codes.first + begin - 1, one.codes.first + end - 1


def _number(form: Form, name: str, least: int, most: int, *, default: int | None = None) -> int:
    """A number out of a form.

    Returns:
        The number; `default` when the field is empty.

    Raises:
        HttpError: if it is none, or out of bounds.
    """
    text = form.text(name)
    if not text and default is not None:
        return default
    is_one = text.isascii() and text.isdecimal() and len(text) < 16
    if not is_one or not least <= int(text) <= most:
        expected = f"a number from {least} to {most}"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=text[:50], path=name))
    return int(text)


def host_of(request: Request) -> str:
    """Where QR codes lead: here, unless it is only this machine."""
    if request.url.hostname in {"127.0.0.1", "localhost", "::1", None}:
        return CANONICAL_HOST
    return asked.root(request)
