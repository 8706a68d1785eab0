"""How does somebody come in by the word of another house, and back? Two addresses beside the form."""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from guantong.errors import fault
from guantong.serve import asked
from guantong.serve.desks.entrance import begun, next_of
from guantong.serve.desks.office import Office
from guantong.serve.people.account import AccountError, login_of
from guantong.serve.people.provider import Provider
from guantong.serve.problems import Fault, HttpError

STATE_COOKIE: Final = "way"
BACK: Final = "/login/provider/back"


class ByProvider:
    """The way to the provider, and back."""

    def __init__(self, office: Office, provider: Provider) -> None:
        self._office = office
        self._provider = provider

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [Route("/login/provider", self.go), Route(BACK, self.come)]

    async def go(self, request: Request) -> Response:
        """To the provider."""
        onward, back = next_of(request.query_params.get("next", "")), asked.root(request) + BACK
        way, there = await to_thread.run_sync(self._provider.begin, back, onward)
        response = RedirectResponse(there, 303, {"Cache-Control": "no-store"})
        is_secure = request.url.scheme == "https"
        response.set_cookie(
            STATE_COOKIE,
            way.state,
            httponly=True,
            samesite="lax",
            secure=is_secure,
            path="/login",
            max_age=600,
        )
        return response

    async def come(self, request: Request) -> Response:
        """Back from the provider: signed in, if there is an account.

        Returns:
            On to where the person wanted to go.

        Raises:
            ProviderError: if anything does not fit.
            HttpError: if nobody has that account.
        """
        given, back = request.query_params, asked.root(request) + BACK
        kept = request.cookies.get(STATE_COOKIE, "")
        told, onward = await to_thread.run_sync(
            self._provider.login_of, given.get("state", ""), kept, given.get("code", ""), back
        )
        try:
            account = self._office.desk.account(login_of(told))
        except AccountError:
            account = None
        if account is None:
            expected = "a login that has an account here"
            raise HttpError(fault(Fault.SIGN_IN_WRONG, expected=expected, got="another"))
        response = begun(self._office, request, account, onward)
        response.delete_cookie(STATE_COOKIE, path="/login", httponly=True, samesite="lax")
        return response
