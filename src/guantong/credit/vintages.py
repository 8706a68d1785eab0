"""What was published, when again, and what changed: a release is never overwritten.

A month may be computed anew: late data, a corrected method, a fault in the code. Each time is a
*vintage*, numbered 1, 2, 3 … within the month, and says what it rests on: the hash of the panel,
the version of the method and the version of the code. Vintages are values; `Vintage.body` gives
the bytes that go into the ledger (an entry of type ``manifest``), `Vintage.parse` reads them back.

>>> Vintages().next_number("2024-10")
1
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

import msgspec

from guantong import errors
from guantong.credit.model import CreditError, Month, Place, Release, SubIndex

if TYPE_CHECKING:
    from guantong.credit.model import PanelMonth

MEDIA: Final = "application/vnd.guantong.credit-release+json"
"""Media type of a vintage's bytes."""
SHAPE: Final = 1
"""Version of the bytes' shape."""
HASH_DIGITS: Final = 64
"""Hexadecimal digits of a hash of the input."""
HEXADECIMAL: Final = frozenset("0123456789abcdef")


class Fault(StrEnum):
    """Why a vintage is refused. Part of the public API: never renamed."""

    VINTAGE_KEPT = "credit.vintage_kept"
    """The month has a vintage of this number, and it says something else."""
    VINTAGE_ORDER = "credit.vintage_order"
    """Not the next number of its month."""
    VINTAGE_BODY = "credit.vintage_body"
    """The bytes are no vintage."""


def input_hash(panel: "PanelMonth") -> str:
    """SHA-256 over all columns of a panel, in the order of their names.

    Names, kinds and lengths are part of it. Rows count in the order in which they stand: the same
    firms in another order are another input.

    Returns:
        64 hexadecimal digits.
    """
    import numpy as np

    columns = {name: getattr(panel, name) for name in ("firm", "province", "section", "weight")}
    if panel.born is not None:
        columns["born"] = panel.born
    columns |= {f"values.{name}": column for name, column in panel.values.items()}
    digest = hashlib.sha256(f"panel {panel.month}\n".encode())
    for name in sorted(columns):
        column = np.ascontiguousarray(columns[name])
        column = column.astype(column.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name} {column.dtype.str} {len(column)}\n".encode())
        digest.update(column.data.cast("B") if len(column) else b"")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Vintage:
    """One publication of one month."""

    number: int
    """1 for the first; the next for each that came after."""
    input: str
    """`input_hash` of the panel."""
    method: str
    """Version of the method; that of `release`."""
    code: str
    """Version of this package."""
    issued: str
    """Day of publication, ``YYYY-MM-DD``."""
    release: Release
    """Figures before rounding."""
    adjusted: float | None = None
    """National index without season and calendar; None where it was not adjusted."""
    reason: str = ""
    """Why the month was computed again; "" for the first."""

    @property
    def period(self) -> str:
        """The month."""
        return self.release.period

    def body(self) -> bytes:
        """The bytes to be kept: JSON with sorted keys; equal vintages have equal bytes.

        Figures are written so that reading gives the same number back; NaN as ``null``.

        Returns:
            UTF-8.
        """
        plain = _Body(
            v=SHAPE,
            number=self.number,
            input=self.input,
            method=self.method,
            code=self.code,
            issued=self.issued,
            adjusted=self.adjusted,
            reason=self.reason,
            release=_plain(self.release),
        )
        return msgspec.json.encode(plain, order="sorted")

    def meta(self) -> dict[str, str | int]:
        """Small facts for the ledger's statement, readable without the body."""
        return {
            "code": self.code,
            "input": self.input,
            "kind": "credit-release",
            "method": self.method,
            "period": self.period,
            "vintage": self.number,
        }

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read what `body` wrote; fields of later versions are passed over.

        Returns:
            The vintage.

        Raises:
            CreditError: `Fault.VINTAGE_BODY` if the bytes are none.
        """
        try:
            plain = msgspec.json.decode(raw, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CreditError(
                errors.fault(Fault.VINTAGE_BODY, expected="a vintage", got=error)
            ) from error
        Month.parse(plain.release.period)
        if plain.v != SHAPE or plain.number < 1 or plain.method != plain.release.method:
            got = f"v {plain.v}, number {plain.number}, method {plain.method}"
            wanted = f"v {SHAPE}, a number from 1, the release's method {plain.release.method}"
            raise CreditError(errors.fault(Fault.VINTAGE_BODY, expected=wanted, got=got))
        if len(plain.input) != HASH_DIGITS or not HEXADECIMAL.issuperset(plain.input):
            wanted = f"{HASH_DIGITS} hexadecimal digits"
            raise CreditError(
                errors.fault(Fault.VINTAGE_BODY, expected=wanted, got=plain.input, path="input")
            )
        return cls(
            number=plain.number,
            input=plain.input,
            method=plain.method,
            code=plain.code,
            issued=plain.issued,
            release=_release(plain.release),
            adjusted=plain.adjusted,
            reason=plain.reason,
        )


class _Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A release as JSON holds it: no NaN."""

    period: str
    method: str
    national: float
    sub_indices: dict[str, float]
    provinces: dict[str, float | None]
    sections: dict[str, float | None]
    rankings: dict[str, list[tuple[int, str, float]]]
    firms: int
    score: float
    weights: dict[str, float]


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    number: int
    input: str
    method: str
    code: str
    issued: str
    adjusted: float | None
    reason: str
    release: _Figures


