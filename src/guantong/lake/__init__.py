"""The index as sorted Parquet, for engines that read a whole nation at once.

`export` (in `guantong.lake.export`) writes ranges of items and events, sorted and partitioned, and a
`Manifest` with the digest of every file, which is an entry of the ledger; `check` finds a file that is
another. `guantong.lake.job` answers over such a directory with Spark, by the rules of `guantong.trace`.
What imports pyarrow (`guantong.lake.parquet`) or pyspark (`guantong.lake.session`) is imported by
whoever needs it.
"""

from guantong.lake.model import (
    KIND,
    MEDIA,
    Dataset,
    Fault,
    File,
    LakeError,
    Manifest,
    check,
    needed,
    newest,
)

__all__ = [
    "KIND",
    "MEDIA",
    "Dataset",
    "Fault",
    "File",
    "LakeError",
    "Manifest",
    "check",
    "needed",
    "newest",
]
