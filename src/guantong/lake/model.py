"""What is in a lake, and how is it refused? Values, and the manifest that names every file."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

import msgspec

from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.store import Fact

MEDIA: Final = "application/vnd.guantong.lake+json"
"""Of the ledger entry that holds a manifest."""
KIND: Final = "lake"
"""Kind of the fact that a manifest leaves."""
VERSION: Final = 1
"""Of the columns; another number means: export anew."""
MANIFEST: Final = "manifest-{:015d}.json"
"""Name of a manifest, with the ledger size it stands for."""
MANIFESTS: Final = "manifest-*.json"
ITEM_BITS: Final = 10
"""No row goes over an edge of 2**ITEM_BITS numbers of items: equal buckets are all that can meet."""


class Dataset(StrEnum):
    """Tables of a lake."""

    ROWS = "rows"
    """Ranges of items in events."""
    EVENTS = "events"
    LOTS = "lots"
    """Lots that the master data of events name."""
    WITHDRAWN = "withdrawn"
    """Error declarations and what they withdraw."""
    PARTIES = "parties"
    """Firm and region of everybody named."""
    DUTIES = "duties"
    """Who must file what, and how far the facts alone show that it is done."""


RENEWED: Final = frozenset({Dataset.PARTIES, Dataset.DUTIES})
"""Tables that each export writes as a whole."""


class Fault(StrEnum):
    """Why a lake was refused. Part of the public API: never renamed."""

    ENGINE = "lake.engine"
    """The package that reads or writes it is not installed."""
    ABSENT = "lake.absent"
    """There is no manifest in the directory."""
    MANIFEST = "lake.manifest"
    """The manifest is none, or of another version."""
    MISSING = "lake.missing"
    """A file that the manifest names is not there."""
    DAMAGED = "lake.damaged"
    """A file is not the one that the manifest names."""
    FOREIGN = "lake.foreign"
    """The directory was exported from an index that numbers items otherwise."""
    UNRECORDED = "lake.unrecorded"
    """The ledger holds no entry of this manifest."""
    ORIGIN = "lake.origin"
    """An origin whose serials are hidden in the lake."""


class LakeError(Refusal):
    """The lake can not be written or believed."""


class File(msgspec.Struct, frozen=True):
    """One file of a lake."""

    path: str
    """Below the directory of the lake, with ``/``."""
    dataset: Dataset
    sha256: str
    bytes: int
    rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All files of a lake as of one ledger size; the body of an entry."""

    version: int = VERSION
    entries: int
    """Ledger size it stands for."""
    events: int
    """Number of the last event."""
    extents: int
    """Number of the last extent of items."""
    numbering: str
    """`Outgoing.numbering_mark` of them."""
    cuts: tuple[str, ...]
    """Class heads at which a range of classes ends and the next begins."""
    files: tuple[File, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a manifest.

        Returns:
            It.

        Raises:
            LakeError: if it is none, or of another version.
        """
        try:
            found = msgspec.json.decode(raw, type=cls)
        except msgspec.MsgspecError as error:
            raise LakeError(fault(Fault.MANIFEST, expected="a manifest", got=error)) from error
        if found.version != VERSION:
            expected = f"version {VERSION}"
            raise LakeError(fault(Fault.MANIFEST, expected=expected, got=found.version))
        return found

    def encode(self) -> bytes:
        """The bytes that are kept and entered."""
        return msgspec.json.encode(self)

    def facts(self) -> tuple[Fact, ...]:
        """What its entry leaves in the index: the digest by which a copy is known."""
        return (
            Fact(
                KIND,
                sha256(self.encode()).hexdigest(),
                {
                    "entries": self.entries,
                    "events": self.events,
                    "files": len(self.files),
                    "rows": self.rows(Dataset.ROWS),
                    "bytes": sum(one.bytes for one in self.files),
                },
            ),
        )

    def of(self, datasets: Collection[Dataset]) -> list[File]:
        """The files of some tables."""
        return [one for one in self.files if one.dataset in datasets]

    def rows(self, dataset: Dataset) -> int:
        """How many rows a table has."""
        return sum(one.rows for one in self.of((dataset,)))


def every(folder: Path) -> list[Manifest]:
    """The manifests in a directory, by ledger size."""
    names = sorted(folder.glob(MANIFESTS))
    return [Manifest.parse(name.read_bytes()) for name in names]


def newest(folder: Path) -> Manifest | None:
    """The one of the greatest ledger size."""
    names = sorted(folder.glob(MANIFESTS))
    return Manifest.parse(names[-1].read_bytes()) if names else None


def needed(folder: Path) -> Manifest:
    """The newest manifest of a directory.

    Returns:
        It.

    Raises:
        LakeError: if there is none.
    """
    found = newest(folder)
    if found is None:
        expected = "a manifest in the directory"
        raise LakeError(fault(Fault.ABSENT, expected=expected, got="none", path=folder.name))
    return found


def described(folder: Path, path: Path, dataset: Dataset, rows: int) -> File:
    """A file that was just written."""
    name = path.relative_to(folder).as_posix()
    return File(name, dataset, digest_of(path), path.stat().st_size, rows)


def digest_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        digest = sha256()
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def check(folder: Path, files: Iterable[File]) -> None:
    """Compare files with what a manifest says of them.

    Raises:
        LakeError: with each file that is missing or another.
    """
    found = [wrong for one in files if (wrong := _wrong(folder, one)) is not None]
    if found:
        raise LakeError(*found)


def _wrong(folder: Path, file: File) -> Found | None:
    path = folder / file.path
    if not path.is_file():
        return fault(Fault.MISSING, expected="a file", got="none", path=file.path)
    got = digest_of(path)
    if got != file.sha256:
        return fault(Fault.DAMAGED, expected=f"SHA-256 {file.sha256}", got=got, path=file.path)
    return None
