"""Is there an order against this item, its lot, its class, or something built into it?

An order on a range of serials is one fact that is also found by what its items begin with: however
many they are, a look at one of them reads the orders on ranges of its class and no more.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from guantong.capture.serials import WHOLE, SerialRange, split
from guantong.store import Fact, Store

MEDIA: Final = "application/vnd.guantong.holds+json"
"""Of an entry about several stops."""
DRILL: Final = "drill"
"""A kind of stop that stops nothing: a recall is practised."""


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stop on an item, lot or class, or its end. The body of a ``hold`` entry."""

    target: str
    """Canonical URI of the item, lot or class, or a range as `SerialRange` writes it."""
    kind: str
    """``recalled``, ``on_hold``, ``drill`` or ``lifted``."""
    reason_zh: str = ""
    reason_en: str = ""
    rule: str = ""
    """Key of the rule it rests on."""


def facts_of(hold: Hold) -> tuple[Fact, ...]:
    """The fact a hold entry leaves in the store."""
    serials = SerialRange.parse(hold.target)
    links = (serials.head,) if serials is not None else ()
    return (Fact("hold", hold.target, msgspec.to_builtins(hold), links=links),)


def standing_holds(store: Store, targets: Iterable[str], *, as_of: int | None = None) -> list[Hold]:
    """The holds in force on any of `targets`: of each target and rule the last word counts."""
    # Two recalls may stop one thing, and each is lifted by itself; a lift without a rule ends all.
    standing: dict[tuple[str, str], Hold] = {}
    wanted = set(targets)
    for fact in store.facts("hold", sorted(wanted | _heads(wanted)), as_of=as_of):
        hold = msgspec.convert(fact.fields, Hold)
        if hold.kind != "lifted":
            standing[hold.target, hold.rule] = hold
        elif hold.rule:
            standing.pop((hold.target, hold.rule), None)
        else:
            standing = {key: one for key, one in standing.items() if key[0] != hold.target}
    return [hold for hold in standing.values() if is_about(hold.target, wanted)]


def is_about(target: str, things: Collection[str]) -> bool:
    """Whether what an order is on is one of some things, or a range that holds one."""
    serials = SerialRange.parse(target)
    return target in things if serials is None else any(map(serials.holds, things))


def _heads(things: Iterable[str]) -> set[str]:
    return {head for head, width, _ in map(split, things) if width != WHOLE}


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
