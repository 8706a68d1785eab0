"""Who has to file and does not? The register of duties, its coverage, silent firms, tasks, and a firm's file.

Each figure stands with its definition and the time and ledger size it was counted at; each table has the
same rows as CSV and JSON. A regulator of a region sees the rows of that region.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, rules
from guantong.capture import Limits
from guantong.capture.cells import csv_of, harmless
from guantong.clock import day_in_china, is_day
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.parties import obliged
from guantong.parties.obliged import Standing, Task
from guantong.serve import answer, asked, index_draw, words
from guantong.serve.desks.filing import filed_by
from guantong.serve.desks.forms import Form
from guantong.serve.desks.office import Office, download, on_to
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.store import Store
from guantong.verdict.holds import standing_holds

BYTES_MAX: Final = 32 * 2**20
"""Size of a list that is imported."""
FACETS: Final = 12
"""Values of a filter that are shown with their counts."""
SHOWN: Final = 200
"""Rows on a page; CSV and JSON have all."""
COUNTING_MAX: Final = 1
"""Counts under way at once; more wait."""
FRESH_MS: Final = 60_000
"""A count is given again within this time, with the time it was made."""
TASKED_MAX: Final = 500
"""Firms that one form gives a task."""
STATES: Final = ("silent", "filed", "coded")


class Count(NamedTuple):
    """The rows of a region as they stood at one moment."""

    at_ms: int
    size: int
    rows: tuple[Standing, ...]


class Line(NamedTuple):
    """One line of a table of coverage."""

    key: str
    name: str
    since: str
    all: int
    filed: int
    coded: int

    @property
    def share(self) -> float:
        """Coverage: filing ÷ obliged, per cent."""
        return 100 * self.filed / self.all if self.all else 0.0


class Supervision:
    """The regulator's pages."""

    def __init__(self, office: Office, limits: Limits) -> None:
        self._office = office
        self._limits = limits
        self._counting = CapacityLimiter(COUNTING_MAX)
        self._counts: dict[str, Count] = {}

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/desk/register", self.register),
            Route("/desk/register", self.take, methods=["POST"]),
            Route("/desk/coverage", self.coverage),
            Route("/desk/coverage.json", self.coverage),
            Route("/desk/coverage.csv", self.coverage),
            Route("/desk/obliged", self.listed),
            Route("/desk/obliged.json", self.listed),
            Route("/desk/obliged.csv", self.listed),
            Route("/desk/tasks", self.tasks),
            Route("/desk/tasks.json", self.tasks),
            Route("/desk/tasks.csv", self.tasks),
            Route("/desk/tasks", self.give, methods=["POST"]),
            Route("/desk/firms/{party:path}", self.firm),
        ]

    # ---------------------------------------------------------------- the register

    async def register(self, request: Request) -> Response:
        """The lists that were imported, and the form for another."""
        return await self._register_page(request, self._person(request))

    async def _register_page(
        self, request: Request, person: Person, errors: tuple[Found, ...] = ()
    ) -> Response:
        def read() -> list[object]:
            with self._office.desk.readers.lend() as store:
                return list(store.scan_facts(obliged.SOURCE))

        return self._office.page(
            request,
            person,
            "register.html",
            400 if errors else 200,
            sources=await to_thread.run_sync(read),
            done=request.query_params.get("done", ""),
            errors=errors,
        )

    async def take(self, request: Request) -> Response:
        """Import a list; it takes the place of the last one of its name.

        Returns:
            On to the coverage; the form with what is wrong.
        """
        person = self._person(request)
        async with self._office.form(request, person, bytes_max=BYTES_MAX) as form:
            try:
                made = await to_thread.run_sync(self._read, form, person)
                await self._office.enter(made, person)
            except Refusal as refusal:
                return await self._register_page(request, person, refusal.faults)
        self._counts.clear()
        return on_to("/desk/register?done=1")

    def _read(self, form: Form, person: Person) -> Made:
        file = form.files.get("file")
        if file is None or not file.data:
            raise HttpError(fault(Fault.QUERY, expected="a file", got="none", path="file"))
        found = obliged.read_list(file.data, form.text("source"), self._limits)
        outside = [row for row in found.rows if not row.place.startswith(person.account.region)]
        if outside:
            expected = f"firms of region {person.account.region}"
            got = f"{outside[0].name} ({outside[0].place})"
            raise HttpError(fault(Fault.REGION, expected=expected, got=got, path="file"))
        return Made.of(StatementType.RULE_TABLE, found, obliged.MEDIA)

    # ---------------------------------------------------------------- coverage

    async def coverage(self, request: Request) -> Response:
        """How many of those who must file do: in all, by list, by category, by province."""
        person = self._person(request)
        count = await self._count(person)
        by_list = self._by(count, self._lister())
        by_category = self._by(count, lambda one: (one.row.category, one.row.category))
        by_province = self._by(count, _province_of(asked.language(request)))
        tables = {"list": by_list, "category": by_category, "province": by_province}
        if asked.wants_json(request):
            told = {name: [_line_json(line) for line in lines] for name, lines in tables.items()}
            stamp = {"ledger_size": count.size, "at_ms": count.at_ms}
            return answer.json({**stamp, "all": _line_json(_total(count.rows)), **told})
        if request.url.path.endswith(".csv"):
            rows = [
                (name, line.name, line.since, line.all, line.filed, line.coded, f"{line.share:.1f}")
                for name, lines in tables.items()
                for line in lines
            ]
            head = ("table", "name", "since", "obliged", "filing", "coding", "coverage")
            return _csv(head, rows, "coverage.csv")
        shares = {line.key: line.share for line in by_province}
        return self._office.page(
            request,
            person,
            "coverage.html",
            total=_total(count.rows),
            tables=tables,
            map=index_draw.tile_map(shares) if shares else None,
            count=count,
        )

    def _by(self, count: Count, key: Callable[[Standing], tuple[str, str]]) -> tuple[Line, ...]:
        names: dict[str, str] = {}
        rows: dict[str, list[Standing]] = {}
        for one in count.rows:
            found, names_it = key(one)
            names[found] = names_it
            rows.setdefault(found, []).append(one)
        since = self._since()
        lines = (_line(one, names[one], since.get(one, ""), held) for one, held in rows.items())
        return tuple(sorted(lines, key=lambda line: (line.share, line.name)))

    def _lister(self) -> Callable[[Standing], tuple[str, str]]:
        """Gives the published list a category is on today, by its name in the table."""
        lists = {row.label_zh: row.list for row in reversed(self._rules().traced)}

        def found(one: Standing) -> tuple[str, str]:
            name = lists.get(one.row.category, "")
            return name, name or "—"

        return found

    def _since(self) -> Mapping[str, str]:
        """From which day on a list, or a category, must be traceable."""
        held = self._rules().traced
        lists = {row.list: row.since.isoformat() for row in held}
        return lists | {row.label_zh: row.since.isoformat() for row in held}

    def _rules(self) -> rules.Rules:
        return rules.on(day_in_china(self._office.desk.clock.now_ms()))

    async def _count(self, person: Person) -> Count:
        """The rows of the person's region; counted at most once in `FRESH_MS`."""
        region, now_ms = person.account.region, self._office.desk.clock.now_ms()
        known = self._counts.get(region)
        if known is not None and now_ms - known.at_ms < FRESH_MS:
            return known
        found = await to_thread.run_sync(self._counted, region, limiter=self._counting)
        self._counts[region] = found
        return found

    def _counted(self, region: str) -> Count:
        with self._office.desk.readers.lend() as store:
            rows = tuple(obliged.standings(store, region=region))
            return Count(self._office.desk.clock.now_ms(), store.projected_size, rows)

    # ---------------------------------------------------------------- rows and tasks

    async def listed(self, request: Request) -> Response:
        """Rows of the register: all, the silent, those who file, those who code."""
        person = self._person(request)
        count = await self._count(person)
        chosen = {
            name: request.query_params.get(name, "") for name in ("state", "category", "province")
        }
        rows = [one for one in count.rows if _is_chosen(one, chosen)]
        text = request.query_params.get("q", "").strip()
        rows = [one for one in rows if text in one.row.name or text in one.row.party]
        if asked.wants_json(request):
            told = [_standing_json(one) for one in rows]
            return answer.json({"ledger_size": count.size, "at_ms": count.at_ms, "rows": told})
        if request.url.path.endswith(".csv"):
            cells = [tuple(_standing_json(one).values()) for one in rows]
            return _csv(tuple(_standing_json(rows[0])) if rows else (), cells, "obliged.csv")
        return self._office.page(
            request,
            person,
            "obliged.html",
            rows=rows[:SHOWN],
            found=len(rows),
            chosen=chosen | {"q": text},
            states=STATES,
            state_of=state_of,
            categories=sorted({one.row.category for one in count.rows}),
            provinces=sorted({one.row.place[:2] for one in count.rows}),
            query=request.url.query,
            facets={name: _facet(count.rows, chosen, name) for name in chosen},
            turned=lambda name, value: _turned(chosen | {"q": text}, name, value),
            count=count,
            deadline=(day_in_china(count.at_ms) + dt.timedelta(30)).isoformat(),
        )

    async def give(self, request: Request) -> Response:
        """Give each silent firm that was ticked a task with a deadline.

        Returns:
            On to the tasks.

        Raises:
            HttpError: if none was ticked, the deadline is no day to come, or a firm is not of
                the region.
        """
        person = self._person(request)
        async with self._office.form(request, person) as form:
            chosen = [name for name in form.fields if name.startswith("firm:")]
            deadline, what = form.text("deadline"), form.text("what")
            today = day_in_china(self._office.desk.clock.now_ms()).isoformat()
            is_ahead = is_day(deadline) and deadline >= today
            if not 0 < len(chosen) <= TASKED_MAX or not is_ahead or not what.isprintable():
                expected = f"1 to {TASKED_MAX} firms and a day to come"
                got = f"{len(chosen)} firms, {deadline[:20]}"
                raise HttpError(fault(Fault.QUERY, expected=expected, got=got, path="deadline"))
            rows = {_mark(one): one.row for one in (await self._count(person)).rows}
            marks = [name.removeprefix("firm:") for name in chosen]
            if foreign := [mark for mark in marks if mark not in rows]:
                expected = "a firm of the register, in your region"
                raise HttpError(fault(Fault.REGION, expected=expected, got=foreign[0][:100]))
            for row in (rows[mark] for mark in marks):
                task = Task(row.party, row.category, what[:200], deadline)
                made = Made.of(StatementType.SETTING, task, obliged.TASK_MEDIA)
                await self._office.enter(made, person)
        return on_to("/desk/tasks")

    async def tasks(self, request: Request) -> Response:
        """All tasks of the region, and whether the firm has filed since."""
        person = self._person(request)
        count = await self._count(person)
        now = {(one.row.party, one.row.category): one for one in count.rows}

        def read() -> list[tuple[Task, int]]:
            with self._office.desk.readers.lend() as store:
                found = obliged.tasks(store, {party for party, _ in now})
            return [(task, fact.received_ms) for task, fact in found]

        today = day_in_china(self._office.desk.clock.now_ms()).isoformat()
        rows = []
        for task, at_ms in await to_thread.run_sync(read):
            one = now.get((task.party, task.category))
            if one is not None:
                done = "done" if one.is_filed else "late" if task.deadline < today else "open"
                rows.append((one, task, at_ms, done))
        rows.sort(key=lambda row: (row[3] == "done", row[1].deadline))
        if asked.wants_json(request):
            return answer.json({"tasks": [_task_json(*row) for row in rows]})
        if request.url.path.endswith(".csv"):
            cells = [tuple(_task_json(*row).values()) for row in rows]
            return _csv(tuple(_task_json(*rows[0])) if rows else (), cells, "tasks.csv")
        return self._office.page(request, person, "tasks.html", rows=rows[:SHOWN], found=len(rows))

    # ---------------------------------------------------------------- a firm

    async def firm(self, request: Request) -> Response:
        """A firm's file: what it filed, its certificates, orders against its products, its tasks.

        Returns:
            The page.

        Raises:
            HttpError: if the firm is of another region, or nobody knows it.
        """
        person = self._person(request)
        party = request.path_params["party"]

        def read() -> dict[str, Any] | None:
            with self._office.desk.readers.lend() as store:
                return file_of(store, party)

        found = await to_thread.run_sync(read)
        if found is None or not str(found["place"]).startswith(person.account.region):
            expected = "a firm of your region"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=party[:100]))
        day = day_in_china(self._office.desk.clock.now_ms())
        return self._office.page(
            request,
            person,
            "firm_file.html",
            party=party,
            standing=lambda one: parties.standing_on(one, day).value,
            **found,
        )

    def _person(self, request: Request) -> Person:
        return self._office.person(request, Role.REGULATOR)


