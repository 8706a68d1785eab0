"""Where does Spark run? The one module that imports pyspark, when it is asked."""

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS: Final = {
    # A join that is thought small and is not takes all memory of the driver; whatever really is
    # small says so itself.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # The manifest names every file: there is nothing to be found by many tasks.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.python.worker.reuse": "true",
}


def session(master: str = "", **more: str) -> "SparkSession":
    """A session with what the jobs of a lake need.

    Args:
        master: ``local[*]``, ``spark://host:port``; "" for what spark-submit says.
        more: Other settings, with ``__`` for dots.

    Returns:
        It, or the one there is.
    """
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("guantong lake")
    if master:
        builder = builder.master(master)
    # Workers run the same rules: they find them where this process does.
    builder = builder.config("spark.executorEnv.PYTHONPATH", ":".join(filter(None, sys.path)))
    settings = SETTINGS | {name.replace("__", "."): value for name, value in more.items()}
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
