"""The command line as its users type it: output, stable JSON, exit codes."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from guantong import capture
from guantong.serve.cli import main
from guantong.store import segment
from tests.fault.capture_victim import document

CODE = "https://id.gs1.org/01/06901234567892/21/1000"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def out(result: Result) -> Any:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.jsonld"
    path.write_bytes(document(1, 3))
    return path


def test_capture_then_check_then_trace(data: Path, file: Path) -> None:
    done = run("capture", file, "--data", data, "--json")
    assert done.exit_code == 0
    (answer,) = out(done)
    assert answer["file"] == str(file)
    assert (answer["accepted"], answer["events"], answer["ledger_index"], answer["faults"]) == (
        True,
        3,
        0,
        [],
    )
    checked = run("check", CODE, "--data", data, "--json")
    verdict = out(checked)
    assert checked.exit_code == 0
    assert {"verdict", "reasons", "product", "producer", "certificates", "history"} <= set(verdict)
    assert (verdict["verdict"], verdict["ledger_size"]) == ("ok", 1)
    traced = run("trace", CODE, "--direction", "up", "--data", data, "--json")
    trail = out(traced)
    assert {"origin", "nodes", "edges", "gaps", "complete"} <= set(trail)
    assert (trail["origin"], trail["complete"]) == (CODE, True)


def test_check_of_nothing_known_and_of_nonsense(data: Path, file: Path) -> None:
    run("capture", file, "--data", data)
    unknown = run("check", "6901234567892", "--data", data, "--json")
    assert unknown.exit_code == 1
    assert out(unknown)["verdict"] == "unknown"
    nonsense = run("check", "(01)06901234567893", "--data", data, "--json")
    assert nonsense.exit_code == 1
    assert out(nonsense)["verdict"] == "malformed"
    assert out(nonsense)["faults"][0]["code"] == "identify.check"


@pytest.mark.file
def test_a_refused_file_is_told_with_its_path_and_leaves_nothing(
    data: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jsonld"
    bad.write_bytes(document(1, 2).replace(b"06901234567892/21/1001", b"06901234567893/21/1001"))
    done = run("capture", bad, "--data", data, "--json")
    assert done.exit_code == 1
    (answer,) = out(done)
    assert not answer["accepted"]
    assert answer["faults"][0]["code"] == "capture.identifier"
    assert answer["faults"][0]["path"] == "epcisBody.eventList[1].epcList[0]"
    assert {"code", "path", "expected", "got"} <= set(answer["faults"][0])
    status = sqlite3.connect(data / "index.sqlite").execute("SELECT events FROM progress")
    assert status.fetchone() == (0,)


def test_proceed_takes_the_good_events(data: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonld"
    bad.write_bytes(document(1, 3).replace(b"06901234567892/21/1001", b"06901234567893/21/1001"))
    done = run("capture", bad, "--data", data, "--json", "--proceed")
    (answer,) = out(done)
    assert (answer["accepted"], answer["events"], len(answer["faults"])) == (True, 2, 1)
    before = run("trace", CODE, "--data", data, "--json").stdout
    assert run("rebuild", "--data", data).exit_code == 0
    assert run("trace", CODE, "--data", data, "--json").stdout == before
    assert run("doctor", "--data", data).exit_code == 0


def test_several_files_at_once_and_one_that_is_not_there(data: Path, file: Path) -> None:
    done = run("capture", file, file, file.with_name("none.xml"), "--data", data, "--json")
    answers = out(done)
    assert done.exit_code == 1
    assert [answer["accepted"] for answer in answers] == [True, True, False]
    assert [answer["repeated"] for answer in answers] == [False, True, False]
    assert answers[2]["faults"][0]["code"] == "serve.unreadable_file"


def test_identify_tells_all_readings(data: Path) -> None:
    done = run("identify", "6901234567892", "--json")
    readings = out(done)
    assert done.exit_code == 0
    assert readings[0]["uri"] == "https://id.gs1.org/01/06901234567892"
    nothing = run("identify", "(01)06901234567893")
    assert nothing.exit_code == 1
    assert "identify.check" in nothing.stderr


def test_hash_gives_one_line_an_event(file: Path) -> None:
    done = run("hash", file)
    assert done.exit_code == 0
    lines = done.stdout.split()
    assert len(lines) == len(set(lines)) == 3
    assert all(line.startswith("ni:///sha-256;") for line in lines)
    assert out(run("hash", file, "--json")) == lines


def test_issue_then_check(data: Path) -> None:
    issued = run(
        "issue",
        "06901234567892",
        "1000",
        "1099",
        "--party",
        "urn:guantong:uscc:91110000600037341L",
        "--data",
        data,
        "--json",
    )
    assert issued.exit_code == 0, issued.output
    assert out(issued)["first_code"] == CODE
    verdict = out(run("check", CODE, "--data", data, "--json"))
    assert (verdict["verdict"], verdict["reasons"][0]["code"]) == ("ok", "verdict.issued_only")


def test_unguessable_codes_are_issued_under_one_key(data: Path, tmp_path: Path) -> None:
    def issue(first: int, last: int, *more: object) -> list[str]:
        done = run(
            *("issue", "06901234567892", first, last, "--party", "urn:test:maker"),
            *("--data", data, "--codes", tmp_path / "codes.txt", *more),
        )
        assert done.exit_code == 0, done.output
        return (tmp_path / "codes.txt").read_text().split()

    codes = issue(0, 99, "--spread", 12)
    again = issue(0, 99, "--spread", 12)
    later = issue(100, 199, "--spread", 12)
    assert again == codes
    assert len({*codes, *later}) == 200
    assert codes != sorted(codes)
    for code, verdict in ((codes[7], "ok"), (f"{codes[7][:-1]}", "unknown")):
        assert out(run("check", code, "--data", data, "--json"))["verdict"] == verdict
    plain = run("issue", "06901234567892", 200, 299, "--party", "urn:test:maker", "--data", data)
    assert plain.exit_code == 1
    assert "coding.used" in plain.stderr


def test_what_is_not_an_installation_is_refused(data: Path, tmp_path: Path, file: Path) -> None:
    absent = run("check", CODE, "--data", data)
    assert absent.exit_code == 1
    assert "serve.absent" in absent.stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("hello")
    foreign = run("capture", file, "--data", tmp_path / "other")
    assert foreign.exit_code == 1
    assert "serve.foreign" in foreign.stderr


def test_wrong_use_is_exit_code_two(data: Path) -> None:
    assert run("trace", CODE, "--direction", "sideways", "--data", data).exit_code == 2
    assert run("capture", "--data", data).exit_code == 2
    assert run("no-such-command").exit_code == 2


def test_as_of_answers_for_an_earlier_size(data: Path, file: Path) -> None:
    run("init", "--data", data)
    run("capture", file, "--data", data)
    early = out(run("check", CODE, "--data", data, "--json", "--as-of", "0"))
    assert (early["verdict"], early["ledger_size"]) == ("unknown", 0)


@pytest.mark.file
def test_doctor_finds_a_changed_row(data: Path, file: Path) -> None:
    run("capture", file, "--data", data)
    assert run("doctor", "--data", data).exit_code == 0
    db = sqlite3.connect(data / "index.sqlite")
    held = segment.decode(1, db.execute("SELECT data FROM segment WHERE first = 1").fetchone()[0])
    held.events.time_ms[1] += 1
    db.execute("UPDATE segment SET data = ? WHERE first = 1", (segment.encode(held),))
    db.commit()
    db.close()
    sick = run("doctor", "--data", data, "--json")
    assert sick.exit_code == 1
    last = out(sick)[-1]
    assert (last["ok"], last["detail"]) == (False, "entry 0, event 1 differs from the index")


def test_doctor_finds_a_ledger_that_lost_its_end(data: Path, file: Path) -> None:
    run("capture", file, "--data", data)
    journal = next((data / "ledger").rglob("*.journal"), None) or max(
        (path for path in (data / "ledger").rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    journal.write_bytes(journal.read_bytes()[:-100])
    sick = run("doctor", "--data", data)
    assert sick.exit_code == 1
    assert "FAIL" in sick.stdout
    opened = run("capture", file, "--data", data)
    assert opened.exit_code == 1
    assert "ledger." in opened.stderr


def test_identify_tells_first_what_is_known_here(data: Path, tmp_path: Path) -> None:
    text = "2016010901123456"
    plain = [reading["uri"] for reading in out(run("identify", text, "--json"))]
    assert len(plain) > 1
    records = {
        "guantong": "records",
        "products": [{"name": "x", "class_code": plain[-1]}],
    }
    file = tmp_path / "records.json"
    file.write_text(json.dumps(records))
    assert run("capture", file, "--data", data).exit_code == 0
    here = [reading["uri"] for reading in out(run("identify", text, "--json", "--data", data))]
    assert here == [plain[-1], *plain[:-1]]


def test_hash_takes_data_like_every_command(file: Path, data: Path) -> None:
    assert out(run("hash", file, "--json", "--data", data)) == out(run("hash", file, "--json"))


def test_a_party_no_encoding_can_hold_is_refused_and_the_writer_goes_on(
    data: Path, file: Path
) -> None:
    wrong = run("capture", file, "--data", data, "--party", "p\ud800")
    assert wrong.exit_code == 1
    assert "serve.forbidden" in wrong.stderr
    assert run("capture", file, "--data", data).exit_code == 0


def test_a_hold_turns_scans_red_and_lifting_it_turns_them_back(data: Path, file: Path) -> None:
    run("capture", file, "--data", data)
    assert run("check", CODE, "--data", data).exit_code == 0
    held = run("hold", "6901234567892", "recalled", "--reason-zh", "漏电", "--data", data, "--json")
    assert out(held)["target"] == "https://id.gs1.org/01/06901234567892"
    red = out(run("check", CODE, "--data", data, "--json"))
    assert (red["verdict"], red["reasons"][0]["code"]) == ("problem", "verdict.recalled")
    assert "漏电" in red["reasons"][0]["zh"]
    assert run("rebuild", "--data", data).exit_code == 0
    assert out(run("check", CODE, "--data", data, "--json"))["reasons"] == red["reasons"]
    assert run("hold", "6901234567892", "lifted", "--data", data).exit_code == 0
    assert run("check", CODE, "--data", data).exit_code == 0
    nonsense = run("hold", "(01)06901234567893", "recalled", "--data", data)
    assert (nonsense.exit_code, "serve.unreadable" in nonsense.stderr) == (1, True)


def test_a_document_that_is_read_differently_is_not_lost_in_silence(
    data: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("capture", file, "--data", data)
    before = run("trace", CODE, "--data", data, "--json").stdout
    real = capture.read_table

    def stricter(body: bytes, **options: Any) -> capture.TableReading:
        return real(body.replace(b"06901234567892/21/1001", b"06901234567893/21/1001"), **options)

    with monkeypatch.context() as patched:
        patched.setattr(capture, "read_table", stricter)
        refused = run("rebuild", "--data", data)
        assert refused.exit_code == 1
        assert "serve.replay" in refused.stderr
        assert run("doctor", "--data", data).exit_code == 1
    assert run("trace", CODE, "--data", data, "--json").stdout == before
    assert run("rebuild", "--data", data).exit_code == 0
