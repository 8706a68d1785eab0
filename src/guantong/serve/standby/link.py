"""How does the writer keep its standby up to date, and what when that does not answer?

Before anything of the ledger is shown, the standby has what is durable here (`Link.meet`); each
group is there before it is acknowledged (`Link.carry`). When no answer comes in time, the writer
takes nothing more, unless its operator said that it may go on alone; then it tells so, asks
again every few seconds, and brings the standby up to date before it counts on it again.
"""

import time
from pathlib import Path
from typing import Final

from guantong.clock import Clock
from guantong.errors import fault
from guantong.ledger import Disk, Fault, Ledger, LedgerError
from guantong.ledger.fence import Fence, Role, fenced, read_fence, write_fence
from guantong.ledger.pieces import Piece
from guantong.ledger.signer import last_checkpoint
from guantong.serve.standby import told
from guantong.serve.standby.address import connected
from guantong.serve.standby.channel import Channel
from guantong.serve.standby.config import Config, State, note, read_config
from guantong.serve.standby.secret import read_secret

AGAIN_SECONDS: Final = 2.0
"""Between two tries of a writer that is alone."""
CATCHING_SECONDS: Final = 0.5
"""How long a group waits while a standby that came back is brought up to date."""


class Link:
    """The standby, as the writer sees it."""

    def __init__(self, directory: Path, config: Config, clock: Clock) -> None:
        self._directory, self._config, self._clock = directory, config, clock
        self._secret = read_secret(Path(config.key))
        self._channel: Channel | None = None
        self._ledger: Ledger | None = None
        self._held = 0
        self._since_ms: int | None = None
        self._note = b""
        self._due = 0.0

    def meet(self, ledger: Ledger) -> None:
        """Bring the standby up to what is durable here.

        Raises:
            LedgerError: if it does not answer, has another log or more of this one, or was
                made the writer itself.
        """
        self._ledger = ledger
        self._try(None)

    def carry(self, piece: Piece) -> None:
        """Make a group durable there.

        Raises:
            LedgerError: as `meet`.
        """
        if self._channel is not None or time.monotonic() >= self._due:
            self._try(piece)

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def _try(self, piece: Piece | None) -> None:
        """Bring over what is missing and this piece, or go on alone if that is allowed."""
        try:
            if self._channel is None:
                self._join()
            if self._catch_up(None if piece is None else CATCHING_SECONDS) and piece is not None:
                self._send(piece)
        except (OSError, EOFError) as error:
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        self.close()
        if not self._config.alone:
            expected, got = f"an answer of {self._config.address}", repr(error)
            raise LedgerError(fault(Fault.STANDBY, expected=expected, got=got)) from error
        self._due = time.monotonic() + AGAIN_SECONDS
        self._tell(alone=True)

    def _join(self) -> None:
        """Call, and hear what the standby has."""
        assert self._ledger is not None
        ledger, config = self._ledger, self._config
        end = connected(config.address, config.seconds)
        end.settimeout(config.seconds)
        self._channel, self._note = Channel.first(end, self._secret), b""
        epoch = read_fence(self._directory).epoch
        held = self._asked(told.Hello(ledger.beginning(), epoch, config.alone))
        self._compare(ledger, held)
        self._held = held.size

    def _compare(self, ledger: Ledger, held: told.Held) -> None:
        """Whether what the standby has is a beginning of this log."""
        if held.size > ledger.size:
            expected, got = f"{held.size} entries, as the standby has", ledger.size
            raise LedgerError(fault(Fault.SHRANK, expected=expected, got=got))
        if ledger.root_at(held.size) != held.root:
            expected = f"the root of the standby at {held.size}"
            raise LedgerError(fault(Fault.FORK, expected=expected, got="another"))

    def _catch_up(self, seconds: float | None) -> bool:
        """Bring over what is durable here; False when time ran out before the end."""
        assert self._ledger is not None
        ledger, until = self._ledger, time.monotonic() + (seconds or 0)
        for piece in ledger.pieces(self._held, ledger.size):
            self._send(piece)
            if seconds is not None and time.monotonic() > until:
                break
        is_all = self._held >= ledger.size
        self._tell(alone=not is_all)
        return is_all

    def _tell(self, *, alone: bool) -> None:
        """Note what changes, for those who watch."""
        since_ms = (self._since_ms or self._clock.now_ms()) if alone else 0
        if alone or self._since_ms != 0:
            note(self._directory, State(self._held, since_ms))
        self._since_ms = since_ms

    def _send(self, piece: Piece) -> None:
        newest = last_checkpoint(self._directory) or b""
        held = self._asked(told.Carry(piece, newest if newest != self._note else b""))
        self._held, self._note = held.size, newest

    def _asked(self, message: told.From) -> told.Held:
        """What the standby has, after this."""
        assert self._channel is not None
        self._channel.send(told.encode(message))
        back: told.Back = told.read_back(self._channel.receive())
        if isinstance(back, told.Fenced):
            write_fence(Disk(), self._directory, Fence(Role.FENCED, back.epoch))
            raise LedgerError(fenced(back.epoch))
        if isinstance(back, told.Refused):
            raise back.error()
        return back


def link_of(directory: Path, clock: Clock) -> Link | None:
    """The standby of the ledger in a directory; None when it has none."""
    config = read_config(directory)
    return None if config is None else Link(directory, config, clock)
