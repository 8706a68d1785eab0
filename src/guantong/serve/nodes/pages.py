"""What do all nodes say together of a code? A page, or JSON, for who sees the whole country.

The nodes answer with what the office of this installation may see, not with what the asker may: so
nobody with less is answered here.
"""

from enum import StrEnum
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.errors import fault
from guantong.serve import answer, asked, pages
from guantong.serve.desk import Desk
from guantong.serve.nodes.asking import Nation, known_told, scope_told, trail_told
from guantong.serve.problems import Fault, HttpError

AT_ONCE: Final = 2
"""Questions to all nodes under way at once; more wait."""
SECONDS: Final = 60.0
RANGES_SHOWN: Final = 200


class Kind(StrEnum):
    """What is asked."""

    TRACE = "trace"
    SCOPE = "scope"
    WHERE = "where"


class NationPages:
    """The address."""

    def __init__(self, desk: Desk, nation: Nation) -> None:
        """Over an installation of the nation, and the nodes it asks."""
        self._desk = desk
        self._nation = nation
        self._turn = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """It."""
        return [Route("/nation", self.ask), Route("/nation.json", self.ask)]

    async def ask(self, request: Request) -> Response:
        """The answer of all nodes about the code in ``?q=``; the form alone without one."""
        caller = asked.caller(request, self._desk)
        if not caller.sees_all():
            expected = "an office or operator that sees the whole country"
            raise HttpError(fault(Fault.ROLE, expected=expected, got=caller.level.value))
        kind = asked.one_of(request, "kind", Kind, Kind.TRACE)
        found: dict[str, object] = {}
        if "q" in request.query_params or asked.wants_json(request):
            text = asked.query_text(request)
            found = await to_thread.run_sync(self._found, kind, text, limiter=self._turn)
        if asked.wants_json(request):
            return answer.json(found)
        view = answer.view(request, who=answer.who(request, caller, self._desk))
        said = found.get("sentences")
        body = pages.render(
            "nation.html",
            view,
            text=request.query_params.get("q", ""),
            kind=kind.value,
            kinds=[one.value for one in Kind],
            found=found,
            sentences=said.get(view.language.value, []) if isinstance(said, dict) else [],
            entries=self._nation.entries,
        )
        return answer.page(request, body)

    def _found(self, kind: Kind, text: str) -> dict[str, object]:
        match kind:
            case Kind.SCOPE:
                across = self._nation.scope((text,), seconds=SECONDS)
                return scope_told(self._nation, across, RANGES_SHOWN)
            case Kind.WHERE:
                return known_told(self._nation, *self._nation.known(text))
            case Kind.TRACE:
                return trail_told(self._nation, self._nation.trace(text))
