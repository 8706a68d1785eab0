"""Documents made to break: a fault with a path, or taken; never a dead writer, never a half."""

import codecs
import gzip
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve import json_out
from guantong.serve.cli import main
from guantong.serve.intake import Offer
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings

PARTY = Caller("urn:maker", Level.PARTY)
EPC = "https://id.gs1.org/01/06901234567892/21/1000"
MB = 1 << 20


def event(**members: object) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-02T10:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": [EPC],
    } | members


def epcis(*events: dict[str, Any], **members: object) -> bytes:
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"x": "urn:x:"}]
    whole = {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(whole | members, ensure_ascii=False).encode()


def with_raw(value: str, **members: object) -> bytes:
    """An event with an extension whose value is this very text."""
    return epcis(event(**{"x:n": "HERE"} | members)).replace(b'"HERE"', value.encode())


def xml(inside: str = "", before: str = "", encoding: str = "UTF-8") -> bytes:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>{before}'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" '
        'creationDate="2026-03-02T10:00:00Z"><EPCISBody><EventList><ObjectEvent>'
        "<eventTime>2026-03-02T10:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
        "<epcList><epc>urn:epc:id:sgtin:6901234.056789.1000</epc></epcList>"
        f"<action>OBSERVE</action>{inside}</ObjectEvent></EventList></EPCISBody>"
        "</epcis:EPCISDocument>"
    ).encode()


