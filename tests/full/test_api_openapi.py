"""Our own OpenAPI against the real server, asked by a program that makes requests of it, as each kind of caller."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.keys import new_key
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.fault.serving import serving
from tests.full.test_epcis_openapi import deviations
from tests.people_small import MAKER, OFFICE

CHECKS = (
    *("not_a_server_error", "status_code_conformance"),
    *("content_type_conformance", "response_schema_conformance"),
)
BELOW = {"ST104", "ST109"}
"""A request line that is too long is refused below the application, without a body."""
CALLERS = {
    "public": None,
    "party": Caller(MAKER, Level.PARTY),
    "regulator": Caller(OFFICE, Level.REGULATOR, "33"),
    "operator": OPERATOR,
}


@pytest.mark.full
def test_no_caller_breaks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    settings = Settings(tmp_path / "d")
    with open_world(settings, create=not settings.data.exists()) as world:
        keys = {
            name: world.add_key(new_key(caller), OPERATOR) if caller else ""
            for name, caller in CALLERS.items()
        }
    with serving(tmp_path / "d", workers=1) as here:
        root = f"http://127.0.0.1:{here.port}"
        for name, key in keys.items():
            head = ["-H", f"Authorization: Bearer {key}"] if key else []
            command = [
                *(str(program), "run", f"{root}/api/openapi.json", *head),
                *("--checks", ",".join(CHECKS), "--phases", "examples,fuzzing"),
                *("--max-examples", "15", "--seed", "7", "--no-color", "--continue-on-failure"),
            ]
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=tmp_path, check=False
            )
            made = re.search(r"(\d+) generated", done.stdout)
            assert made, done.stdout + done.stderr
            with capsys.disabled():
                print(f"\n{made[1]} requests as {name}")
            found = {kind for _, kind in deviations(done.stdout)}
            assert found <= BELOW, done.stdout[-6_000:]
        code, err = here.ends()
    assert (code, err) == (0, "")
