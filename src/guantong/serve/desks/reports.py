"""How does a buyer say that something is wrong, and who takes it up?

Anybody may report, without an account; what they say is an entry before they are told its number. A
regulator of the province takes it, with a deadline, and closes it with a reason.
"""

from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import identify, rules, watch
from guantong.caller import Caller, Level
from guantong.clock import day_in_china
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import Fault as LedgerFault
from guantong.ledger import LedgerError, StatementType
from guantong.serve import answer, asked, pages
from guantong.serve.desks import forms
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.throttle import Throttle
from guantong.watch import Case, Kind, Report, State, Step
from guantong.watch.cases import ID, PICTURE_MAX, media_of

PUBLIC: Final = Caller("urn:guantong:opaque:public", Level.PUBLIC)
"""In whose name reports of people without an account stand."""
BYTES_MAX: Final = PICTURE_MAX + 64 * 1024
BURST: Final = 5
EVERY_MS: Final = 10 * 60 * 1000
"""Reports of one address: so many at once, then one every ten minutes."""
SHOWN: Final = 200


class Reports:
    """The public form, and the regulator's cases."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._throttle = Throttle(office.desk.clock, burst=BURST, every_ms=EVERY_MS)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/report", self.form),
            Route("/report", self.take, methods=["POST"]),
            Route("/report/{number}", self.shown),
            Route("/desk/cases", self.cases),
            Route("/desk/cases.json", self.cases),
            Route("/desk/cases/{number}", self.case),
            Route("/desk/cases/{number}", self.step, methods=["POST"]),
            Route("/desk/cases/{number}/picture", self.picture),
        ]

    # ---------------------------------------------------------------- the public

    async def form(self, request: Request) -> Response:
        """The empty form, with the code that was scanned."""
        return self._form_page(request, {"code": request.query_params.get("code", "")})

    def _form_page(
        self, request: Request, given: dict[str, str], errors: tuple[Found, ...] = ()
    ) -> Response:
        held = rules.on(day_in_china(self._office.desk.clock.now_ms()))
        body = pages.render(
            "report.html",
            answer.view(request, json=False),
            given=given,
            errors=errors,
            kinds=watch.PUBLIC_KINDS,
            provinces=tuple(held.provinces),
            megabytes=PICTURE_MAX // 2**20,
        )
        return answer.page(request, body, 400 if errors else 200)

    async def take(self, request: Request) -> Response:
        """Take a report.

        Returns:
            On to the page of its number; the form with what is wrong.
        """
        host = request.client.host if request.client else ""
        async with forms.reading(request, self._office.uploads, bytes_max=BYTES_MAX) as form:
            try:
                report = self._report(form)
                self._throttle.take(host)
                made = Made.of(StatementType.CASE, report, watch.MEDIA)
                await self._office.enter_as(made, PUBLIC)
            except watch.WatchError as refusal:
                return self._form_page(request, dict(form.fields), refusal.faults)
        return on_to(f"/report/{report.id}")

    def _report(self, form: Form) -> Report:
        kind = form.text("kind")
        file = form.files.get("picture")
        report = Report(
            id=watch.new_id(),
            code=_code_of(form.text("code")),
            kind=Kind(kind) if kind in watch.PUBLIC_KINDS else Kind.OTHER,
            text=form.text("text"),
            province=form.text("province"),
            place=form.text("place"),
            contact=form.text("contact"),
            picture=file.data if file is not None else b"",
        )
        watch.check_report(report)
        return report

    async def shown(self, request: Request) -> Response:
        """How far a report is, for who has its number: nothing of what it says.

        Returns:
            The page.

        Raises:
            HttpError: if there is none.
        """
        case = await to_thread.run_sync(self._find, request)
        if case is None:
            raise HttpError(_absent(request))
        body = pages.render("report_state.html", answer.view(request, json=False), case=case)
        return answer.page(request, body)

    # ---------------------------------------------------------------- the regulator

    async def cases(self, request: Request) -> Response:
        """The cases of the region, open ones first; page or JSON."""
        person = self._office.person(request, Role.REGULATOR)
        found = await to_thread.run_sync(self._cases, person)
        found.sort(key=lambda case: (case.state is State.CLOSED, case.deadline or "9"))
        if asked.wants_json(request):
            return answer.json({"cases": [_case_json(case) for case in found]})
        today = day_in_china(self._office.desk.clock.now_ms()).isoformat()
        return self._office.page(
            request, person, "cases.html", cases=found[:SHOWN], found=len(found), today=today
        )

    def _cases(self, person: Person) -> list[Case]:
        held = rules.on(day_in_china(self._office.desk.clock.now_ms()))
        region = person.account.region[:2]
        provinces = (region,) if region else tuple(held.provinces)
        with self._office.desk.readers.lend() as store:
            return watch.cases(store, provinces)

    async def case(self, request: Request) -> Response:
        """One case with its steps, and what the reporter says of themselves."""
        person = self._office.person(request, Role.REGULATOR)
        return await self._case_page(request, person, await self._own(request, person))

    async def _case_page(
        self, request: Request, person: Person, case: Case, errors: tuple[Found, ...] = ()
    ) -> Response:
        return self._office.page(
            request,
            person,
            "case.html",
            400 if errors else 200,
            case=case,
            report=await to_thread.run_sync(self._report_of, case),
            states=(State.TAKEN, State.CLOSED),
            errors=errors,
        )

    async def step(self, request: Request) -> Response:
        """Take the case, or close it.

        Returns:
            On to the case; the same page with what is wrong.
        """
        person = self._office.person(request, Role.REGULATOR)
        case = await self._own(request, person)
        async with self._office.form(request, person) as form:
            given = form.text("state")
            state = State(given) if given in set(State) else State.OPEN
            step = Step(
                case.id, state, person.account.login, form.text("note"), form.text("deadline")
            )
            try:
                today = day_in_china(self._office.desk.clock.now_ms()).isoformat()
                watch.check_step(case, step, today)
                made = Made.of(StatementType.CASE, step, watch.STEP_MEDIA)
                await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._case_page(request, person, case, refusal.faults)
        return on_to(f"/desk/cases/{case.id}")

    async def picture(self, request: Request) -> Response:
        """The picture of a report, as it came.

        Returns:
            JPEG or PNG.

        Raises:
            HttpError: if there is none.
        """
        person = self._office.person(request, Role.REGULATOR)
        case = await self._own(request, person)
        report = await to_thread.run_sync(self._report_of, case)
        data = report.picture if report is not None else b""
        if not data:
            raise HttpError(_absent(request))
        return Response(data, media_type=media_of(data), headers={"Cache-Control": "no-store"})

    def _report_of(self, case: Case) -> Report | None:
        """What was reported, None once it was erased."""
        try:
            return watch.parse_report(self._office.desk.body(case.report.entry))
        except LedgerError as refusal:
            if refusal.faults[0].code != LedgerFault.ERASED:
                raise
            return None

    async def _own(self, request: Request, person: Person) -> Case:
        """The case of the address, if it is of the person's region. Raises HttpError."""
        case = await to_thread.run_sync(self._find, request)
        region = person.account.region[:2]
        if case is None or not str(case.report.fields["province"]).startswith(region):
            raise HttpError(_absent(request))
        return case

    def _find(self, request: Request) -> Case | None:
        number = request.path_params["number"]
        if not ID.fullmatch(number):
            return None
        with self._office.desk.readers.lend() as store:
            return watch.case_of(store, number)


def _code_of(text: str) -> str:
    """The canonical URI of what was scanned, the text itself when nothing reads it."""
    readings = identify.read(text[:500])
    return readings[0].value.uri if readings else text[:500]


def _case_json(case: Case) -> dict[str, object]:
    told: dict[str, object] = {"id": case.id, "state": case.state.value, "owner": case.owner}
    told |= {"deadline": case.deadline, "at_ms": case.report.received_ms}
    return told | dict(case.report.fields)


def _absent(request: Request) -> Found:
    return fault(Fault.NOT_FOUND, expected="a report of this number", got=request.url.path)
