"""Where does an index lie, in a file or in a PostgreSQL database, and how is another put there?"""

from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

from guantong.errors import fault
from guantong.store.door import Fault, StoreError
from guantong.store.engine import Handle
from guantong.store.sqlite import open_index

Place: TypeAlias = Path | str
"""A file, or the URL of a PostgreSQL database."""

SCHEMES: Final = ("postgresql://", "postgres://")
"""What such a URL begins with."""


def open_place(place: Place, schema: str, version: int, *, read_only: bool) -> Handle:
    """Open an index, making an empty one if there is none; see `open_index` and `open_database`."""
    if isinstance(place, Path):
        return open_index(place, schema, version, read_only=read_only)
    handle: Handle = _postgres().open_database(place, schema, version, read_only=read_only)
    return handle


def fresh_place(place: Place) -> Place:
    """Where an index is made that is to replace the one in `place`; nothing lies there yet."""
    if isinstance(place, Path):
        fresh = place.with_name(f"{place.name}.new")
        _remove(fresh)
        return fresh
    made: str = _postgres().fresh_place(place)
    _postgres().drop(made)
    return made


def replace(fresh: Place, place: Place) -> None:
    """Put an index that was made in `fresh_place` where the one in `place` lies."""
    if isinstance(place, Path):
        _remove(place)
        assert isinstance(fresh, Path)
        fresh.rename(place)
    else:
        _postgres().replace(place)


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _postgres() -> ModuleType:
    """The other engine; it needs a package that not every installation has.

    Returns:
        Its module.

    Raises:
        StoreError: if it is not there.
    """
    try:
        from guantong.store import postgres
    except ImportError as error:
        expected = "the extra guantong[postgres]"
        raise StoreError(fault(Fault.ENGINE, expected=expected, got=error)) from error
    return postgres
