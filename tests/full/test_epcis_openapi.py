"""The published OpenAPI against the real server, asked by a program that makes requests of it.

No answer is 5xx. What does not conform is listed here with its reason: there the file contradicts
itself, or the standard's text.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fault.serving import serving

CHECKS = (
    *("not_a_server_error", "status_code_conformance"),
    *("content_type_conformance", "response_schema_conformance"),
)
SECTION = re.compile(r"^_{3,} (\S+ \S+) _{3,}$", re.MULTILINE)
STATUS, MEDIA, NO_MEDIA, SCHEMA, NO_JSON = "ST103", "ST105", "ST104", "ST108", "ST109"
LISTS = ("epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "eventTypes")
UNTOLD = {  # a wrong parameter or body is told with 400, for which these name no answer
    *((f"GET /{name}", STATUS) for name in (*LISTS, "capture", "events", "queries")),
    *((f"POST /queries{more}", STATUS) for more in ("", "/{queryName}/subscriptions")),
    *((f"GET /queries/{{queryName}}/{name}", MEDIA) for name in ("events", "subscriptions")),
}
CONTRADICTED = {
    ("POST /events", SCHEMA),  # 409 with a schema that wants `status: 406`
    ("POST /queries", SCHEMA),
    ("GET /queries/{queryName}", SCHEMA),  # one query, and the schema of a list
    ("GET /capture", SCHEMA),  # a job matches two branches of its oneOf
    ("GET /capture/{captureID}", SCHEMA),
}
EVENTS = re.compile(r"GET /.*/?events(/\{eventID\})?")
"""An event with what only its sender knows matches two branches of a oneOf."""
HALF = {  # an upgrade to websocket without its key is refused below the application
    ("GET /queries/{queryName}/events", NO_MEDIA),
    ("GET /queries/{queryName}/events", NO_JSON),
}


def deviations(said: str) -> set[tuple[str, str]]:
    """Operation and kind of each failure in a report."""
    parts = SECTION.split(said)
    return {
        (operation, code)
        for operation, text in zip(parts[1::2], parts[2::2], strict=True)
        for code in re.findall(r"^- (ST\d+) ", text, re.MULTILINE)
    }


@pytest.mark.full
def test_the_published_openapi(
    testdata: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    with serving(tmp_path / "d", workers=1) as here:
        command = [
            *(str(program), "run", str(testdata("01-gs1-epcis/openapi/openapi.json"))),
            *("--url", f"http://127.0.0.1:{here.port}/epcis"),
            *("-H", f"Authorization: Bearer {here.key}", "--checks", ",".join(CHECKS)),
            *("--phases", "examples,fuzzing", "--max-examples", "3", "--seed", "7"),
            *("--no-color", "--continue-on-failure"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        code, err = here.ends()
    said = done.stdout
    match = re.search(r"(\d+) generated", said)
    assert match, said + done.stderr
    with capsys.disabled():
        print(f"\n{match[1]} requests of the published OpenAPI, {len(deviations(said))} deviations")
    assert int(match[1]) > 200
    assert "Selected: 63/63" in said
    assert (code, err) == (0, "")
    known = UNTOLD | CONTRADICTED | HALF
    new = {
        (operation, kind)
        for operation, kind in deviations(said) - known
        if not (kind == SCHEMA and EVENTS.fullmatch(operation))
    }
    assert new == set(), said[:8_000]
