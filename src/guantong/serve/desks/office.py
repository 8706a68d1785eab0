"""What do all desks share? Who is signed in, how a page looks, how something is handed in."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, runtime_checkable

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from guantong import rules
from guantong.caller import Caller
from guantong.clock import Clock, day_in_china
from guantong.coding import CodeRange
from guantong.serve import answer, asked, pages
from guantong.serve.desk import Desk, People
from guantong.serve.desks import forms
from guantong.serve.desks.forms import Form
from guantong.serve.intake import Receipt
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import HttpError
from guantong.serve.readers import Readers
from guantong.serve.upload import Uploads

JSON: Final = "application/json"
AT_ONCE: Final = 64
"""Entries under way together, of many that are entered by one form."""
WAITS: Final = 6
"""Times, of ten seconds each, that the index is waited for: a large sheet takes some."""


@runtime_checkable
class Installation(Desk, People, Protocol):
    """What desks stand on: an installation with people, a clock, and handles for reading."""

    clock: Clock

    def body(self, entry: int) -> bytes:
        """The body of a ledger entry."""

    def received_ms(self, entry: int) -> int:
        """When a ledger entry was received, 0 when there is none."""

    @property
    def readers(self) -> Readers:
        """The handles for reading, each lent to one question."""


class Office:
    """The ground under the desks."""

    def __init__(self, desk: Installation, uploads: Uploads) -> None:
        """Stand on an installation; what is handed in goes through `uploads`."""
        self.desk = desk
        self.uploads = uploads

    def person(self, request: Request, *roles: Role) -> Person:
        """Who is signed in; see `asked.person`."""
        return asked.person(request, self.desk, *roles)

    def form(
        self, request: Request, person: Person, *, bytes_max: int = forms.BYTES_MAX
    ) -> AbstractAsyncContextManager[Form]:
        """The form the person posted; see `forms.reading`."""
        return forms.reading(request, self.uploads, person.session, bytes_max=bytes_max)

    def categories(self) -> tuple[str, ...]:
        """The kinds of products that must be traceable today, as firms file them."""
        held = rules.on(day_in_china(self.desk.clock.now_ms()))
        return tuple(dict.fromkeys(row.label_zh for row in held.traced))

    def page(
        self,
        request: Request,
        person: Person,
        template: str,
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """A page for the person."""
        who = answer.who(request, person.account.caller(), self.desk) or person.account.login
        view = answer.view(request, json=False, who=who)
        body = pages.render(
            f"desk/{template}",
            view,
            account=person.account,
            csrf=person.session.csrf,
            here=here_of(request),
            **values,
        )
        return answer.page(request, body, status, headers)

    async def submit(self, document: object, person: Person, *, media: str = JSON) -> Receipt:
        """Hand in a document in the name of the person's firm.

        Args:
            document: Anything that JSON can hold, or the bytes of a document.
            person: Who does it.
            media: Of the bytes.

        Returns:
            The receipt, once it is durable and in the index.

        Raises:
            HttpError: if it was refused, with all that is wrong.
        """
        data = document if isinstance(document, bytes) else msgspec.json.encode(document)
        receipt = await self.uploads.take(data, media, person.account.caller())
        return await self._seen(receipt)

    async def issue(self, codes: CodeRange, person: Person) -> Receipt:
        """Enter a range of codes as issued by the person's firm."""
        return await self._seen(await self.uploads.take_codes(codes, person.account.caller()))

    async def enter(self, made: Made, person: Person) -> Receipt:
        """Enter something that is no document in the name of the person's firm."""
        return await self.enter_as(made, person.account.caller())

    async def enter_all(self, all_made: Sequence[Made], person: Person) -> None:
        """Enter many, some of them at once; back when all are in the index.

        Args:
            all_made: In any order they may come to stand.
            person: Who does it.

        Raises:
            HttpError: if one was refused; others may have been entered.
        """
        caller = person.account.caller()
        receipts: list[Receipt] = []
        for low in range(0, len(all_made), AT_ONCE):
            entering = (self.uploads.enter(one, caller) for one in all_made[low : low + AT_ONCE])
            receipts += await asyncio.gather(*entering)
        for receipt in receipts:
            if not receipt.accepted:
                raise HttpError(*receipt.faults)
        if receipts:
            await self._seen(max(receipts, key=lambda one: one.ledger_index))

    async def enter_as(self, made: Made, caller: Caller) -> Receipt:
        """The same in the name of somebody who is not signed in."""
        return await self._seen(await self.uploads.enter(made, caller))

    async def _seen(self, receipt: Receipt) -> Receipt:
        if not receipt.accepted:
            raise HttpError(*receipt.faults)
        for _ in range(WAITS):
            if await to_thread.run_sync(self.desk.wait, receipt.ledger_index + 1):
                break
        return receipt


def here_of(request: Request) -> str:
    """Path and query of this very page, to come back to."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def on_to(path: str) -> Response:
    """Lead the browser on to a page, after something was done."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def download(data: bytes, name: str, media: str) -> Response:
    """A file to be saved."""
    kept = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, headers=kept, media_type=media)
