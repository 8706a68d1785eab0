"""The commands of the credit index and of the checker of published figures.

What computes (numpy, polars, scipy, statsmodels) is loaded when a command runs, never for help.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
import msgspec

from guantong.caller import OPERATOR
from guantong.clock import SystemClock, day_in_china
from guantong.errors import Refusal, fault
from guantong.serve import words
from guantong.serve.chosen import installation, store_option
from guantong.serve.problems import Fault

if TYPE_CHECKING:
    from guantong.credit.explain import Explanation
    from guantong.credit.model import Method
    from guantong.serve.index_office import Computed, Issue

Command = TypeVar("Command", bound=Callable[..., Any])

FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
RANKS_SHOWN: Final = 10
"""Places a person is shown; JSON has all."""

kept_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="GUANTONG_DATA",
    help="The installation's directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
month_option = click.option("--month", required=True, help="The month, as 2024-10.")


def source_options(command: Command) -> Command:
    """Where firms come from: a panel, or a seed."""
    for option in (
        click.option("--method", "method_file", type=FILE, help="TOML; the example without."),
        click.option("--firms", type=click.IntRange(1, 1_000_000), help="Made-up firms."),
        click.option("--seed", type=click.IntRange(min=0), help="Make up a population from this."),
        click.option("--panel", type=FILE, help="Parquet: one row per firm and month."),
    ):
        command = option(command)
    return command


@click.group("credit")
def credit_group() -> None:
    """The enterprise credit index: compute it, explain a firm, read what was issued."""


@credit_group.command("index")
@source_options
@month_option
@kept_option
@store_option
@click.option("--reason", default="", help="Why the month is computed again; kept with it.")
@json_option
def index_command(
    panel: Path | None,
    seed: int | None,
    firms: int | None,
    method_file: Path | None,
    month: str,
    data: Path | None,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Compute the index of a month; with --data issue it, as an entry of the ledger.

    A month that was issued before becomes a new vintage beside the old one; the same figures
    from the same data are no new vintage.
    """
    from guantong.serve.index_json import issue_json

    done = _computed(_source(panel, seed, firms), method_file, month, reason)
    issue = done.issue if data is None else _recorded(data, done)
    if as_json:
        _print_json(issue_json(issue))
    else:
        _print_issue(issue)


@credit_group.command("explain")
@click.argument("firm", type=click.IntRange(min=0))
@source_options
@month_option
@kept_option
@store_option
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@json_option
def explain_command(
    firm: int,
    panel: Path | None,
    seed: int | None,
    firms: int | None,
    method_file: Path | None,
    month: str,
    data: Path | None,
    lang: str,
    *,
    as_json: bool,
) -> None:
    """Say why FIRM has its score, and what would change it.

    From a panel or seed, or with --data from the panel that a release rests on.
    """
    from guantong.credit.explain import explain_json

    if panel is None and seed is None and data is not None:
        told = _issued_population(data, month).explain(firm)
    else:
        told = _population(_source(panel, seed, firms), method_file, month).explain(firm)
    if as_json:
        _print_json(explain_json(told))
    else:
        _print_firm(told, lang)


@credit_group.command("release")
@click.argument("period")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--vintage", type=click.IntRange(min=1), help="The last one without.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("guantong-data"),
    show_default=True,
    envvar="GUANTONG_DATA",
    help="The installation's directory.",
)
@store_option
@json_option
def release_command(
    period: str, lang: str, vintage: int | None, data: Path, *, as_json: bool
) -> None:
    """Print the text of the release of PERIOD, written from its numbers only."""
    from guantong.serve import index_json, index_office
    from guantong.serve.world import read_world

    with read_world(installation(data)) as world:
        issue = _found(index_office.find(world, _month(period), vintage or 0), period)
        revisions = index_office.revisions(world, period)
    if as_json:
        changed = [index_json.revision_json(one) for one in revisions]
        _print_json(index_json.issue_json(issue) | {"revisions": changed})
    else:
        _tell(issue.annex.text.whole(lang).rstrip("\n"))


@click.group("bulletin")
def bulletin_group() -> None:
    """Published figures: do they agree with each other?"""


@bulletin_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--corrections", "corrections_file", type=FILE, help="A person's readings (JSON).")
@click.option("--period", default="", help="What the text is about; taken from it without.")
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Also write XLSX.")
@json_option
def check_command(
    file: Path, corrections_file: Path | None, period: str, sheet: Path | None, *, as_json: bool
) -> None:
    """Check the figures of a bulletin: text, Markdown, HTML, PDF or DOCX.

    Exit code 1 when something is wrong in it, or it can not be read.
    """
    from guantong import bulletin

    kept = corrections_file and bulletin.Corrections.load(corrections_file.read_bytes())
    text = bulletin.read(_bytes_of(file), file.name).text
    report = bulletin.check(text, corrections=kept or None, period=period)
    if sheet is not None:
        sheet.write_bytes(bulletin.to_xlsx(report))
    rows = bulletin.cli_rows(report)
    if as_json:
        _print_json(rows)
    else:
        for row in rows:
            should = f" → {row['should_be']}" if row["should_be"] else ""
            _tell(f"{row['verdict']:<12} {row['text']}{should}  ({row['subject']} {row['period']})")
        counts = report.counts()
        _tell("  ".join(f"{name}: {count}" for name, count in counts.items()))
    sys.exit(1 if report.of(bulletin.Verdict.WRONG) else 0)


