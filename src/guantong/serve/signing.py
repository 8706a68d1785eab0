"""May this caller begin, replace or end a signing key, and what becomes the entry?

To begin one is for the operator, who has seen who the party is and that the key is its own. To end
one is also for the party itself: whoever has stolen an API key can silence it, but not speak
for it.
"""

from typing import Final

import msgspec

from guantong.caller import Caller, Level
from guantong.errors import fault
from guantong.ledger import LedgerError, StatementType
from guantong.ledger.faults import Fault
from guantong.serve import party_keys
from guantong.serve.job import Fault as JobFault
from guantong.serve.job import IntakeError
from guantong.serve.made import Made
from guantong.serve.party_keys import PartyKey

REQUEST_BYTES_MAX: Final = 4_096
"""Longest request about a key."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked: to begin `public`, or to end the key of id `revoke`."""

    party: str
    public: str = ""
    replaces: str = ""
    revoke: str = ""


def asked_for(data: bytes, caller: Caller) -> PartyKey:
    """What is to be entered.

    Args:
        data: The request in JSON.
        caller: Who asks.

    Returns:
        What becomes the entry.

    Raises:
        LedgerError: if the request is none, or its key is none.
        IntakeError: if the caller may not ask that.
    """
    try:
        asked = msgspec.json.decode(data, type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = "party, and public or revoke, in JSON"
        raise LedgerError(fault(Fault.PARTY_KEY, expected=expected, got=error)) from error
    if bool(asked.public) == bool(asked.revoke) or (asked.revoke and asked.replaces):
        got = "both" if asked.public else "neither"
        raise LedgerError(fault(Fault.PARTY_KEY, expected="either public or revoke", got=got))
    _check_right(asked, caller)
    if asked.revoke:
        return PartyKey(asked.revoke, asked.party)
    return party_keys.registration(asked.public, asked.party, replaces=asked.replaces)


def made_about(record: PartyKey) -> Made:
    """The entry about a key."""
    body, facts = msgspec.json.encode(record), party_keys.facts_of(record)
    return Made(StatementType.KEY, body, facts, party_keys.KEY_MEDIA, record.meta())


def _check_right(asked: Asked, caller: Caller) -> None:
    own = bool(caller.party) and caller.party == asked.party
    if caller.level is Level.OPERATOR or (own and asked.revoke):
        return
    expected = "the operator, or for a revocation the party itself"
    raise IntakeError(fault(JobFault.FORBIDDEN, expected=expected, got=caller.level.value))
