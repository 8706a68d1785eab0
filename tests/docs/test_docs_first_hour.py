"""The guides, walked: every command of them runs and prints what the guide says."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FOLDER = Path(__file__).parent.parent.parent / "docs" / "guide"
GUIDES = {"first-hour": 9, "signing": 6}
LONG = {"first-hour", "signing"}
"""Walked by `make test-all`."""
"""How many blocks each has, at least."""
FENCE = re.compile(r"^```([a-z ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "@@ block"


class Block(NamedTuple):
    """Some commands, and what the guide says they print."""

    fails: bool
    """Whether the last command is to refuse."""
    commands: str
    printed: list[str]


def blocks(guide: str) -> list[Block]:
    text = (FOLDER / f"{guide}.md").read_text("utf-8")
    found = [(kind.strip(), body) for kind, body in FENCE.findall(text)]
    return [
        Block("fails" in kind, body, told.splitlines() if after == "text" else [])
        for (kind, body), (after, told) in pairwise([*found, ("", "")])
        if kind.startswith("sh")
    ]


def marked(guide: str, *number: int) -> Any:
    marks = [pytest.mark.full] if guide in LONG else []
    return pytest.param(guide, *number, marks=marks)


PLACES = [marked(guide, number) for guide in GUIDES for number in range(len(blocks(guide)))]


Walked = Callable[[str], list[tuple[int, list[str]]]]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Exit code and output of each block of a guide, all run in one shell."""
    return cache(lambda guide: walk(guide, tmp_path_factory.mktemp(guide)))


def walk(guide: str, folder: Path) -> list[tuple[int, list[str]]]:
    script = "".join(f'{block.commands}echo "{MARK} $?"\n' for block in blocks(guide))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash"],
        input=script,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=folder,
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


@pytest.mark.parametrize(("guide", "number"), PLACES)
def test_a_block_of_the_guide(walked: Walked, guide: str, number: int) -> None:
    block, (code, printed) = blocks(guide)[number], walked(guide)[number]
    assert code == (1 if block.fails else 0), printed
    assert block.printed
    assert shows(block.printed, printed), "\n".join([*block.printed, "----", *printed])


@pytest.mark.parametrize("guide", [marked(guide) for guide in GUIDES])
def test_the_whole_guide_was_walked(walked: Walked, guide: str) -> None:
    assert len(walked(guide)) == len(blocks(guide)) >= GUIDES[guide]


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
