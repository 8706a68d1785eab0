"""What did the office issue? The pages of the credit index, each with its JSON beside it.

Figures come from what was recorded, never from a computation made for the page; only a firm's
page computes, from the very panel its release rests on. Everybody may read the index; a firm's
score is for the firm itself and for those who supervise it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Caller, Level
from guantong.credit import names
from guantong.credit.columns import number_of
from guantong.credit.model import Month
from guantong.credit.writing import month_en, month_zh, points
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.serve import answer, asked, index_draw, index_json, index_office, pages
from guantong.serve.desk import Desk
from guantong.serve.index_office import Issue, Shelf
from guantong.serve.intake import Fault as IntakeFault
from guantong.serve.pages import View
from guantong.serve.problems import Fault, HttpError
from guantong.serve.words import Language

AT_ONCE: Final = 4
"""Pages read at once; more wait."""
NUMBER_DIGITS_MAX: Final = 18
"""Digits of a firm's number and of a vintage."""
CHANGES_SHOWN: Final = 40
"""Figures a page lists of what a vintage changed; the JSON has all."""


def routes(desk: Desk) -> list[Route]:
    """The addresses of the index; none over a desk that keeps no releases."""
    if not isinstance(desk, Shelf):
        return []
    index = IndexPages(desk, desk)
    return [
        Route("/index", index.index),
        Route("/index.json", index.index),
        Route("/index/provinces", index.provinces),
        Route("/index/provinces.json", index.provinces),
        Route("/index/industries", index.industries),
        Route("/index/industries.json", index.industries),
        Route("/index/firm/{id}", index.firm),
        Route("/index/releases", index.releases),
        Route("/index/releases.json", index.releases),
        Route("/index/release/{period}", index.release),
    ]


def is_issued(desk: Desk) -> bool:
    """Whether the first page may lead to the index."""
    return isinstance(desk, Shelf) and index_office.is_issued(desk)


class IndexPages:
    """The questions about what was issued."""

    def __init__(self, desk: Desk, shelf: Shelf) -> None:
        self._desk = desk
        self._shelf = shelf
        self._limit = CapacityLimiter(AT_ONCE)

    async def index(self, request: Request) -> Response:
        """The national index of a month."""
        return await self._run(self._index, request)

    async def provinces(self, request: Request) -> Response:
        """The provinces: a map and a table."""
        return await self._run(partial(self._places, dimension="province"), request)

    async def industries(self, request: Request) -> Response:
        """The sections of industry."""
        return await self._run(partial(self._places, dimension="section"), request)

    async def firm(self, request: Request) -> Response:
        """One firm's score, for those who may see it."""
        return await self._run(self._firm, request)

    async def releases(self, request: Request) -> Response:
        """All that was issued."""
        return await self._run(self._releases, request)

    async def release(self, request: Request) -> Response:
        """One release: its text, its tables, what its vintages changed."""
        return await self._run(self._release, request)

    async def _run(self, page: Callable[[Request], Response], request: Request) -> Response:
        return await to_thread.run_sync(page, request, limiter=self._limit)

    # ------------------------------------------------------------------ the pages

    def _index(self, request: Request) -> Response:
        issue = self._issue(request, request.query_params.get("period", ""))
        if asked.wants_json(request):
            return answer.json(index_json.issue_json(issue))
        body = pages.render(
            "index.html",
            self._view(request),
            here="index",
            issue=issue,
            subs=index_json.sub_rows(issue),
            change=index_json.change_of(issue),
            chart=index_draw.chart(issue.annex.line),
            **_helpers(request),
        )
        return answer.page(request, body)

    def _places(self, request: Request, *, dimension: str) -> Response:
        issue = self._issue(request, request.query_params.get("period", ""))
        rows = index_json.place_rows(issue, dimension)
        if asked.wants_json(request):
            told = {
                "period": issue.release.period,
                "vintage": issue.vintage.number,
                "method": issue.annex.method.version,
                "provenance": issue.annex.method.provenance,
                "national": issue.release.national,
                "rows": rows,
            }
            return answer.json(told)
        squares = index_draw.tile_map({row.key: row.value for row in rows})
        body = pages.render(
            "index_places.html",
            self._view(request),
            here="provinces" if dimension == "province" else "industries",
            issue=issue,
            rows=rows,
            map=squares if dimension == "province" else None,
            **_helpers(request),
        )
        return answer.page(request, body)

    def _firm(self, request: Request) -> Response:
        text = request.path_params["id"].removesuffix(asked.SUFFIX)
        caller = asked.caller(request, self._desk)
        _may_see(caller, text)
        issue = self._issue(request, request.query_params.get("period", ""))
        told = index_office.population(self._shelf, issue)
        if told is None:
            expected = f"a panel of {issue.release.period} kept here"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got="none", path="period"))
        firm = number_of(text)
        province = told.province(firm)
        if caller.level is Level.REGULATOR and not _in_region(caller, province):
            raise HttpError(_forbidden())
        if not province:
            expected = f"a firm of the panel of {issue.release.period}"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=text, path="firm"))
        explained = told.explain(firm)
        if asked.wants_json(request):
            from guantong.credit.explain import explain_json

            return answer.json({"vintage": issue.vintage.number, **explain_json(explained)})
        body = pages.render(
            "firm.html",
            self._view(request, caller),
            here="firm",
            issue=issue,
            said=explained,
            place=names.place(province),
            **_helpers(request),
        )
        return answer.page(request, body)

    def _releases(self, request: Request) -> Response:
        known = index_office.held(self._shelf)
        listed = [known.held[period] for period in sorted(known.held, reverse=True)]
        if asked.wants_json(request):
            told = [
                {**one.meta(), "issued": one.issued, "national": one.release.national}
                for vintages in listed
                for one in vintages
            ]
            return answer.json({"releases": told})
        body = pages.render(
            "releases.html",
            self._view(request),
            here="releases",
            listed=listed,
            **_helpers(request),
        )
        return answer.page(request, body)

    def _release(self, request: Request) -> Response:
        period = request.path_params["period"].removesuffix(asked.SUFFIX)
        issue = self._issue(request, period)
        known = index_office.held(self._shelf, period)
        revisions = known.revisions(period)
        if asked.wants_json(request):
            changed = [index_json.revision_json(one) for one in revisions]
            return answer.json(index_json.issue_json(issue) | {"revisions": changed})
        body = pages.render(
            "release.html",
            self._view(request),
            here="releases",
            issue=issue,
            vintages=known.held[period],
            revisions=[one for one in revisions if one.now <= issue.vintage.number],
            shown_max=CHANGES_SHOWN,
            subs=index_json.sub_rows(issue),
            provinces=index_json.place_rows(issue, "province"),
            sections=index_json.place_rows(issue, "section"),
            **_helpers(request),
        )
        return answer.page(request, body)

    # ------------------------------------------------------------------ what they need

    def _issue(self, request: Request, period: str) -> Issue:
        """The release that is asked for. Raises HttpError or CreditError."""
        if period:
            Month.parse(period)
        given = request.query_params.get("vintage", "")
        if given and not _is_number(given):
            raise HttpError(fault(Fault.QUERY, expected="1, 2, 3 …", got=given, path="vintage"))
        found = index_office.find(self._shelf, period, int(given or 0))
        if found is None:
            asked_for = " ".join(part for part in (period, given and f"vintage {given}") if part)
            got = asked_for or "no release yet"
            raise HttpError(fault(Fault.NOT_FOUND, expected="a release", got=got, path="period"))
        return found

    def _view(self, request: Request, caller: Caller | None = None) -> View:
        caller = caller or asked.caller(request, self._desk)
        who = answer.who(request, caller, self._desk)
        return replace(answer.view(request, who=who), index=True)


