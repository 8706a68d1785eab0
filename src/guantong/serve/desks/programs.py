"""Which programs act for the firm? Its API keys: made for some purposes, shown once, ended."""

from dataclasses import replace
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Scope
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import keys
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.keys import KeyRecord
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError

SCOPES: Final = tuple(Scope)


class Programs:
    """The page of keys."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/keys", self.shown),
            Route("/desk/keys", self.change, methods=["POST"]),
        ]

    async def shown(self, request: Request) -> Response:
        """The firm's keys, and the form for another."""
        return await self._page(request, self._office.person(request, *FILERS))

    async def change(self, request: Request) -> Response:
        """Make a key, or end one.

        Returns:
            The page with the new key, which is shown this once; or with what is wrong.
        """
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            try:
                if form.text("end"):
                    await self._end(form.text("end"), person)
                    return on_to("/desk/keys")
                made = self._made(form, person)
                await self._office.enter(keys.made(made.record), person)
            except Refusal as refusal:
                return await self._page(request, person, errors=refusal.faults)
        return await self._page(request, person, secret=made.text)

    def _made(self, form: Form, person: Person) -> keys.NewKey:
        chosen = tuple(scope for scope in SCOPES if form.text(f"scope:{scope.value}"))
        if not chosen:
            expected = " | ".join(SCOPES)
            raise HttpError(fault(Fault.QUERY, expected=expected, got="none", path="scope"))
        caller = replace(person.account.caller(), scopes=chosen)
        file = form.files.get("certificate")
        if file is not None and file.data:
            return keys.certified(caller, file.data)
        return keys.new_key(caller)

    async def _end(self, public: str, person: Person) -> None:
        """End a key of the firm. Raises HttpError."""

        def read() -> keys.NewKey:
            with self._office.desk.readers.lend() as store:
                return keys.end_of(store, public)

        ended = await to_thread.run_sync(read)
        if ended.record.party != person.account.party:
            expected = "a key of your firm"
            raise HttpError(fault(Fault.KEY_UNKNOWN, expected=expected, got=public[:50]))
        await self._office.enter(keys.made(ended.record), person)

    async def _page(
        self,
        request: Request,
        person: Person,
        *,
        errors: tuple[Found, ...] = (),
        secret: str = "",
    ) -> Response:
        def read() -> list[tuple[KeyRecord, int]]:
            with self._office.desk.readers.lend() as store:
                return keys.keys_of(store, person.account.party)

        listed = await to_thread.run_sync(read)
        return self._office.page(
            request,
            person,
            "keys.html",
            400 if errors else 200,
            keys=listed,
            scopes=SCOPES,
            secret=secret,
            errors=errors,
        )