# ------------------------------------------------------------------------ computing

Source = tuple[Path | None, int, int]
"""A Parquet file, or seed and number of firms."""


def _source(panel: Path | None, seed: int | None, firms: int | None) -> Source:
    """The one place that firms come from; anything else is wrong use."""
    if (panel is None) is (seed is None):
        message = "give either --panel FILE or --seed N"
        raise click.UsageError(message)
    if panel is not None and firms is not None:
        message = "--firms belongs to --seed"
        raise click.UsageError(message)
    return panel, seed or 0, firms or 1_000


def _method(file: Path | None) -> "Method":
    from guantong.credit import example, parse

    if file is None:
        return example()
    return parse(file.read_text("utf-8", errors="replace"), name=file.name)


def _month(text: str) -> str:
    from guantong.credit import Month

    return str(Month.parse(text))


def _computed(source: Source, method_file: Path | None, month: str, reason: str) -> "Computed":
    from guantong.credit import Month
    from guantong.serve import index_office

    method, when = _method(method_file), Month.parse(month)
    file, seed, firms = source
    given = index_office.panels(when, method, file=file, seed=seed, firms=firms)
    today = day_in_china(SystemClock().now_ms()).isoformat()
    return index_office.compute(given, method, when, issued=today, reason=reason)


def _recorded(data: Path, done: "Computed") -> "Issue":
    from guantong.serve import index_office
    from guantong.serve.world import open_world

    with open_world(installation(data), create=True) as world:
        return index_office.record(world, done, OPERATOR)


def _population(source: Source, method_file: Path | None, month: str) -> Any:
    from guantong.credit import CreditError, Month
    from guantong.credit import Fault as CreditFault
    from guantong.serve import index_office

    method, when = _method(method_file), Month.parse(month)
    file, seed, firms = source
    for panel in index_office.panels(when, method, file=file, seed=seed, firms=firms):
        if panel.month == when:
            return index_office.Population.of(panel, method)
    raise CreditError(
        fault(CreditFault.PERIOD, expected=f"firms of {when}", got="none", path="month")
    )


def _issued_population(data: Path, month: str) -> Any:
    from guantong.serve import index_office
    from guantong.serve.world import read_world

    with read_world(installation(data)) as world:
        issue = _found(index_office.find(world, _month(month)), month)
        return _found(index_office.population(world, issue), f"panel of {month}")


Found = TypeVar("Found")


def _found(value: Found | None, what: str) -> Found:
    """What was looked for. Raises Refusal if there is none."""
    if value is None:
        raise Refusal(fault(Fault.NOT_FOUND, expected="a release", got=what))
    return value


def _bytes_of(file: Path) -> bytes:
    """The document; one byte more than is allowed is enough to know."""
    from guantong.bulletin.documents import BYTES_MAX

    with file.open("rb") as stream:
        return stream.read(BYTES_MAX + 1)


# ------------------------------------------------------------------------ showing


def _print_issue(issue: "Issue") -> None:
    from guantong.credit.writing import points
    from guantong.serve.index_json import change_of, place_rows, sub_rows
    from guantong.serve.index_pages import signed

    release, annex = issue.release, issue.annex
    change = change_of(issue)
    moved = "" if change is None else f"  {signed(change)}"
    _tell(f"{release.period}  {points(release.national)}{moved}")
    _tell(f"  90 %: {points(annex.low)} – {points(annex.high)}; {release.firms} firms")
    if issue.vintage.adjusted is not None:
        _tell(f"  seasonally adjusted: {points(issue.vintage.adjusted)}")
    for sub in sub_rows(issue):
        moved = "" if sub.change is None else f"  {signed(sub.change)} {sub.way}"
        _tell(f"  {sub.zh} / {sub.en}: {points(sub.value)}{moved}")
    for dimension in ("province", "section"):
        _tell(f"{dimension}:")
        for row in place_rows(issue, dimension)[:RANKS_SHOWN]:
            if row.value is not None:
                band = f"{row.low}–{row.high}"
                _tell(f"  {row.rank:>2} ({band:>5})  {points(row.value)}  {row.zh} / {row.en}")
    _tell(f"method {annex.method.version} ({annex.method.provenance.value})")
    if annex.method.provenance.value == "example":
        _tell("The weights are an example: this is not the published index.")
    if issue.entry >= 0:
        _tell(f"issued as vintage {issue.vintage.number}, ledger index {issue.entry}")


def _print_firm(told: "Explanation", lang: str) -> None:
    zh = lang == "zh"
    shown = "–" if told.score is None else f"{told.score:.2f}"
    _tell(f"{told.firm}  {told.month}  {shown}  {told.grade or '–'}")
    for reason in told.reasons:
        _tell(f"  {reason.zh if zh else reason.en}")
    for step in told.steps:
        name = step.label_zh if zh else step.label_en
        _tell(f"  → {told.next_grade}: {name} {step.needed:.4g}")
    _tell(told.contest.zh if zh else told.contest.en)
    if told.provenance == "example":
        _tell(words.say("ix_example", words.Language(lang), version=told.method))


def _tell(line: str) -> None:
    """Print lines; what would act on the terminal instead of being read is shown as U+FFFD."""
    click.echo("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in line))


def _print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
