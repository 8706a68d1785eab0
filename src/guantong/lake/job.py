"""Ask a lake with Spark: ``python -m guantong.lake.job``, or this file by ``spark-submit``.

``job.py FOLDER scope CODE …`` says what came of lots or items and who has it; ``job.py FOLDER
everyone`` says that of all items, and how many lack a part of their story; ``steps``, ``panel`` and
``coverage`` are the figures of `guantong.lake.figures`. The answer is JSON, the last line of standard
output: spark-submit puts before it what Python warns of. Under spark-submit the master is the
cluster's; else ``--master`` says where (``local[*]``).
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from guantong.errors import fault
from guantong.lake.figures import QUERIES
from guantong.lake.frames import Frames
from guantong.lake.model import Fault, LakeError
from guantong.lake.scope import everyone, scope
from guantong.store.columns import Span
from guantong.trace.closure import who


def main() -> None:
    """Answer one question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("question", choices=["scope", "everyone", *QUERIES])
    parser.add_argument("codes", nargs="*")
    parser.add_argument("--master", default="", help="where, when spark-submit does not say")
    parser.add_argument("--now-ms", type=int, default=0, help="the present; the clock's without")
    asked = parser.parse_args()
    now_ms = asked.now_ms or time.time_ns() // 1_000_000
    spark = _session(asked.master)
    try:
        told = answer(Frames(spark, asked.folder), asked.question, asked.codes, now_ms)
        sys.stdout.write(f"{json.dumps(told, ensure_ascii=False)}\n")
        sys.stdout.flush()
    finally:
        spark.stop()


def _session(master: str) -> Any:
    """Spark, which not every installation has. Raises LakeError."""
    try:
        from guantong.lake.session import session
    except ImportError as error:
        expected = "the extra guantong[spark]"
        raise LakeError(fault(Fault.ENGINE, expected=expected, got=error)) from error
    return session(master)


def answer(frames: Frames, question: str, codes: list[str], now_ms: int) -> dict[str, Any]:
    """What is told."""
    told: dict[str, Any] = {"as_of": frames.manifest.entries, "now_ms": now_ms}
    if question in QUERIES:
        rows = frames.ask(QUERIES[question]).collect()
        return told | {"rows": [row.asDict() for row in rows]}
    if question == "everyone":
        all_ = everyone(frames, now_ms=now_ms)
        stops, gaps = sorted(all_.stops), all_.gaps
        return told | {"stops": stops, "gaps": gaps} | who(all_.held, all_.amounts)
    found = scope(frames, codes, now_ms=now_ms)
    about = {"complete": found.complete, "stops": list(found.stops), "hops": found.hops}
    about |= {"made": found.made, "lots": list(found.lots), "ranges": _ranges(found.spans())}
    return told | about | who(found.held, found.amounts)


def _ranges(spans: Iterable[Span]) -> list[dict[str, object]]:
    return [span._asdict() for span in spans]


if __name__ == "__main__":
    main()
