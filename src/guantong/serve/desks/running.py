"""What does the operator set? How much a firm may hand in, and what certification bodies changed."""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.capture import Limits
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.parties.statuses import read_statuses
from guantong.serve import quota
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.quota import Quota
from guantong.store import Fact, all_facts

BYTES_MAX: Final = 16 * 2**20
"""Size of a list."""


class Running:
    """The operator's pages of quotas and of certificates."""

    def __init__(self, office: Office, limits: Limits) -> None:
        self._office = office
        self._limits = limits

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/quotas", self.quotas),
            Route("/desk/quotas", self.bound, methods=["POST"]),
            Route("/desk/statuses", self.statuses),
            Route("/desk/statuses", self.take, methods=["POST"]),
        ]

    async def quotas(self, request: Request) -> Response:
        """The firms that are bounded, and the form for another."""
        return await self._quota_page(request, self._office.person(request, Role.OPERATOR))

    async def bound(self, request: Request) -> Response:
        """Bound a firm, or free it; on to the page, or the same with what is wrong."""
        person = self._office.person(request, Role.OPERATOR)
        async with self._office.form(request, person) as form:
            try:
                asked_for = _quota(form)
                quota.check_quota(asked_for)
                await self._office.enter(asked_for.made(), person)
            except Refusal as refusal:
                return await self._quota_page(request, person, refusal.faults)
        return on_to("/desk/quotas")

    async def _quota_page(
        self, request: Request, person: Person, errors: tuple[Found, ...] = ()
    ) -> Response:
        def read() -> list[Fact]:
            with self._office.desk.readers.lend() as store:
                last = {fact.key: fact for fact in all_facts(store, quota.KIND)}
            return [fact for fact in last.values() if fact.fields["per_minute"]]

        bounded = await to_thread.run_sync(read)
        names = self._office.desk.names([fact.key for fact in bounded])
        status = 400 if errors else 200
        return self._office.page(
            request, person, "quotas.html", status, bounded=bounded, names=names, errors=errors
        )

    async def statuses(self, request: Request) -> Response:
        """The form for a list of changes of status."""
        return self._status_page(request, self._office.person(request, Role.OPERATOR))

    async def take(self, request: Request) -> Response:
        """File what a certification body changed; the page, with how many or with what is wrong."""
        person = self._office.person(request, Role.OPERATOR)
        async with self._office.form(request, person, bytes_max=BYTES_MAX) as form:
            try:
                file = form.files.get("file")
                if file is None or not file.data:
                    raise HttpError(fault(Fault.QUERY, expected="a file", got="none", path="file"))
                records = await to_thread.run_sync(read_statuses, file.data, self._limits)
                await self._office.submit(records, person)
            except Refusal as refusal:
                return self._status_page(request, person, errors=refusal.faults)
        listed = records["certificates"]
        return self._status_page(
            request, person, done=len(listed) if isinstance(listed, list) else 0
        )

    def _status_page(
        self, request: Request, person: Person, *, done: int = 0, errors: tuple[Found, ...] = ()
    ) -> Response:
        status = 400 if errors else 200
        return self._office.page(request, person, "statuses.html", status, done=done, errors=errors)


def _quota(form: Form) -> Quota:
    """The quota that a form names. Raises HttpError when the number is none."""
    text = form.text("per_minute") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise HttpError(fault(Fault.QUERY, expected="a number", got=text[:50], path="per_minute"))
    return Quota(form.text("party"), int(text))
