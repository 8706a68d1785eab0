"""Write the pages of the reference that follow from the code: ``make docs``.

Each page is a function that returns its text. A test compares the text with the committed page,
so that the reference cannot say less, or other, than the code does.
"""

import ast
import datetime as dt
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

import guantong
from guantong import settings as settings_module
from guantong.rules import ProfileField, shipped
from guantong.rules.model import TABLES, Row
from guantong.serve import problems, words
from guantong.serve.cli import main as guantong_command
from guantong.serve.words import Language
from guantong.settings import Settings
from guantong.trace.model import Code
from guantong.verdict.words import WORDS
from tools import clauses

REFERENCE = clauses.ROOT / "docs" / "reference"
MARK = "<!-- Written by tools/write_reference.py from the code: change that, then `make docs`. -->"
LINE_WIDTH = 110
HELP_WIDTH = 88
"""Columns of the help text on the page."""
BASIS = {
    "open": "The text is free to read",
    "artefacts": "Written by its schemas, tables and examples",
    "secondary": "Written by what others report of it",
}


def page(title: str, *parts: str) -> str:
    """A page: title, mark, and its parts with a blank line between."""
    return "\n\n".join([f"# {title}", MARK, *(part.strip("\n") for part in parts)]) + "\n"


def prose(text: str) -> str:
    """A paragraph, broken where lines of this project break."""
    return textwrap.fill(text, LINE_WIDTH, break_long_words=False, break_on_hyphens=False)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """A value as the text of a table cell."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, frozenset | set):
        return cell(", ".join(sorted(map(str, value))))
    if isinstance(value, tuple | list):
        return cell(", ".join(map(str, value)))
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return " ".join(text.replace("|", "\\|").split())


# -------------------------------------------------------------------------- commands


def commands_page() -> str:
    """Every command's own help."""
    return page(
        "Commands",
        prose(
            "Exit codes: 0 done and nothing to object; 1 refused, not known or a problem found; "
            "2 wrong use. What a command was asked for goes to stdout, everything else to "
            "stderr. The members of what `--json` prints are in [json.md](json.md). "
            "`GUANTONG_DATA` in the environment stands in for `--data`, except for `demo`."
        ),
        *(_help_section(path) for path in command_paths()),
    )


def command_paths() -> Iterator[tuple[str, ...]]:
    """``()`` for the program itself, then each command."""
    yield ()
    yield from _below(guantong_command, ())


