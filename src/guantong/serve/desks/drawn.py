"""How does a firm draw a label of its own? Measures and lines in a form, the label beside it as it will print."""

from collections.abc import Mapping
from typing import Final

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import coding
from guantong.coding import CodeRange, OwnTemplate, Template
from guantong.errors import Fault as Found
from guantong.errors import Refusal
from guantong.ledger import StatementType
from guantong.serve import answer, asked, pages
from guantong.serve.desks.coded import first_label, host_of, issued_by
from guantong.serve.desks.filing import filed_by
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import fault_json
from guantong.store import Store

EXAMPLE: Final = CodeRange(
    "https://id.gs1.org/01/06901234567892", 1000, 1000, lot="L7", day="2026-03-01"
)
WORDS: Final = {
    "product": "电动自行车",
    "firm": "青山车业有限公司",
    "lot": "L7",
    "day": "2026-03-01",
}
"""What stands on the label of a firm that has issued nothing yet."""
FIRST: Final = {
    "width_mm": "50",
    "height_mm": "20",
    "margin_mm": "1.5",
    "symbol_mm": "15",
    "carrier": "qr",
    "lines": "{product} | 7\n批次 {lot}  {day} | 6\n{code} | 4.5",
}
SIZE_PT: Final = "7"


class DrawnLabels:
    """The page of a firm's templates."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/labels", self.labels),
            Route("/desk/labels", self.draw, methods=["POST"]),
        ]

    async def labels(self, request: Request) -> Response:
        """The firm's templates, and the form for one; `?name=` puts one into the form."""
        person = self._office.person(request, Role.PRODUCER)
        own = await to_thread.run_sync(self._own, person)
        chosen = own.get(request.query_params.get("name", ""))
        return await self._page(request, person, _form_of(chosen) if chosen else dict(FIRST))

    async def draw(self, request: Request) -> Response:
        """Show a label as it would print, keep its template, or end one.

        Returns:
            The page; JSON with the drawing for the script; on to the page once it is kept.
        """
        person = self._office.person(request, Role.PRODUCER)
        async with self._office.form(request, person) as form:
            given = dict(form.fields)
            try:
                template = coding.read_template(written(form))
                drawing = await to_thread.run_sync(self._drawn, template, person, host_of(request))
                if asked.wants_json(request):
                    return answer.json({"image": pages.data_image(drawing), "faults": []})
                if form.text("what") in {"keep", "end"}:
                    await self._keep(template, person, ended=form.text("what") == "end")
                    return on_to("/desk/labels")
            except Refusal as refusal:
                if asked.wants_json(request):
                    told = [fault_json(found) for found in refusal.faults]
                    return answer.json({"image": "", "faults": told})
                return await self._page(request, person, given, errors=refusal.faults)
        return await self._page(request, person, given, drawing)

    async def _keep(self, template: Template, person: Person, *, ended: bool) -> None:
        def check() -> None:
            with self._office.desk.readers.lend() as store:
                known = coding.templates_of(store, person.account.party)
            coding.check_named(template, known)

        await to_thread.run_sync(check)
        own = OwnTemplate(person.account.party, template, ended)
        made = Made.of(StatementType.SETTING, own, coding.TEMPLATE_MEDIA)
        await self._office.enter(made, person)

    def _drawn(self, template: Template, person: Person, host: str) -> str:
        """The label of the firm's last code, or of an example, as SVG."""
        with self._office.desk.readers.lend() as store:
            codes, words = _last(store, person.account.party)
        return first_label(template, codes, words, host)

    def _own(self, person: Person) -> dict[str, Template]:
        with self._office.desk.readers.lend() as store:
            found = coding.templates_of(store, person.account.party)
        return {name: one for name, one in found.items() if name not in coding.TEMPLATES}

    async def _page(
        self,
        request: Request,
        person: Person,
        given: Mapping[str, str],
        drawing: str = "",
        errors: tuple[Found, ...] = (),
    ) -> Response:
        own = await to_thread.run_sync(self._own, person)
        return self._office.page(
            request,
            person,
            "labels.html",
            400 if errors else 200,
            own=own,
            given=given,
            headers=answer.SCRIPTED,
            drawing=drawing,
            carriers=tuple(coding.Carrier),
            errors=errors,
        )


def _last(store: Store, party: str) -> tuple[CodeRange, Mapping[str, str]]:
    issued = issued_by(store, party, filed_by(store, party).products)
    if not issued:
        return EXAMPLE, WORDS
    return issued[0].codes, coding.words_of(store, issued[0].codes)


def written(form: Form) -> bytes:
    """The template that a form stands for, as JSON; what is no number stays a text, and is refused."""
    lines = [_line(line) for line in form.fields.get("lines", "").splitlines() if line.strip()]
    told: dict[str, object] = {"name": form.text("name"), "carrier": form.text("carrier")}
    told |= {name: _number(form.text(name)) for name in FIRST if name.endswith("_mm")}
    return msgspec.json.encode(told | {"lines": lines})


def _line(line: str) -> dict[str, object]:
    text, bar, size = line.rpartition("|")
    return {
        "text": (text if bar else line).strip(),
        "size_pt": _number((size if bar else SIZE_PT).strip()),
    }


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _form_of(template: Template) -> dict[str, str]:
    told = {name: f"{getattr(template, name):g}" for name in FIRST if name.endswith("_mm")}
    lines = "\n".join(f"{line.text} | {line.size_pt:g}" for line in template.lines)
    return told | {"name": template.name, "carrier": template.carrier.value, "lines": lines}
