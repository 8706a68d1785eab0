"""How does a shop's till or a firm's stock program say what was bought and sold? One small JSON each.

It becomes one row of a sheet and is decided like one; the same JSON sent again is the same document.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Scope
from guantong.capture.cells import csv_of
from guantong.errors import fault
from guantong.serve import asked, upload
from guantong.serve.desk import Desk
from guantong.serve.problems import Fault, HttpError
from guantong.serve.upload import Uploads

BYTES_MAX: Final = 1 << 20
CODES_MAX: Final = 5_000
"""Codes of one purchase or sale; more go as a range, or as a sheet."""


class Trade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A purchase or a sale."""

    at: str
    """When, as in a sheet: ISO 8601, or 2026-03-01 09:00."""
    codes: tuple[str, ...] = ()
    """Canonical or as scanned."""
    partner: str = ""
    """The other side: USCC, GLN or name. A sale without one is to a consumer."""
    batch: str = ""
    """With the code of the product in `codes` and a `quantity`: what has no code of its own."""
    quantity: float | None = None
    unit: str = ""
    document: str = ""
    """Number of the order or delivery note."""
    place: str = ""
    remark: str = ""


class TradeApi:
    """The two addresses."""

    def __init__(self, desk: Desk, uploads: Uploads) -> None:
        self._desk = desk
        self._uploads = uploads

    def routes(self) -> list[Route]:
        """They."""
        return [
            Route("/api/v1/purchases", self.purchase, methods=["POST"]),
            Route("/api/v1/sales", self.sale, methods=["POST"]),
        ]

    async def purchase(self, request: Request) -> Response:
        """Enter that the key's firm got something."""
        return await self._taken(request, inward=True)

    async def sale(self, request: Request) -> Response:
        """Enter that the key's firm gave something away."""
        return await self._taken(request, inward=False)

    async def _taken(self, request: Request, *, inward: bool) -> Response:
        caller = asked.keyed_caller(request, self._desk, Scope.CAPTURE)
        async with self._uploads.body(request, BYTES_MAX) as body:
            row = row_of(parse(body), inward=inward)
            sheet = csv_of((row.keys(), row.values()))
            return upload.answer(await self._uploads.take(sheet, "text/csv", caller))


def parse(body: bytes) -> Trade:
    """Read a purchase or sale.

    Returns:
        It.

    Raises:
        HttpError: if it is no such object, or has too many codes.
    """
    try:
        trade = msgspec.json.decode(body, type=Trade)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HttpError(
            fault(Fault.QUERY, expected="a purchase or sale", got=error, path="body")
        ) from error
    if len(trade.codes) > CODES_MAX or any("\n" in code or not code for code in trade.codes):
        expected, got = f"at most {CODES_MAX} codes of one line each", len(trade.codes)
        raise HttpError(fault(Fault.QUERY, expected=expected, got=got, path="codes"))
    return trade


def row_of(trade: Trade, *, inward: bool) -> Mapping[str, str]:
    """The row of a sheet that says the same."""
    step = "进货" if inward else "销售" if trade.partner else "零售"
    told = {
        "日期时间": trade.at,
        "步骤": step,
        "编码": "\n".join(dict.fromkeys(trade.codes)),
        "发货方" if inward else "收货方": trade.partner,
        "批号": trade.batch,
        "数量": "" if trade.quantity is None else f"{trade.quantity:g}",
        "单位": trade.unit,
        "单据号": trade.document,
        "地点": trade.place,
        "备注": trade.remark,
    }
    return {header: cell for header, cell in told.items() if cell}
