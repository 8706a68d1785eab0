"""How is a witness asked? One address takes checkpoints, one shows what was signed last.

References:
    C2SP tlog-witness 1.0.0
"""

from typing import Final

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.ledger import Fault, LedgerError
from guantong.ledger.witness import REQUEST_BYTES_MAX, Asked, Witness

STATUS: Final = {
    Fault.LOG_UNKNOWN: 404,
    Fault.NOTE_UNSIGNED: 403,
    Fault.NOTE_SIGNATURE: 403,
    Fault.OLD_SIZE: 409,
    Fault.SPLIT: 409,
    Fault.INCONSISTENT: 422,
    Fault.STOPPED: 503,
}
"""Fault code -> HTTP status; every other refusal is 400."""
TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"


def create_witness_app(witness: Witness) -> Starlette:
    """The ASGI application of a witness."""
    outside = _Outside(witness)
    return Starlette(
        routes=[
            Route("/add-checkpoint", outside.add_checkpoint, methods=["POST"]),
            Route("/{name}/checkpoint", outside.checkpoint),
        ]
    )


class _Outside:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def add_checkpoint(self, request: Request) -> Response:
        """Cosign, or say why not; reading and waiting for the disk happen beside the loop."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > REQUEST_BYTES_MAX:
                return Response("too long\n", 413, media_type=TEXT)
        return await to_thread.run_sync(self._answer, body)

    def _answer(self, body: bytes) -> Response:
        try:
            line = self._witness.add_checkpoint(Asked.parse(body))
        except LedgerError as error:
            found = error.faults[0]
            if found.code == Fault.OLD_SIZE:
                return Response(f"{found.expected}\n", 409, {"Content-Type": SIZE})
            status = STATUS.get(Fault(found.code), 400)
            return Response(f"{error}\n", status, media_type=TEXT)
        return Response(line.encode(), media_type=TEXT)

    def checkpoint(self, request: Request) -> Response:
        """The last checkpoint of a log that was signed, by the hash of its origin."""
        note = self._witness.last_by_name(request.path_params["name"])
        if note is None:
            return Response("none\n", 404, media_type=TEXT)
        return Response(note, media_type=TEXT, headers={"Cache-Control": "no-cache"})
