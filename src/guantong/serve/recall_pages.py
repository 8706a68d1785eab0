"""What is everybody told of recalls? A page, a list, and a feed for machines."""

from xml.sax.saxutils import escape

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import parties, recall
from guantong.clock import instant_text
from guantong.errors import fault
from guantong.recall import Act, Kind, Running
from guantong.serve import answer, asked, pages
from guantong.serve.problems import Fault, HttpError
from guantong.serve.search import Searchable
from guantong.store import Store

SHOWN = 200
ATOM = "application/atom+xml"


class RecallPages:
    """The public addresses."""

    def __init__(self, desk: Searchable) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """They."""
        return [
            Route("/recalls", self.recalls),
            Route("/recalls.json", self.recalls),
            Route("/recalls.atom", self.feed),
            Route("/recalls/{number}", self.notice),
        ]

    async def recalls(self, request: Request) -> Response:
        """The recalls that were made public, the latest first; page or JSON."""
        found = await to_thread.run_sync(self._public)
        if asked.wants_json(request):
            return answer.json({"recalls": found})
        body = pages.render("recalls.html", answer.view(request), found=found)
        return answer.page(request, body)

    async def feed(self, request: Request) -> Response:
        """The same as an Atom feed."""
        root = asked.root(request)
        found = await to_thread.run_sync(self._public)
        return Response(atom(found, root), media_type=f"{ATOM}; charset=utf-8")

    async def notice(self, request: Request) -> Response:
        """One notice, as page or JSON.

        Returns:
            It.

        Raises:
            HttpError: if there is none of that number, or it is not public.
        """
        number = request.path_params["number"].removesuffix(".json")

        def read() -> dict[str, object] | None:
            with self._desk.readers.lend() as store:
                running = recall.find(store, number)
                is_public = running is not None and _is_public(running)
                return told_of(store, running) if running is not None and is_public else None

        found = await to_thread.run_sync(read)
        if found is None:
            expected = "a recall that is public"
            raise HttpError(fault(Fault.NOT_FOUND, expected=expected, got=request.url.path))
        if asked.wants_json(request):
            return answer.json(found)
        body = pages.render("recall_notice.html", answer.view(request), one=found)
        return answer.page(request, body)

    def _public(self) -> list[dict[str, object]]:
        with self._desk.readers.lend() as store:
            found = [one for one in recall.all_recalls(store) if _is_public(one)]
            return [told_of(store, one) for one in found[:SHOWN]]


def _is_public(running: Running) -> bool:
    return running.is_public and running.recall.kind is not Kind.DRILL


def told_of(store: Store, running: Running) -> dict[str, object]:
    """What everybody is told: the fields of a public notice."""
    said = running.recall
    published = running.last(Act.PUBLISHED)
    classes = dict.fromkeys(recall.class_of(one) for one in running.origins)
    products = [one for one in (parties.product(store, key) for key in classes) if one is not None]
    firm = parties.firm(store, said.firm)
    return {
        "number": said.id,
        "published_ms": published[1].received_ms if published else 0,
        "entry": published[1].entry if published else -1,
        "kind": said.kind.value,
        "title": said.title,
        "products": [
            {"name": one.name, "name_en": one.name_en, "brand": one.brand, "model": one.model,
             "category": one.category, "barcode": one.key.rpartition("/")[2]}
            for one in products
        ],
        "codes": list(running.origins)[:SHOWN],
        "firm": firm.name if firm else "",
        "contact": firm.contact if firm else "",
        "hazard": said.hazard,
        "defect": said.defect,
        "risk": said.risk,
        "remedy": said.remedy,
        "closed": running.is_closed,
    }  # fmt: skip


def atom(found: list[dict[str, object]], root: str) -> str:
    """Notices as an Atom feed."""
    newest = max((int(str(one["published_ms"])) for one in found), default=0)
    entries = "".join(
        f"<entry><id>{root}/recalls/{one['number']}</id><title>{escape(str(one['title']))}</title>"
        f"<updated>{instant_text(int(str(one['published_ms'])))}</updated>"
        f'<link href="{root}/recalls/{one["number"]}"/>'
        f"<summary>{escape(str(one['hazard']))} — {escape(str(one['remedy']))}</summary></entry>"
        for one in found
    )
    head = f"<id>{root}/recalls</id><title>召回公告 Recalls</title>"
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"{head}<updated>{instant_text(newest)}</updated>"
        f'<link rel="self" href="{root}/recalls.atom"/><author><name>Guantong</name></author>'
        f"{entries}</feed>"
    )