def file_of(store: Store, party: str) -> dict[str, Any] | None:
    """What is known of a firm, None when nobody named it."""
    filed = filed_by(store, party)
    rows = [fact for fact in store.facts(obliged.KIND, (party,)) if fact.key == party]
    if filed.firm is None and not rows:
        return None
    region = filed.firm.region if filed.firm is not None else ""
    listed = [
        msgspec.convert({k: v for k, v in fact.fields.items() if k != "source"}, obliged.Obliged)
        for fact in rows
    ]
    place = region or (listed[0].place if listed else "")
    return {
        "filed": filed,
        "place": place,
        "name": filed.firm.name if filed.firm is not None else listed[0].name,
        "listed": listed,
        "orders": standing_holds(store, [one.key for one in filed.products]),
        "asked_for": [task for task, _ in obliged.tasks(store, (party,))],
    }


def state_of(one: Standing) -> str:
    """How far a row has come: one of `STATES`."""
    return "coded" if one.is_coded else "filed" if one.is_filed else "silent"


def _facet(rows: Sequence[Standing], chosen: Mapping[str, str], name: str) -> list[tuple[str, int]]:
    """How many rows each value of a filter would leave beside the other filters, most first."""
    rest = [one for one in rows if _is_chosen(one, {**chosen, name: ""})]
    value_of: Mapping[str, Callable[[Standing], str]] = {
        "state": state_of,
        "category": lambda one: one.row.category,
        "province": lambda one: one.row.place[:2],
    }
    return Counter(map(value_of[name], rest)).most_common(FACETS)


