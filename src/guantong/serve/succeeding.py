"""How is a log closed, and its successor begun? Each by an entry, in the order of all others."""

from pathlib import Path

from guantong.caller import OPERATOR
from guantong.clock import SystemClock
from guantong.errors import fault
from guantong.ledger import Fault, Ledger, LedgerError, StatementType, SystemEntropy
from guantong.ledger.checkpoint import Trust
from guantong.ledger.cosigned import latest
from guantong.ledger.fence import Role, check_role
from guantong.ledger.signer import Signer, read_key
from guantong.ledger.succession import MEDIA, closing_meta, opening_meta
from guantong.serve.copying import reading
from guantong.serve.job import Receipt
from guantong.serve.made import Made
from guantong.serve.world import LEDGER, World, open_world
from guantong.settings import Settings


def close_log(world: World, successor: str) -> Receipt:
    """Enter the last entry, and sign the log as it ends.

    Args:
        world: Open for writing.
        successor: The name of the log that follows.

    Returns:
        Where the entry stands.

    Raises:
        LedgerError: if the log was closed before, or names itself.
    """
    if not successor or successor == world.ledger.origin:
        raise LedgerError(fault(Fault.ORIGIN, expected="another log's name", got=successor))
    receipt = _enter(world, StatementType.CLOSED, b"", "text/plain", closing_meta(successor))
    Signer(world.ledger).sign()
    return receipt


def follow_lost(predecessor: Path, data: Path, successor: str, note: bytes) -> Receipt:
    """Make the installation that follows one that was lost, and of which a part is left.

    It could not be closed: its first entry names the last checkpoint that anybody has, and
    nothing in the lost log names the successor.

    Args:
        predecessor: A backup or standby, with the log's key in it.
        data: The new one's: absent or empty.
        successor: The new log's name.
        note: The last checkpoint that others hold, signed by the lost log.

    Returns:
        Where its first entry stands.

    Raises:
        LedgerError: if the lost log did not sign that, or what is left is no copy.
    """
    place = predecessor / LEDGER
    check_role(place, Role.COPY)
    with reading(predecessor) as old:
        ended, _ = Trust(read_key(place, old.origin).verifier()).open(note)
        if successor in {"", old.origin}:
            raise LedgerError(fault(Fault.ORIGIN, expected="another log's name", got=successor))
    with open_world(Settings(data=data, origin=successor), create=True) as world:
        return _enter(world, StatementType.OPENED, note, MEDIA, opening_meta(ended))


def begin_successor(predecessor: Path, data: Path) -> tuple[str, Receipt]:
    """Make the installation that follows one whose log was closed.

    Args:
        predecessor: Its directory.
        data: The new one's: absent or empty.

    Returns:
        The new log's name, and where its first entry stands.

    Raises:
        LedgerError: if the predecessor's log is open still.
    """
    place = predecessor / LEDGER
    with Ledger.open(place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True) as old:
        if not old.is_ended:
            raise LedgerError(
                fault(Fault.SUCCESSION, path="last", expected="a log that was closed", got="open")
            )
        signer = Signer(old)
        note = latest(place, signer.sign(), now_ms=0)
        ended, _ = signer.trust.open(note)
        successor = str(old.entry(old.size - 1).statement.meta["successor"])
    with open_world(Settings(data=data, origin=successor), create=True) as world:
        meta = opening_meta(ended)
        return successor, _enter(world, StatementType.OPENED, note, MEDIA, meta)


def _enter(
    world: World, typ: StatementType, body: bytes, media: str, meta: dict[str, str | int]
) -> Receipt:
    entered = world.writer().enter(Made(typ, body, (), media, meta), OPERATOR)
    receipt = entered.result()
    if not receipt.accepted:
        raise LedgerError(*receipt.faults)
    world.wait(receipt.ledger_index + 1)
    return receipt
