"""The life of an item as this caller may see it: steps, places and parties with their names.

The public sees what was done, when and in which province; names of trading parties are for
those who took part (and for regulators of the region).
"""

from guantong.caller import Caller, Level
from guantong.capture.model import Typed
from guantong.parties import Register
from guantong.trace import Life, Step
from guantong.verdict.model import Happened

PARTY_TYPES = ("owning_party", "possessing_party", "location")
"""Source and destination types, in the order in which they name the hand."""


def told(life: Life, caller: Caller, register: Register) -> tuple[Happened, ...]:
    """The lines of the time line.

    Args:
        life: What happened.
        caller: Who asks.
        register: For the names of places and parties.

    Returns:
        One line for each step, by event time; what the caller may not see is left empty and
        the line says so.
    """
    return tuple(_line(step, register, caller) for step in life.steps)


def _line(step: Step, register: Register, caller: Caller) -> Happened:
    event = step.stored.event
    place = event.biz_location or event.read_point
    source, target = (_hand(ends) for ends in (event.sources, event.destinations))
    shown = may_see(step, caller, register)
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
        event_id=event.id,
        entry=step.stored.entry if shown else -1,
        hidden=hidden,
        corrected=step.corrected,
    )


def _hand(ends: tuple[Typed, ...]) -> str:
    by_type = {end.type: end.value for end in ends}
    return next((by_type[word] for word in PARTY_TYPES if word in by_type), "")


def may_see(step: Step, caller: Caller, register: Register) -> bool:
    """Whether the parties of a step may be named to this caller.

    Args:
        step: What happened.
        caller: Who asks.
        register: Knows which firm is behind a place, and its region.

    Returns:
        True for those who took part, for a regulator of one of the regions it touches, and for
        the operator.
    """
    if caller.sees_all():
        return True
    event = step.stored.event
    ends = [end.value for end in (*event.sources, *event.destinations)]
    touched = [step.stored.by, *ends, event.biz_location, event.read_point]
    if caller.level is Level.REGULATOR:
        return any(register.region_of(key).startswith(caller.region) for key in touched if key)
    involved = {register.firm_of(key) for key in (step.stored.by, *ends)}
    return caller.level is Level.PARTY and register.firm_of(caller.party) in involved
