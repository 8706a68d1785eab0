"""A Spark of the tests' own: a session here, or a master and workers as processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.lake_small import java

SECONDS_MAX: Final = 600.0
QUICK: Final = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.codegen.wholeStage": "false",
}
"""What makes a small question quick: little is compiled."""


class Asked(NamedTuple):
    """A job under way."""

    process: subprocess.Popen[bytes]
    out: Path
    log: Path

    def answer(self) -> dict[str, Any]:
        """What it says in the end: the last line."""
        code = self.process.wait(SECONDS_MAX)
        assert code == 0, self.out.read_text() + self.log.read_text()
        told: dict[str, Any] = json.loads(self.out.read_text().splitlines()[-1])
        return told


class Cluster:
    """A standalone master and two workers on loopback; every process in a group of its own."""

    def __init__(self, place: Path, workers: int = 2) -> None:
        """Start all, and wait until the workers are known."""
        self._place = place
        self._groups: list[subprocess.Popen[Any]] = []
        self._environment = environment()
        self.url = ""
        try:
            self._start(workers)
        except BaseException:
            self.stop()
            raise

    def _start(self, workers: int) -> None:
        place = ("--host", "127.0.0.1", "--webui-port", "0")
        self._daemon("master.Master", "master", *place, "--port", "0")
        self.url = self._said("master", r"Starting Spark master at (spark://\S+)")
        self.workers = [self._worker(str(number), place) for number in range(workers)]
        for number in range(workers):
            self._said(f"worker-{number}", r"(Successfully registered)")

    def _worker(self, name: str, place: tuple[str, ...]) -> subprocess.Popen[bytes]:
        size = ("--cores", "1", "--memory", "700m", "--work-dir", str(self._place / "work"))
        return self._daemon("worker.Worker", f"worker-{name}", self.url, *place, *size)

    def _daemon(self, what: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}"]
        with (self._place / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, *arguments],
                env=self._environment | {"SPARK_DAEMON_MEMORY": "256m"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(process)
        return process

    def _said(self, name: str, pattern: str) -> str:
        log, until = self._place / f"{name}.log", time.monotonic() + SECONDS_MAX
        while not (found := re.search(pattern, log.read_text())):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        return found[1]

    def submit(self, name: str, *arguments: str) -> "Asked":
        """Ask a lake by spark-submit."""
        spec = find_spec("guantong.lake.job")
        assert spec is not None
        assert spec.origin is not None
        settings = QUICK | {"spark.executor.memory": "512m"}
        conf = [word for one in settings.items() for word in ("--conf", "=".join(one))]
        command = [str(_home() / "bin" / "spark-submit"), "--master", self.url, *conf]
        out, log = self._place / f"{name}.out", self._place / f"{name}.log"
        with out.open("wb") as answer, log.open("wb") as noted:
            process = subprocess.Popen(
                [*command, spec.origin, *arguments],
                env=self._environment,
                stdout=answer,
                stderr=noted,
                start_new_session=True,
            )
        self._groups.append(process)
        return Asked(process, out, log)

    def kill(self, number: int) -> None:
        """A worker, and all it runs, at once."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait(SECONDS_MAX)

    def computing(self) -> int:
        """A worker in which a task of Python runs, -1 for none."""
        parents = dict(_parents())
        for pid in [pid for pid in parents if b"pyspark.daemon" in _line(pid)]:
            above = pid
            while above in parents:
                above = parents[above]
                for number, worker in enumerate(self.workers):
                    if worker.pid == above:
                        return number
        return -1

    def stop(self) -> None:
        """End all of them."""
        for process in self._groups:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(SECONDS_MAX)


def here() -> Any:
    """A session in this process."""
    os.environ |= environment()
    from guantong.lake.session import session

    quick = {name.replace(".", "__"): value for name, value in QUICK.items()}
    spark = session("local[2]", spark__driver__memory="1g", **quick)
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def environment() -> dict[str, str]:
    """With the Java there is, this Python, and loopback; skips where there is no Java."""
    found = dict(os.environ)
    if home := java():
        found["JAVA_HOME"] = home
    paths = [path for path in sys.path if path]
    return found | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _parents() -> Iterator[tuple[int, int]]:
    """Every process there is, and its parent."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(entry.name), int(fields[1])


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _home() -> Path:
    if find_spec("pyspark") is None:
        pytest.skip("not installed: pyspark")
    import pyspark

    return Path(str(pyspark.__file__)).parent
