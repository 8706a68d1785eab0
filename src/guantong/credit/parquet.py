"""How does a panel come from Parquet, and go back?

One row per firm and month. Columns: ``firm`` (whole number), ``month`` (text ``2024-10``),
``province`` (number or text of two digits), ``section`` (letter), ``weight`` (number; 1 when the
column is absent), ``born`` (text ``2009-03`` or nothing; may be absent), and one number column
for each indicator. What is null or NaN is missing. Months are read one at a time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from guantong.credit.model import (
    PROVINCES,
    SECTIONS,
    CreditError,
    Fault,
    Method,
    Month,
    PanelMonth,
)
from guantong.errors import fault

if TYPE_CHECKING:
    import polars as pl

NEEDED = ("firm", "month", "province", "section")


def read(path: Path, method: Method) -> Iterator[PanelMonth]:
    """The months of a file, in order of time.

    Args:
        path: A Parquet file.
        method: Whose indicators are read; other columns are left alone.

    Yields:
        Panels; indicators as float32 when the file has them so, else float64.

    Raises:
        CreditError: `Fault.FILE` for what is no Parquet file, `Fault.COLUMN` for a column that is
            missing or holds what it can not, `Fault.PERIOD` for a month that is none.
    """
    import polars as pl

    try:
        frame = pl.scan_parquet(path)
        kinds = frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as refusal:
        raise CreditError(
            fault(Fault.FILE, expected="a Parquet file", got=type(refusal).__name__, path=path.name)
        ) from refusal
    keys = [one.key for one in method.indicators]
    for name in (*NEEDED, *keys):
        if name not in kinds or (name in keys and not kinds[name].is_numeric()):
            got = str(kinds.get(name, "none"))
            raise CreditError(fault(Fault.COLUMN, expected="a column", got=got, path=name))
    months = frame.select(pl.col("month").unique().sort()).collect()["month"].to_list()
    for text in months:
        month = Month.parse(str(text))
        yield _month(frame.filter(pl.col("month") == text).collect(), month, keys)


def write(path: Path, panels: Iterable[PanelMonth]) -> None:
    """Write months to one file, in the form that `read` reads."""
    import polars as pl

    pl.concat([_frame(panel) for panel in panels]).write_parquet(path)


def _month(frame: "pl.DataFrame", month: Month, keys: list[str]) -> PanelMonth:
    """One month's columns. Raises CreditError."""
    import polars as pl

    firm = _whole(frame["firm"], "firm")
    columns = {key: frame[key].fill_null(float("nan")).to_numpy() for key in keys}
    weight = np.ones(len(frame))
    if "weight" in frame.columns:
        weight = frame["weight"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        _refuse(weight, ~((weight >= 0) & np.isfinite(weight)), "weight", "0 or more")
    return PanelMonth(
        month=month,
        firm=_once(firm),
        province=_province(frame["province"]),
        section=_section(frame["section"]),
        weight=weight,
        values={
            key: column if column.dtype.kind == "f" else column.astype(np.float64)
            for key, column in columns.items()
        },
        born=_born(frame["born"]) if "born" in frame.columns else None,
    )


def _whole(column: "pl.Series", name: str) -> NDArray[np.int64]:
    """A column of whole numbers. Raises CreditError."""
    import polars as pl

    told = column.cast(pl.Int64, strict=False)
    if told.null_count():
        got = column.filter(told.is_null())[0]
        raise CreditError(fault(Fault.COLUMN, expected="whole numbers", got=got, path=name))
    return told.to_numpy().astype(np.int64, copy=False)


def _once(firm: NDArray[np.int64]) -> NDArray[np.int64]:
    """The firms, if each is there once. Raises CreditError."""
    order = np.sort(firm)
    twice = order[1:][order[1:] == order[:-1]]
    if len(twice):
        raise CreditError(
            fault(Fault.FIRM, expected="each firm once a month", got=twice[0], path="firm")
        )
    return firm


def _province(column: "pl.Series") -> NDArray[np.uint8]:
    """Numbers of provinces. Raises CreditError."""
    numbers = _whole(column, "province")
    _refuse(numbers, ~np.isin(numbers, PROVINCES), "province", "11 to 66")
    return numbers.astype(np.uint8)


def _section(column: "pl.Series") -> NDArray[np.uint8]:
    """Places in `SECTIONS`. Raises CreditError."""
    import polars as pl

    places = dict(zip(SECTIONS, range(len(SECTIONS)), strict=True))
    told = column.cast(pl.String).replace_strict(places, default=255, return_dtype=pl.UInt8)
    numbers = told.fill_null(255).to_numpy()
    _refuse(column.to_numpy(), numbers == 255, "section", "A to T")
    return numbers.astype(np.uint8)


def _born(column: "pl.Series") -> NDArray[np.int32]:
    """Month numbers; 0 where nothing is told. Raises CreditError."""
    import polars as pl

    told = {text: Month.parse(str(text)).number for text in column.unique() if text is not None}
    numbers = column.replace_strict(told, default=0, return_dtype=pl.Int32)
    return numbers.fill_null(0).to_numpy().astype(np.int32)


def _refuse(column: NDArray[np.generic], wrong: NDArray[np.bool_], name: str, want: str) -> None:
    """Refuse a column with a wrong value, naming the first row. Raises CreditError."""
    if wrong.any():
        row = int(np.argmax(wrong))
        path = f"{name}[{row}]"
        raise CreditError(fault(Fault.COLUMN, expected=want, got=column[row], path=path))


def _frame(panel: PanelMonth) -> "pl.DataFrame":
    import polars as pl

    born = panel.born if panel.born is not None else np.zeros(len(panel), np.int32)
    months = {number: str(Month(int(number))) for number in np.unique(born) if number}
    return pl.DataFrame(
        {
            "firm": panel.firm,
            "month": np.full(len(panel), str(panel.month)),
            "province": panel.province,
            "section": np.array(list(SECTIONS))[panel.section],
            "weight": panel.weight,
            "born": [months.get(number) for number in born],
            **panel.values,
        },
        schema_overrides={"born": pl.String},
    )
