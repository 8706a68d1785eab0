"""Every member of what ``--json`` prints is in docs/reference/json.md, with its type."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from guantong.serve.cli import main

pytestmark = pytest.mark.full
PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "json.md"
TYPES = {bool: "bool", int: "int", float: "number", str: "text", dict: "object", type(None): "null"}
MAKER = "urn:guantong:uscc:91110000600037341L"


class Member(NamedTuple):
    """One line of a table."""

    types: frozenset[str]
    optional: bool


def tables() -> dict[str, dict[str, Member]]:
    """The tables of the page: command -> path -> member."""
    found: dict[str, dict[str, Member]] = {}
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, re.MULTILINE)
        found[section.partition("\n")[0]] = {path: member(types) for path, types in rows}
    return found


def member(types: str) -> Member:
    words = types.strip()
    return Member(frozenset(words.rstrip("?").split(" or ")), words.endswith("?"))


def paths(value: object, maps: set[str], path: str = "") -> Iterator[tuple[str, str]]:
    """Every path in a JSON value with the type that stands there."""
    if isinstance(value, list):
        for one in value:
            yield from paths(one, maps, f"{path}[]")
    elif path in maps:
        yield path, "map"
    else:
        if path not in {"", "[]"} or not isinstance(value, dict):
            yield path, TYPES[type(value)]
        if isinstance(value, dict):
            for name, one in value.items():
                yield from paths(one, maps, f"{path}.{name}" if path else name)


def asked(*words: object) -> Any:
    done = CliRunner().invoke(main, [*map(str, words), "--json"])
    assert done.exit_code in {0, 1}, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    data = tmp_path_factory.mktemp("json") / "demo"
    return data, asked("demo", "--data", data, "--events", 1000, "--no-serve")


@pytest.fixture(scope="module")
def answers(demo: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Real answers to each question, many where one does not show every member."""
    data, summary = demo
    folder, fresh = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("own") / "data"
    codes = [example["code"] for example in summary["examples"]]
    firm = folder / "firm.json"
    product = {"name": "x", "gtin": "6901234567892", "category": "电线电缆", "firm": MAKER[-18:]}
    named = [{"name": "x", "uscc": MAKER[-18:], "kind": "producer"}]
    records = {"guantong": "records", "firms": named, "products": [product]}
    firm.write_text(json.dumps(records), "utf-8")
    sheet = folder / "sheet.csv"
    made = "2026-03-02,生产,(01)06901234567892(21)1\n2026-03-02,生产,(01)06936983800013(21)1\n"
    sheet.write_text(f"时间,步骤,编码\n{made}", "utf-8")
    wrong = folder / "wrong.csv"
    wrong.write_text("时间,步骤,编码\n2026-03-02,生产,(01)06901234567893(21)1\n", "utf-8")
    files = (firm, sheet, wrong, folder / "none.xml")
    captured = asked("capture", *files, "--data", fresh, "--party", MAKER)
    party = asked("check", codes[0], "--data", data)["producer"]["key"]
    return {
        "demo": [summary],
        "capture": [captured],
        "issue": [asked("issue", "6901234567892", 1, 9, "--party", MAKER, "--data", fresh)],
        "hold": [asked("hold", "6901234567892", "on_hold", "--data", fresh)],
        "check": [
            *(asked("check", code, "--data", data) for code in codes),
            *(asked("check", code, "--data", data, "--party", party) for code in codes),
            asked("check", "6901234567892", "--data", data),
        ],
        "trace": [asked("trace", code, "--data", data) for code in codes if readable(code)],
        "scope": [asked("scope", code, "--data", data) for code in lots_of(summary, data)],
        "hash": [asked("hash", sheet)],
        "identify": [asked("identify", text) for text in ("6901234567892", "2024010105123456", "")]
        + [asked("identify", "https://id.gs1.org/01/06901234567892/10/L7/21/1")],
        "doctor": [asked("doctor", "--data", fresh)],
        "backup": [asked("backup", folder / "backup", "--data", fresh)],
        "restore": [asked("restore", folder / "backup", "--data", folder / "restored")],
        "move": [asked("move", "file", "--data", fresh)],
        "rebuild": [asked("rebuild", "--data", fresh)],
        "serve": [served(fresh)],
        "bench": [asked("bench", "--rows", 10_000, "--seconds", 0.1)],
    }


