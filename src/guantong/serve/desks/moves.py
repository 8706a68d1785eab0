"""What came in, what went out, what was done to it? One form for a scanner gun, row by row a sheet.

A gun types a code and Enter: each becomes a line of the box. First every code is looked at as a buyer
would, so that a recalled, sold or foreign item shows before it is entered; then the lines become one
row of a sheet, at the time the form was opened: the same form sent twice is one document.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties
from guantong.capture.cells import csv_of
from guantong.clock import CHINA
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import answer, asked, json_out
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, on_to
from guantong.serve.intake import Receipt
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.verdict.model import Outcome, Verdict

CODES_MAX: Final = 500
"""Codes of one form; more go as a range, or as a sheet."""
STEPS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.PRODUCER: ("生产", "组装", "装箱", "拆箱", "销售", "发货", "退货入库", "报废"),
    Role.SELLER: ("进货", "零售", "销售", "拆箱", "退货入库", "退货", "报废"),
    Role.USER: ("收货", "安装", "组装", "维修", "检验", "报废"),
}
"""Words of a sheet, by role; the first is chosen."""
OUTWARD: Final = frozenset({"销售", "发货", "零售", "安装"})
"""Steps by which something reaches others: not with what is stopped, nor with what others hold."""
INWARD: Final = frozenset({"进货", "收货", "退货入库"})
STOPS: Final = (
    "verdict.recalled",
    "verdict.on_hold",
    "verdict.component_recalled",
    "verdict.component_on_hold",
    "verdict.void",
)
COLUMNS: Final = {
    "parent": "上级码",
    "first": "起始码",
    "last": "终止码",
    "batch": "批号",
    "quantity": "数量",
    "unit": "单位",
    "document": "单据号",
    "place": "地点",
    "remark": "备注",
}
"""Fields of the form that are cells of the row as they are."""


class Line(NamedTuple):
    """One code of the form, and what is known of it."""

    text: str
    verdict: Verdict
    warnings: tuple[str, ...]
    """Keys of sentences."""
    is_stopped: bool
    """Whether it must not go out."""


class Moves:
    """The form, what it says of the codes, and its entry."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/moves", self.form),
            Route("/desk/moves", self.take, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """The empty form, its time set."""
        person = self._office.person(request, *FILERS)
        now = dt.datetime.fromtimestamp(self._office.desk.clock.now_ms() / 1000, CHINA)
        given = {
            "step": request.query_params.get("step", STEPS[person.account.role][0]),
            "at": now.strftime("%Y-%m-%d %H:%M:%S"),
            "codes": request.query_params.get("code", ""),
        }
        return self._page(request, person, given)

    async def take(self, request: Request) -> Response:
        """Look at the codes, or enter what was done.

        Returns:
            The form again with what is known; on to the entry once it is in the ledger; JSON
            for the queue of a scanner that was offline.

        Raises:
            Refusal: to that queue, if it is not entered.
        """
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            try:
                texts = codes_of(form)
                lines = await to_thread.run_sync(self.looked_at, texts, form, person)
                if form.text("what") == "look":
                    return self._page(request, person, form.fields, lines)
                receipt = await self._entered(form, person, lines)
            except Refusal as refusal:
                if asked.wants_json(request):
                    raise
                return self._page(request, person, form.fields, errors=refusal.faults)
        if asked.wants_json(request):
            return answer.json(json_out.receipt_json(receipt), 200 if receipt.repeated else 201)
        return on_to(f"/desk/entry/{receipt.ledger_index}")

    async def _entered(self, form: Form, person: Person, lines: Sequence[Line]) -> Receipt:
        stopped = [line for line in lines if line.is_stopped]
        if stopped:
            expected = "codes that may go out"
            raise HttpError(
                *(
                    fault(Fault.STOPPED, expected=expected, got=line.text, path="codes")
                    for line in stopped
                )
            )
        return await self._office.submit(sheet_of(form), person, media="text/csv")

    def looked_at(self, texts: Sequence[str], form: Form, person: Person) -> list[Line]:
        """What is known of the codes, and what speaks against doing this with them."""
        caller, step = person.account.caller(), form.text("step")
        with self._office.desk.readers.lend() as store:
            own = parties.Register(store).name_of(caller.party)
        seen: set[str] = set()
        found = []
        for text in texts:
            verdict = self._office.desk.check(text, caller)
            found.append(_line(text, verdict, step, own, again=verdict.uri in seen))
            seen.add(verdict.uri)
        return found

    def _page(
        self,
        request: Request,
        person: Person,
        given: Mapping[str, str],
        lines: Sequence[Line] = (),
        errors: tuple[Found, ...] = (),
    ) -> Response:
        return self._office.page(
            request,
            person,
            "moves.html",
            400 if errors else 200,
            given=given,
            steps=STEPS[person.account.role],
            columns=tuple(COLUMNS),
            lines=lines,
            now_ms=self._office.desk.clock.now_ms(),
            headers=answer.SCANS,
            stopped=any(line.is_stopped for line in lines),
            errors=errors,
        )


def _line(text: str, verdict: Verdict, step: str, own: str, *, again: bool) -> Line:
    warnings = []
    if again:
        warnings.append("dk_twice")
    if verdict.outcome in {Outcome.UNKNOWN, Outcome.MALFORMED, Outcome.NOT_SHARED}:
        warnings.append(f"dk_is_{verdict.outcome.value}")
    elif step in OUTWARD and verdict.holder and verdict.holder != own:
        warnings.append("dk_not_held")
    elif step in INWARD and verdict.holder and verdict.holder == own:
        warnings.append("dk_held_already")
    stops = any(why.code in STOPS for why in verdict.reasons)
    return Line(text, verdict, tuple(warnings), stops and step in OUTWARD)


def codes_of(form: Form) -> list[str]:
    """The codes of the box, a line each.

    Returns:
        Those that are not blank, in order.

    Raises:
        HttpError: if there are too many.
    """
    lines = [line.strip() for line in form.fields.get("codes", "").splitlines()]
    found = [line for line in lines if line]
    if len(found) > CODES_MAX:
        expected = f"at most {CODES_MAX} codes"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=len(found), path="codes"))
    return found


def sheet_of(form: Form) -> bytes:
    """The sheet of one row that a form stands for."""
    codes = list(dict.fromkeys(codes_of(form)))
    row = {"日期时间": form.text("at"), "步骤": form.text("step")}
    if codes:
        row["编码"] = "\n".join(codes)
    row |= {header: form.text(name) for name, header in COLUMNS.items() if form.text(name)}
    if partner := form.text("partner"):
        row["发货方" if form.text("step") in INWARD else "收货方"] = partner
    return csv_of((row.keys(), row.values()))
