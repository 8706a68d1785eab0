"""How does a client want its answer: how much at once, in which order, and from where on?

References:
    EPCIS 2.0, section 12 (REST bindings)
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, Self

import msgspec

from guantong import query
from guantong.caller import Caller
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.query import Query, QueryError
from guantong.store.door import Stored

PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 1_000
"""Events on one page: when not told, and at most."""
COUNT_MAX: Final = 20_000
"""How far the events of a query are counted, or put into another order than that of their receipt."""
NAMES: Final = frozenset(
    {"perPage", "nextPageToken", "maxEventCount"}
    | {"orderBy", "orderDirection", "eventCountLimit", "includeMasterData"}
)
ORDERS: Final = "eventTime | recordTime | the whole name of an extension"
DIRECTIONS: Final = ("ASC", "DESC")
TRUTH: Final = ("true", "false")


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins, and for whom."""

    first: int
    """Record time; -1 in an order of its own."""
    number: int
    """Of the event; in an order of its own how many came before."""
    size: int
    """The ledger size the first page rests on."""
    bound: bytes
    """To the query, the order and the caller."""
    within: int = 0
    """Of the event's values, how many came before."""

    def text(self) -> str:
        """As it stands in an address."""
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).rstrip(b"=").decode()


class Controls(msgspec.Struct, frozen=True):
    """All of it, read."""

    per_page: int
    order: str
    """As `guantong.query.order_of` spells it, "" for that of the receipt."""
    descending: bool
    limit: int | None
    """``eventCountLimit``: the first so many in that order are the whole answer."""
    most: int | None
    """``maxEventCount``: with more there is no answer."""
    token: str | None
    with_master: bool
    """``includeMasterData``: whether the answer tells of places, products and parties, too."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Read what was given of `NAMES`.

        Returns:
            What the client wants.

        Raises:
            QueryError: if a value is none, or two do not go together.
        """
        order = query.order_of(given.get("orderBy", ""))
        if "orderBy" in given and not order:
            raise QueryError(_wrong("orderBy", ORDERS, given["orderBy"]))
        limit, most = (_number(given, name) for name in ("eventCountLimit", "maxEventCount"))
        for name in ("eventCountLimit", "orderDirection"):
            if name in given and not order:
                raise QueryError(_wrong(name, "orderBy beside it", "none"))
        if limit is not None and most is not None:
            raise QueryError(_wrong("maxEventCount", "no eventCountLimit beside it", "both"))
        return cls(
            min(_number(given, "perPage") or PER_PAGE, PER_PAGE_MAX),
            order,
            _one_of(given, "orderDirection", DIRECTIONS) != DIRECTIONS[0],
            limit,
            most,
            given.get("nextPageToken"),
            _one_of(given, "includeMasterData", TRUTH) == TRUTH[0],
        )

    def bound(self, wanted: Query, caller: Caller) -> bytes:
        """What a token is good for: one query of one caller in one order."""
        order = [self.order, self.descending, self.limit]
        who = [caller.party, caller.level, caller.region]
        return blake2b(msgspec.json.encode([wanted, order, who]), digest_size=12).digest()

    def begin(self, bound: bytes) -> Token | None:
        """Where the page begins that is asked for.

        Returns:
            None for the first page.

        Raises:
            QueryError: if the token was given for something else, or by nobody.
        """
        if self.token is None:
            return None
        try:
            data = base64.urlsafe_b64decode(self.token.encode() + b"=" * (-len(self.token) % 4))
            token = msgspec.msgpack.decode(data, type=Token)
        except (msgspec.MsgspecError, binascii.Error, ValueError):
            token = None
        if token is None or token.bound != bound or token.size < 0 or token.number < 0:
            expected = "a token of this query, for the caller who got it"
            raise QueryError(_wrong("nextPageToken", expected, self.token[:120]))
        return token

    def ordered(self, events: Sequence[Stored]) -> list[Stored]:
        """Events in the order that is asked for, as many as there may be."""
        return query.in_order(events, self.order, descending=self.descending)[: self.limit]


def _one_of(given: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    value = given.get(name, "")
    if name in given and value not in words:
        raise QueryError(_wrong(name, " | ".join(words), value))
    return value


def _number(given: Mapping[str, str], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and 0 < len(value) < 10 and int(value)):
        raise QueryError(_wrong(name, "a number from 1 on", value))
    return int(value)


def _wrong(name: str, expected: str, got: str) -> Found:
    return fault(query.Fault.VALUE, expected=expected, got=got, path=name)
