"""How does a person read it? Corrections are kept in a file and go before our own readings.

A correction names a claim by its key (a digest of the figure and the words around it), so it
still fits when the text grows elsewhere, and falls silent, visibly, when the place itself changes.

>>> row = Correction(key="0123456789abcdef", claims=False, by="王", on="2026-11-23")
>>> Corrections.load(Corrections((row,)).dump()).rows == (row,)
True
"""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Self

import msgspec
from msgspec import Struct

from guantong.bulletin.figures import Figure, Role, exact, rounded
from guantong.bulletin.model import BulletinError, Fault, Quantity
from guantong.bulletin.periods import Period
from guantong.errors import fault


class Correction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one person says about one figure; fields left out stay as we read them."""

    key: str
    by: str
    """Who says so."""
    on: str
    """Day, such as ``2026-11-23``."""
    claims: bool = True
    """False: this is no claim at all."""
    value: str | None = None
    """Decimal number, as printed: its decimals say how it was rounded."""
    unit: str | None = None
    subject: str | None = None
    period: str | None = None
    role: Role | None = None
    whole: str | None = None
    """Of a share: the words that name the whole."""
    note: str = ""

    def applied(self, figure: Figure) -> Figure:
        """The figure as this person reads it."""
        return replace(
            figure,
            quantity=figure.quantity if self.value is None else _quantity(self.value),
            unit=figure.unit if self.unit is None else self.unit,
            subject=figure.subject if self.subject is None else self.subject,
            period=figure.period if self.period is None else Period.parse(self.period),
            role=figure.role if self.role is None else self.role,
            whole=figure.whole if self.whole is None else self.whole,
            corrected_by=self.by,
        )


class Corrections(Struct, frozen=True):
    """All corrections of an office, the later of one key going before the earlier."""

    rows: tuple[Correction, ...] = ()

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read a file of corrections.

        Returns:
            The corrections.

        Raises:
            BulletinError: if it is no such file, or a number or period in it is none.
        """
        try:
            found = msgspec.json.decode(data, type=cls)
        except msgspec.MsgspecError as refusal:
            raise BulletinError(
                fault(Fault.CORRECTION, expected="a file of corrections", got=refusal)
            ) from refusal
        for index, row in enumerate(found.rows):
            _check(row, f"rows[{index}]")
        return found

    def dump(self) -> bytes:
        """The file: JSON, one reading of each field per row."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def of(self, key: str) -> Correction | None:
        """The last word on a claim."""
        return next((row for row in reversed(self.rows) if row.key == key), None)

    def put(self, row: Correction) -> "Corrections":
        """With one more; earlier ones stay in the file."""
        _check(row, "row")
        return Corrections((*self.rows, row))


def _check(row: Correction, path: str) -> None:
    if row.period and Period.parse(row.period) is None:
        raise BulletinError(
            fault(
                Fault.CORRECTION,
                expected="a period such as 2024-10",
                got=row.period,
                path=f"{path}.period",
            )
        )
    if row.value is not None:
        try:
            finite = Decimal(row.value).is_finite()
        except InvalidOperation:
            finite = False
        if not finite:
            raise BulletinError(
                fault(
                    Fault.CORRECTION,
                    expected="a decimal number",
                    got=row.value,
                    path=f"{path}.value",
                )
            )


def _quantity(text: str) -> Quantity:
    value = Decimal(text)
    exponent = int(value.as_tuple().exponent)
    return exact(value) if exponent >= 0 else rounded(value, Decimal(1).scaleb(exponent))
