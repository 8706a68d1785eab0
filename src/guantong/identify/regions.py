"""Does a region code of GB/T 2260 exist, and did it lapse?

The table in ``data/regions.toml`` holds prefixes of two, four or six digits; the longest that
fits decides. It is short on purpose: an unlisted county of a known province raises no note.

>>> region_note("110000") is None
True
>>> region_note("510200").code
'region_abolished'
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from guantong.identify.model import Note


@dataclass(frozen=True, slots=True)
class Region:
    """One prefix of region codes."""

    prefix: str
    """Two, four or six digits."""
    name: str
    """In Chinese."""
    abbreviation: str = ""
    """One character, for provinces; it stands on provincial licences."""
    until: int = 0
    """Last year it was in force; 0 while it is."""


@cache
def regions() -> dict[str, Region]:
    """The table that ships with the package, by prefix."""
    text = files("guantong.identify").joinpath("data", "regions.toml").read_text("utf-8")
    rows = [Region(**row) for row in tomllib.loads(text)["region"]]
    return {row.prefix: row for row in rows}


@cache
def abbreviations() -> frozenset[str]:
    """One-character names of the provinces."""
    return frozenset(row.abbreviation for row in regions().values() if row.abbreviation)


def region_note(code: str) -> Note | None:
    """What is odd about a region.

    Args:
        code: Six digits.

    Returns:
        ``region_unknown``, ``region_abolished``, or None when there is nothing to say.
    """
    known = regions()
    row = known.get(code) or known.get(code[:4]) or known.get(code[:2])
    if row is None:
        return Note("region_unknown", f"No province has the region code {code}.")
    if row.until:
        return Note("region_abolished", f"Region {code} was abolished after {row.until}.")
    return None
