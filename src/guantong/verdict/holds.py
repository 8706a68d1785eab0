"""Is there an order against this item, its lot, its class, or something built into it?"""

from collections.abc import Iterable
from typing import Final

import msgspec

from guantong.store import Fact, Store

MEDIA: Final = "application/vnd.guantong.holds+json"
"""Of an entry about several stops."""
DRILL: Final = "drill"
"""A kind of stop that stops nothing: a recall is practised."""


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stop on an item, lot or class, or its end. The body of a ``hold`` entry."""

    target: str
    """Canonical URI of the item, lot or class."""
    kind: str
    """``recalled``, ``on_hold``, ``drill`` or ``lifted``."""
    reason_zh: str = ""
    reason_en: str = ""
    rule: str = ""
    """Key of the rule it rests on."""


def facts_of(hold: Hold) -> tuple[Fact, ...]:
    """The fact a hold entry leaves in the store."""
    return (Fact("hold", hold.target, msgspec.to_builtins(hold)),)


def standing_holds(store: Store, targets: Iterable[str], *, as_of: int | None = None) -> list[Hold]:
    """The holds in force on any of `targets`: of each target the last word counts."""
    last: dict[str, Hold] = {}
    for fact in store.facts("hold", sorted(set(targets)), as_of=as_of):
        last[fact.key] = msgspec.convert(fact.fields, Hold)
    return [hold for hold in last.values() if hold.kind != "lifted"]


class Holds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The same stop on several targets at once. The body of a ``hold`` entry."""

    targets: tuple[str, ...]
    kind: str
    reason_zh: str = ""
    reason_en: str = ""
    rule: str = ""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store: as if each were ordered by itself."""
        said = (self.kind, self.reason_zh, self.reason_en, self.rule)
        return tuple(fact for one in self.targets for fact in facts_of(Hold(one, *said)))


def parse_holds(body: bytes) -> Holds:
    """Read the body of an entry about several stops."""
    return msgspec.json.decode(body, type=Holds)
