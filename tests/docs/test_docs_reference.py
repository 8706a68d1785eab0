"""The generated pages of the reference are what the code says today."""

import doctest
from dataclasses import fields

import click
import pytest

from guantong import settings
from guantong.serve.cli import main
from guantong.settings import Settings
from tools import clauses, write_reference


@pytest.mark.parametrize("name", write_reference.PAGES)
def test_the_committed_page_is_what_the_code_says(name: str) -> None:
    committed = (write_reference.REFERENCE / name).read_text("utf-8")
    assert committed == write_reference.PAGES[name](), "run `make docs` and commit what it changes"


@pytest.mark.parametrize(
    "path", list(write_reference.command_paths()), ids=lambda path: " ".join(path) or "guantong"
)
def test_every_command_and_option_is_on_the_page(path: tuple[str, ...]) -> None:
    page = (write_reference.REFERENCE / "commands.md").read_text("utf-8")
    section = page.split(f"## {' '.join(['guantong', *path])}\n")[1].split("\n## ")[0]
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command.help
    usage = " ".join(section.split("Options:")[0].split())
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.make_metavar(click.Context(command)).strip("[]") in usage
        else:
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert option in section, option


def test_every_setting_says_what_it_means() -> None:
    told = write_reference.field_docstrings(settings, "Settings")
    assert [name for name in (field.name for field in fields(Settings)) if not told[name]] == []


def test_every_cited_clause_is_listed_and_every_listed_one_cited() -> None:
    cited, listed = clauses.citations(), clauses.clauses_listed()
    unlisted = {clause: cited[clause] for clause in cited.keys() - listed}
    assert unlisted == {}, "add it to docs/reference/clauses.toml, then `make docs`"
    assert listed - cited.keys() == set(), "nobody cites it any more"


def test_clauses_say_what_they_are_about() -> None:
    for standard in clauses.listed():
        assert standard.title
        assert standard.edition
        assert standard.by
        assert standard.basis in write_reference.BASIS
        assert all(standard.clauses.values()), standard.cite


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("EPCIS 2.0, section 7.4 (core event types)", [("EPCIS 2.0", "7.4")]),
        ("A 1, sections 7.4.2 to 7.4.4", [("A 1", "7.4.2"), ("A 1", "7.4.3"), ("A 1", "7.4.4")]),
        ("X, sections 4 (a 9), 5 (b) and 6.", [("X", "4"), ("X", "5"), ("X", "6")]),
        ("X, section 8.9; RFC 6920, section 3", [("X", "8.9"), ("RFC 6920", "3")]),
        ("GB 1, section 4: C = 11; 10 is X", [("GB 1", "4")]),
        ("GB/T 31866-2023, structure (V, NSI)", [("GB/T 31866-2023", "")]),
        ("E-376, part 1, section 18.3.1.4", [("E-376, part 1", "18.3.1.4")]),
    ],
)
def test_a_line_of_references_is_read(line: str, want: list[tuple[str, str]]) -> None:
    assert [tuple(clause) for clause in clauses.cited(line)] == want


def test_references_are_found_wherever_they_stand() -> None:
    docstring = """What?

    References:
        RFC 1, section 2
        RFC 3, section 4
          and 5
    """
    assert list(clauses.reference_lines(docstring)) == [
        "RFC 1, section 2",
        "RFC 3, section 4 and 5",
    ]
    assert list(clauses.reference_lines("Steps. References: CBV 2.0, section 7.1.")) == [
        "CBV 2.0, section 7.1."
    ]


def test_the_examples_in_the_reader_of_clauses_run() -> None:
    result = doctest.testmod(clauses)
    assert result.attempted
    assert not result.failed
