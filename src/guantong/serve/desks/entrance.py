"""How does a person come in, and go? Sign in, sign out, another password, a second factor."""

from typing import Final
from urllib.parse import quote, urlsplit

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.coding import symbol_svg
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import answer, asked, pages
from guantong.serve.desks import forms
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.people import password, totp
from guantong.serve.people.account import Account, AccountError, login_of
from guantong.serve.people.person import Person
from guantong.serve.people.provider import Config
from guantong.serve.problems import Fault, HttpError, status_of

HASHING_MAX: Final = 2
"""Passwords looked at at once: each takes 64 MiB for a twentieth of a second."""
HOME: Final = "/desk"
ISSUER: Final = "Guantong"


class Entrance:
    """The door for people."""

    def __init__(self, office: Office, provider: Config | None = None) -> None:
        """Stand before an office; `provider` is named on the form."""
        self._office = office
        self._provider = provider
        self._hashing = CapacityLimiter(HASHING_MAX)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/login", self.form),
            Route("/login", self.come, methods=["POST"]),
            Route("/logout", self.go, methods=["POST"]),
            Route("/account", self.account),
            Route("/account/password", self.change, methods=["POST"]),
            Route("/account/factor", self.factor),
            Route("/account/factor", self.set_factor, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """The form to sign in."""
        return self._login_page(request, next_of(request.query_params.get("next", "")))

    def _login_page(
        self, request: Request, onward: str, errors: tuple[Found, ...] = (), login: str = ""
    ) -> Response:
        body = pages.render(
            "desk/login.html",
            answer.view(request, json=False),
            onward=onward,
            errors=errors,
            login=login,
            provider=self._provider,
        )
        return answer.page(request, body, status_of(errors) if errors else 200)

    async def come(self, request: Request) -> Response:
        """Sign in: always with a new session.

        Returns:
            On to where the person wanted to go; the form with what is wrong.
        """
        async with forms.reading(request, self._office.uploads) as form:
            onward = next_of(form.text("next"))
            try:
                account = await self._account_of(form)
            except Refusal as refusal:
                return self._login_page(request, onward, refusal.faults, form.text("login"))
        old = request.cookies.get(asked.SESSION_COOKIE)
        if old:
            self._office.desk.sessions.end(old)
        return begun(self._office, request, account, onward)

    async def _account_of(self, form: Form) -> Account:
        """Who signs in with this form.

        Returns:
            The account.

        Raises:
            HttpError: if anything is wrong; not what.
        """
        desk, login = self._office.desk, _login_in(form)
        if desk.sessions.is_locked(login):
            expected = "another try, 15 minutes later"
            raise HttpError(fault(Fault.SIGN_IN_OFTEN, expected=expected, got="too many failures"))
        account = desk.account(login)
        kept = account.password if account else ""
        given = form.fields.get("password", "")[: password.MOST]
        is_right = await to_thread.run_sync(password.fits, kept, given, limiter=self._hashing)
        if account is None or not is_right or not self._is_agreed(account, form.text("code")):
            desk.sessions.failed(login)
            expected = "a login, its password and its code"
            raise HttpError(fault(Fault.SIGN_IN_WRONG, expected=expected, got="others"))
        return account

    def _is_agreed(self, account: Account, code: str) -> bool:
        """Whether the second factor agrees; true where there is none."""
        if not account.totp:
            return True
        desk = self._office.desk
        step = totp.step_of(account.totp, code, desk.clock.now_ms())
        return step is not None and desk.sessions.use_step(account.login, step)

    async def go(self, request: Request) -> Response:
        """Sign out; the session is over everywhere."""
        person = self._office.person(request)
        async with self._office.form(request, person):
            self._office.desk.sessions.end(person.session.token)
        response = on_to("/login")
        response.delete_cookie(asked.SESSION_COOKIE, httponly=True, samesite="lax")
        return response

    async def account(self, request: Request) -> Response:
        """What a person may change about the own account."""
        return self._office.page(request, self._office.person(request), "account.html", errors=())

    async def change(self, request: Request) -> Response:
        """Take another password; ends the other sessions.

        Returns:
            The account's page with what is wrong, else with a new session.
        """
        person = self._office.person(request)
        async with self._office.form(request, person) as form:
            try:
                changed = await self._changed(person, form)
            except Refusal as refusal:
                faults = refusal.faults
                return self._office.page(request, person, "account.html", 400, errors=faults)
        return await self._stated(request, person, changed)

    async def _changed(self, person: Person, form: Form) -> Account:
        old, new = form.fields.get("old", ""), form.fields.get("new", "")
        sessions, login = self._office.desk.sessions, person.account.login
        kept = person.account.password
        if sessions.is_locked(login) or not await to_thread.run_sync(
            password.fits, kept, old[: password.MOST], limiter=self._hashing
        ):
            sessions.failed(login)
            raise HttpError(
                fault(
                    Fault.SIGN_IN_WRONG, expected="the password so far", got="another", path="old"
                )
            )
        password.check(new, login)
        hashed = await to_thread.run_sync(password.hashed, new, limiter=self._hashing)
        return msgspec.structs.replace(person.account, password=hashed)

    async def factor(self, request: Request) -> Response:
        """A new second factor, to be confirmed."""
        return self._factor_page(request, self._office.person(request), totp.new_secret())

    def _factor_page(
        self, request: Request, person: Person, secret: str, errors: tuple[Found, ...] = ()
    ) -> Response:
        told = totp.address(secret, person.account.login, ISSUER)
        return self._office.page(
            request,
            person,
            "factor.html",
            400 if errors else 200,
            secret=secret,
            symbol=symbol_svg(told),
            errors=errors,
        )

    async def set_factor(self, request: Request) -> Response:
        """Take the second factor once its first code is right; without a secret end it.

        Returns:
            The account's page; the same form when the code is wrong.
        """
        person = self._office.person(request)
        async with self._office.form(request, person) as form:
            secret, code = form.text("secret"), form.text("code")
        if person.account.totp and not self._is_agreed(person.account, form.text("present")):
            return self._factor_page(
                request, person, secret or totp.new_secret(), _wrong("present")
            )
        if secret and not totp.is_right(secret, code, self._office.desk.clock.now_ms()):
            return self._factor_page(request, person, totp.new_secret(), _wrong("code"))
        changed = msgspec.structs.replace(person.account, totp=secret)
        return await self._stated(request, person, changed)

    async def _stated(self, request: Request, person: Person, changed: Account) -> Response:
        await self._office.enter(changed.made(), person)
        self._office.desk.sessions.end(person.session.token)
        account = self._office.desk.account(changed.login)
        assert account is not None
        return begun(self._office, request, account, "/account")


def begun(office: Office, request: Request, account: Account, onward: str) -> Response:
    """Sign somebody in, with a new session, and lead on."""
    session = office.desk.sessions.begin(account.login, account.entry)
    response = on_to(onward)
    response.set_cookie(
        asked.SESSION_COOKIE,
        session.token,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    response.delete_cookie(asked.KEY_COOKIE, httponly=True, samesite="strict")
    return response


def _login_in(form: Form) -> str:
    try:
        return login_of(form.text("login"))
    except AccountError:
        return ""


def next_of(text: str) -> str:
    """Where to go on to: a path of ours, else the desk."""
    parts = urlsplit(text)
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc
    return text if is_ours and text.isprintable() else HOME


def lead_in(request: Request) -> Response:
    """Lead a person who is not signed in to where that is done, and back afterwards."""
    response = on_to(f"/login?next={quote(asked.with_query(request), safe='')}")
    response.delete_cookie(asked.SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def _wrong(path: str) -> tuple[Found, ...]:
    return (fault(Fault.SIGN_IN_WRONG, expected="the code shown now", got="another", path=path),)
