"""A lake as tables of Spark, of the files that its manifest names and no others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from guantong.lake import model, parquet
from guantong.lake.model import Dataset
from guantong.lake.parquet import Columns

TASK_ROWS: Final = 500_000
"""Rows of a lake for one task of a shuffle, about: small lakes are not taken apart for nothing."""
_SAID: Final = (
    "time_ms bigint, record_ms bigint, entry bigint, kind int, flags int, by string, step string, "
    "disposition string, read_point string, biz_location string, ends string, month string"
)
SCHEMAS: Final = {
    Dataset.ROWS: (
        "class string, head string, width int, first bigint, last bigint, item bigint, count int, "
        f"event bigint, role int, uom string, quantity double, {_SAID}, range string"
    ),
    Dataset.EVENTS: (
        "event bigint, position bigint, id string, type string, action string, offset string, "
        f"transformation_id string, items bigint, amounts bigint, ranges bigint, {_SAID}"
    ),
    Dataset.LOTS: "lot string, event bigint",
    Dataset.WITHDRAWN: "declaration bigint, event bigint",
    Dataset.PARTIES: "key string, firm string, region string",
    Dataset.DUTIES: (
        "party string, category string, region string, is_filed boolean, product string, "
        "is_issued boolean"
    ),
}
"""Columns of the tables as Spark names their kinds."""


class Frames:
    """Temporary views ``rows``, ``events``, ``lots``, ``withdrawn``, ``parties``, ``duties``."""

    def __init__(self, spark: Any, folder: Path) -> None:
        """Register the views.

        Args:
            spark: A session.
            folder: The lake, where the driver and all workers see it.
        """
        self.spark = spark
        self.folder = folder
        self.manifest = model.needed(folder)
        tasks = max(2 * self.width, self.manifest.rows(Dataset.ROWS) // TASK_ROWS)
        spark.conf.set("spark.sql.shuffle.partitions", str(tasks))
        for dataset in Dataset:
            self._read(dataset).createOrReplaceTempView(dataset.value)

    def ask(self, sql: str, **tables: Any) -> Any:
        """The answer to a query; tables named in it are frames."""
        for name, frame in tables.items():
            frame.createOrReplaceTempView(name)
        return self.spark.sql(sql)

    def columns(self, frame: Any, names: Iterable[str]) -> "dict[str, Any]":
        """A frame's columns, here."""
        chosen = list(names)
        return parquet.columns_of(frame.select(*chosen).toArrow(), chosen)

    def frame(self, columns: Columns) -> Any:
        """Columns as a frame."""
        return self.spark.createDataFrame(parquet.table_of(columns))

    def broadcast(self, value: object) -> Any:
        """A value for all tasks."""
        return self.spark.sparkContext.broadcast(value)

    def forget(self) -> None:
        """Drop what was kept between the jobs of one question."""
        self.spark.catalog.clearCache()

    @property
    def width(self) -> int:
        """How many tasks run at once."""
        return int(self.spark.sparkContext.defaultParallelism)

    def _read(self, dataset: Dataset) -> Any:
        paths = [str(self.folder / one.path) for one in self.manifest.of((dataset,))]
        if not paths:
            return self.spark.createDataFrame([], SCHEMAS[dataset])
        reader = self.spark.read.schema(SCHEMAS[dataset])
        return reader.option("basePath", str(self.folder / dataset)).parquet(*paths)
