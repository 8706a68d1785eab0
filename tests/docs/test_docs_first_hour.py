"""The first hour, walked: every command of the guide runs and prints what the guide says."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guide" / "first-hour.md"
FENCE = re.compile(r"^```([a-z ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "@@ block"


class Block(NamedTuple):
    """Some commands, and what the guide says they print."""

    fails: bool
    """Whether the last command is to refuse."""
    commands: str
    printed: list[str]


def blocks() -> list[Block]:
    found = [(kind.strip(), body) for kind, body in FENCE.findall(GUIDE.read_text("utf-8"))]
    return [
        Block("fails" in kind, body, told.splitlines() if after == "text" else [])
        for (kind, body), (after, told) in pairwise([*found, ("", "")])
        if kind.startswith("sh")
    ]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, list[str]]]:
    """Exit code and output of each block, all run in one shell."""
    script = "".join(f'{block.commands}echo "{MARK} $?"\n' for block in blocks())
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash"],
        input=script,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=tmp_path_factory.mktemp("hour"),
        env=os.environ | {"PATH": path},
        check=True,
        timeout=600,
    )
    parts = re.split(rf"^{MARK} (\d+)$", done.stdout, flags=re.MULTILINE)
    outputs = [part.strip("\n").splitlines() for part in parts[0::2]]
    return list(zip(map(int, parts[1::2]), outputs, strict=False))


def shows(told: list[str], printed: list[str]) -> bool:
    """Whether the guide's lines are those printed; a line of "…" stands for any lines."""
    lines = "\n".join(told)
    pattern = re.escape(lines).replace("…", ".*")
    # A lone "…" also stands for no line at all.
    pattern = re.sub(r"(?:^|(?<=\n))\.\*\\?\n", r"(?:.*\n)*?", pattern)
    pattern = re.sub(r"\\?\n\.\*$", r"(?:\n.*)*", pattern)
    return re.fullmatch(pattern, "\n".join(printed)) is not None


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_block_of_the_guide(walked: list[tuple[int, list[str]]], number: int) -> None:
    block, (code, printed) = blocks()[number], walked[number]
    assert code == (1 if block.fails else 0), printed
    assert block.printed
    assert shows(block.printed, printed), "\n".join([*block.printed, "----", *printed])


def test_the_whole_guide_was_walked(walked: list[tuple[int, list[str]]]) -> None:
    assert len(walked) == len(blocks()) > 8


@pytest.mark.parametrize(
    ("told", "printed", "want"),
    [
        (["a", "…", "z"], ["a", "b", "c", "z"], True),
        (["a", "…", "z"], ["a", "z"], True),
        (["a", "…"], ["a"], True),
        (["…", "z"], ["a", "b", "z"], True),
        (["a … c"], ["a b c"], True),
        (["a … c"], ["a b d"], False),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a"], False),
        (["(a)+"], ["(a)+"], True),
        (["(a)+"], ["aa"], False),
    ],
)
def test_how_lines_are_compared(told: list[str], printed: list[str], want: bool) -> None:
    assert shows(told, printed) is want
