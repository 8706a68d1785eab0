"""The suites of store, trace, EPCIS and API hold with every index in PostgreSQL."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.postgres_small import SWITCH, absent

SUITES = {
    "store": "tests/unit/test_store_*.py tests/unit/test_serve_compactor.py tests/unit/test_query*.py",
    "trace": "tests/unit/test_trace_*.py",
    "lives": "tests/property/test_store_model.py",
    "epcis": "tests/api/test_epcis_*.py",
    "api": "tests/api tests/walk",
}
LONG = set(SUITES)
SECONDS_MAX = 1_800


@pytest.mark.full
@pytest.mark.skipif(SWITCH, reason="these are the tests that run now")
@pytest.mark.parametrize(
    "suite",
    [pytest.param(one, marks=[pytest.mark.soak] if one in LONG else []) for one in SUITES],
)
def test_a_suite_in_postgres(suite: str) -> None:
    if absent():
        pytest.skip(absent())
    files = [str(path) for word in SUITES[suite].split() for path in sorted(ROOT.glob(word))]
    wanted = "full and not soak" if suite == "lives" else "not full and not soak"
    left_out = "" if suite == "epcis" else "--ignore-glob=*test_epcis_*"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", wanted]
    done = subprocess.run(
        [*command, *filter(None, [left_out]), *files],
        cwd=ROOT,
        env=dict(os.environ, GUANTONG_TEST_STORE="postgres", GUANTONG_PASSED=""),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
