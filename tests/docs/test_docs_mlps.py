"""Every control of classified protection leads to a test that exists, or is somebody's duty."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "mlps.md"
SECTIONS = {f"8.1.{number}" for number in range(1, 11)}


def rows() -> list[list[str]]:
    lines = (line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| 8."))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE.read_text("utf-8"))
    assert len(named) > 30
    for path, name in named:
        text = (ROOT / path).read_text("utf-8")
        assert not name or f"def {name}(" in text, f"{path}::{name}"


def test_what_is_the_softwares_is_shown_and_the_rest_is_the_operators() -> None:
    for control, whose, shown in rows():
        assert whose.startswith(("software", "both", "operator")), control
        if whose.startswith(("software", "both")):
            assert "`tests/" in shown, control


def test_every_part_of_the_standard_is_there() -> None:
    told = set(re.findall(r"8\.1\.\d+", PAGE.read_text("utf-8")))
    assert told == SECTIONS
