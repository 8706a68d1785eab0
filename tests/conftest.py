"""Fixtures every test may use."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.settings import FILE, Settings
from guantong.store import place, segments
from tests import postgres_small
from tests.postgres_small import SWITCH, Server, schema_for

ROOT = Path(__file__).parent.parent
PASSED = os.environ.get("GUANTONG_PASSED", "")
"""Names of tests that passed, one a line: they are not run again, and those of this run are added."""


@pytest.fixture(scope="session")
def testdata() -> Callable[[str], Path]:
    """Finds a folder or file of third-party test material, or skips with the reason."""
    base = ROOT / os.environ.get("GUANTONG_TESTDATA", "../shared/testdata")

    def find(relative: str) -> Path:
        path = base / relative
        if not path.exists():
            pytest.skip(f"third-party test material is not here: $GUANTONG_TESTDATA/{relative}")
        return path

    return find


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; skips with the reason where there can be none."""
    server = postgres_small.new_server()
    try:
        server.start()
        yield server
    finally:
        postgres_small.remove(server)


if SWITCH:
    OPENED: list[Any] = []

    @pytest.fixture(scope="session", autouse=True)
    def everything_in_postgres(postgres: Server) -> Iterator[None]:
        """Every index that would be a file is a schema."""

        def open_place(there: Path | str, *layout: Any, **how: Any) -> Any:
            url = postgres.url(schema_for(there)) if isinstance(there, Path) else there
            OPENED.append(place.open_place(url, *layout, **how))
            return OPENED[-1]

        def index(settings: Settings) -> str:
            return settings.store or postgres.url(schema_for(settings.data / FILE))

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(segments, "open_place", open_place)
            patched.setattr(Settings, "index", property(index))
            yield

    @pytest.fixture(autouse=True)
    def nothing_left_open() -> Iterator[None]:
        """What a test left open is closed; who asks it again connects again."""
        OPENED.clear()
        yield
        for handle in OPENED:
            handle._link.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:
    """Where everything is installed, a skip is a failure (``GUANTONG_NO_SKIP=1``)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("GUANTONG_NO_SKIP"):
        report.outcome = "failed"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What passed in an earlier run of the same check is not run again (``GUANTONG_PASSED``)."""
    if SWITCH:
        looking = [item for item in items if item.get_closest_marker("file")]
        config.hook.pytest_deselected(items=looking)
        items[:] = [item for item in items if item not in looking]
    if PASSED and Path(PASSED).exists():
        known = set(Path(PASSED).read_text("utf-8").splitlines())
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in known])
        items[:] = [item for item in items if item.nodeid not in known]


def pytest_configure(config: pytest.Config) -> None:
    """Remember what passes; where several processes test, the one that hears of all."""
    if PASSED and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Passing())


class _Passing:
    """Writes down what passed, once all is over: a worker that reads meanwhile sees none of it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.names.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        with Path(PASSED).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in self.names)
