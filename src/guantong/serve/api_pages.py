"""Where do programs and their makers read what can be asked? And what is there to be watched?"""

import os
import time
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.serve import answer, asked, json_out, pages
from guantong.serve.api.document import QUERY, document, operations
from guantong.serve.desk import Desk
from guantong.serve.standby.config import Seen

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
STAT: Final = Path("/proc/self/statm")
NAMES: Final = {
    "ledger_size": "Entries in the ledger",
    "projected_size": "Entries in the index",
    "events": "Events in the index",
    "facts": "Facts in the index",
    "ready": "Whether documents are taken",
}
"""Members of the status that are told as gauges."""
_OF: Final = "standby_"
STANDBY: Final = {
    "standby_configured": "Whether a standby is waited for",
    "standby_alone": "Whether the writer goes on without it",
    "standby_lag": "Entries that the standby does not have",
    "epoch": "How often the log has changed its writer, from 1",
}
"""What is watched of the standby, as gauges."""


def routes(desk: Desk) -> list[Route]:
    """The addresses of what is told about the API, and of what is measured."""
    made = ApiPages(desk)
    return [
        Route("/api", made.page),
        Route("/api/openapi.json", made.openapi),
        Route("/metrics", made.metrics),
    ]


class ApiPages:
    """The OpenAPI document, its page, and the gauges."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        told = document(asked.root(request))
        return answer.json(told, headers={"Access-Control-Allow-Origin": "*"})

    async def page(self, request: Request) -> Response:
        """The same for people."""
        view = answer.view(request, json=False)
        body = pages.render(
            "api.html",
            view,
            operations=operations(),
            query=QUERY,
            root=asked.root(request),
            fill=lambda path, example: path.format_map(example),
            body_of=lambda one: json_out.encode(one.example["body"]).decode(),
        )
        return answer.page(request, body)

    async def metrics(self, request: Request) -> Response:
        """Gauges as Prometheus reads them, of this process and the installation."""
        del request
        status = self._desk.status()
        lines = []
        for name, meaning in NAMES.items():
            value = status.get(name)
            if isinstance(value, int):
                lines += _gauge(f"guantong_{name}", meaning, int(value))
        lines += _standby(status.get("standby"))
        lines += _gauge("process_resident_memory_bytes", "Memory of this front", _resident())
        lines += _gauge("process_cpu_seconds_total", "Its time", round(time.process_time(), 3))
        return Response("\n".join(lines) + "\n", media_type=TEXT)


def _gauge(name: str, meaning: str, value: float) -> list[str]:
    kind = "counter" if name.endswith("_total") else "gauge"
    return [f"# HELP {name} {meaning}.", f"# TYPE {name} {kind}", f"{name} {value}"]


def _standby(seen: object) -> list[str]:
    """The gauges of the standby, where a desk tells of it."""
    lines: list[str] = []
    for name, meaning in STANDBY.items() if isinstance(seen, Seen) else ():
        value = getattr(seen, name.removeprefix(_OF))
        lines += _gauge(f"guantong_{name}", meaning, int(value))
    return lines


def _resident() -> int:
    """Bytes of memory this process holds; 0 where the system does not tell."""
    try:
        return int(STAT.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
