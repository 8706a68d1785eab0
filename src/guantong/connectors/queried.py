"""What does a page of a query say, and where is the next?

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import re
from collections.abc import Collection
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import msgspec

from guantong.capture.json_write import CONTEXT
from guantong.connectors.partner import ConnectorError, Fault
from guantong.errors import fault

PER_PAGE: Final = 500
_NEXT: Final = re.compile(r'<([^<>]*)>\s*;[^,]*rel="?next"?')


class Page(NamedTuple):
    """Some events of a partner."""

    events: tuple[dict[str, Any], ...]
    """As they came."""
    context: object
    created: str
    reached: str
    """The latest record time among them, "" when none says."""
    next: str
    """Address of the next page, "" for the last."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the events that have one."""
        return tuple(str(one["eventID"]) for one in self.events if one.get("eventID"))

    def document(self, known: Collection[str]) -> bytes:
        """A capture document of the events that are not known; b"" when all are."""
        new = [one for one in self.events if str(one.get("eventID") or "") not in known]
        if not new:
            return b""
        kept = [{key: value for key, value in one.items() if key != "recordTime"} for one in new]
        told = {
            "@context": self.context,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": self.created or max(str(one.get("eventTime")) for one in kept),
            "epcisBody": {"eventList": kept},
        }
        return msgspec.json.encode(told)


def address_after(url: str, reached: str) -> str:
    """The address of the events that were recorded at a time or later, oldest first.

    Args:
        url: Of the partner's events; what it holds in its query is asked, too.
        reached: The latest record time that was seen, "" at first.

    Returns:
        The address.
    """
    parts = urlsplit(url)
    own = [pair for pair in parse_qsl(parts.query) if pair[0] != "GE_recordTime"]
    asked = {"orderBy": "recordTime", "orderDirection": "ASC", "perPage": str(PER_PAGE)}
    asked |= {"GE_recordTime": reached} if reached else {}
    query = urlencode([*own, *asked.items()], quote_via=quote)
    return parts._replace(query=query, fragment="").geturl()


def page_of(url: str, body: bytes, link: str) -> Page:
    """Read an answer.

    Args:
        url: Which address was asked.
        body: A query document in JSON.
        link: Its ``Link`` header.

    Returns:
        The page.

    Raises:
        ConnectorError: if it is no query document, or leads to another host.
    """
    try:
        told = msgspec.json.decode(body)
        events = told["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        is_list = isinstance(events, list) and all(isinstance(one, dict) for one in events)
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ConnectorError(
            fault(Fault.ANSWER, expected="an EPCISQueryDocument", got=error, path=url)
        ) from error
    if not is_list:
        raise ConnectorError(fault(Fault.ANSWER, expected="a list of events", got="none", path=url))
    times = [str(one.get("recordTime") or "") for one in events]
    context, created = told.get("@context") or [CONTEXT], str(told.get("creationDate") or "")
    return Page(tuple(events), context, created, max(times, default=""), _next(url, link))


def _next(url: str, link: str) -> str:
    found = _NEXT.search(link)
    if found is None:
        return ""
    there = urljoin(url, found[1])
    if urlsplit(there)[:2] != urlsplit(url)[:2]:
        expected = "a next page of the same host"
        raise ConnectorError(fault(Fault.ANSWER, expected=expected, got=there[:200], path=url))
    return str(there)
