"""What does an event do to the item that takes part in it?

One table for custody, containment and gaps, so that they never disagree about what a
business step means.
"""

from enum import StrEnum

from guantong.capture.model import Action, EventType
from guantong.store.door import Role, Stored


class Effect(StrEnum):
    """What happens to an item."""

    BIRTH = "birth"
    """It comes into being, or into the records."""
    SEND = "send"
    CARRY = "carry"
    """On its way, between sending and receiving."""
    UNSEND = "unsend"
    """The sending is called off."""
    RECEIVE = "receive"
    SELL = "sell"
    """To a consumer."""
    CONSUME = "consume"
    FIT = "fit"
    UNFIT = "unfit"
    SCRAP = "scrap"
    RETIRE = "retire"
    """The code is taken out of use; the thing may live on under another."""
    LOSE = "lose"
    """Stolen."""
    TAKE_BACK = "take_back"
    """Returned, without a step that says how."""
    MARK = "mark"
    """The code is printed or written, before the thing is made."""
    OBSERVE = "observe"
    """Somebody saw it or worked on it."""


ENDS = frozenset({Effect.CONSUME, Effect.SCRAP, Effect.RETIRE})
"""After one of these nothing should happen to an item."""

LEAVES = frozenset({Effect.SELL, *ENDS})
"""What an item can only do once it has left its packing."""

_BY_STEP = {
    "commissioning": Effect.BIRTH,
    "creating_class_instance": Effect.BIRTH,
    "encoding": Effect.MARK,
    "shipping": Effect.SEND,
    "consigning": Effect.SEND,
    "departing": Effect.SEND,
    "void_shipping": Effect.UNSEND,
    "transporting": Effect.CARRY,
    "loading": Effect.CARRY,
    "arriving": Effect.CARRY,
    "unloading": Effect.CARRY,
    "receiving": Effect.RECEIVE,
    "accepting": Effect.RECEIVE,
    "retail_selling": Effect.SELL,
    "dispensing": Effect.SELL,
    "installing": Effect.FIT,
    "removing": Effect.UNFIT,
    "destroying": Effect.SCRAP,
    "decommissioning": Effect.RETIRE,
}
"""References: CBV 2.0, section 7.1."""

_BY_DISPOSITION = {
    "in_transit": Effect.CARRY,
    "retail_sold": Effect.SELL,
    "dispensed": Effect.SELL,
    "destroyed": Effect.SCRAP,
    "disposed": Effect.SCRAP,
    "inactive": Effect.RETIRE,
    "stolen": Effect.LOSE,
    "returned": Effect.TAKE_BACK,
}
"""What a disposition tells when the step tells nothing. References: CBV 2.0, section 7.2."""

_RELATIONS = (EventType.AGGREGATION, EventType.ASSOCIATION)


def effect_of(stored: Stored, role: Role) -> Effect:
    """What an event does to an item in this role."""
    event = stored.event
    return effect_by(event.type, event.action, event.step, event.disposition, role)


def effect_by(
    event_type: EventType, action: Action | None, step: str, disposition: str, role: Role
) -> Effect:
    """The same, of the members of an event that bear on it."""
    if role in (Role.INPUT, Role.OUTPUT):
        return Effect.CONSUME if role is Role.INPUT else Effect.BIRTH
    fitted = event_type is EventType.ASSOCIATION and action is not Action.OBSERVE
    if fitted and role is Role.CHILD:
        return Effect.FIT if action is Action.ADD else Effect.UNFIT
    if event_type in _RELATIONS:
        return _of_relation(step)
    return _of_objects(event_type, action, step, disposition)


def _of_relation(step: str) -> Effect:
    """Packing makes and ends nothing, whatever its step and action say."""
    effect = _BY_STEP.get(step, Effect.OBSERVE)
    made = (Effect.BIRTH, Effect.RETIRE, Effect.FIT, Effect.UNFIT, Effect.MARK)
    return Effect.OBSERVE if effect in made else effect


def _of_objects(
    event_type: EventType, action: Action | None, step: str, disposition: str
) -> Effect:
    """The step decides; then the action, then the disposition."""
    effect = _BY_STEP.get(step)
    if effect is not None:
        return effect
    if event_type is EventType.OBJECT and action is Action.ADD:
        return Effect.BIRTH
    told = _BY_DISPOSITION.get(disposition)
    if told is not None:
        return told
    ended = event_type is EventType.OBJECT and action is Action.DELETE
    return Effect.RETIRE if ended else Effect.OBSERVE
