"""The commands of the credit index and of the checker, as their users type them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from guantong.serve.cli import main
from tests.index_small import FIRMS, MONTH, computed, panel_file

SEEDED = ("--seed", 7, "--firms", FIRMS, "--month", MONTH)
RIGHT = "查办案件8474件，其中网络案件3547件，占41.86%。"
WRONG = "查办案件8474件，其中网络案件3547件，占43.16%。"
MEMBERS = {"text", "subject", "period", "value", "unit", "rule", "verdict", "should_be"}


def run(*words: object) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def out(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return panel_file(tmp_path_factory.mktemp("panel") / "panel.parquet")


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one release."""
    data = tmp_path_factory.mktemp("issued") / "data"
    assert run("credit", "index", *SEEDED, "--data", data).exit_code == 0
    return data


def test_help_loads_nothing_heavy() -> None:
    heavy = ("polars", "scipy", "statsmodels", "pandas", "pypdf", "docx")
    code = (
        "import sys\nfrom guantong.serve.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "main(['credit', 'index', '--help'], standalone_mode=False)\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_index_of_a_seed() -> None:
    done = run("credit", "index", *SEEDED, "--json")
    assert done.exit_code == 0
    told, stored = out(done), computed().issue
    assert told["period"] == MONTH
    assert told["national"]["value"] == stored.release.national
    assert told["ledger_index"] == -1
    assert (len(told["sub_indices"]), len(told["provinces"]), len(told["sections"])) == (6, 32, 20)
    shown = run("credit", "index", *SEEDED)
    assert f"{stored.release.national:.2f}" in shown.stdout
    assert "this is not the published index" in shown.stdout
    assert "可靠性" in shown.stdout


def test_a_panel_gives_the_same_index_as_its_seed(panel: Path) -> None:
    told = out(run("credit", "index", "--panel", panel, "--month", MONTH, "--json"))
    assert told["national"]["value"] == pytest.approx(computed().issue.release.national, abs=1e-9)
    assert told["national"]["before"] is not None


def test_a_method_of_ones_own(tmp_path: Path) -> None:
    from importlib.resources import files

    text = (files("guantong.credit") / "methods" / "example.toml").read_text("utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace('"example-1"', '"mine-1"').replace('"example"\n', '"secondary"\n'))
    done = run("credit", "index", *SEEDED, "--method", mine, "--json")
    assert done.exit_code == 0, done.stderr
    assert out(done)["method"]["version"] == "mine-1"
    mine.write_text("no = 1")
    refused = run("credit", "index", *SEEDED, "--method", mine)
    assert refused.exit_code == 1
    assert "credit.field" in refused.stderr


def test_with_data_it_is_issued_once(issued: Path) -> None:
    told = out(run("credit", "index", *SEEDED, "--data", issued, "--json"))
    assert (told["vintage"], told["ledger_index"]) == (1, 2)


def test_the_text_of_a_release(issued: Path) -> None:
    zh = run("credit", "release", MONTH, "--lang", "zh", "--data", issued)
    en = run("credit", "release", MONTH, "--lang", "en", "--data", issued)
    value = f"{computed().issue.release.national:.2f}"
    assert (zh.exit_code, en.exit_code) == (0, 0)
    assert zh.stdout.startswith("2017年2月")
    assert value in zh.stdout
    assert value in en.stdout
    assert "no official index" in en.stdout
    told = out(run("credit", "release", MONTH, "--data", issued, "--json"))
    assert told["text"]["zh"].strip() == zh.stdout.strip()
    assert told["revisions"] == []


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["release", "2016-05"], 1, "serve.not_found"),
        (["release", "2016-5"], 1, "credit.period"),
        (["release", MONTH, "--vintage", 2], 1, "serve.not_found"),
        (["index", "--month", MONTH], 2, "--panel FILE or --seed"),
        (["index", "--seed", 1, "--panel", __file__, "--month", MONTH], 2, "--panel FILE"),
        (["index", "--seed", 1, "--month", "2017"], 1, "credit.period"),
        (["index", "--seed", 1, "--firms", 20, "--month", "2013-05"], 1, "credit.period"),
        (["index", "--panel", __file__, "--month", MONTH], 1, "credit.file"),
        (["index", "--seed", 1], 2, "--month"),
        (["explain", 10**9, "--seed", 1, "--firms", 20, "--month", "2014-05"], 1, "credit.firm"),
        (["explain", "x", "--seed", 1, "--month", MONTH], 2, "FIRM"),
        (["explain", 1, "--month", "2016-05"], 1, "serve.not_found"),
    ],
)
def test_what_is_refused(issued: Path, words: list[object], code: int, fault: str) -> None:
    place = [] if words[0] == "index" else ["--data", issued]
    done = run("credit", *words, *place)
    assert done.exit_code == code, done.output
    assert fault in done.stderr
    assert done.stdout == ""


def test_a_firm_is_explained_from_seed_and_from_what_was_issued(issued: Path) -> None:
    firm = int(computed().panel.firm[5])
    told = out(run("credit", "explain", firm, *SEEDED, "--json"))
    kept = out(run("credit", "explain", firm, "--month", MONTH, "--data", issued, "--json"))
    assert told == kept
    assert told["firm"] == firm
    assert len(told["grounds"]) == 24
    for language, sentence in (("zh", "示例方法"), ("en", "An example method")):
        shown = run("credit", "explain", firm, *SEEDED, "--lang", language)
        assert sentence in shown.stdout


def test_a_bulletin_is_checked(tmp_path: Path) -> None:
    file, sheet = tmp_path / "a.txt", tmp_path / "a.xlsx"
    file.write_text(WRONG, "utf-8")
    done = run("bulletin", "check", file, "--json", "--sheet", sheet)
    assert done.exit_code == 1
    rows = out(done)
    assert all(set(row) == MEMBERS for row in rows)
    assert [row["should_be"] for row in rows if row["verdict"] == "wrong"] == ["41.86%"]
    assert CalamineWorkbook.from_path(sheet).get_sheet_by_index(0).to_python()[0][0] == "text"
    assert "→ 41.86%" in run("bulletin", "check", file).stdout
    file.write_text(RIGHT, "utf-8")
    assert run("bulletin", "check", file, "--json").exit_code == 0


def test_a_persons_reading_goes_first(tmp_path: Path) -> None:
    from guantong import bulletin

    file, kept = tmp_path / "a.txt", tmp_path / "kept.json"
    file.write_text(WRONG, "utf-8")
    (claim,) = bulletin.check(WRONG).of(bulletin.Verdict.WRONG)
    row = bulletin.Correction(key=claim.key, by="王", on="2026-11-23", claims=False)
    kept.write_bytes(bulletin.Corrections((row,)).dump())
    assert run("bulletin", "check", file, "--corrections", kept, "--json").exit_code == 0
    kept.write_text("[]")
    refused = run("bulletin", "check", file, "--corrections", kept, "--json")
    assert refused.exit_code == 1
    assert "bulletin.correction" in refused.stderr


@pytest.mark.parametrize(
    ("name", "data", "code", "fault"),
    [
        ("a.xlsx", b"x", 1, "bulletin.file"),
        ("a.pdf", b"%PDF-1.7", 1, "bulletin.file"),
        ("absent.txt", None, 1, "serve.disk"),
    ],
)
def test_a_file_that_can_not_be_checked(
    tmp_path: Path, name: str, data: bytes | None, code: int, fault: str
) -> None:
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    done = run("bulletin", "check", file, "--json")
    assert done.exit_code == code
    assert fault in done.stderr
    assert run("bulletin", "check").exit_code == 2
