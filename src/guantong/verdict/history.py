"""The life of an item as this caller may see it: steps, places and parties with their names.

The public sees what was done, when and in which province; names of trading parties are for
those who took part (and for regulators of the region).
"""

from guantong import parties
from guantong.caller import Caller, Level
from guantong.capture.model import Typed
from guantong.store import Store
from guantong.trace import Life, Step
from guantong.verdict.model import Happened

PARTY_TYPES = ("owning_party", "possessing_party", "location")
"""Source and destination types, in the order in which they name the hand."""


def told(
    store: Store, life: Life, caller: Caller, *, as_of: int | None = None
) -> tuple[Happened, ...]:
    """The lines of the time line.

    Args:
        store: For the names of places and parties.
        life: What happened.
        caller: Who asks.
        as_of: Ledger size, None for now.

    Returns:
        One line for each step, by event time; what the caller may not see is left empty and
        the line says so.
    """
    names = Names(store, as_of)
    return tuple(_line(step, names, caller) for step in life.steps)


class Names:
    """Names and regions of places and parties, each asked for once."""

    def __init__(self, store: Store, as_of: int | None) -> None:
        """Start with nothing asked."""
        self._store = store
        self._as_of = as_of
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, key: str) -> tuple[str, str]:
        """(name, region) of a place or party; its URI when nobody named it."""
        if not key:
            return "", ""
        if key not in self._known:
            found = parties.place(self._store, key, as_of=self._as_of) or parties.firm(
                self._store, key, as_of=self._as_of
            )
            self._known[key] = (found.name or key, found.region) if found else (key, "")
        return self._known[key]


def _line(step: Step, names: Names, caller: Caller) -> Happened:
    event = step.stored.event
    place, region = names.of(event.biz_location or event.read_point)
    source, target = (_hand(ends) for ends in (event.sources, event.destinations))
    shown = may_see(step, caller, region)
    hidden = "" if shown else "trade"
    return Happened(
        at_ms=step.at_ms,
        offset=event.offset,
        step=event.step,
        action=event.action.value if event.action else "",
        disposition=event.disposition,
        place=place if shown else "",
        region=region,
        source=names.of(source)[0] if shown else "",
        target=names.of(target)[0] if shown else "",
        via=step.via if shown else (),
        event_id=event.id,
        entry=step.stored.entry if shown else -1,
        hidden=hidden,
        corrected=step.corrected,
    )


def _hand(ends: tuple[Typed, ...]) -> str:
    by_type = {end.type: end.value for end in ends}
    return next((by_type[word] for word in PARTY_TYPES if word in by_type), "")


def may_see(step: Step, caller: Caller, region: str) -> bool:
    """Whether the parties of a step may be named to this caller."""
    if caller.sees_all():
        return True
    if caller.level is Level.REGULATOR:
        return bool(region) and region.startswith(caller.region)
    event = step.stored.event
    involved = {step.stored.by, *(end.value for end in (*event.sources, *event.destinations))}
    return caller.level is Level.PARTY and caller.party in involved
