"""How do columns become Parquet, and come back? The one module that imports pyarrow.

Texts are dictionaries of what a file holds; pages are ZSTD. Row groups are small enough that a
reader of one range of items skips the others by their least and greatest values.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

GROUP_ROWS: Final = 1 << 16
LEVEL: Final = 6
"""Of ZSTD."""


class Coded(NamedTuple):
    """A column of texts that come again."""

    codes: NDArray[np.int64]
    """Position in `texts`, -1 for null."""
    texts: Sequence[str]


Column: TypeAlias = "NDArray[Any] | Coded | Sequence[str | None]"
"""Numbers (NaN is null), coded texts, or plain texts."""
Columns: TypeAlias = Mapping[str, Column]


def write(path: Path, columns: Columns) -> int:
    """Write one file, or nothing for no rows.

    Args:
        path: Where; its directory is made.
        columns: By name, all of one length.

    Returns:
        How many rows.
    """
    table = pa.table({name: _array(column) for name, column in columns.items()})
    if not table.num_rows:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table, path, compression="zstd", compression_level=LEVEL, row_group_size=GROUP_ROWS
    )
    return int(table.num_rows)


def taken(columns: Columns, chosen: NDArray[np.int64]) -> Columns:
    """Some rows of columns, in the order given."""
    return {name: _taken(column, chosen) for name, column in columns.items()}


def read(paths: Sequence[Path], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of some files, of some columns."""
    for path in paths:
        table = pq.read_table(path, columns=list(names), partitioning=None)
        yield from zip(*(table[name].to_pylist() for name in names), strict=True)


def _taken(column: Column, chosen: NDArray[np.int64]) -> Column:
    if isinstance(column, Coded):
        return column._replace(codes=column.codes[chosen])
    if isinstance(column, np.ndarray):
        taken: NDArray[Any] = column[chosen]
        return taken
    return [column[at] for at in chosen.tolist()]


def _array(column: Column) -> pa.Array:
    if isinstance(column, Coded):
        used, codes = np.unique(column.codes, return_inverse=True)
        has_null = int(len(used) > 0 and used[0] < 0)
        texts = pa.array([column.texts[at] for at in used[has_null:].tolist()], pa.string())
        codes = codes - 1 if has_null else codes
        indices = pa.array(codes.astype(np.int32), mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, texts)
    if isinstance(column, np.ndarray):
        return pa.array(column, from_pandas=True)
    return pa.array(column, pa.string())


def columns_of(table: pa.Table, names: Sequence[str]) -> dict[str, "NDArray[Any] | Coded"]:
    """Columns of a table of Arrow: numbers as they are, null as NaN; texts coded."""
    return {name: _column_of(table[name].combine_chunks()) for name in names}


def _column_of(array: pa.Array) -> "NDArray[Any] | Coded":
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type) or _is_text(array.type):
        coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return Coded(codes, coded.dictionary.to_pylist())
    found: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def table_of(columns: Columns) -> pa.Table:
    """Columns as a table of Arrow."""
    return pa.table({name: _array(column) for name, column in columns.items()})
