"""How do events as columns travel between processes? As one piece of bytes that proves itself.

A check sum, then MessagePack: texts as they are, all whole numbers in one piece, then the amounts.
Only data: nothing that arrives is executed, and what was damaged on its way is refused. Not a
format to keep: the sender and the receiver are the same release.
"""

from collections.abc import Sequence
from typing import Final
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from guantong.capture.faults import CaptureError, Fault
from guantong.errors import Fault as Found
from guantong.errors import fault

_Ints = NDArray[np.int64]
_SUM: Final = 4
_RELEASE: Final = 1
_WHOLE: Final = np.dtype("<i8")
_AMOUNT: Final = np.dtype("<f8")


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """The members of a table, its columns as bytes."""

    release: int
    events: int
    runs: int
    terms: tuple[str, ...]
    heads: tuple[tuple[str, int], ...]
    ids: tuple[str, ...]
    transformation: tuple[str, ...]
    rests: tuple[bytes, ...]
    numbers: bytes
    """The columns of the events, one after the other, then those of the runs."""
    amounts: bytes
    """The amounts of the runs; empty when all are `empty_amounts`."""

    def columns(self, of_events: int, of_runs: int) -> tuple[_Ints, _Ints]:
        """The columns of the events and those of the runs, which nobody can change.

        Args:
            of_events: How many columns events have.
            of_runs: How many whole-number columns runs have.

        Returns:
            As many rows, each of them a column.

        Raises:
            CaptureError: `capture.syntax` when there are more or fewer numbers than that.
        """
        middle, count = self.events * of_events, self.runs * of_runs
        fits = len(self.numbers) == (middle + count) * _WHOLE.itemsize and self.events >= 0
        require(fits and self.runs >= 0, f"no {middle} and {count} numbers")
        numbers = np.frombuffer(self.numbers, _WHOLE)
        return (
            numbers[:middle].reshape(of_events, self.events),
            numbers[middle:].reshape(of_runs, self.runs),
        )

    def quantities(self) -> NDArray[np.float64]:
        """The amounts of the runs.

        Returns:
            One a run, NaN for none.

        Raises:
            CaptureError: `capture.syntax` when there are more or fewer than runs.
        """
        if not self.amounts:
            return np.full(self.runs, np.nan)
        require(len(self.amounts) == self.runs * _AMOUNT.itemsize, f"no {self.runs} amounts")
        return np.frombuffer(self.amounts, _AMOUNT)


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Packed).decode


def packed(
    events: list[_Ints],
    runs: list[_Ints],
    amounts: NDArray[np.float64],
    **texts: object,
) -> bytes:
    """The bytes of a table.

    Args:
        events: Its columns, at least one.
        runs: The whole-number columns of its runs, at least one.
        amounts: The amounts of its runs.
        texts: Its other members, by the names of `Packed`.

    Returns:
        What `opened` reads.
    """
    whole = Packed(
        release=_RELEASE,
        events=len(events[0]),
        runs=len(runs[0]),
        numbers=b"".join([column.astype(_WHOLE, copy=False).tobytes() for column in events + runs]),
        amounts=b"" if np.isnan(amounts).all() else amounts.astype(_AMOUNT, copy=False).tobytes(),
        **texts,  # type: ignore[arg-type]
    )
    body = _encode(whole)
    return crc32(body).to_bytes(_SUM, "big") + body


def opened(raw: bytes | memoryview) -> Packed:
    """The members of a table that was packed.

    Args:
        raw: All bytes of it and no other.

    Returns:
        Its members; what the numbers in them point to is not looked at.

    Raises:
        CaptureError: `capture.syntax` when these are not the bytes that `packed` gave.
    """
    view = memoryview(raw)
    sealed = len(view) >= _SUM and crc32(view[_SUM:]) == int.from_bytes(view[:_SUM], "big")
    require(sealed, "other bytes")
    try:
        found = _decode(view[_SUM:])
    except msgspec.DecodeError as problem:
        raise CaptureError(_damage(str(problem))) from problem
    require(found.release == _RELEASE, "a table of another release")
    return found


def require(good: bool, problem: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Go on only when a part of a table is as `packed` would have made it.

    Raises:
        CaptureError: `capture.syntax` otherwise.
    """
    if not good:
        raise CaptureError(_damage(problem))


def are_below(columns: _Ints, bounds: Sequence[int]) -> bool:
    """Whether all numbers of each column are from 0 on and below its bound."""
    if not columns.size:
        return True
    highest = columns.view(np.uint64).max(axis=1).tolist()
    return all(high < bound for high, bound in zip(highest, bounds, strict=True))


def _damage(got: str) -> Found:
    return fault(Fault.SYNTAX, expected="a table as it was packed", got=got)
