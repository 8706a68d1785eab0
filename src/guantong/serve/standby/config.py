"""Which standby does a writer have, and is it alone?

``standby.json`` in the ledger's directory names the standby, so that every command that writes
obeys it, not the server alone. ``standby.state`` is for those who watch: what the writer noted
when it lost the standby, and when it had it again.
"""

from pathlib import Path
from typing import Final

import msgspec

from guantong.errors import fault
from guantong.ledger import Disk, Fault, LedgerError
from guantong.ledger.disk import write_file
from guantong.ledger.fence import CONFIGURED, read_fence

STATE: Final = "standby.state"
SECONDS: Final = 5.0
"""How long the standby is waited for, unless it is said otherwise."""


class Config(msgspec.Struct, frozen=True):
    """The standby of a writer."""

    address: str
    key: str
    """File with the shared key."""
    seconds: float = SECONDS
    """How long an answer is waited for."""
    alone: bool = False
    """Go on without it, rather than take nothing."""


class State(msgspec.Struct, frozen=True):
    """What the writer noted last."""

    held: int = 0
    """Entries that the standby had, when it was lost or had all."""
    alone_since_ms: int = 0
    """Since when it does not answer; 0 while it does."""


class Seen(msgspec.Struct, frozen=True):
    """What is to be watched."""

    configured: bool
    alone: bool
    lag: int
    """Entries that the standby does not have."""
    epoch: int
    role: str


def read_config(ledger: Path) -> Config | None:
    """The standby of a writer.

    Returns:
        None when it has none.

    Raises:
        LedgerError: if the file can not be read.
    """
    try:
        return msgspec.json.decode((ledger / CONFIGURED).read_bytes(), type=Config)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise LedgerError(
            fault(Fault.DAMAGED, path=CONFIGURED, expected="JSON", got=error)
        ) from error


def write_config(ledger: Path, config: Config | None) -> None:
    """Say which standby a writer has, durable when this returns; None: it has none."""
    disk = Disk()
    if config is None:
        disk.remove(ledger / CONFIGURED)
        disk.remove(ledger / STATE)
        disk.sync_directory(ledger)
    else:
        write_file(disk, ledger / CONFIGURED, [msgspec.json.encode(config)])


def note(ledger: Path, state: State) -> None:
    """Tell those who watch."""
    draft = ledger / f"{STATE}.draft"
    draft.write_bytes(msgspec.json.encode(state))
    draft.replace(ledger / STATE)


def look(ledger: Path, size: int) -> Seen:
    """What is to be watched of a ledger of `size` entries."""
    fence, configured = read_fence(ledger), (ledger / CONFIGURED).exists()
    try:
        state = msgspec.json.decode((ledger / STATE).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        state = State()
    alone = configured and state.alone_since_ms > 0
    lag = max(0, size - state.held) if alone else 0
    return Seen(configured, alone, lag, fence.epoch, fence.role.value)
