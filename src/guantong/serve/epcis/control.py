"""How does a client of EPCIS 1.2 ask? The query control interface in SOAP, at ``/epcis/soap``.

The queries, subscriptions and rights are those of the REST interface; only the form is another.

References:
    EPCIS 1.2, section 8.2 (query control, SimpleMasterDataQuery)
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from anyio import to_thread
from lxml.etree import _Element as Element
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import query
from guantong.caller import Caller
from guantong.capture.master_write import vocabularies_xml
from guantong.capture.spellings import as_urn
from guantong.capture.xml_write import Edition, XmlWriter, query_results
from guantong.errors import Refusal, fault
from guantong.query import Query, QueryError
from guantong.serve import asked
from guantong.serve.desk import Desk
from guantong.serve.epcis import protocol, soap
from guantong.serve.epcis.controls import Controls
from guantong.serve.epcis.events import Events, Searching
from guantong.serve.epcis.notices import lines_of, wanted_of
from guantong.serve.epcis.protocol import EpcisError
from guantong.serve.epcis.queries import EVENTS, MASTER, Queries
from guantong.serve.epcis.soap import Call, SoapError, element, local
from guantong.serve.epcis.subscriptions import (
    Controlled,
    Fault,
    SubscriptionError,
    Subscriptions,
)
from guantong.serve.outbox.box import Box
from guantong.serve.upload import Uploads

PATH: Final = "/soap"
STANDARD: Final = "1.2"
CONTROLS: Final = frozenset({"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"})
"""Parameters that say how a query is to be answered."""
BYTES_MAX: Final = soap.LIMITS.bytes_max
CALLED_MAX: Final = 120
"""Characters of what a subscriber calls its subscription."""

Parameters = dict[str, object]
Operation = Callable[["Control", Call, Caller], Awaitable[Element]]


class Control:
    """The query control interface."""

    def __init__(
        self,
        desk: Desk,
        uploads: Uploads,
        events: Events,
        queries: Queries,
        subscriptions: Subscriptions,
        box: Box,
    ) -> None:
        """Over what answers the REST interface."""
        self._desk = desk
        self._uploads = uploads
        self._events = events
        self._queries = queries
        self._subscriptions = subscriptions
        self._box = box

    def routes(self) -> list[Route]:
        """Its address, below the binding's."""
        if not isinstance(self._desk, Searching):
            return []
        return [Route(PATH, self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """Answer a question; a refusal is a SOAP fault.

        Returns:
            An envelope of the version of the question's.
        """
        space = soap.V11
        try:
            caller = asked.keyed_caller(request, self._desk)
            async with self._uploads.body(request, BYTES_MAX) as body:
                call = soap.read(body)
            space = call.space
            return call.answer(await _operation(call)(self, call, caller))
        except Refusal as refusal:
            return soap.failed(refusal.faults, space)

    async def query_names(self, call: Call, caller: Caller) -> Element:
        """The queries that the caller may ask."""
        del call
        names = (EVENTS, MASTER, *self._queries.names(caller))
        return element("GetQueryNamesResult", strings=names)

    async def standard_version(self, call: Call, caller: Caller) -> Element:
        """Which edition this is."""
        del call, caller
        return element("GetStandardVersionResult", STANDARD)

    async def vendor_version(self, call: Call, caller: Caller) -> Element:
        """Empty: there is nothing here beyond the standard."""
        del call, caller
        return element("GetVendorVersionResult")

    async def poll(self, call: Call, caller: Caller) -> Element:
        """The answer to a query, all of it."""
        name, given = call.text("queryName"), _parameters(call)
        writer = XmlWriter(Edition.V1, codes=as_urn)
        if name == MASTER:
            desk, elements = self._desk, query.Elements.parse(given)
            assert isinstance(desk, Searching)
            items = await to_thread.run_sync(desk.find_elements, elements, caller)
            return query_results(writer, vocabularies_xml(items, codes=as_urn), query=name)
        controls = {one: str(given.pop(one)) for one in CONTROLS & set(given)}
        found = await self._events.polled(
            self._wanted(name, given, caller), caller, Controls.of(controls)
        )
        listed = writer.event_list([(one.event, one.record_ms) for one in found])
        return query_results(writer, listed, query=name)

    async def subscribe(self, call: Call, caller: Caller) -> Element:
        """Begin a subscription; its answers are sent in XML of 1.2."""
        name, given = call.text("queryName"), _parameters(call)
        if name == MASTER:
            expected = "a query for events"
            raise SubscriptionError(fault(Fault.NOT_PERMITTED, expected=expected, got=name))
        wanted = self._wanted(name, given, caller)
        called = call.text("subscriptionID")
        if not 0 < len(called) <= CALLED_MAX:
            expected, path = f"1 to {CALLED_MAX} characters", "subscriptionID"
            raise SoapError(
                fault(soap.Fault.ENVELOPE, expected=expected, got=called[:CALLED_MAX], path=path)
            )
        self._subscriptions.begin(caller, name, wanted, _controlled(call), called=called)
        return element("SubscribeResult")

    async def unsubscribe(self, call: Call, caller: Caller) -> Element:
        """End a subscription, with all that waits to be sent."""
        called = call.text("subscriptionID")
        lines = lines_of(self._box, caller.party)
        line = next((one for one in lines if called in {one.id, wanted_of(one).called}), None)
        if line is None or not called:
            expected = "a subscription of your own"
            raise SubscriptionError(fault(Fault.UNKNOWN, expected=expected, got=called[:120]))
        self._box.close_line(line.id, line.party)
        return element("UnsubscribeResult")

    async def subscription_ids(self, call: Call, caller: Caller) -> Element:
        """The subscriptions of a query."""
        name = call.text("queryName")
        if name != MASTER:
            self._wanted(name, {}, caller)
        lines = lines_of(self._box, caller.party, name)
        names = [wanted_of(one).called or one.id for one in lines]
        return element("GetSubscriptionIDsResult", strings=names)

    def _wanted(self, name: str, given: Mapping[str, object], caller: Caller) -> Query:
        """The query of a name, with its parameters."""
        if name == EVENTS:
            return query.parse(given)
        named = self._queries.wanted(caller, name)
        if named is None:
            raise EpcisError(protocol.absent(name[:120]))
        if given:
            got = next(iter(given))
            expected = "no parameters: the query has its own"
            raise QueryError(fault(query.Fault.PARAMETER, expected=expected, got=got, path=got))
        return named


def _operation(call: Call) -> Operation:
    if call.operation not in OPERATIONS:
        expected = " | ".join(OPERATIONS)
        raise SoapError(fault(soap.Fault.ENVELOPE, expected=expected, got=call.operation))
    return OPERATIONS[call.operation]


def _parameters(call: Call) -> Parameters:
    """The parameters of a query by name."""
    listed = call.find("params")
    given: Parameters = {}
    for one in listed if listed is not None else ():
        name = next((part.text or "" for part in one if local(part) == "name"), "").strip()
        value = next((part for part in one if local(part) == "value"), None)
        if not name or value is None or name in given:
            expected = "params with a name, each once, and a value"
            raise QueryError(fault(query.Fault.PARAMETER, expected=expected, got=name, path=name))
        given[name] = _value(name, value)
    return given


def _value(name: str, value: Element) -> object:
    """A value, or several; an empty one of what exists says that it does."""
    if len(value):
        return [query.from_text(name, (one.text or "").strip()) for one in value]
    text = (value.text or "").strip()
    return "true" if not text and name.startswith("EXISTS_") else query.from_text(name, text)


def _controlled(call: Call) -> Controlled:
    """What is said of a subscription."""
    schedule = call.find("controls", "schedule")
    if schedule is None:
        got = "a trigger" if call.text("controls", "trigger") else "nothing"
        raise SubscriptionError(
            fault(Fault.CONTROLS, expected="a schedule", got=got, path="controls")
        )
    return Controlled(
        dest=call.text("dest"),
        schedule={local(one): (one.text or "").strip() for one in schedule},
        report_if_empty=call.text("controls", "reportIfEmpty") in {"true", "1"},
        initial_record_time=call.text("controls", "initialRecordTime"),
    )


OPERATIONS: Final[Mapping[str, Operation]] = {
    "GetQueryNames": Control.query_names,
    "Poll": Control.poll,
    "Subscribe": Control.subscribe,
    "Unsubscribe": Control.unsubscribe,
    "GetSubscriptionIDs": Control.subscription_ids,
    "GetStandardVersion": Control.standard_version,
    "GetVendorVersion": Control.vendor_version,
}
