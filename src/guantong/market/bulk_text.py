"""How are millions of events written down fast, always in the same way?

Texts of firms and products are rendered once; an event is a few of them with a number or two
between. Ids look random, as those of real software do, and come from SHAKE-128.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from typing import Final

from guantong.identify.check_digits import check_digit
from guantong.market.codes import LINK
from guantong.market.desk import Filing
from guantong.market.hours import DAY, MINUTE, OFFSET, day_text, midnight, stamp

OBJECT: Final = '{"type":"ObjectEvent","eventID":"urn:uuid:'
AGGREGATION: Final = '{"type":"AggregationEvent","eventID":"urn:uuid:'
ASSOCIATION: Final = '{"type":"AssociationEvent","eventID":"urn:uuid:'
TRANSFORMATION: Final = '{"type":"TransformationEvent","eventID":"urn:uuid:'
"""How events of a type begin, up to their id."""

_AFTER_ID: Final = '","eventTime":"'
_AFTER_TIME: Final = f'","eventTimeZoneOffset":"{OFFSET}",'
_HEAD: Final = (
    '{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",'
    '{"cbvmda":"urn:epcglobal:cbv:mda:"}],"type":"EPCISDocument","schemaVersion":"2.0",'
    '"creationDate":"%s","epcisBody":{"eventList":[\n'
)
_TAIL: Final = "\n]}}"
_BLOCK: Final = 1000
_SECONDS: Final = tuple(f"{ms // 1000:02d}.{ms % 1000:03d}{OFFSET}" for ms in range(0, MINUTE, 10))
"""What follows the minute in an instant, by hundredths of a second."""
_MINUTES: Final = tuple(f"T{one // 60:02d}:{one % 60:02d}:" for one in range(24 * 60))
"""Between day and second."""


def event_ids(seed: int) -> Iterator[str]:
    """The ids of a market's events, without ``urn:uuid:``; they never end.

    Yields:
        UUIDs of version 4.

    References:
        RFC 9562, section 5.4
    """
    block = 0
    while True:
        name = f"guantong.market/bulk/{seed}/{block}".encode()
        text = hashlib.shake_128(name).hexdigest(16 * _BLOCK)
        for at in range(0, 32 * _BLOCK, 32):
            yield (
                f"{text[at : at + 8]}-{text[at + 8 : at + 12]}-4{text[at + 13 : at + 16]}"
                f"-9{text[at + 17 : at + 20]}-{text[at + 20 : at + 32]}"
            )
        block += 1


class Clock:
    """The time of the market: every event is a little later than the one before."""

    __slots__ = ("_day", "_in_day", "_step_ms", "at_ms")

    def __init__(self, at_ms: int, step_ms: int) -> None:
        self.at_ms = at_ms
        self._step_ms = max(10, step_ms // 10 * 10)
        self._in_day = DAY
        self._day = ""

    def tick(self) -> str:
        """The next instant as ISO 8601."""
        self.at_ms += self._step_ms
        self._in_day += self._step_ms
        if self._in_day >= DAY:
            self._day = day_text(self.at_ms)
            self._in_day = self.at_ms - midnight(dt.date.fromisoformat(self._day))
        minutes, ms = divmod(self._in_day, MINUTE)
        return self._day + _MINUTES[minutes] + _SECONDS[ms // 10]


class Pen:
    """Writes the documents of one submitter, in order."""

    def __init__(
        self, by: str, ids: Iterator[str], clock: Clock, size: int, done: list[Filing]
    ) -> None:
        """Write for `by`; finished documents of `size` events go to `done`."""
        self.by = by
        self._ids = ids
        self._clock = clock
        self._size = size
        self._done = done
        self._open: list[str] = []
        self._alone: list[str] = []
        self._count = 0

    def write(self, head: str, body: str) -> str:
        """One event that happens now, not yet told: its text."""
        return f"{head}{next(self._ids)}{_AFTER_ID}{self._clock.tick()}{_AFTER_TIME}{body}}}"

    def put(self, head: str, body: str) -> None:
        """One event that happens and is told now."""
        self.tell(f"{head}{next(self._ids)}{_AFTER_ID}{self._clock.tick()}{_AFTER_TIME}{body}}}")

    def fresh_id(self) -> str:
        """The id of the next event, for one that is written by others."""
        return next(self._ids)

    def now(self) -> str:
        """The next instant."""
        return self._clock.tick()

    def tell(self, event: str) -> None:
        """Put an event into the document that is open."""
        self._open.append(event)
        if len(self._open) >= self._size:
            self.close()

    def tell_alone(self, event: str) -> None:
        """File an event as a document of its own, once what is waiting has been filed."""
        self._alone.append(event)

    def close(self) -> None:
        """File what waits."""
        if self._open:
            self._file(self._open)
            self._open = []
        for event in self._alone:
            self._file([event])
        self._alone.clear()

    def _file(self, events: list[str]) -> None:
        self._count += 1
        name = f"bulk-{self._count:06d}.jsonld"
        at_ms = self._clock.at_ms
        text = "".join((_HEAD % stamp(at_ms), ",\n".join(events), _TAIL))
        body = text.encode("ascii")
        filed = Filing(name, "application/ld+json", self.by, at_ms, body, len(events))
        self._done.append(filed)


def withdrawn(event: str, declared: str, reason: str, *corrected_by: str) -> str:
    """The same event, declared wrong.

    Args:
        event: As it was told.
        declared: When it was found out.
        reason: Bare CBV word.
        corrected_by: The events that hold instead.

    Returns:
        The declaration.

    References:
        EPCIS 2.0, section 7.4.1.2 (error declaration)
    """
    ids = ",".join(f'"urn:uuid:{id_of(one)}"' for one in corrected_by)
    said = (
        f'"errorDeclaration":{{"declarationTime":"{declared}","reason":"{reason}",'
        f'"correctiveEventIDs":[{ids}]}},'
    )
    head, _, rest = event.partition(_AFTER_TIME)
    return f"{head}{_AFTER_TIME}{said}{rest}"


def corrected(event: str, fresh_id: str, wrong: str, right: str) -> str:
    """The same event under another id, with one text put right."""
    return event.replace(id_of(event), fresh_id, 1).replace(wrong, right)


def unnamed(event: str) -> str:
    """The same event without an id."""
    at = event.index('"eventID"')
    return event[:at] + event[event.index('"eventTime"') :]


def id_of(event: str) -> str:
    """The id of an event, without ``urn:uuid:``."""
    at = event.index("urn:uuid:") + 9
    return event[at : at + 36]


# --- numbers ----------------------------------------------------------------------------

Serial = Callable[[int], str]
"""The serial shown for the n-th thing of a class."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_MASK: Final = (1 << 40) - 1


