"""The pure rooms stay pure: what import contracts can not say."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent.parent / "src" / "guantong"
PURE = ("identify", "rules", "capture", "trace")
BARRED = {"urllib.request", "urllib.error", "os", "io", "tempfile", "shutil", "time", "random"}
"""Modules by which a disk, a network, the present or chance would come in."""


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_has_no_way_out(room: str) -> None:
    files = sorted((SOURCE / room).rglob("*.py"))
    assert files
    for file in files:
        # Workbooks and XML come as bytes; their readers want a stream over them.
        allowed = {"io"} if room == "capture" else set()
        found = imported(ast.parse(file.read_text("utf-8"))) & (BARRED - allowed)
        assert not found, f"{file.name} imports {sorted(found)}"


def test_only_clock_asks_the_machine_for_the_time() -> None:
    for file in sorted(SOURCE.rglob("*.py")):
        text = file.read_text("utf-8")
        asks = "datetime.now(" in text or "time.time(" in text or "date.today(" in text
        assert not asks or file.name == "clock.py", file.name


def test_only_serve_knows_http() -> None:
    for file in sorted(SOURCE.rglob("*.py")):
        if file.parts[len(SOURCE.parts)] == "serve":
            continue
        found = imported(ast.parse(file.read_text("utf-8")))
        roots = {name.partition(".")[0] for name in found}
        assert not roots & {"starlette", "granian", "jinja2", "click", "http"}, file.name
