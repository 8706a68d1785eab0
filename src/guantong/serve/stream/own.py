"""By what does an installation know its own submissions in the stream?"""

from typing import NamedTuple

from guantong.clock import SystemClock
from guantong.ledger import Ledger, SystemEntropy
from guantong.serve.stream.envelope import key_of
from guantong.serve.stream.place import Place
from guantong.serve.world import LEDGER
from guantong.settings import Settings


class Own(NamedTuple):
    """What follows from its ledger."""

    place: Place
    """Its names in NATS."""
    key: bytes
    """Of the codes."""


def own(settings: Settings) -> Own:
    """What follows from the ledger of an installation, which may be open elsewhere."""
    place = settings.data / LEDGER
    with Ledger.open(place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True) as ledger:
        return own_of(ledger)


def own_of(ledger: Ledger) -> Own:
    """What follows from a ledger."""
    return Own(Place.of(ledger.origin), key_of(ledger.digest_key()))
