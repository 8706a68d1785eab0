"""A document of 100,000 events, about 100 MB: how much memory it takes, and what a killed process loses."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.serve.world import read_world
from guantong.settings import Settings
from tests.fault.serving import Serving, serving

EVENTS = 100_000
BYTES = 100_000_000
PEAK_MB = 300
"""Of each process, in units of 1,000,000 bytes."""
HEAD = (
    '{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",'
    '{"ex":"urn:ex:"}],'
    '"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-03-20T00:00:00Z",'
    '"epcisBody":{"eventList":['
)
XML = (
    '<?xml version="1.0"?><e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" '
    'creationDate="2026-03-20T00:00:00Z"><EPCISBody><EventList>'
)
PLACE = "https://id.gs1.org/414/6901234000016"


def item(number: int) -> str:
    return f"https://id.gs1.org/01/06901234567892/21/{number}"


def at(number: int) -> str:
    days, seconds = divmod(number, 86_400)
    return (
        f"2026-03-{1 + days:02d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"
    )


def in_json(*, extended: bool, events: int = EVENTS) -> Iterator[bytes]:
    yield HEAD.encode()
    more = {"ex:note": "kept"} if extended else {}
    for number in range(events):
        event = {
            "type": "ObjectEvent",
            "eventTime": at(number),
            "eventTimeZoneOffset": "+08:00",
            "epcList": [item(number * 15 + n) for n in range(15)],
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": {"id": PLACE},
            "bizLocation": {"id": PLACE},
            **more,
        }
        yield (b"," if number else b"") + json.dumps(event, separators=(",", ":")).encode()
    yield b"]}}"


def in_xml() -> Iterator[bytes]:
    yield XML.encode()
    for number in range(EVENTS):
        listed = "".join(f"<epc>{item(number * 11 + n)}</epc>" for n in range(11))
        yield (
            f"<ObjectEvent><eventTime>{at(number)}</eventTime>"
            f"<eventTimeZoneOffset>+08:00</eventTimeZoneOffset><epcList>{listed}</epcList>"
            "<action>ADD</action><bizStep>https://ref.gs1.org/cbv/BizStep-commissioning</bizStep>"
            f"<readPoint><id>{PLACE}</id></readPoint><bizLocation><id>{PLACE}</id></bizLocation>"
            "</ObjectEvent>"
        ).encode()
    yield b"</EventList></EPCISBody></e:EPCISDocument>"


def written(kind: str) -> bytes:
    body = b"".join(in_xml() if kind == "xml" else in_json(extended=kind == "extended"))
    assert len(body) > 0.95 * BYTES
    return body


def peaks(here: Serving) -> dict[str, float]:
    """The most memory that each process of the server has had, in MB."""
    found = {}
    for pid, role in here.children().items():
        text = Path(f"/proc/{pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", text)
        assert match
        found[role] = int(match[1]) * 1024 / 1e6
    return found


def ended(here: Serving) -> dict[str, Any]:
    """The only job, when it has ended, and how far it was seen to come."""
    end = time.monotonic() + 300
    seen = 0
    while time.monotonic() < end:
        status, body = here.ask("GET", "/epcis/capture")
        assert status == 200
        job: dict[str, Any] = json.loads(body)[0]
        if not job["running"]:
            return job | {"seen": seen}
        seen = max(seen, job["eventsRead"])
        time.sleep(0.2)
    raise AssertionError("it does not end")


KINDS = [
    pytest.param("plain", marks=pytest.mark.full),
    pytest.param("extended", marks=pytest.mark.soak),
    pytest.param("xml", marks=pytest.mark.soak),
]


@pytest.mark.parametrize("kind", KINDS)
def test_memory(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = written(kind)
    with serving(tmp_path / "d", workers=1) as here:
        assert here.ask("POST", "/epcis/capture", body)[0] == 202
        job = ended(here)
        assert (job["success"], job["events"]) == (True, EVENTS), job
        found = peaks(here)
    with capsys.disabled():
        told = ", ".join(f"{role} {much:.0f} MB" for role, much in sorted(found.items()))
        print(f"\n{kind}: {EVENTS} events, {len(body) / 1e6:.0f} MB: at most {told}")
    assert set(found) == {"front", "writer"}
    assert max(found.values()) <= PEAK_MB, found
    assert job["seen"] > 0 or kind == "plain", "how far it had come was never told"


@pytest.mark.full
@pytest.mark.parametrize("role", ["front", "writer"])
def test_killed_in_the_middle(role: str, tmp_path: Path) -> None:
    """The job is taken up again by who comes next, and counts once."""
    body = b"".join(in_json(extended=True, events=12_000))
    with serving(tmp_path / "d", workers=1) as here:
        assert here.ask("POST", "/epcis/capture", body)[0] == 202
        time.sleep(0.6)
        os.kill(here.pid_of(role), signal.SIGKILL)
        job = ended(here)
        assert (job["success"], job["events"]) == (True, 12_000), job
        here.ends()
    with read_world(Settings(tmp_path / "d")) as world:
        assert world.store.counts()["events"] == 12_000
        assert world.ledger.size == 2
    assert list((tmp_path / "d" / "passing").glob("*")) == [] or role == "front"
