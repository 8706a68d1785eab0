"""Which parties does a step name, and what does it do to custody?"""

from dataclasses import dataclass

from guantong.capture.model import Action, EventType, Typed
from guantong.store.door import Role
from guantong.trace.effect import Effect, effect_of
from guantong.trace.model import FirmOf, Step

_PREFERRED = ("possessing_party", "owning_party", "")
"""Which kind of party tells who has it; who owns it comes second."""

_CONTAINER_ONLY = (Effect.BIRTH, Effect.MARK, Effect.RETIRE)
"""What happens to a container and not to its content."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a move: a party and a place, either may be ""."""

    party: str
    place: str


def end_of(named: tuple[Typed, ...], firm_of: FirmOf) -> End:
    """The party and place in a source or destination list.

    Returns:
        The possessing party, else the owning party, else the firm of the location (or the
        location itself when its firm is unknown).
    """
    by_type = {typed.type: typed.value for typed in reversed(named)}
    place = by_type.get("location", "")
    party = next((by_type[kind] for kind in _PREFERRED if by_type.get(kind)), "")
    return End(party or (firm_of(place) if place else ""), place)


def giver_of(step: Step, firm_of: FirmOf) -> End:
    """Who gives, as far as the step says."""
    return end_of(step.stored.event.sources, firm_of)


def taker_of(step: Step, firm_of: FirmOf) -> End:
    """Who takes, as far as the step says."""
    return end_of(step.stored.event.destinations, firm_of)


def place_of(step: Step) -> str:
    """Where the item is after the step, else where it was seen; "" when it does not say."""
    return step.stored.event.biz_location or step.stored.event.read_point


def effect_on(step: Step) -> Effect:
    """What a step does to the item whose life it is in."""
    effect = effect_of(step.stored, step.role)
    if not step.via:
        return effect
    event = step.stored.event
    emptied = step.role is Role.PARENT and event.action is Action.DELETE
    if emptied and event.type is EventType.ASSOCIATION and len(step.via) == 1:
        return Effect.UNFIT
    return Effect.OBSERVE if effect in _CONTAINER_ONLY else effect
