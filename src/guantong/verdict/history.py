"""The life of an item as this caller may see it: steps, places and parties with their names.

The public sees what was done, when and in which province; names of trading parties are for
those who took part (and for regulators of the region).
"""

from dataclasses import replace
from functools import partial

from guantong.caller import Caller
from guantong.capture.model import Typed
from guantong.parties import Register
from guantong.store import Store
from guantong.trace import Life, Step
from guantong.trace.sight import Sight
from guantong.verdict.model import Happened

PARTY_TYPES = ("owning_party", "possessing_party", "location")
"""Source and destination types, in the order in which they name the hand."""


SIGNED = "signed"
"""Kind of the facts about signed entries; each is linked to its `entry_key`."""
MADE = "made"
"""Member of such a fact, and of the statement: each thing made can be shown alone."""


def entry_key(index: int) -> str:
    """By what the fact of a signed entry is found when only the entry is known."""
    return f"entry {index}"


def told(store: Store, life: Life, caller: Caller, register: Register) -> tuple[Happened, ...]:
    """The lines of the time line.

    Args:
        store: Knows which entries were signed.
        life: What happened.
        caller: Who asks.
        register: For the names of places and parties.

    Returns:
        One line for each step, by event time; what the caller may not see is left empty and
        the line says so.
    """
    sight = sight_of(caller, register)
    lines = tuple(_line(life.item, step, register, sight) for step in life.steps)
    return tuple(map(partial(_vouched, store, sight), life.steps, lines))


def _vouched(store: Store, sight: Sight, step: Step, line: Happened) -> Happened:
    """The line with what its entry's signature adds."""
    if line.entry < 0 and not line.proof and not sight.is_making(step):
        return line
    found = store.facts(SIGNED, (entry_key(step.stored.entry),))
    if not found:
        return line
    alone = MADE in found[0].fields
    return replace(line, signed=line.entry >= 0 or line.proof or alone, proof=line.proof or alone)


def _line(item: str, step: Step, register: Register, sight: Sight) -> Happened:
    event = step.stored.event
    place = event.biz_location or event.read_point
    source, target = (_hand(ends) for ends in (event.sources, event.destinations))
    shown = sight.why_hidden(step.stored) is None
    hidden = "" if shown else "trade"
    return Happened(
        at_ms=step.at_ms,
        offset=event.offset,
        step=event.step,
        action=event.action.value if event.action else "",
        disposition=event.disposition,
        place=register.name_of(place) if shown else "",
        region=register.region_of(place),
        source=register.name_of(source) if shown else "",
        target=register.name_of(target) if shown else "",
        via=step.via if shown else (),
        event_id=event.id if shown else "",
        entry=step.stored.entry if shown else -1,
        hidden=hidden,
        corrected=step.corrected,
        proof=shown or sight.is_whole(item, step),
    )


def _hand(ends: tuple[Typed, ...]) -> str:
    by_type = {end.type: end.value for end in ends}
    return next((by_type[word] for word in PARTY_TYPES if word in by_type), "")


def sight_of(caller: Caller, register: Register) -> Sight:
    """What this caller may see of events, with the register's knowledge of firms and regions."""
    return Sight(caller, register.firm_of, register.region_of)
