"""Which clause of which standard does which module rest on?

Reads the ``References:`` of every docstring below ``src`` and the table of clauses that may be
cited, ``docs/reference/clauses.toml``.

A line of ``References:`` holds citations, parted by ``;``; what follows a colon explains and is
not read. A citation is a standard, then its clauses:

>>> [(c.standard, c.clause) for c in cited("EPCIS 2.0, sections 7.4.2 to 7.4.3; RFC 8785")]
[('EPCIS 2.0', '7.4.2'), ('EPCIS 2.0', '7.4.3'), ('RFC 8785', '')]
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
TABLE = ROOT / "docs" / "reference" / "clauses.toml"

HEADING = "References:"
SECTION = re.compile(r", (?:sections?|annex) ")
NUMBER = re.compile(r"\b(?:\d+|[A-Z](?=[.\d]))(?:\.\d+)*\b")
RANGE = re.compile(r"((?:\d+\.)*)(\d+) to (?:\d+\.)*(\d+)")
ASIDE = re.compile(r"\s*\([^()]*\)")


class Cited(NamedTuple):
    """One clause that a line names."""

    standard: str
    clause: str
    """Its number; "" when the whole document is meant."""


@dataclass(frozen=True, slots=True)
class Standard:
    """A document whose clauses may be cited."""

    cite: str
    """How docstrings name it."""
    title: str
    edition: str
    by: str
    """Who publishes it."""
    basis: str
    """How sure its numbers are: ``open``, ``artefacts`` or ``secondary``."""
    clauses: dict[str, str]
    """Number -> what it is about, in our words; "whole" for the document itself."""


def cited(line: str) -> Iterator[Cited]:
    """The clauses that one line of ``References:`` names."""
    for citation in line.partition(": ")[0].split(";"):
        text = ASIDE.sub("", citation).strip().rstrip(".")
        head, found, tail = _parted(text)
        numbers = NUMBER.findall(RANGE.sub(_spelled, tail)) if found else []
        yield from (Cited(head, number) for number in numbers or [""])


def _parted(text: str) -> tuple[str, bool, str]:
    """The standard, whether sections are named, and what names them."""
    found = SECTION.search(text)
    if found:
        return text[: found.start()], True, text[found.end() :]
    return text.partition(",")[0], False, ""


def _spelled(found: re.Match[str]) -> str:
    """``7.4.2 to 7.4.4`` with every number written out."""
    stem, first, last = found.groups()
    return ", ".join(f"{stem}{number}" for number in range(int(first), int(last) + 1))


def reference_lines(docstring: str) -> Iterator[str]:
    """The lines below ``References:``; a line that is indented further goes on the one before."""
    lines = docstring.splitlines()
    for number, line in enumerate(lines):
        _, found, inline = line.partition(HEADING)
        if inline.strip():
            yield inline.strip()
        if not found or inline.strip():
            continue
        below = []
        for follower in lines[number + 1 :]:
            if not follower.strip() or _depth(follower) <= _depth(line):
                break
            below.append(follower)
        yield from _joined(dedent("\n".join(below)).splitlines())


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(lines: list[str]) -> Iterator[str]:
    whole = ""
    for line in lines:
        if whole and not line.startswith(" "):
            yield whole
            whole = ""
        whole = f"{whole} {line.strip()}".strip()
    if whole:
        yield whole


def docstrings(tree: ast.AST) -> Iterator[str]:
    """Every text that stands as a statement: docstrings, and those below fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, str):
                yield dedent(f"    {value}" if "\n" not in value else value)


def citations() -> dict[Cited, list[str]]:
    """Every clause that is cited, with the modules that cite it, as paths below ``src``."""
    found: dict[Cited, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for docstring in docstrings(ast.parse(path.read_text("utf-8"))):
            for line in reference_lines(docstring):
                for clause in cited(line):
                    found.setdefault(clause, set()).add(path.relative_to(SOURCE).as_posix())
    return {clause: sorted(found[clause]) for clause in sorted(found)}


def listed() -> list[Standard]:
    """The table of clauses."""
    rows = tomllib.loads(TABLE.read_text("utf-8"))["standard"]
    return [Standard(**row) for row in rows]


def clauses_listed() -> set[Cited]:
    """Every clause of the table."""
    return {
        Cited(standard.cite, "" if number == "whole" else number)
        for standard in listed()
        for number in standard.clauses
    }
