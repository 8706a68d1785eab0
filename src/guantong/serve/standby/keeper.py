"""The standby itself: who is heard, what is taken, and what is answered?

It holds the copy's lock while it runs. One writer is heard at a time, the one that called last:
its call before may hang in a network that was cut. A directory that took over is only asked who
writes; it answers with its epoch, and holds no lock, so that its writer can be at work.
"""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from guantong.clock import SystemClock
from guantong.errors import fault
from guantong.ledger import Disk, Fault, Ledger, LedgerError, SystemEntropy
from guantong.ledger.fence import Fence, Role, read_fence, write_fence
from guantong.ledger.signer import keep_heard
from guantong.serve.standby import told
from guantong.serve.standby.address import at_once
from guantong.serve.standby.channel import Channel

GREETING_SECONDS: Final = 10.0
"""Who has not shown in this time that he has the key is cut off."""
HELLO_BYTES_MAX: Final = 1 << 16


class Keeper:
    """A standby in a directory that is empty, or was one before."""

    def __init__(self, directory: Path, secret: bytes) -> None:
        """Open what is there.

        Raises:
            LedgerError: if it is no copy, or harmed.
        """
        self._directory, self._secret, self._disk = directory, secret, Disk()
        self._turn = threading.Lock()
        self._ledger: Ledger | None = None
        self._heard: socket.socket | None = None
        if (directory / "ledger.json").exists() and self._fence().role is Role.COPY:
            self._open()

    def listen(self, door: socket.socket) -> None:
        """Answer whoever calls, until the door is closed."""
        while True:
            try:
                end, _ = door.accept()
            except OSError:
                return
            at_once(end)
            threading.Thread(target=self._attend, args=(end,), daemon=True).start()

    def close(self) -> None:
        """Hear nobody any more, and let go."""
        with self._turn:
            self._hear(None)
            self._let_go()

    def _attend(self, end: socket.socket) -> None:
        """One call, from the first byte to the last."""
        with end, suppress(OSError, EOFError, LedgerError, msgspec.DecodeError):
            end.settimeout(GREETING_SECONDS)
            channel = Channel.second(end, self._secret)
            hello = told.read_from(channel.receive(HELLO_BYTES_MAX))
            if not isinstance(hello, told.Hello):
                return
            answer = self._greet(hello, end)
            end.settimeout(None)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            channel.send(told.encode(answer))
            while isinstance(answer, told.Held):
                said = told.read_from(channel.receive())
                if not isinstance(said, told.Carry):
                    return
                answer = self._take(said, end)
                channel.send(told.encode(answer))

    def _greet(self, hello: told.Hello, end: socket.socket) -> told.Back:
        with self._turn:
            fence = self._fence()
            if self._is_there() and (fence.role is not Role.COPY or hello.epoch < fence.epoch):
                return told.Fenced(fence.epoch)
            try:
                ledger = self._copy_of(hello)
            except (LedgerError, OSError) as error:
                return _refused(error)
            write_fence(self._disk, self._directory, Fence(Role.COPY, hello.epoch, hello.alone))
            self._hear(end)
            return told.Held(ledger.size, ledger.root)

    def _take(self, carry: told.Carry, end: socket.socket) -> told.Back:
        with self._turn:
            if self._heard is not end or self._ledger is None:
                got = "another that called later"
                return told.Refused((fault(Fault.STANDBY, expected="one writer", got=got),))
            try:
                self._ledger.adopt(carry.piece)
                if carry.note:
                    keep_heard(self._disk, self._directory, carry.note)
            except (LedgerError, OSError) as error:
                self._let_go()
                return _refused(error)
            return told.Held(self._ledger.size, self._ledger.root)

    def _copy_of(self, hello: told.Hello) -> Ledger:
        """The copy of the caller's log, made if there is none."""
        if not self._is_there():
            fence = Fence(Role.COPY, hello.epoch, hello.alone)
            hello.beginning.plant(self._directory, self._disk, fence)
        ledger = self._ledger or self._open()
        if ledger.origin != hello.beginning.origin:
            raise LedgerError(
                fault(Fault.STANDBY, expected=ledger.origin, got=hello.beginning.origin)
            )
        return ledger

    def _open(self) -> Ledger:
        self._ledger = Ledger.open(
            self._directory, clock=SystemClock(), entropy=SystemEntropy(), role=Role.COPY
        )
        return self._ledger

    def _let_go(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None

    def _hear(self, end: socket.socket | None) -> None:
        """From now on this one alone."""
        if self._heard is not None:
            with suppress(OSError):
                self._heard.shutdown(socket.SHUT_RDWR)
        self._heard = end

    def _is_there(self) -> bool:
        return (self._directory / "ledger.json").exists()

    def _fence(self) -> Fence:
        return read_fence(self._directory)


def _refused(error: Exception) -> told.Refused:
    if isinstance(error, LedgerError):
        return told.Refused(error.faults)
    return told.Refused((fault(Fault.STOPPED, expected="a disk of the standby", got=error),))
