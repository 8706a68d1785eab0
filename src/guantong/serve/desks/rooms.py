"""Which desks are there, and what is on each of them?"""

from collections.abc import Mapping
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.capture import Limits
from guantong.serve.desks.alerts import ForeignAlerts
from guantong.serve.desks.by_provider import ByProvider
from guantong.serve.desks.clues import Clues
from guantong.serve.desks.coded import Codes
from guantong.serve.desks.drawn import DrawnLabels
from guantong.serve.desks.entrance import Entrance
from guantong.serve.desks.entries import Entries
from guantong.serve.desks.filing import Filings
from guantong.serve.desks.free import FreeCodes
from guantong.serve.desks.hot import Hot
from guantong.serve.desks.matching import Matchings
from guantong.serve.desks.moves import Moves
from guantong.serve.desks.notices import Notices
from guantong.serve.desks.office import Office
from guantong.serve.desks.product_file import ProductFiles
from guantong.serve.desks.programs import Programs
from guantong.serve.desks.recalls import Recalls
from guantong.serve.desks.reports import Reports
from guantong.serve.desks.running import Running
from guantong.serve.desks.sheets import Sheets
from guantong.serve.desks.staff import Staff
from guantong.serve.desks.start import Start
from guantong.serve.desks.supervision import Supervision
from guantong.serve.desks.supply import SupplyMap
from guantong.serve.desks.tender import Tenders
from guantong.serve.desks.views import Views
from guantong.serve.desks.watched import Looked
from guantong.serve.people.account import Role
from guantong.serve.people.provider import Provider


def routes(office: Office, limits: Limits, provider: Provider | None = None) -> list[Route]:
    """All addresses for people who are signed in, and the door."""
    home = Home(office)
    return [
        Route("/desk", home.home),
        *Entrance(office, provider.config if provider else None).routes(),
        *(ByProvider(office, provider).routes() if provider else ()),
        *Start(office).routes(),
        *Filings(office).routes(),
        *Codes(office).routes(),
        *FreeCodes(office).routes(),
        *DrawnLabels(office).routes(),
        *Moves(office).routes(),
        *Entries(office).routes(),
        *Sheets(office, limits).routes(),
        *Tenders(office).routes(),
        *Programs(office).routes(),
        *Matchings(office).routes(),
        *Supervision(office, limits).routes(),
        *Reports(office).routes(),
        *Recalls(office).routes(),
        *Clues(office).routes(),
        *Hot(office).routes(),
        *ForeignAlerts(office).routes(),
        *Notices(office).routes(),
        *Staff(office).routes(),
        *Running(office, limits).routes(),
        *Views(office).routes(),
        *ProductFiles(office).routes(),
        *Looked(office).routes(),
        *SupplyMap(office).routes(),
    ]


START: Final = ("/desk/start", "dk_start")
CODES: Final = ("/desk/codes", "dk_codes")
LABELS: Final = ("/desk/labels", "dk_labels")
FREE: Final = ("/desk/free", "dk_free")
DELEGATED: Final = ("/desk/delegated", "dk_delegated")
MOVES: Final = ("/desk/moves", "dk_moves")
TENDERS: Final = ("/desk/tenders", "dk_tenders")
CONNECTIONS: Final = ("/desk/connections", "dk_connections")
MATCHING: Final = ("/desk/matching", "dk_matching")
SHEETS: Final = ("/desk/sheets", "dk_sheets")
KEYS: Final = ("/desk/keys", "dk_keys")
FIRM: Final = ("/desk/firm", "dk_firm")
PAPERS: Final = (FIRM, ("/desk/products", "dk_products"), ("/desk/certificates", "dk_certificates"))
COVERAGE: Final = ("/desk/coverage", "dk_coverage")
OBLIGED: Final = ("/desk/obliged?state=silent", "dk_obliged")
TASKS: Final = ("/desk/tasks", "dk_tasks")
CASES: Final = ("/desk/cases", "dk_cases")
CLUES: Final = ("/desk/clues", "dk_clues")
HOT: Final = ("/desk/hot", "dk_hot")
ALERTS: Final = ("/desk/alerts", "dk_alerts")
RECALLS: Final = ("/desk/recalls", "dk_recalls")
NOTICES: Final = ("/desk/notices", "dk_notices")
SUPPLY: Final = ("/desk/supply", "dk_supply")
REGISTER: Final = ("/desk/register", "dk_register")
PEOPLE: Final = ("/desk/people", "dk_people")
QUOTAS: Final = ("/desk/quotas", "dk_quotas")
STATUSES: Final = ("/desk/statuses", "dk_statuses")
LOOKS: Final = ("/desk/looks", "dk_looks")
CARDS: Final[Mapping[Role, tuple[tuple[str, str], ...]]] = {
    Role.PRODUCER: (
        START,
        CODES,
        LABELS,
        FREE,
        MOVES,
        SHEETS,
        MATCHING,
        *PAPERS,
        RECALLS,
        NOTICES,
        SUPPLY,
        KEYS,
        CONNECTIONS,
    ),
    Role.SELLER: (MOVES, SHEETS, MATCHING, TENDERS, NOTICES, FIRM, KEYS, CONNECTIONS),
    Role.USER: (MOVES, SHEETS, TENDERS, MATCHING, NOTICES, FIRM, KEYS, CONNECTIONS),
    Role.REGULATOR: (
        COVERAGE,
        OBLIGED,
        TASKS,
        CASES,
        CLUES,
        HOT,
        ALERTS,
        RECALLS,
        SUPPLY,
        REGISTER,
    ),
    Role.AUDITOR: (LOOKS,),
    Role.OPERATOR: (PEOPLE, DELEGATED, STATUSES, ALERTS, QUOTAS, CONNECTIONS, LOOKS),
}
"""What each role finds on its desk: address, and the sentence that names it."""


class Home:
    """The first page behind the door."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._views = Views(office)

    async def home(self, request: Request) -> Response:
        """What the person's role has to do here."""
        person = self._office.person(request)
        cards = CARDS[person.account.role]
        saved = await to_thread.run_sync(self._views.of, person.account.login)
        return self._office.page(request, person, "home.html", cards=cards, saved=saved)
