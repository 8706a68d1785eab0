"""What are provinces, sections and sub-indices called, and where do provinces stand on the map?

Names and the layout of the map are data files of the room.

>>> place("34").zh, section("J").en
('安徽', 'Finance')
"""

import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from guantong.credit.model import SubIndex


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called."""

    key: str
    zh: str
    en: str
    short: str = ""
    """One or two characters, for maps and narrow charts."""
    letters: str = ""
    """Two letters, for the same on pages in English; provinces only."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the map of provinces."""

    name: Name
    row: int
    """From the north, from 0."""
    column: int
    """From the west, from 0."""


SUB_INDICES: Mapping[SubIndex, Name] = {
    SubIndex.RELIABILITY: Name("reliability", "可靠性", "reliability", "可靠"),
    SubIndex.OPERATION: Name("operation", "经营性", "operation", "经营"),
    SubIndex.CONNECTION: Name("connection", "关联性", "connection", "关联"),
    SubIndex.FINANCE: Name("finance", "财务性", "finance", "财务"),
    SubIndex.COMPLIANCE: Name("compliance", "合规性", "compliance", "合规"),
    SubIndex.SUPERVISION: Name("supervision", "监管性", "supervision", "监管"),
}


def _table(file: str) -> dict[str, Any]:
    folder = importlib.resources.files("guantong.credit") / "data"
    return tomllib.loads((folder / file).read_text("utf-8"))


def _name(line: Mapping[str, Any]) -> Name:
    short, letters = line.get("abbreviation", ""), line.get("letters", "")
    return Name(line["key"], line["name_zh"], line["name_en"], short, letters)


@cache
def tiles() -> tuple[Tile, ...]:
    """The 34 squares of the map."""
    lines = _table("tiles.toml")["tile"]
    return tuple(Tile(_name(line), line["row"], line["column"]) for line in lines)


@cache
def _places() -> dict[str, Name]:
    apart = map(_name, _table("tiles.toml")["apart"])
    return {name.key: name for name in (*(tile.name for tile in tiles()), *apart)}


@cache
def _sections() -> dict[str, Name]:
    return {line["key"]: _name(line) for line in _table("sections.toml")["section"]}


def place(key: str) -> Name:
    """A province, or the Corps; an unknown key is its own name."""
    return _places().get(key, Name(key, key, key, key))


def section(key: str) -> Name:
    """A section of GB/T 4754; an unknown key is its own name."""
    return _sections().get(key, Name(key, key, key, key))


def of(dimension: str, key: str) -> Name:
    """A unit of a ranking: ``province`` or ``section``."""
    return place(key) if dimension == "province" else section(key)