def _turned(chosen: Mapping[str, str], name: str, value: str) -> str:
    """The query with a filter set, or given up where it was set so."""
    other = "" if chosen[name] == value else value
    return urlencode({key: one for key, one in {**chosen, name: other}.items() if one})


def _is_chosen(one: Standing, chosen: Mapping[str, str]) -> bool:
    state = state_of(one)
    wanted = chosen["state"]
    return (
        (not wanted or state == wanted or (wanted == "filed" and state == "coded"))
        and chosen["category"] in {"", one.row.category}
        and one.row.place.startswith(chosen["province"])
    )


def _mark(one: Standing) -> str:
    return f"{one.row.party} {one.row.category}"


def _province_of(language: words.Language) -> Callable[[Standing], tuple[str, str]]:
    def found(one: Standing) -> tuple[str, str]:
        code = one.row.place[:2]
        return code, words.region(code, language) or "—"

    return found


def _line(key: str, name: str, since: str, rows: Sequence[Standing]) -> Line:
    states = Counter(state_of(one) for one in rows)
    filed = states["filed"] + states["coded"]
    return Line(key, name, since, len(rows), filed, states["coded"])


def _total(rows: Sequence[Standing]) -> Line:
    return _line("", "", "", rows)


def _line_json(line: Line) -> dict[str, object]:
    told = {"key": line.key, "name": line.name, "since": line.since, "obliged": line.all}
    return told | {"filing": line.filed, "coding": line.coded, "coverage": round(line.share, 1)}


def _standing_json(one: Standing) -> dict[str, object]:
    row = msgspec.to_builtins(one.row, str_keys=True)
    told = {name: row.get(name, "") for name in ("party", "name", "category", "certificate")}
    return told | {"region": one.row.place, "source": one.source, "state": state_of(one)}


def _task_json(one: Standing, task: Task, at_ms: int, done: str) -> dict[str, object]:
    told = {"party": task.party, "name": one.row.name, "category": task.category}
    return told | {"what": task.what, "deadline": task.deadline, "at_ms": at_ms, "state": done}


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]], name: str) -> Response:
    cells = ([harmless(str(cell)) for cell in row] for row in rows)
    return download(csv_of((head, *cells)), name, "text/csv; charset=utf-8")