def zip_bomb() -> bytes:
    """A workbook of a few kilobytes with a sheet of 300 MB."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(300):
            sheet.write(bytes(MB))
    return packed.getvalue()


BAD: dict[str, tuple[bytes | Callable[[], bytes], str, str, str]] = {
    # what: document, file name, fault code, path
    "empty": (b"", "", "capture.format", ""),
    "binary": (bytes(range(256)) * 9, "", "capture.encoding", ""),
    "gzip": (gzip.compress(epcis(event())), "", "capture.encoding", ""),
    "truncated": (epcis(event())[:-30], "", "capture.syntax", ""),
    "latin-1": (with_raw('"é"').decode().encode("latin-1"), "", "capture.encoding", ""),
    "UTF-16": (
        codecs.BOM_UTF16_LE + epcis(event()).decode().encode("utf-16-le"),
        "",
        "capture.encoding",
        "",
    ),
    "a NUL byte": (epcis(event()).replace(b"OBSERVE", b"OBS\0ERVE"), "", "capture.syntax", ""),
    "a lone surrogate": (with_raw('"\\ud800"'), "", "capture.syntax", ""),
    "NaN": (with_raw("NaN"), "", "capture.syntax", ""),
    "one and 400 zeros": (
        with_raw("1" + "0" * 400),
        "",
        "capture.number",
        "epcisBody.eventList[0].x:n",
    ),
    "2 to the 64": (with_raw(str(2**64)), "", "capture.number", "epcisBody.eventList[0].x:n"),
    "minus 2 to the 63, less one": (
        with_raw(str(-(2**63) - 1)),
        "",
        "capture.number",
        "epcisBody.eventList[0].x:n",
    ),
    "5,000 digits": (with_raw("9" * 5000), "", "capture.number", "epcisBody.eventList[0]"),
    "1e400": (with_raw("1e400"), "", "capture.number", "epcisBody.eventList[0]"),
    "nested brackets": (with_raw("[" * 100_000 + "]" * 100_000), "", "capture.too_deep", ""),
    "open braces": (b'{"a":' * 100_000, "", "capture.too_deep", ""),
    "year 1": (
        epcis(event(eventTime="0001-01-01T00:00:00+14:00")),
        "",
        "capture.time",
        "epcisBody.eventList[0].eventTime",
    ),
    "year 9999": (
        epcis(event(eventTime="9999-12-31T23:59:59-14:00")),
        "",
        "capture.time",
        "epcisBody.eventList[0].eventTime",
    ),
    "no zone": (
        epcis(event(eventTime="2026-03-02T10:00:00")),
        "",
        "capture.zone",
        "epcisBody.eventList[0].eventTime",
    ),
    "+14:30": (
        epcis(event(eventTimeZoneOffset="+14:30")),
        "",
        "capture.zone",
        "epcisBody.eventList[0].eventTimeZoneOffset",
    ),
    "a wrong check digit": (
        epcis(event(epcList=[EPC.replace("892", "893")])),
        "",
        "capture.identifier",
        "epcisBody.eventList[0].epcList[0]",
    ),
    "less than nothing": (
        epcis(event(quantityList=[{"epcClass": EPC.partition("/21")[0], "quantity": -5}])),
        "",
        "capture.number",
        "epcisBody.eventList[0].quantityList[0].quantity",
    ),
    "an id twice": (
        epcis(event(eventID="urn:x:1"), event(eventID="urn:x:1")),
        "",
        "capture.duplicate",
        "epcisBody.eventList[1].eventID",
    ),
    "a key twice": (
        epcis(event()).replace(b'"action"', b'"action": "ADD", "action"'),
        "",
        "capture.duplicate",
        "epcisBody.eventList[0]",
    ),
    "an event too many": (
        lambda: epcis(*[event()] * 100_001),
        "",
        "capture.too_many_events",
        "epcisBody.eventList",
    ),
    "an XML bomb": (
        xml("&b;", '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'),
        "",
        "capture.unsafe_xml",
        "",
    ),
    "an outer entity": (
        xml("&x;", '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "",
        "capture.unsafe_xml",
        "",
    ),
    "a DTD elsewhere": (
        xml("", '<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd">'),
        "",
        "capture.unsafe_xml",
        "",
    ),
    "XML nested": (xml("<a>" * 50_000 + "</a>" * 50_000), "", "capture.too_deep", ""),
    "XML cut": (xml()[:-40], "", "capture.syntax", ""),
    "XML in EBCDIC": (xml(encoding="EBCDIC-CP-US"), "", "capture.encoding", ""),
    "a ZIP bomb": (zip_bomb, "a.xlsx", "capture.too_large", ""),
    "half a ZIP": (b"PK\x03\x04" + bytes(50), "a.xlsx", "capture.syntax", ""),
    "1,000 columns": (
        ("c," * 1000 + "\n" + "1," * 1000 + "\n").encode(),
        "a.csv",
        "capture.format",
        "",
    ),
    "a cell of 10 MB": (
        b"code,time\n" + b"a" * 10 * MB + b",2026\n",
        "a.csv",
        "capture.syntax",
        "",
    ),
    "an open quote": (b'code,time\n"' + b"a,\n" * MB, "a.csv", "capture.syntax", ""),
    "a formula": (
        f"日期时间,步骤,编码,备注\n2026-03-01 08:30,入库,{EPC},=cmd|'/C calc'!A0\n".encode(),
        "a.csv",
        "capture.type",
        "rows[2].备注",
    ),
    "records in brackets": (
        b'{"guantong":"records","firms":' + b"[" * 100_000,
        "",
        "capture.too_deep",
        "",
    ),
    "records with 400 digits": (
        b'{"guantong":"records","places":[{"name":"a","id":"urn:x:1","lat":' + b"9" * 400 + b"}]}",
        "",
        "capture.type",
        "places[0].lat",
    ),
}

TAKEN: dict[str, tuple[bytes, str, str]] = {
    # what: document, file name, media type
    "an extension of 2 to the 64, less one": (with_raw(str(2**64 - 1)), "", ""),
    "a sensor of 300 digits": (
        epcis(
            event(sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 7777}]}])
        ).replace(b"7777", b"9" * 300),
        "",
        "",
    ),
    "a NUL in a text": (with_raw('"a\\u0000b"'), "", ""),
    "a NUL in an id": (epcis(event(eventID="urn:x:a\0b")), "", ""),
    "an id of two lines": (epcis(event(eventID="urn:x:a\r\nSet-Cookie: a=b")), "", ""),
    "an id of 100 kB": (epcis(event(eventID="urn:x:" + "a" * 100_000)), "", ""),
    "an EPC of 10 kB": (epcis(event(epcList=["https://x.example/" + "a" * 10_000])), "", ""),
    "an EPC of HTML": (
        epcis(event(epcList=["https://x.example/<script>alert(1)</script>"])),
        "",
        "",
    ),
    "no events": (epcis(), "", ""),
    "a media type of 5 kB": (epcis(event()), "", "application/json; x=" + "a" * 5000),
    "a media type of two lines": (epcis(event()), "", "application/json\r\nx: y"),
    "a media type with a surrogate": (epcis(event()), "", "application/\ud800"),
    "a name of controls": (epcis(event()), "\x01" * 100, ""),
    "a name of quotes": (epcis(event()), '"\\' * 50, ""),
    "a name with a surrogate": (epcis(event()), "\ud800.json", ""),
    "a table with a Chinese name": (
        f"日期时间,步骤,编码\n2026-03-01 08:30,入库,{EPC}\n".encode(),
        "流向.csv",
        "",
    ),
    "a table with a long name": (
        f"日期时间,步骤,编码\n2026-03-01 08:30,入库,{EPC}\n".encode(),
        "a" * 120 + ".csv",
        "",
    ),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(data=tmp_path / "data"), create=True) as world:
        world.submit(Offer(epcis(event(eventID="urn:uuid:0"))), OPERATOR)
        world.wait(1)
        yield world


def fingerprint(world: World) -> tuple[int, dict[str, int], dict[str, str]]:
    """Ledger size, counts of the index, and the bytes of every file of the ledger."""
    files = (file for file in (world.settings.data / "ledger").rglob("*") if file.is_file())
    digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    return world.ledger.size, world.store.counts(), digests


def alive(world: World) -> bool:
    """Whether the writer still takes a document and the page of the item can be made."""
    receipt = world.submit(Offer(epcis(event(eventID="urn:uuid:last"))), Caller("urn:last"))
    json_out.encode(json_out.verdict_json(world.check(EPC, PARTY)))
    json_out.encode(json_out.trail_json(world.trace(EPC, "both", OPERATOR)))
    return receipt.accepted and world.wait(world.ledger.size)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_document_is_refused_with_a_path_and_leaves_nothing(world: World, what: str) -> None:
    made, name, code, path = BAD[what]
    before = fingerprint(world)
    receipt = world.submit(Offer(made() if callable(made) else made, name=name), PARTY)
    assert not receipt.accepted
    assert (receipt.faults[0].code, receipt.faults[0].path) == (code, path)
    assert fingerprint(world) == before
    assert alive(world)


@pytest.mark.parametrize("what", TAKEN)
def test_an_odd_document_is_taken_whole_and_read_again_by_a_rebuild(
    tmp_path: Path, what: str
) -> None:
    body, name, media = TAKEN[what]
    settings = Settings(data=tmp_path / "data")
    with open_world(settings, create=True) as world:
        receipt = world.submit(Offer(body, media=media, name=name), PARTY)
        assert receipt.accepted, receipt.faults
        assert alive(world)
        before = world.store.counts()
        assert before["events"] == receipt.events + 1
        assert world.ledger.body(0) == body
    list(rebuild(settings))
    with open_world(settings) as world:
        assert world.store.counts() == before


def test_a_statement_that_does_not_fit_refuses_one_and_not_the_writer(world: World) -> None:
    """A party of 2,000 characters fits into no statement; others in the same group do."""
    before = fingerprint(world)
    futures = [world.offer(Offer(epcis(event())), Caller("p" * 2000)) for _ in range(3)]
    assert {future.result().faults[0].code for future in futures} == {"ledger.statement"}
    assert fingerprint(world) == before
    assert alive(world)


MEASURED = """
import sys
from pathlib import Path
from guantong import capture
def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int([line for line in lines if line.startswith("VmHWM")][0].split()[1]) // 1024
before = peak_mb()
data = Path(sys.argv[1]).read_bytes()
found = capture.read(data, name=sys.argv[1])
print(found.faults[0].code if found.faults else "", peak_mb() - before, len(data) >> 20)
"""


def one_line(size: int) -> bytes:
    return b'{"a":"' + b"a" * size + b'"}'


@pytest.mark.parametrize(
    ("name", "made", "mb_max"),
    [
        ("line.json", lambda: one_line(100 * MB), 150),
        ("line.csv", lambda: b"a" * (60 * MB), 200),
        ("han.csv", lambda: "电".encode() * (20 * MB), 250),
        ("lines.csv", lambda: b"a\n" * (30 * MB), 250),
        ("bomb.xlsx", zip_bomb, 100),
        ("commas.json", lambda: b'{"a":[' + b"1," * (30 * MB) + b"1]}", 150),
        (
            "lists.json",
            lambda: b'{"guantong":"records","firms":[' + b"[]," * (20 * MB) + b"[]]}",
            150,
        ),
        ("elements.xml", lambda: b"<a>" + b"<b/>" * (15 * MB) + b"</a>", 150),
        ("text.xml", lambda: b"<a>" + b"b" * (60 * MB) + b"</a>", 150),
    ],
)
def test_memory_is_bounded(
    tmp_path: Path, name: str, made: Callable[[], bytes], mb_max: int
) -> None:
    """In a process of its own: how much more is held than before, document included."""
    file = tmp_path / name
    file.write_bytes(made())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(file)], check=True, capture_output=True, text=True
    )
    code, held_mb, size_mb = done.stdout.split()
    assert code.startswith("capture.")
    assert int(held_mb) < mb_max, f"{held_mb} MB for a document of {size_mb} MB"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_sparse_gigabyte_a_folder_and_nothing(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as sparse:
        sparse.truncate(1 << 30)
    data = tmp_path / "data"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrongs = {
        huge: "capture.too_large",
        tmp_path: "serve.unreadable_file",
        tmp_path / "absent": "serve.unreadable_file",
        Path("/dev/null"): "capture.format",
    }
    for file, code in wrongs.items():
        exit_code, output = run("capture", file, "--data", data)
        assert (exit_code, f"[{code}]" in output) == (1, True), output
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < 300
    with open_world(Settings(data=data)) as world:
        assert world.ledger.size == 0


@pytest.mark.parametrize("bad", [b"junk" * 999, b"", None])
def test_an_index_that_is_none_is_told_and_rebuilt(tmp_path: Path, bad: bytes | None) -> None:
    data, file = tmp_path / "data", tmp_path / "one.json"
    file.write_bytes(epcis(event()))
    assert run("capture", file, "--data", data)[0] == 0
    index = data / "index.sqlite"
    index.unlink()
    if bad is not None:
        index.write_bytes(bad)
    for command in (("check", EPC), ("doctor",)):
        exit_code, output = run(*command, "--data", data)
        assert exit_code == 1, output
    assert run("rebuild", "--data", data)[0] == 0
    assert run("check", EPC, "--data", data)[0] == 0


def test_the_index_of_another_ledger_is_refused(tmp_path: Path) -> None:
    """Same size or less: only by what it holds can it be told."""
    places = [tmp_path / name for name in ("one", "two")]
    file = tmp_path / "one.json"
    for number, data in enumerate(places):
        file.write_bytes(epcis(event(eventID=f"urn:uuid:{number}")))
        assert run("capture", file, "--data", data, "--party", f"urn:firm:{number}")[0] == 0
    (places[0] / "index.sqlite").write_bytes((places[1] / "index.sqlite").read_bytes())
    for command in (("check", EPC), ("capture", file)):
        exit_code, output = run(*command, "--data", places[0])
        assert (exit_code, "[store.foreign]" in output) == (1, True), output
    assert run("rebuild", "--data", places[0])[0] == 0
    assert run("check", EPC, "--data", places[0])[0] == 0


@pytest.mark.parametrize(
    "code", ["\x1b[2J", "https://x.example/\x1b]0;x\x07", "\u202e06901234567892"]
)
@pytest.mark.parametrize("command", ["check", "trace", "identify"])
def test_the_terminal_is_not_steered(tmp_path: Path, command: str, code: str) -> None:
    data, file = tmp_path / "data", tmp_path / "one.json"
    file.write_bytes(epcis(event(epcList=[EPC, "https://x.example/\x1b]0;x\x07"])))
    run("capture", file, "--data", data)
    _, output = run(command, *(() if command == "identify" else ("--data", data)), "--", code)
    assert not any(char in output for char in "\x1b\x07\u202e")


def test_a_clock_that_goes_back_does_not(tmp_path: Path) -> None:
    from guantong.clock import SetClock

    clock = SetClock(1_800_000_000_000)
    with open_world(Settings(data=tmp_path / "data"), clock=clock, create=True) as world:
        world.submit(Offer(epcis(event(eventID="urn:uuid:1"))), PARTY)
        clock.at_ms -= 3_600_000
        world.submit(Offer(epcis(event(eventID="urn:uuid:2"))), PARTY)
        received = [world.ledger.entry(index).statement.received for index in range(2)]
        assert received[0] <= received[1]


def test_what_was_not_entered_is_not_told_as_done(tmp_path: Path) -> None:
    """No code is handed out that the ledger does not hold."""
    words = ("issue", "06901234567892", 0, 9, "--party", "p" * 2000, "--data", tmp_path / "data")
    exit_code, output = run(*words)
    assert (exit_code, "[ledger.statement]" in output) == (1, True), output
    assert "/21/" not in output
