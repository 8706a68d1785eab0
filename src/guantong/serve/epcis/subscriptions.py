"""How does a party have the events of a query sent? ``/epcis/queries/NAME/subscriptions``.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import secrets
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong.caller import Caller, Scope
from guantong.capture.values import instant
from guantong.clock import Clock, instant_text
from guantong.errors import Refusal, fault
from guantong.query import Query
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol
from guantong.serve.epcis.controls import Controls
from guantong.serve.epcis.notices import KIND, Noticing, Wanted, lines_of, wanted_of
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.epcis.queries import Queries
from guantong.serve.epcis.schedule import Schedule
from guantong.serve.outbox.box import About, Box, Line
from guantong.serve.outbox.destination import Destination
from guantong.serve.upload import Uploads

BYTES_MAX: Final = 1 << 16
"""Of what is said of a subscription."""
SUBSCRIPTIONS_MAX: Final = 100
"""Of one party."""
TOKEN_MAX: Final = 400


class Fault(StrEnum):
    """Why nothing is subscribed to. Part of the public API: never renamed."""

    CONTROLS = "serve.subscription"
    """What is said of the subscription is not right, or does not go together."""
    MANY = "serve.too_many_subscriptions"
    """The party has as many as it may have."""
    TAKEN = "serve.subscription_taken"
    """The party has one that it calls so."""
    UNKNOWN = "serve.no_subscription"
    """The party has none that it calls so."""
    NOT_PERMITTED = "serve.not_subscribable"
    """A query whose answers are not sent."""


class SubscriptionError(Refusal):
    """Nothing is subscribed to."""


class Controlled(msgspec.Struct, frozen=True, rename="camel"):
    """What is said of a subscription, as it was sent."""

    dest: str
    stream: bool = False
    schedule: dict[str, Any] | None = None
    report_if_empty: bool = False
    signature_token: str = ""
    initial_record_time: str = ""


class Subscriptions:
    """The subscriptions of one installation."""

    def __init__(
        self,
        desk: Desk,
        uploads: Uploads,
        queries: Queries,
        box: Box,
        clock: Clock,
        *,
        private: bool,
    ) -> None:
        """Over the queries and the outbox.

        Args:
            desk: Knows the keys, and what came.
            uploads: Reads bodies.
            queries: What can be subscribed to.
            box: Where the letters wait.
            clock: Says when.
            private: Whether addresses that are not public are sent to.
        """
        self._desk = desk
        self._uploads = uploads
        self._queries = queries
        self._box = box
        self._clock = clock
        self._private = private

    def routes(self) -> list[Route]:
        """Its addresses, below the binding's."""
        if not isinstance(self._desk, Noticing):
            return []
        listed, one = "/queries/{name}/subscriptions", "/queries/{name}/subscriptions/{id}"
        return [
            Route(listed, self.listed, methods=["GET"]),
            Route(listed, self.take, methods=["POST"]),
            Route(listed, self.offered, methods=["OPTIONS"]),
            Route(one, self.shown, methods=["GET"]),
            Route(one, self.drop, methods=["DELETE"]),
            Route(one, self.offered, methods=["OPTIONS"]),
        ]

    async def offered(self, request: Request) -> Response:
        """What can be done here."""
        asked.keyed_caller(request, self._desk, Scope.SUBSCRIBE)
        allowed = f"OPTIONS, GET, {'DELETE' if 'id' in request.path_params else 'POST'}"
        return protocol.done(more={"Allow": allowed})

    async def take(self, request: Request) -> Response:
        """Begin a subscription.

        Returns:
            201 with its address; it is on the disk.

        Raises:
            SubscriptionError: if what is said does not go together, or there are too many.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.SUBSCRIBE)
        protocol.check_accepts(request)
        name, wanted = self._queries.asked_for(request, caller)
        async with self._uploads.body(request, BYTES_MAX) as body:
            said = _controlled(body)
        number = self.begin(caller, name, wanted, said)
        path = f"/queries/{quote(name, safe='')}/subscriptions/{number}"
        line = self._box.line(number)
        shown = _shown(line) if line else {"subscriptionID": number}
        return protocol.told(shown, status=201, more=protocol.place_of(request, path))

    def begin(
        self, caller: Caller, name: str, wanted: Query, said: Controlled, *, called: str = ""
    ) -> str:
        """Begin a subscription; it is on the disk when this returns.

        Args:
            caller: Whose it is.
            name: Of the query.
            wanted: What it asks for.
            said: Where its events are sent, and when.
            called: What the subscriber calls it; see `Wanted.called`.

        Returns:
            Its id.

        Raises:
            SubscriptionError: if there are too many, or one is called so.
        """
        if len(self._box.lines(caller.party, limit=SUBSCRIPTIONS_MAX)) >= SUBSCRIPTIONS_MAX:
            expected = f"at most {SUBSCRIPTIONS_MAX} subscriptions"
            raise SubscriptionError(fault(Fault.MANY, expected=expected, got=SUBSCRIPTIONS_MAX))
        Destination.parse(said.dest, private=self._private)
        schedule = said.schedule and {unit: str(one) for unit, one in said.schedule.items()}
        if schedule is not None:
            Schedule.parse(schedule)
        from_ms = _instant(said.initial_record_time)
        more = Wanted(name, wanted, schedule, said.report_if_empty, from_ms, called)
        about = About(
            said.dest,
            KIND,
            self._clock.now_ms(),
            said.signature_token,
            caller.level.value,
            caller.region,
            msgspec.Raw(msgspec.json.encode(more)),
        )
        assert isinstance(self._desk, Noticing)
        seen = self._desk.first_since(self._clock.now_ms() if from_ms is None else from_ms)
        number = _number(caller.party, called) if called else secrets.token_hex(12)
        if not self._box.open_line(number, caller.party, about, seen=seen):
            raise SubscriptionError(fault(Fault.TAKEN, expected="a new name", got=called[:120]))
        return number

    async def listed(self, request: Request) -> Response:
        """The subscriptions of a query, a page of them.

        Returns:
            JSON; ``Link`` names the next page if there is one.
        """
        caller = asked.keyed_caller(request, self._desk, Scope.SUBSCRIBE)
        protocol.check_accepts(request)
        name, _ = self._queries.asked_for(request, caller)
        how = Controls.of(dict(request.query_params))
        after = how.token or ""
        lines = [one for one in lines_of(self._box, caller.party, name) if one.id > after]
        last = lines[how.per_page - 1].id if len(lines) > how.per_page else ""
        more = protocol.next_page(request, last) if last else {}
        return protocol.told([_shown(one) for one in lines[: how.per_page]], more=more)

    async def shown(self, request: Request) -> Response:
        """One of them.

        Returns:
            JSON.

        Raises:
            EpcisError: if the caller has none of that id.
        """
        return protocol.told(_shown(self._line(request)))

    async def drop(self, request: Request) -> Response:
        """End one, with all that waits to be sent.

        Returns:
            204.

        Raises:
            EpcisError: if the caller has none of that id.
        """
        line = self._line(request)
        self._box.close_line(line.id, line.party)
        return protocol.done()

    def _line(self, request: Request) -> Line:
        caller = asked.keyed_caller(request, self._desk, Scope.SUBSCRIBE)
        protocol.check_accepts(request)
        name, _ = self._queries.asked_for(request, caller)
        number = request.path_params["id"]
        lines = lines_of(self._box, caller.party, name)
        found = next((one for one in lines if one.id == number), None)
        if found is None:
            raise EpcisError(protocol.absent(number[:120]))
        return found


def _controlled(body: bytes) -> Controlled:
    """What is said of a subscription, as far as it goes together."""
    try:
        said = msgspec.json.decode(body, type=Controlled)
    except (msgspec.MsgspecError, RecursionError) as error:
        expected = "dest, and stream or schedule"
        raise SubscriptionError(fault(Fault.CONTROLS, expected=expected, got=error)) from error
    if said.stream is (said.schedule is not None):
        got = "both" if said.stream else "neither"
        expected = "either stream: true or a schedule"
        raise SubscriptionError(fault(Fault.CONTROLS, expected=expected, got=got, path="stream"))
    if len(said.signature_token) > TOKEN_MAX:
        expected, got = f"at most {TOKEN_MAX} characters", str(len(said.signature_token))
        raise SubscriptionError(
            fault(Fault.CONTROLS, expected=expected, got=got, path="signatureToken")
        )
    return said


def _number(party: str, called: str) -> str:
    """The id of a line that its party calls so: one for each of the two."""
    said = msgspec.json.encode([party, called])
    return blake2b(said, digest_size=12).hexdigest()


def _instant(text: str) -> int | None:
    return instant(text, "initialRecordTime") if text else None


def _shown(line: Line) -> dict[str, object]:
    """A subscription as the standard has it, without its token; ``stopped`` is ours."""
    wanted = wanted_of(line)
    told: dict[str, object] = {
        "subscriptionID": line.id,
        "queryName": wanted.query,
        "dest": line.about.url,
        "createdAt": instant_text(line.about.made_ms),
        "reportIfEmpty": wanted.report_if_empty,
        "stopped": line.is_stopped,
    }
    told |= {"stream": True} if wanted.schedule is None else {"schedule": wanted.schedule}
    if line.sent_ms is not None:
        told["lastNotifiedAt"] = instant_text(line.sent_ms)
    if wanted.from_ms is not None:
        told["initialRecordTime"] = instant_text(wanted.from_ms)
    return told