def served(data: Path) -> Any:
    """What a server says when it answers."""
    words = ["serve", "--data", str(data), "--port", "0", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "guantong", *words], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        told = ""
        while "}" not in told:
            line = server.stdout.readline()
            assert line, "the server ended"
            told += line
        server.terminate()
        assert server.wait(30) == 0
    return json.loads(told)


def lots_of(summary: dict[str, Any], data: Path) -> list[str]:
    """Codes of the demo, and the lots they were made as or of."""
    codes = [one["code"] for one in summary["examples"] if readable(one["code"])]
    trails = [asked("trace", code, "--data", data) for code in codes]
    nodes = [node for trail in trails for node in trail["nodes"]]
    return [*codes, *sorted({node["item"] for node in nodes if node["kind"] == "lot"})[:40]]


def readable(code: str) -> bool:
    return bool(asked("identify", code))


def seen(values: list[Any], maps: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for value in values:
        for path, kind in paths(value, maps):
            found.setdefault(path, set()).add(kind)
    return found


@pytest.mark.parametrize("command", tables())
def test_the_table_is_what_comes(answers: dict[str, Any], command: str) -> None:
    listed = tables()[command]
    maps = {path for path, told in listed.items() if "map" in told.types}
    came = seen(answers[command], maps)
    parents = {path for path in came if any(other.startswith(f"{path}.") for other in listed)}
    assert came.keys() - listed.keys() - parents == set(), "comes, but is not on the page"
    for path, kinds in came.items():
        if path in listed:
            wrong = (
                kinds - listed[path].types - ({"int"} if "number" in listed[path].types else set())
            )
            assert not wrong, f"{path}: {wrong}"


MAY_BE_ABSENT = {
    ("trace", "hidden"),
    ("trace", "nodes[].hidden"),
    ("scope", "stops[]"),
    ("issue", "faults[]"),
    ("hold", "faults[]"),
    ("check", "unproven[].events[]"),
    ("bench", "failed"),
}
"""Hidden only for others than the operator, for whom the command line asks; or always empty."""


@pytest.mark.parametrize("command", tables())
def test_what_is_on_the_page_does_come(answers: dict[str, Any], command: str) -> None:
    listed = tables()[command]
    maps = {path for path, told in listed.items() if "map" in told.types}
    came = seen(answers[command], maps)
    missing = {path for path in listed.keys() - came.keys() if (command, path) not in MAY_BE_ABSENT}
    assert missing == set()


def required(listed: dict[str, Member], path: str) -> set[str]:
    """Names that must stand in every object at a path."""
    head = f"{path}." if path else ""
    names = {
        other.removeprefix(head).partition(".")[0].partition("[")[0]: told
        for other, told in listed.items()
        if other.startswith(head) and other != path
    }
    return {name for name, told in names.items() if name and not told.optional}


@pytest.mark.parametrize("command", ["check", "capture", "identify", "demo", "doctor"])
def test_nothing_is_left_out(answers: dict[str, Any], command: str) -> None:
    listed = tables()[command]
    objects: list[tuple[str, dict[str, Any]]] = []

    def collect(value: object, path: str) -> None:
        if isinstance(value, list):
            for one in value:
                collect(one, f"{path}[]")
        elif isinstance(value, dict):
            objects.append((path, value))
            for name, one in value.items():
                collect(one, f"{path}.{name}" if path else name)

    for answer in answers[command]:
        collect(answer, "")
    assert objects
    for path, value in objects:
        assert required(listed, path) <= value.keys(), path


def test_all_five_verdicts_were_compared(answers: dict[str, Any]) -> None:
    verdicts = {answer["verdict"] for answer in answers["check"]}
    assert {"ok", "problem", "unknown", "malformed"} <= verdicts


def test_every_command_that_prints_json_is_on_the_page() -> None:
    with_json = {
        name
        for name, command in main.commands.items()
        if any("--json" in parameter.opts for parameter in command.params)
    }
    assert tables().keys() == with_json
