"""Fixtures every test may use."""

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:
    """Where everything is installed, a skip is a failure (``GUANTONG_NO_SKIP=1``)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("GUANTONG_NO_SKIP"):
        report.outcome = "failed"
