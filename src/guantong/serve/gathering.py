"""Who asks the witnesses? A thread beside the server, never in the way of an acknowledgement.

Once a second, if the log has grown, it has the log sign, asks every witness of the policy that
has an address, and keeps the checkpoint when those who signed meet the quorum.

References:
    C2SP tlog-witness 1.0.0
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guantong.clock import Clock, SystemClock
from guantong.errors import fault
from guantong.ledger import Disk, Fault, Ledger, LedgerError, SystemEntropy
from guantong.ledger.checkpoint import number
from guantong.ledger.cosigned import join, keep, request, signatures
from guantong.ledger.note_key import Line
from guantong.ledger.policy import At, Policy
from guantong.ledger.signer import Signer
from guantong.serve.outward import ask
from guantong.settings import Settings

ROUND_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 5.0
"""A checkpoint that has all its signatures is signed again after so long, so that it stays young."""
LEDGER: Final = "ledger"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of asking brought."""

    note: bytes
    """The checkpoint with the signatures that came."""
    signed: tuple[str, ...]
    """The names of the witnesses who signed, as in the policy."""
    refused: dict[str, LedgerError]
    """Why the others did not."""
    is_met: bool
    """Whether it is enough; then the checkpoint is shown."""


class Gatherer:
    """Asks the witnesses of one log."""

    def __init__(self, ledger: Ledger, policy: Policy, *, clock: Clock, disk: Disk) -> None:
        """Read the log's key. Raises LedgerError."""
        self._ledger, self._policy, self._clock, self._disk = ledger, policy, clock, disk
        self._signer = Signer(ledger, disk=disk)
        self._old: dict[str, int] = {}

    def round(self) -> Round:
        """Ask all of them once.

        Returns:
            What they said.

        Raises:
            LedgerError: if the log itself can not sign.
        """
        note = self._signer.sign()
        lines, refused = dict[str, Line](), dict[str, LedgerError]()
        for witness in (each for each in self._policy.witnesses if each.url):
            try:
                lines[witness.name] = self._ask(witness, note)
            except LedgerError as error:
                refused[witness.name] = error
        note = join(note, list(lines.values()))
        return Round(note, tuple(lines), refused, is_met=bool(lines) and self._keep(note))

    def _ask(self, witness: At, note: bytes) -> Line:
        """Ask one; a second time if it signed another size last than was thought."""
        for _ in range(2):
            asked = request(self._ledger, note, self._old.get(witness.name, 0))
            answer = ask("POST", f"{witness.url}/add-checkpoint", asked.encode())
            size = number(answer.body.decode("ascii", "replace").removesuffix("\n"))
            if answer.status != 409 or size is None:
                break
            self._old[witness.name] = size
        if answer.status != 200:
            got = f"{answer.status}: {answer.body.decode('utf-8', 'replace').strip()}"
            raise LedgerError(
                fault(Fault.WITNESS, path=witness.name, expected="a signature", got=got)
            )
        (line,) = signatures(answer.body, note, witness.key)
        self._old[witness.name] = self._size(note)
        return line

    def _keep(self, note: bytes) -> bool:
        try:
            now_ms = self._clock.now_ms()
            log = self._signer.trust.log
            place = self._ledger.directory
            keep(place, note, self._policy, log, now_ms=now_ms, disk=self._disk)
        except LedgerError as error:
            if error.faults[0].code != Fault.NOTE_UNSIGNED:
                raise
            return False
        return True

    def newest(self) -> bytes:
        """The last checkpoint of the log, signed now."""
        return self._signer.sign()

    def _size(self, note: bytes) -> int:
        return self._signer.trust.open(note)[0].size


def read_policy(path: Path) -> Policy:
    """A policy out of a file.

    Returns:
        What it says.

    Raises:
        LedgerError: if it is none, or can not be read.
    """
    try:
        return Policy.parse(path.read_bytes())
    except OSError as error:
        raise LedgerError(fault(Fault.POLICY, expected="a file", got=error)) from error


@contextmanager
def gathering(settings: Settings) -> Iterator[None]:
    """Ask the witnesses of `settings.witnesses` from time to time, in a thread.

    Yields:
        Once, while it does; without a policy nothing is done.
    """
    if settings.witnesses is None:
        yield
        return
    policy, stop = read_policy(settings.witnesses), threading.Event()
    thread = threading.Thread(target=_run, args=(settings, policy, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run(settings: Settings, policy: Policy, stop: threading.Event) -> None:
    """Ask, and tell what goes wrong when it begins to."""
    told = ""
    wait = 0.0
    while not stop.wait(wait):
        try:
            place = settings.data / LEDGER
            with Ledger.open(
                place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True
            ) as ledger:
                told = _rounds(Gatherer(ledger, policy, clock=SystemClock(), disk=Disk()), stop)
        except LedgerError as error:
            told = _tell(str(error), told)
        wait = AGAIN_SECONDS


def _rounds(gatherer: Gatherer, stop: threading.Event) -> str:
    """Rounds until told to stop. Raises LedgerError when the log can not sign."""
    told, seen, idle = "", b"", 0.0
    while True:
        newest = gatherer.newest()
        idle += ROUND_SECONDS
        if newest != seen or idle >= AGAIN_SECONDS:
            done = gatherer.round()
            seen, idle = newest, 0.0
            told = _tell("; ".join(f"{k}: {v}" for k, v in done.refused.items()), told)
        if stop.wait(ROUND_SECONDS):
            return told


def _tell(text: str, before: str) -> str:
    if text and text != before:
        sys.stderr.write(f"guantong witnesses: {text}\n")
    return text
