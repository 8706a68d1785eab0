"""Pages that list things list all of them, and nothing else."""

import ast
import importlib
import json
import re
import tomllib
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "docs" / "reference"
WRITTEN_ELSEWHERE = {"performance.md"}
"""By the benchmarks, when they are run."""


def first_cells(page: Path, heading: str) -> list[str]:
    """What stands between back quotes in the first cells of the table under a heading."""
    section = page.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_the_index_lists_every_page() -> None:
    text = (REFERENCE / "README.md").read_text("utf-8")
    pages = {path.name for path in REFERENCE.glob("*.md")} - {"README.md"} - WRITTEN_ELSEWHERE
    assert {name for name in re.findall(r"\]\(([\w-]+\.md)\)", text)} == pages


def test_the_index_tells_which_pages_are_written_from_the_code() -> None:
    from tools.write_reference import PAGES

    text = (REFERENCE / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w-]+\.md)\) ⚙", text)) == PAGES.keys()


def test_every_folder_of_tests_is_told() -> None:
    told = first_cells(REFERENCE / "tests.md", "Where what is")
    folders = {
        f"tests/{path.name}"
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert set(told) == folders


def test_every_marker_is_told() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = {marker.partition(":")[0] for marker in settings["tool"]["pytest"]["markers"]}
    assert set(first_cells(REFERENCE / "tests.md", "Markers")) == markers


def test_a_marker_that_no_test_bears_is_told_to_be_empty() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for line in (REFERENCE / "tests.md").read_text("utf-8").splitlines():
        found = re.match(r"\| `(property|full|soak)` \|", line)
        if found:
            assert ("none yet" in line) is (f"pytest.mark.{found[1]}" not in tests), line


def test_every_oracle_is_told() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    text = (REFERENCE / "tests.md").read_text("utf-8").split("## Oracles\n")[1]
    for requirement in settings["dependency-groups"]["oracles"]:
        assert re.match(r"[\w-]+", requirement)[0] in text  # type: ignore[index]


def test_every_variable_of_the_environment_is_told() -> None:
    used: set[str] = set()
    for folder in ("src", "tests", "benchmarks", "tools", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {".py", ""}:
                used |= set(re.findall(r"\bGUANTONG_[A-Z_]+", path.read_text("utf-8")))
    assert set(first_cells(REFERENCE / "tests.md", "Environment")) == used


def test_decisions_have_numbers_of_their_own_and_four_parts() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page.name
        for part in ("**Context.**", "**Options", "**Choice.**", "**What we lose.**"):
            assert part in text, f"{page.name}: {part}"


def test_every_page_of_divergences_is_in_the_list() -> None:
    text = (ROOT / "docs" / "divergences.md").read_text("utf-8")
    for page in (ROOT / "docs" / "divergences").glob("*.md"):
        assert f"(divergences/{page.name})" in text


@pytest.mark.parametrize("heading", ["EPCIS 2.0", "CBV 2.0"])
def test_clauses_of_divergences_are_cited_clauses(heading: str) -> None:
    from tools import clauses

    known = {clause for standard, clause in clauses.clauses_listed() if standard == heading}
    section = (ROOT / "docs" / "divergences.md").read_text("utf-8").split(f"## {heading}\n")[1]
    cells = re.findall(r"^\| (\d[^|]*) \|", section.split("\n## ")[0], re.MULTILINE)
    assert cells
    named = {number for cell in cells for number in re.findall(r"\d+(?:\.\d+)*", cell)}
    assert named <= known


def test_the_glossary_says_each_term_once() -> None:
    text = (ROOT / "docs" / "guide" / "glossary.md").read_text("utf-8")
    terms = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    terms = [
        term for term in terms if term not in {"Chinese", "word", "here"} and "-" not in term[:1]
    ]
    assert len(terms) == len(set(terms)) > 50


def test_the_picture_says_what_it_shows() -> None:
    space = "{http://www.w3.org/2000/svg}"
    picture = ET.fromstring((ROOT / "docs" / "guide" / "walk.svg").read_text("utf-8"))
    title, told = picture.find(f"{space}title"), picture.find(f"{space}desc")
    assert title is not None
    assert title.text
    assert told is not None
    assert told.text
    labelled = (picture.get("aria-labelledby") or "").split()
    assert labelled == [title.get("id"), told.get("id")]


def blocks(kind: str) -> list[tuple[str, str]]:
    """Every block of a language on every page: where it stands, and its text."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    fence = re.compile(rf"^```{kind}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        (f"{page.relative_to(ROOT).as_posix()}:{number}", text)
        for page in sorted(pages)
        for number, text in enumerate(fence.findall(page.read_text("utf-8")))
    ]


@pytest.mark.parametrize(("where", "text"), blocks("json"))
def test_json_on_a_page_is_json(where: str, text: str) -> None:
    assert json.loads(text), where


@pytest.mark.parametrize(("where", "text"), blocks("toml"))
def test_toml_on_a_page_is_toml(where: str, text: str) -> None:
    assert tomllib.loads(text), where


@pytest.mark.parametrize(("where", "text"), blocks("python"))
def test_python_on_a_page_is_python_and_imports_what_there_is(where: str, text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("guantong"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                submodule = f"{module.__name__}.{alias.name}"
                assert hasattr(module, alias.name) or find_spec(submodule), f"{where}: {alias.name}"


def test_every_test_that_is_named_as_evidence_is_there() -> None:
    text = (REFERENCE / "ledger-evidence.md").read_text("utf-8")
    file, missing, seen = "", [], 0
    for path, name in re.findall(r"`(tests/[\w/]+\.\w+)?(?:::(\w+))?`", text):
        file, seen = path or file, seen + bool(name)
        source = (ROOT / file).read_text("utf-8") if file and (ROOT / file).exists() else None
        if source is None or (name and f"def {name}(" not in source):
            missing.append(f"{file}::{name}")
    assert missing == []
    assert seen > 70
