"""Which entry shows offline what a scan has told, and may this caller have it?

The making of the item, where the caller may have it; else the first event that it may have.
An event goes out as it was sent, so that everything in it is shown: never to whom a part of it
is hidden. A maker who signs may let each thing made be shown alone; that is for everybody.
"""

from enum import StrEnum
from typing import Final

from guantong import identify, trace, verdict
from guantong.caller import Caller
from guantong.errors import Refusal, fault
from guantong.ledger import Ledger
from guantong.ledger.disclosure import Bundle
from guantong.parties import Register
from guantong.serve.bundles import make_bundle
from guantong.store import Store
from guantong.trace import Step
from guantong.verdict.history import MADE, sight_of

_MADE: Final = "commissioning"


class Fault(StrEnum):
    """Why there is no bundle. Part of the public API: never renamed."""

    NO_BUNDLE = "serve.no_bundle"
    """Nothing is known of this code that could be shown offline."""
    BUNDLE_HIDDEN = "serve.bundle_hidden"
    """What is known of it also tells what this caller may not see."""


class BundleError(Refusal):
    """There is no bundle for this caller."""


def of_code(
    ledger: Ledger, store: Store, text: str, caller: Caller, note: bytes, *, event: str, now_ms: int
) -> Bundle:
    """The bundle about a scanned text.

    Args:
        ledger: Where the events came in.
        store: What is known.
        text: What was scanned.
        caller: Who asks.
        note: A checkpoint of the ledger.
        event: The id of the event to show; "" for the one that tells most.
        now_ms: The present.

    Returns:
        The bundle, with one event.

    Raises:
        BundleError: if there is none, or none for this caller.
    """
    readings = identify.read(text)
    if not readings:
        raise BundleError(fault(Fault.NO_BUNDLE, expected="an identifier", got=text))
    item = verdict.best_known(store, readings).value.uri
    steps = [step for step in trace.life(store, item, now_ms=now_ms).steps if not step.via]
    asked = [step for step in steps if not event or step.stored.event.id == event]
    if not asked:
        raise BundleError(fault(Fault.NO_BUNDLE, expected="an event about it", got=event or text))
    sight = sight_of(caller, Register(store))
    whole = [step for step in asked if sight.is_whole(item, step)]
    if whole:
        stored = min(whole, key=_tells).stored
        return make_bundle(ledger, store, stored.entry, note, event=stored.position)
    for step in asked:
        if sight.is_making(step) and MADE in ledger.entry(step.stored.entry).statement.meta:
            at = step.stored
            return make_bundle(ledger, store, at.entry, note, event=at.position, made=item)
    expected = "an event that you may see whole, or a making that its maker shows alone"
    raise BundleError(fault(Fault.BUNDLE_HIDDEN, expected=expected, got=sight.why.value))


def of_entry(ledger: Ledger, store: Store, entry: int, caller: Caller, note: bytes) -> Bundle:
    """The bundle of an entry that can be handed over whole.

    Args:
        ledger: Where it stands.
        store: What is known.
        entry: Ledger index.
        caller: Who asks.
        note: A checkpoint of the ledger.

    Returns:
        The bundle, with the body.

    Raises:
        BundleError: if there is none, or it is another's.
    """
    if entry >= ledger.size:
        ledger.refresh()
    said = ledger.entry(entry).statement if entry < ledger.size else None
    if said is None or said.n or not said.root:
        expected = "an entry that is handed over whole"
        raise BundleError(fault(Fault.NO_BUNDLE, expected=expected, got=entry))
    if not caller.sees_all() and (not caller.party or caller.party != said.by):
        expected, got = "an entry of your own", caller.level.value
        raise BundleError(fault(Fault.BUNDLE_HIDDEN, expected=expected, got=got))
    return make_bundle(ledger, store, entry, note, event=0)


def _tells(step: Step) -> bool:
    """False sorts first: the making, and what nobody has withdrawn."""
    return step.corrected or step.stored.event.step != _MADE