def _below(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from _below(command, (*path, name))


def _help_section(path: tuple[str, ...]) -> str:
    asked = CliRunner(env={"GUANTONG_DATA": ""}).invoke(
        guantong_command, [*path, "--help"], prog_name="guantong", terminal_width=HELP_WIDTH
    )
    return f"## {' '.join(['guantong', *path])}\n\n```text\n{asked.output.rstrip()}\n```"


# -------------------------------------------------------------------------- settings


def settings_page() -> str:
    """Every field of `Settings`."""
    told = field_docstrings(settings_module, Settings.__name__)
    rows = [
        (
            f"`{field.name}`",
            _type_name(field),
            _default(field),
            told[field.name],
            ", ".join(readers(field.name)) or "nothing yet",
        )
        for field in fields(Settings)
    ]
    return page(
        "Settings",
        prose(
            "One frozen value, `guantong.settings.Settings`, made by the command line and passed "
            "down; nothing reads the environment after that. The command line sets `data`, "
            "`host` and `port`; the rest stands at its default: there is no file of settings yet."
        ),
        table(["field", "type", "default", "meaning", "read by"], rows),
    )


def readers(name: str) -> list[str]:
    """The modules that read a setting."""
    reads = re.compile(rf"\bsettings\.{name}\b")
    return [
        f"`{path.relative_to(clauses.SOURCE / 'guantong').as_posix()}`"
        for path in sorted(clauses.SOURCE.rglob("*.py"))
        if reads.search(path.read_text("utf-8"))
    ]


def _type_name(field: Field[Any]) -> str:
    return f"`{getattr(field.type, '__name__', field.type)}`"


def _default(field: Field[Any]) -> str:
    return "required" if field.default is MISSING else f"`{field.default!r}`"


def field_docstrings(module: Any, name: str) -> dict[str, str]:
    """The texts below the fields of a class; "" for a field that has none."""
    body = _class(module, name).body
    told: dict[str, str] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        target = _assigned(node)
        if target:
            told[target] = " ".join(_statement_text(after).split())
    return told


def _class(module: Any, name: str) -> ast.ClassDef:
    tree = ast.parse(inspect.getsource(module))
    return next(
        node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name
    )


def _assigned(node: ast.stmt) -> str:
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


def _statement_text(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return text
        case _:
            return ""


# -------------------------------------------------------------------------- faults


def fault_enums() -> list[type[StrEnum]]:
    """Every enumeration of fault codes in the package, in order of module."""
    found: dict[str, type[StrEnum]] = {}
    for module in pkgutil.walk_packages(guantong.__path__, "guantong."):
        if module.name.endswith("__main__"):
            continue
        enum = getattr(importlib.import_module(module.name), "Fault", None)
        if isinstance(enum, type) and issubclass(enum, StrEnum):
            found[enum.__module__] = enum
    return [found[name] for name in sorted(found)]


def faults_page() -> str:
    """Every fault code with its two sentences."""
    by_room: dict[str, list[tuple[str, ...]]] = {}
    for enum in fault_enums():
        for code in enum:
            row = _fault_row(enum, code.value)
            by_room.setdefault(code.value.partition(".")[0], []).append(row)
    head = ["code", "HTTP", "中文", "English", "where"]
    return page(
        "Fault codes",
        prose(
            "A refusal carries at least one fault: a code, a path into what was sent, what was "
            "expected and what was found. Codes are part of the public interface and are never "
            "renamed. Beside the sentence every answer shows the pair expected / found. Over HTTP a "
            "refusal is a problem document (RFC 9457) with the code as `type`; see "
            "[http.md](http.md). What is no refusal (a recall, a gap) is in [reasons.md](reasons.md)."
        ),
        *(f"## {room}\n\n{table(head, sorted(rows))}" for room, rows in sorted(by_room.items())),
    )


def _fault_row(enum: type[StrEnum], code: str) -> tuple[str, ...]:
    zh, en = (words.sentence(code, language) for language in Language)
    status = problems.STATUS.get(code, 400)
    return (f"`{code}`", str(status), zh, en, _source_link(enum.__module__))


def _source_link(module: str) -> str:
    path = Path(inspect.getfile(importlib.import_module(module))).relative_to(clauses.ROOT)
    return f"[{module.removeprefix('guantong.')}](../../{path.as_posix()})"


# -------------------------------------------------------------------------- reasons


def reasons_page() -> str:
    """What a scan may say about an item, and what a trace may miss."""
    gaps = [(f"`{code.value}`", *_gap_words(code.value)) for code in Code]
    return page(
        "Reasons and gaps",
        prose(
            "These are answers, not refusals. A scan carries reasons (`reasons[].code`), each either "
            "a problem or a notice; words in braces are filled in. A trace carries gaps "
            "(`gaps[].code`)."
        ),
        "## Reasons of a scan\n\n"
        + table(
            ["code", "中文", "English"],
            [(f"`{code}`", zh, en) for code, (zh, en) in WORDS.items()],
        ),
        "## Gaps of a trace\n\n" + table(["code", "中文", "English"], gaps),
    )


def _gap_words(code: str) -> list[str]:
    return [words.word("gap", code.removeprefix("trace."), language) for language in Language]


# -------------------------------------------------------------------------- clauses


def clauses_page() -> str:
    """Which clause lives where."""
    cited = clauses.citations()
    return page(
        "Clauses",
        prose(
            "Which clause of which standard the code rests on, as its docstrings say under "
            "`References:`. The list itself is [clauses.toml](clauses.toml). Where we read a clause "
            "otherwise, see [divergences](../divergences.md)."
        ),
        *(_standard_section(standard, cited) for standard in clauses.listed()),
    )


def _standard_section(standard: clauses.Standard, cited: dict[clauses.Cited, list[str]]) -> str:
    rows = []
    for number, about in standard.clauses.items():
        key = clauses.Cited(standard.cite, "" if number == "whole" else number)
        where = ", ".join(f"[{path}](../../src/{path})" for path in cited.get(key, []))
        rows.append((number, about, where.replace("[guantong/", "[")))
    return (
        f"## {standard.cite}\n\n{standard.title}, {standard.edition} ({standard.by}). "
        f"{BASIS[standard.basis]}.\n\n" + table(["clause", "about", "where"], rows)
    )


# -------------------------------------------------------------------------- rules


COMMON = ("since", "until", "provenance", "source")


def rule_lines_page() -> str:
    """Every line of the tables of public rules that the package carries."""
    kinds = [(name, kind) for name, kind in TABLES.items() if kind is not ProfileField]
    return page(
        "Lines of the rule tables",
        prose(
            "What the package carries, line by line. How lines work and how an operator puts others "
            "in their place is in [rules.md](rules.md); the table `field` is in "
            "[profile.md](profile.md)."
        ),
        "## By provenance\n\n" + _provenance_table(),
        *(_rule_section(name, kind) for name, kind in kinds),
    )


def _provenance_table() -> str:
    counted = []
    for name, kind in TABLES.items():
        rows = list(shipped().rows(kind))
        kinds = ("official", "secondary", "inferred")
        counts = [sum(row.provenance.value == word for row in rows) for word in kinds]
        counted.append((f"`{name}`", len(rows), *counts))
    return table(["table", "lines", "official", "secondary", "inferred"], counted)


def _rule_section(name: str, kind: type[Row]) -> str:
    rows = list(shipped().rows(kind))
    if not rows:
        return f"## {name}\n\nNone are shipped."
    own = [word for word in kind.__struct_fields__ if word not in {"key", "because", *COMMON}]
    used = [word for word in own if any(cell(getattr(row, word)) for row in rows)]
    names = ["key", *used, *COMMON]
    return f"## {name}\n\n" + table(
        names, [[_rule_cell(row, word) for word in names] for row in rows]
    )


def _rule_cell(row: Row, word: str) -> object:
    value = getattr(row, word)
    return f"`{value}`" if word == "key" else value


# -------------------------------------------------------------------------- all

PAGES: dict[str, Callable[[], str]] = {
    "clauses.md": clauses_page,
    "commands.md": commands_page,
    "faults.md": faults_page,
    "reasons.md": reasons_page,
    "rule-lines.md": rule_lines_page,
    "settings.md": settings_page,
}
"""File name below ``docs/reference`` -> what it holds."""


def main() -> None:
    """Write all pages; tell which changed."""
    for name, write in PAGES.items():
        text, place = write(), REFERENCE / name
        if not place.exists() or place.read_text("utf-8") != text:
            place.write_text(text, "utf-8")
            sys.stdout.write(f"{place.relative_to(clauses.ROOT)}\n")


if __name__ == "__main__":
    main()
