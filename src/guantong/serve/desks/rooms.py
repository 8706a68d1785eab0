"""Which desks are there, and what is on each of them?"""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.serve.desks.entrance import Entrance
from guantong.serve.desks.office import Office
from guantong.serve.desks.staff import Staff
from guantong.serve.desks.watched import Looked
from guantong.serve.people.account import Role


def routes(office: Office) -> list[Route]:
    """All addresses for people who are signed in, and the door."""
    home = Home(office)
    return [
        Route("/desk", home.home),
        *Entrance(office).routes(),
        *Staff(office).routes(),
        *Looked(office).routes(),
    ]


PEOPLE: Final = ("/desk/people", "dk_people")
LOOKS: Final = ("/desk/looks", "dk_looks")
CARDS: Final[Mapping[Role, tuple[tuple[str, str], ...]]] = {
    Role.PRODUCER: (),
    Role.SELLER: (),
    Role.USER: (),
    Role.REGULATOR: (),
    Role.AUDITOR: (LOOKS,),
    Role.OPERATOR: (PEOPLE, LOOKS),
}
"""What each role finds on its desk: address, and the sentence that names it."""


class Home:
    """The first page behind the door."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def home(self, request: Request) -> Response:
        """What the person's role has to do here."""
        person = self._office.person(request)
        cards = CARDS[person.account.role]
        return self._office.page(request, person, "home.html", cards=cards)
