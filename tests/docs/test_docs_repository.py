"""What every file of the repository owes its readers: links that lead somewhere, nothing private."""

import ast
import doctest
import importlib
import pkgutil
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import guantong
from guantong.serve.cli import main

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "guantong"
GROUND = ("errors", "clock", "settings", "caller")

LINK = re.compile(r"!?\[[^\]\[]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

LEAKS = {
    "a path of one machine": re.compile(r"(?<![\w.$}])/(?:work|tmp|home|root|Users)/\w"),
    "a registry": re.compile(
        r"pypi\.org|pythonhosted|files\.python|npmjs|--index-url|extra-index|artifactory|jfrog",
        re.IGNORECASE,
    ),
    "something left to do": re.compile(r"\b(?:TODO|FIXME|XXX)\b"),
    "a secret": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{30}"),
}
"""What must not be committed."""
NAMES_THEM = {"tests/docs/test_docs_repository.py"}
"""Files that may write the words, to look for them."""


def committed() -> list[Path]:
    """The files of the repository; all below it when git is not there."""
    asked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [ROOT / line for line in asked.stdout.splitlines()]
    return [path for path in found if path.is_file()] or list(ROOT.rglob("docs/**/*.md"))


def documents() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: str) -> set[str]:
    """The names under which the headings of a page can be reached."""
    heads = HEADING.findall(FENCE.sub("", page))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(path: Path) -> Iterator[str]:
    text = FENCE.sub("", path.read_text("utf-8"))
    yield from LINK.findall(re.sub(r"`[^`\n]*`", "", text))


def has_anchor(place: Path, anchor: str) -> bool:
    return place.suffix != ".md" or anchor in anchors(place.read_text("utf-8"))


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_no_link_leads_nowhere(path: Path) -> None:
    broken = []
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        place = (path.parent / target).resolve() if target else path
        if not place.exists() or (anchor and not has_anchor(place, anchor)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("what", LEAKS)
def test_nothing_is_committed_that_should_not_be(what: str) -> None:
    found = []
    for path in committed():
        if relative(path) in NAMES_THEM or path.suffix in {".png", ".woff2"}:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if LEAKS[what].search(line):
                found.append(f"{relative(path)}:{number}: {line.strip()[:80]}")
    assert found == []


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_every_module_opens_with_what_it_answers() -> None:
    silent = []
    for path in modules():
        told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if not told.partition("\n")[0].rstrip().endswith((".", "?", "。", "？", ":")):
            silent.append(relative(path))
    assert silent == []


def rooms_in_source() -> set[str]:
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    return folders | {path.stem for path in SOURCE.glob("*.py") if not path.stem.startswith("__")}


def test_contributing_names_the_rooms_there_are() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| room |")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == rooms_in_source()


def test_the_layers_are_the_rooms_in_the_same_order() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    assert named - {"__main__"} == rooms_in_source()


def command_lines(path: Path) -> list[str]:
    """The lines of a page's blocks that call our program."""
    lines = "\n".join(FENCE.findall(path.read_text("utf-8"))).splitlines()
    calls = (re.match(r"(?:\$ )?(?:\.venv/bin/)?guantong ([^|>&]*)", line) for line in lines)
    return [call[1] for call in calls if call]


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_the_commands_and_options_that_are_named_exist(path: Path) -> None:
    for line in command_lines(path):
        words = shlex.split(line, comments=True)
        command: click.Command = main
        while isinstance(command, click.Group) and words:
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert named <= known | {"--help", "-h"}, line


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("path", documents(), ids=relative)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", " ".join(code_in(path))))
    assert named <= make_targets()


def code_in(path: Path) -> list[str]:
    """What stands as code on a page: blocks, and words between back quotes."""
    text = path.read_text("utf-8")
    return [*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def test_the_examples_in_docstrings_run() -> None:
    attempted = failed = 0
    for found in pkgutil.walk_packages(guantong.__path__, "guantong."):
        if found.name.endswith("__main__"):
            continue
        result = doctest.testmod(importlib.import_module(found.name))
        attempted, failed = attempted + result.attempted, failed + result.failed
    assert failed == 0
    assert attempted > 30


def test_ground_modules_are_the_ones_that_import_nothing_of_ours() -> None:
    for name in GROUND:
        tree = ast.parse((SOURCE / f"{name}.py").read_text("utf-8"))
        ours = [
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("guantong")
        ]
        assert ours == [], name


def test_no_link_is_committed() -> None:
    """A link leads to a path of one machine, or doubles a file."""
    asked = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert [line for line in asked.stdout.splitlines() if line.startswith("120000")] == []
