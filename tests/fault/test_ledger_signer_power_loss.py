"""Power is lost while a log grows and signs: what was handed out is never contradicted.

The disk is that of `test_ledger_power_loss`. It is cut at every operation on journal, key,
``last_signed`` and ``checkpoint`` together; torn sectors and lost renames included.
"""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guantong.ledger import Ledger, LedgerError, SeededEntropy
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.note_key import SignerKey
from guantong.ledger.signer import Signer, create_key, last_checkpoint, signed_mark
from tests.fault.test_ledger_power_loss import GROUPS, LossyDisk, PowerLost, make, reopen

ORIGIN = "lossy.example/log"
TRUST = Trust(SignerKey(ORIGIN, SeededEntropy("key").salts(1)[0]).verifier())


@dataclass
class Life:
    """What others were told before the power went."""

    has_key: bool = False
    notes: list[Checkpoint] = field(default_factory=list)


def live(directory: Path, disk: LossyDisk) -> Life:
    """Make a log, then append and sign in turn, until the power goes."""
    told, ledger = Life(), None
    try:
        ledger = make(directory, disk)
        create_key(directory, ORIGIN, entropy=SeededEntropy("key"), disk=disk)
        told.has_key = True
        for submissions in GROUPS:
            ledger.append(submissions)
            note = Signer(ledger, disk=disk).sign()
            told.notes.append(TRUST.open(note)[0])
        ledger.close()
    except PowerLost:
        pass
    finally:
        if ledger is not None:
            ledger._release()
    return told


def contradictions(image: Path, told: Life) -> list[str]:
    """What is wrong with what survived, given what others hold."""
    try:
        ledger = reopen(image, LossyDisk())
    except LedgerError as error:
        # Before it was made whole there is none; later it has to open.
        missing = error.faults[0].code == "ledger.missing" and not told.has_key
        return [] if missing else [str(error)]
    with ledger:
        try:
            return _compared(image, ledger, told)
        except LedgerError as error:
            return [str(error)]


def _compared(image: Path, ledger: Ledger, told: Life) -> list[str]:
    wrong = []
    mark = signed_mark(image)
    for note in told.notes:
        if note.size > ledger.size or ledger.root_at(note.size) != note.root:
            wrong.append(f"the ledger has lost what was signed at {note.size}")
        if mark is None or mark.size < note.size:
            wrong.append(f"forgot that it signed {note.size}")
    wrong += goes_on(ledger, told)
    return wrong


def goes_on(ledger: Ledger, told: Life) -> list[str]:
    """Append and sign on; the new checkpoint must continue all that others hold."""
    if not (ledger.directory / "key").exists():
        if told.has_key:
            return ["the key is gone"]
        create_key(ledger.directory, ORIGIN, entropy=SeededEntropy("key"), disk=LossyDisk())
    kept = last_checkpoint(ledger.directory)
    if kept is not None:
        with suppress(LedgerError):
            stated = TRUST.open(kept)[0]
            if ledger.root_at(stated.size) != stated.root:
                return ["the kept checkpoint is of another tree"]
    ledger.append(GROUPS[0])
    new = TRUST.open(Signer(ledger, disk=LossyDisk()).sign())[0]
    roots = {note.size: note.root for note in told.notes}
    forked = [size for size, root in roots.items() if ledger.root_at(size) != root]
    return [f"forked at {size}" for size in forked] + ["stood still"] * (new.size != ledger.size)


def images(tmp_path: Path, chances: int, kind: type[LossyDisk] = LossyDisk) -> tuple[int, int]:
    """Lose the power everywhere, `chances` times each: images looked at, those with a fault."""
    disk = kind()
    assert len(live(tmp_path / "count", disk).notes) == len(GROUPS)
    looked = broken = 0
    for at in range(disk.count + 1):
        source, cut = tmp_path / f"{at}", kind(at)
        told = live(source, cut)
        for seed in range(chances if source.exists() else 0):
            image = tmp_path / f"image-{at}-{seed}"
            cut.survivor(source, image, random.Random(f"{at} {seed}"))
            if (image / "key").exists():
                (image / "key").chmod(0o600)  # the model keeps no modes
            looked += 1
            wrong = contradictions(image, told)
            broken += bool(wrong)
            if kind is LossyDisk:
                assert wrong == [], (at, seed)
    return looked, broken


@pytest.fixture(autouse=True)
def inline_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of 3 kB counts as large."""
    monkeypatch.setattr("guantong.ledger.vault.INLINE_BYTES_MAX", 1_000)


def test_power_lost_at_every_operation(tmp_path: Path) -> None:
    looked, broken = images(tmp_path, 1)
    assert looked > 200, looked
    assert broken == 0


@pytest.mark.full
def test_power_lost_at_every_operation_many_times(tmp_path: Path) -> None:
    looked, broken = images(tmp_path, 12)
    assert looked > 2_500
    assert broken == 0


class Hasty(LossyDisk):
    """Does not wait for data."""

    def sync(self, fd: int) -> None:
        self._step()


def test_the_model_can_tell_a_disk_that_does_not_wait(tmp_path: Path) -> None:
    _, broken = images(tmp_path, 1, Hasty)
    assert broken > 10