def _plain(release: Release) -> _Figures:
    return _Figures(
        period=release.period,
        method=release.method,
        national=release.national,
        sub_indices={str(sub): value for sub, value in release.sub_indices.items()},
        provinces=_without_nan(release.provinces),
        sections=_without_nan(release.sections),
        rankings={
            name: [(place.rank, place.key, place.value) for place in places]
            for name, places in release.rankings.items()
        },
        firms=release.firms,
        score=release.score,
        weights=dict(release.weights),
    )


def _release(plain: _Figures) -> Release:
    try:
        subs = {SubIndex(name): value for name, value in plain.sub_indices.items()}
    except ValueError as error:
        flaw = errors.fault(Fault.VINTAGE_BODY, expected="a sub-index", got=error)
        raise CreditError(flaw) from error
    return Release(
        period=plain.period,
        method=plain.method,
        national=plain.national,
        sub_indices=subs,
        provinces=_with_nan(plain.provinces),
        sections=_with_nan(plain.sections),
        rankings={
            name: tuple(Place(*place) for place in places)
            for name, places in plain.rankings.items()
        },
        firms=plain.firms,
        score=plain.score,
        weights=plain.weights,
    )


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: None if math.isnan(value) else value for key, value in values.items()}


def _with_nan(values: Mapping[str, float | None]) -> dict[str, float]:
    return {key: math.nan if value is None else value for key, value in values.items()}


# -------------------------------------------------------------------- revisions


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that is not what it was."""

    figure: str
    """Such as ``national``, ``sub_indices.finance``, ``provinces.11``, ``rank.section.J``."""
    was: float | None
    """None where there was none."""
    now: float | None

    @property
    def difference(self) -> float | None:
        """Now less then; None where one of them is missing."""
        return None if self.was is None or self.now is None else self.now - self.was


@dataclass(frozen=True, slots=True)
class Revision:
    """What one vintage changed against the one before."""

    period: str
    was: int
    """Number of the vintage before."""
    now: int
    issued: str
    reason: str
    rests_on: tuple[str, ...]
    """Which of ``input``, ``method``, ``code`` differ."""
    changes: tuple[Change, ...]
    """Figures that differ, before rounding, in order of name."""


def compared(was: Vintage, now: Vintage) -> Revision:
    """What changed between two vintages of a month.

    Returns:
        Every figure that differs at all.
    """
    old, new = _figures(was), _figures(now)
    changes = [
        Change(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    rests = ("input", "method", "code")
    return Revision(
        period=now.period,
        was=was.number,
        now=now.number,
        issued=now.issued,
        reason=now.reason,
        rests_on=tuple(name for name in rests if getattr(was, name) != getattr(now, name)),
        changes=tuple(changes),
    )


def _figures(vintage: Vintage) -> dict[str, float]:
    """Every figure of a vintage by name; what is NaN is left out."""
    release = vintage.release
    found: dict[str, float] = {"national": release.national, "firms": release.firms}
    if vintage.adjusted is not None:
        found["adjusted"] = vintage.adjusted
    for name in ("sub_indices", "provinces", "sections"):
        found |= {f"{name}.{key}": value for key, value in getattr(release, name).items()}
    for name, places in release.rankings.items():
        found |= {f"rank.{name}.{place.key}": place.rank for place in places}
    return {name: value for name, value in found.items() if not math.isnan(value)}


@dataclass(frozen=True, slots=True)
class Vintages:
    """Everything published of one series. Adding gives a new value; nothing is ever replaced."""

    held: Mapping[str, tuple[Vintage, ...]] = field(default_factory=dict)
    """Month -> vintages 1, 2, 3 …"""

    def next_number(self, period: str) -> int:
        """The number that the next vintage of a month has to have."""
        return len(self.held.get(period, ())) + 1

    def added(self, vintage: Vintage) -> "Vintages":
        """These and one more; the same one again changes nothing.

        Returns:
            The new collection.

        Raises:
            CreditError: `Fault.VINTAGE_KEPT` if the number is taken by other bytes,
                `Fault.VINTAGE_ORDER` if it is not the next.
        """
        kept, path = self.held.get(vintage.period, ()), f"{vintage.period}/{vintage.number}"
        if 1 <= vintage.number <= len(kept):
            before = kept[vintage.number - 1].body()
            if before == vintage.body():
                return self
            wanted = f"number {len(kept) + 1}, or the bytes {_digest(before)}"
            got = _digest(vintage.body())
            raise CreditError(errors.fault(Fault.VINTAGE_KEPT, expected=wanted, got=got, path=path))
        if vintage.number != len(kept) + 1:
            wanted = f"number {len(kept) + 1}"
            raise CreditError(
                errors.fault(Fault.VINTAGE_ORDER, expected=wanted, got=vintage.number, path=path)
            )
        return Vintages({**self.held, vintage.period: (*kept, vintage)})

    def of(self, period: str, number: int = 0) -> Vintage | None:
        """One vintage of a month, the last for 0; None if there is none."""
        kept = self.held.get(period, ())
        place = number - 1 if number else len(kept) - 1
        return kept[place] if 0 <= place < len(kept) else None

    def revisions(self, period: str) -> tuple[Revision, ...]:
        """What each vintage of a month changed against the one before."""
        kept = self.held.get(period, ())
        return tuple(compared(kept[at - 1], kept[at]) for at in range(1, len(kept)))

    def as_of(self, day: str) -> Iterator[Vintage]:
        """For each month, the last vintage issued on or before a day, in order of months."""
        for period in sorted(self.held):
            known = [vintage for vintage in self.held[period] if vintage.issued <= day]
            if known:
                yield known[-1]


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
