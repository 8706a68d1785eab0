"""The one writer, in a process of its own: what comes over the lines goes into the ledger.

One thread and no queue: it takes what waits on all lines, commits that as one group, answers,
brings the index up to date, and looks again. Meanwhile the next group gathers in the lines,
whose buffers are the bound: what does not fit stays with the front, which counts it.
"""

import select
import selectors
import socket
import sys
import time
from collections.abc import Callable, Container
from typing import Final

from guantong.errors import Refusal, fault
from guantong.ledger import Fault as LedgerFault
from guantong.ledger import LedgerError
from guantong.serve import wire
from guantong.serve.intake import GROUP_MAX, Intake
from guantong.serve.job import Fault, Job
from guantong.serve.passing import Passing
from guantong.serve.world import World, open_world
from guantong.settings import Settings

READ_BYTES: Final = 1 << 20
"""Taken from a line at once."""
GROUP_BYTES_MAX: Final = 32 << 20
"""No more is read for a group that has this many bytes."""
LOCK_SECONDS: Final = 0.05
LOCK_SECONDS_MAX: Final = 3.0
STANDBY_SECONDS: Final = 0.2
"""How long a line may come meanwhile, before a standby is asked again."""
"""How often, and how long, a writer that is still ending is waited for."""
READY: Final = b"R"
"""What a process tells the one that started it, once."""


def run(control: socket.socket, settings: Settings) -> None:
    """Be the writer until the other end of `control` closes.

    Args:
        control: Brings the lines, one socket with each byte.
        settings: The installation.
    """
    try:
        opened = _opened(control, settings)
    except EOFError:
        return
    with opened as world:
        control.send(READY)
        passing = Passing(settings.data)
        passing.tidy(world.clock.now_ms())
        Writer(world.writer(), control, passing.take).run()


def _opened(control: socket.socket, settings: Settings) -> World:
    """The installation, for writing.

    When a supervisor was killed and the next one is started at once, the writer of the first is
    still finishing what it had taken.

    Returns:
        It, open.

    Raises:
        LedgerError: if it can not be opened, or another one keeps writing.
        EOFError: if `control` is closed while a standby is waited for.
    """
    until = time.monotonic() + LOCK_SECONDS_MAX
    told = ""
    while True:
        try:
            return open_world(settings, thread=False)
        except LedgerError as error:
            code = error.faults[0].code
            if code == LedgerFault.STANDBY:
                told = _waiting(control, str(error), told)
            elif code != LedgerFault.LOCKED or time.monotonic() > until:
                raise
        time.sleep(LOCK_SECONDS)


def _waiting(control: socket.socket, why: str, told: str) -> str:
    """Say once that the standby is waited for, and see whether anybody still wants a writer."""
    if why != told:
        sys.stderr.write(f"guantong writer: {why}; waiting for it\n")
        sys.stderr.flush()
    if select.select([control], [], [], STANDBY_SECONDS)[0] and not control.recv(
        1, socket.MSG_PEEK
    ):
        raise EOFError
    return why


class Link:
    """A line as the writer sees it."""

    def __init__(self, end: socket.socket, body_of: wire.BodyOf) -> None:
        end.settimeout(0)
        self._body_of = body_of
        self.end = end
        self.frames = wire.Frames()
        self.unsent = bytearray()
        self.tolds: list[wire.Told] = []

    def flush(self) -> None:
        """Send what the line takes now; the rest waits.

        A front has no more answers to come than it has questions, so this is bounded.
        """
        if self.tolds:
            self.unsent += wire.answers(self.tolds)
            self.tolds.clear()
        try:
            while self.unsent:
                del self.unsent[: self.end.send(self.unsent)]
        except BlockingIOError:
            pass
        except OSError:  # the front has gone: `read` will see it
            self.unsent.clear()

    def read(self, places: int) -> tuple[list[tuple[int, Job]], int]:
        """Jobs that have arrived, some more than `places` at most.

        Returns:
            Each with its number, and how many bytes they were.

        Raises:
            EOFError: if the front is gone, or what it says is none of ours.
        """
        jobs: list[tuple[int, Job]] = []
        size = 0
        while len(jobs) < places and size < GROUP_BYTES_MAX:
            try:
                data = self.end.recv(READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data and jobs:
                break
            if not data:
                raise EOFError
            size += len(data)
            try:
                jobs += [wire.job_of(one, self._body_of) for one in self.frames.feed(data)]
            except wire.LineError as error:
                raise EOFError from error
        return jobs, size


class Writer:
    """Takes groups from the lines."""

    def __init__(self, intake: Intake, control: socket.socket, body_of: wire.BodyOf) -> None:
        self._intake = intake
        self._body_of = body_of
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._links: list[Link] = []
        self._goes_on = True

    def run(self) -> None:
        """Commit group after group until told to stop.

        Raises:
            Refusal: if the ledger or the index can not be written.
        """
        wait: float | None = 0
        while self._goes_on:
            ready = {key.fileobj for key, _ in self._selector.select(wait)}
            if self._control in ready:
                self._command()
            group = self._gather(ready)
            if group:
                self._commit(group)
            wait = self._intake.upkeep()
            self._watch()

    def _command(self) -> None:
        """A new line, or the end."""
        said, ends, _, _ = socket.recv_fds(self._control, 1, 1)
        self._goes_on = bool(said)
        for end in ends:
            link = Link(socket.socket(fileno=end), self._body_of)
            self._links.append(link)
            self._selector.register(link.end, selectors.EVENT_READ)

    def _gather(self, ready: Container[object]) -> list[tuple[Link, int, Job]]:
        group: list[tuple[Link, int, Job]] = []
        here = [link for link in self._links if link.end in ready]
        size = 0
        for link in here:
            if size >= GROUP_BYTES_MAX:
                break
            try:
                jobs, taken = link.read(max(1, GROUP_MAX // len(here)))
            except EOFError:
                self._forget(link)
                continue
            size += taken
            group += [(link, no, job) for no, job in jobs]
        # Who was first now is last next time, so that large documents of one front stop nobody.
        self._links = self._links[1:] + self._links[:1]
        return group

    def _commit(self, group: list[tuple[Link, int, Job]]) -> None:
        try:
            self._intake.commit(
                [job for _, _, job in group if not job.answer.done()], self._teller(group)
            )
        except BaseException:
            self._tell(group)
            raise

    def _teller(self, group: list[tuple[Link, int, Job]]) -> Callable[[], None]:
        return lambda: self._tell(group)

    def _tell(self, group: list[tuple[Link, int, Job]]) -> None:
        for link, no, job in group:
            link.tolds.append(_told(no, job, self._intake.told))
        for link in self._links:
            link.flush()
        group.clear()

    def _watch(self) -> None:
        """Wait for a line to take more only while something is to be sent on it."""
        for link in self._links:
            link.flush()
            events = selectors.EVENT_READ
            if link.unsent:
                events |= selectors.EVENT_WRITE
            if self._selector.get_key(link.end).events != events:
                self._selector.modify(link.end, events)

    def _forget(self, link: Link) -> None:
        self._selector.unregister(link.end)
        self._links.remove(link)
        link.end.close()


def _told(no: int, job: Job, size: int) -> wire.Told:
    answer = job.answer
    assert isinstance(answer, wire.Waiting)
    if answer.receipt is not None:
        return wire.told(no, answer.receipt, size)
    if isinstance(answer.error, Refusal):
        return wire.not_told(no, answer.error.faults, size)
    gone = fault(Fault.CLOSED, expected="a running writer", got="stopped")
    return wire.not_told(no, (gone,), size)