def _may_see(caller: Caller, firm: str) -> None:
    """Refuse whoever is neither the firm itself nor supervises it; whether it exists is not told.

    Raises:
        HttpError: 401 without a key, 403 with another firm's.
    """
    if caller.level is Level.PUBLIC:
        expected = "the key of the firm or of a regulator"
        raise HttpError(fault(Fault.KEY_MISSING, expected=expected, got="no key"))
    if caller.level is Level.PARTY and pages.short(caller.party) != firm:
        raise HttpError(_forbidden())


def _in_region(caller: Caller, province: str) -> bool:
    return not caller.region or province == caller.region[:2]


def _forbidden() -> Found:
    expected = "the firm itself, its regulator or the operator"
    return fault(IntakeFault.FORBIDDEN, expected=expected, got="another")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX


def signed(value: float) -> str:
    """A change as it is printed: ``+0.47``, ``−0.12``, ``0.00``."""
    text = points(value)
    return text.replace("-", "−") if text == "0.00" or text.startswith("-") else f"+{text}"


def _helpers(request: Request) -> dict[str, object]:
    """What the templates of the index say figures and names with."""
    chinese = asked.language(request) is Language.ZH

    def figure(name: str) -> str:
        """A figure of a vintage by its name, such as ``rank.province.34``."""
        parts = name.split(".")
        if parts[0] == "sub_indices":
            one = next(one for one in names.SUB_INDICES.values() if one.key == parts[1])
            return one.zh if chinese else one.en.capitalize()
        if parts[0] in {"provinces", "sections", "rank"}:
            dimension = parts[1] if parts[0] == "rank" else parts[0].removesuffix("s")
            one = names.of(dimension, parts[-1])
            return one.zh if chinese else one.en
        return name

    return {
        "points": points,
        "signed": signed,
        "month": month_zh if chinese else month_en,
        "name": lambda row: row.zh if chinese else row.en,
        "label": lambda row: row.label_zh if chinese else row.label_en,
        "sub": lambda key: (
            names.SUB_INDICES[key].zh if chinese else names.SUB_INDICES[key].en.capitalize()
        ),
        "figure": figure,
        "number": lambda value: f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}",
    }
