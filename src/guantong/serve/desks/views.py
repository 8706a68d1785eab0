"""Where does somebody save a view, and drop it again?"""

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.serve.desks.office import Office, on_to
from guantong.serve.people import views
from guantong.serve.people.views import View


class Views:
    """The address that takes views; they are shown on the first page of the desk."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/desk/views", self.save, methods=["POST"])]

    async def save(self, request: Request) -> Response:
        """Save a view, or drop it: on to the desk.

        Returns:
            The way there.

        Raises:
            AccountError: if it leads out of the desks.
        """
        person = self._office.person(request)
        login = person.account.login
        async with self._office.form(request, person) as form:
            view = View(login, form.text("name"), form.text("address"))
            views.check_view(view, await to_thread.run_sync(self.of, login))
            await self._office.enter(view.made(), person)
        return on_to("/desk")

    def of(self, login: str) -> list[View]:
        """Somebody's views."""
        with self._office.desk.readers.lend() as store:
            return views.views_of(store, login)
