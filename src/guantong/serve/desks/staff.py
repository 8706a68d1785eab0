"""Who may come in? The operator's page of people: a new one, another password, an end."""

import secrets

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office
from guantong.serve.people import account as accounts
from guantong.serve.people import password
from guantong.serve.people.account import Account, AccountError, Fault, Role, account_of
from guantong.serve.people.person import Person
from guantong.store import Store, all_facts

PASSWORD_BYTES = 9
"""Of a password that is made for somebody: twelve characters."""


class Staff:
    """The page of people."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/people", self.people),
            Route("/desk/people", self.change, methods=["POST"]),
        ]

    async def people(self, request: Request) -> Response:
        """All people, and the form for a new one."""
        return await self._page(request, self._office.person(request, Role.OPERATOR))

    async def change(self, request: Request) -> Response:
        """Make an account, give it another password, or close it.

        Returns:
            The page, with a password that is shown this once, or with what is wrong.
        """
        person = self._office.person(request, Role.OPERATOR)
        async with self._office.form(request, person) as form:
            try:
                changed, secret = await to_thread.run_sync(self._changed, form)
                await self._office.enter(changed.made(), person)
            except Refusal as refusal:
                return await self._page(request, person, form=form, errors=refusal.faults)
        return await self._page(request, person, made=changed, secret=secret)

    def _changed(self, form: Form) -> tuple[Account, str]:
        """The account as it is to be, and its password if it gets another.

        Returns:
            Both.

        Raises:
            AccountError: if there is no such account, or one already, or it can not be.
        """
        login, what = accounts.login_of(form.text("login")), form.text("what")
        known = self._office.desk.account(login)
        if what == "close" and known is not None:
            return msgspec.structs.replace(known, closed=True), ""
        if what not in {"new", "password"} or (what == "new") is (known is not None):
            expected = "a login nobody has" if what == "new" else "a login in use"
            raise AccountError(fault(Fault.ACCOUNT, expected=expected, got=login, path="login"))
        account = known or _asked_for(form)
        return with_password(account)

    async def _page(
        self,
        request: Request,
        person: Person,
        *,
        form: Form | None = None,
        errors: tuple[Found, ...] = (),
        made: Account | None = None,
        secret: str = "",
    ) -> Response:
        listed = await to_thread.run_sync(self._listed)
        return self._office.page(
            request,
            person,
            "people.html",
            400 if errors else 200,
            people=listed,
            roles=tuple(Role),
            given=form.fields if form else {},
            errors=errors,
            made=made,
            secret=secret,
        )

    def _listed(self) -> list[Account]:
        with self._office.desk.readers.lend() as store:
            return all_accounts(store)


def _asked_for(form: Form) -> Account:
    role = form.text("role")
    if role not in set(Role):
        raise AccountError(
            fault(Fault.ACCOUNT, expected=" | ".join(Role), got=role[:50], path="role")
        )
    return account_of(
        form.text("login"), form.text("party"), Role(role), region=form.text("region")
    )


def with_password(account: Account, secret: str = "") -> tuple[Account, str]:
    """The account with a password, made for it unless one is given; and that password."""
    secret = secret or secrets.token_urlsafe(PASSWORD_BYTES)
    return msgspec.structs.replace(account, password=password.hashed(secret), totp=""), secret


def all_accounts(store: Store) -> list[Account]:
    """All accounts as they stand, by login; closed ones too."""
    last = {fact.key: fact for fact in all_facts(store, accounts.KIND)}
    return [msgspec.convert(fact.fields, Account) for fact in last.values()]
