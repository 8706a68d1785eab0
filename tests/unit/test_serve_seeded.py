"""Chance and time come in by one door each; what follows from a seed is never served."""

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner

import guantong
from guantong.clock import SetClock
from guantong.ledger import SeededEntropy
from guantong.serve.cli import main
from guantong.serve.world import open_world
from guantong.settings import Settings

SOURCE = Path(guantong.__file__).parent
SEEDERS = {"ledger/__init__.py", "ledger/entropy.py", "ledger/ledger.py", "serve/demo.py"}
"""Where the name stands: its definition, the mark in a ledger, and the demo."""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_serve_refuses_what_follows_from_a_seed(tmp_path: Path, workers: str) -> None:
    data, entropy = tmp_path / "data", SeededEntropy("demo 1")
    open_world(Settings(data), clock=SetClock(1), entropy=entropy, create=True).close()
    words = ["serve", "--data", str(data), "--port", "0", "--workers", workers]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "serve.seeded" in done.output


def test_what_init_makes_may_be_served(tmp_path: Path) -> None:
    from guantong.serve.world import check_served

    done = CliRunner().invoke(main, ["init", "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    check_served(Settings(tmp_path / "data"))


def test_only_the_demo_seeds() -> None:
    naming = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "SeededEntropy" in {_name(node) for node in ast.walk(ast.parse(path.read_text("utf-8")))}
    }
    assert naming == SEEDERS


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.ImportFrom):
        return next((it.name for it in node.names if it.name == "SeededEntropy"), "")
    return node.name if isinstance(node, ast.ClassDef) else getattr(node, "id", "")