def _scattered(number: int) -> int:
    """A one-to-one map of 40-bit numbers that keeps no neighbours together."""
    mixed = (number * 0x9E3779B97F + 0x51ED2701) & _MASK
    mixed ^= mixed >> 19
    return (mixed * 0xD6E8FEB865) & _MASK


def letters(number: int) -> str:
    """A foreign serial of eight digits and letters."""
    mixed = _scattered(number)
    pairs = _PAIRS
    high, low = mixed >> 20, mixed & 0xFFFFF
    return pairs[high >> 10] + pairs[high & 1023] + pairs[low >> 10] + pairs[low & 1023]


def sparse(number: int) -> str:
    """A foreign serial of 13 decimal digits, few of them used."""
    return str(1_000_000_000_000 + _scattered(number))


def crates(prefix: str, first: int, count: int, *, links: bool) -> list[str]:
    """Logistic units of a firm with consecutive references."""
    width = 17 - len(prefix)
    inner = [f"{reference:0{width}d}" for reference in range(first, first + count)]
    if not links:
        return [f"urn:epc:id:sscc:{prefix}.{one}" for one in inner]
    bodies = [f"{one[0]}{prefix}{one[1:]}" for one in inner]
    return [f"{LINK}/00/{body}{check_digit(body)}" for body in bodies]
