"""How does a client of the Ecode platform hand in what it hands in there? The same bodies, at the same names.

How such a client signs its address was not found: a key of ours is demanded in a header, and what
stands in the address is passed over. The form of the answers is ours, too.
"""

import datetime as dt
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import connectors, parties
from guantong.caller import Caller, Scope
from guantong.clock import CHINA, Clock
from guantong.connectors import ecode
from guantong.errors import fault
from guantong.serve import answer, asked, json_out
from guantong.serve.desk import Desk
from guantong.serve.intake import Receipt
from guantong.serve.problems import Fault, HttpError
from guantong.serve.pulling import Pulled
from guantong.serve.upload import Uploads
from guantong.store import Store

PREFIX: Final = "/interface/company"
BYTES_MAX: Final = 2 << 20
NUMBER_MAX: Final = 100


class EcodeApi:
    """The four addresses."""

    def __init__(self, desk: Desk, pulled: Pulled, uploads: Uploads) -> None:
        self._desk = desk
        self._pulled = pulled
        self._uploads = uploads
        self._clock: Clock = pulled.clock

    def routes(self) -> list[Route]:
        """They; whatever follows the name in the path is passed over."""
        return [
            Route(f"{PREFIX}/{name}{tail}", take, methods=["POST"])
            for name, take in (
                ("returnProduct", self.product),
                ("returnProductBatch", self.batch),
                ("queryTemplateInfo", self.template),
                ("queryProductStatus", self.status),
            )
            for tail in ("", "/{signed:path}")
        ]

    async def product(self, request: Request) -> Response:
        """File a product in the name of the key's firm."""
        caller = self._caller(request)
        async with self._uploads.body(request, BYTES_MAX) as body:
            given = connectors.product_of(body)
            records = json_out.encode(connectors.records_of(given, caller.party))
            return _told(await self._uploads.take(records, "application/json", caller))

    async def batch(self, request: Request) -> Response:
        """Enter codes of a product that was filed as made.

        Returns:
            What became of them.

        Raises:
            HttpError: if the firm filed no such product.
        """
        caller = self._caller(request)
        async with self._uploads.body(request, BYTES_MAX) as body:
            given = connectors.batch_of(body)
            if not await to_thread.run_sync(self._is_filed, caller.party, given.code):
                expected = "the number of a product that was returned before"
                raise HttpError(
                    fault(Fault.QUERY, expected=expected, got=given.code[:100], path="code")
                )
            now = dt.datetime.fromtimestamp(self._clock.now_ms() / 1000, CHINA)
            sheet = connectors.sheet_of(given, now.strftime("%Y-%m-%d %H:%M:%S"))
            return _told(await self._uploads.take(sheet, "text/csv", caller))

    async def template(self, request: Request) -> Response:
        """The names that are understood, by stage."""
        self._caller(request)
        names = [*ecode.FIELDS, *ecode.MADE_ON, *ecode.LOT]
        return answer.json({"productTypelist": [{"type": "生产", "list": names}]})

    async def status(self, request: Request) -> Response:
        """Whether a product is filed: a platform that reviews says so here."""
        caller = self._caller(request)
        number = request.query_params.get("productTypeNumber", "")[:NUMBER_MAX]
        is_filed = await to_thread.run_sync(self._is_filed, caller.party, number)
        return answer.json(
            {"productTypeNumber": number, "status": "accepted" if is_filed else "unknown"}
        )

    def _is_filed(self, firm: str, number: str) -> bool:
        with self._pulled.readers.lend() as store:
            return _product_is_there(store, firm, number)

    def _caller(self, request: Request) -> Caller:
        return asked.keyed_caller(request, self._desk, Scope.CAPTURE)


def _product_is_there(store: Store, firm: str, number: str) -> bool:
    product = parties.product(store, connectors.class_code_of(firm, number))
    return product is not None and product.firm == firm


def _told(receipt: Receipt) -> Response:
    if not receipt.accepted:
        raise HttpError(*receipt.faults)
    told = {"status": "accepted", "repeated": receipt.repeated, "entry": receipt.ledger_index}
    return answer.json(told, 200 if receipt.repeated else 201)
