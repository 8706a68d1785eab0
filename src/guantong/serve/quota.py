"""How many documents may a firm hand in? As many as it likes, until the operator says otherwise."""

from typing import Final, Protocol, runtime_checkable

import msgspec

from guantong.clock import Clock
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.serve.problems import Fault, HttpError
from guantong.serve.readers import Readers
from guantong.serve.throttle import Throttle
from guantong.store import Fact, all_facts

KIND: Final = "quota"
"""Of the facts about quotas, by the firm."""
MEDIA: Final = "application/vnd.guantong.quota+json"
MINUTE_MS: Final = 60_000
PER_MINUTE_MAX: Final = 1_000_000
LOOK_MS: Final = 1_000
"""Between two looks whether there are other quotas."""


@runtime_checkable
class Metered(Protocol):
    """A desk over an index of its own."""

    clock: Clock

    @property
    def readers(self) -> Readers:
        """The handles for reading."""


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an entry about a quota."""

    party: str
    per_minute: int
    """Documents; 0 for no bound."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(KIND, self.party, msgspec.to_builtins(self)),)

    def made(self) -> Made:
        """The entry that says it."""
        return Made.of(StatementType.SETTING, self, MEDIA)


def check_quota(quota: Quota) -> None:
    """Refuse what is no bound. Raises HttpError."""
    if not quota.party or not 0 <= quota.per_minute <= PER_MINUTE_MAX:
        expected = f"a party, and 0 to {PER_MINUTE_MAX} documents a minute"
        raise HttpError(
            fault(Fault.QUERY, expected=expected, got=quota.per_minute, path="per_minute")
        )


def parse(body: bytes) -> Quota:
    """Read the body of an entry about a quota."""
    return msgspec.json.decode(body, type=Quota)


class Quotas:
    """Those in force, and what each firm has used of its own in this front."""

    def __init__(self, clock: Clock, readers: Readers) -> None:
        """Know none yet."""
        self._clock = clock
        self._readers = readers
        self._looked_ms = -LOOK_MS
        self._size = -1
        self._bounds: dict[str, tuple[int, Throttle]] = {}

    def take(self, party: str) -> None:
        """Count a document of a firm.

        Raises:
            HttpError: if it has handed in as many as it may; it is asked to come again.
        """
        self._look()
        bound = self._bounds.get(party)
        if bound is not None:
            bound[1].take(party)

    def _look(self) -> None:
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        try:
            with self._readers.lend() as store:
                if store.projected_size == self._size:
                    return
                self._size = store.projected_size
                told = {
                    fact.key: parse(msgspec.json.encode(fact.fields))
                    for fact in all_facts(store, KIND)
                }
        except Refusal:  # what can not be read now bounds nobody less than before
            return
        self._bounds = {
            party: self._bound(party, quota.per_minute)
            for party, quota in told.items()
            if quota.per_minute
        }

    def _bound(self, party: str, per_minute: int) -> tuple[int, Throttle]:
        known = self._bounds.get(party)
        if known is not None and known[0] == per_minute:
            return known
        every_ms = max(1, MINUTE_MS // per_minute)
        return per_minute, Throttle(self._clock, burst=per_minute, every_ms=every_ms)
