"""The command `guantong bench`."""

import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from guantong.serve.bench.load import Recipe

SHOWN: Final = (
    ("events captured a second", "capture_events_per_s", "floor_events_per_s"),
    ("the same, beside decoding alone", "capture_events_per_s", "decode_events_per_s"),
    ("codes captured a second", "capture_codes_per_s", ""),
    ("single-event documents a second", "single_docs_per_s", ""),
    ("  p99, ms", "single_p99_ms", ""),
    ("scans a second over HTTP", "check_per_s", "empty_per_s"),
    ("  p99 at half load, ms", "check_p99_ms", ""),
    ("trace up, p99, ms", "trace_up_p99_ms", ""),
    ("lot down, p99, ms", "lot_down_p99_ms", ""),
    ("items recalled", "recall_items", ""),
    ("  seconds", "recall_s", ""),
    ("index bytes a row", "bytes_per_row", ""),
    ("ledger bytes a row", "ledger_bytes_per_row", ""),
    ("index bytes of a single-event document", "single_index_bytes_per_doc", ""),
    ("ledger bytes of it", "single_ledger_bytes_per_doc", ""),
    ("most memory of the server, MB", "peak_mb", ""),
    ("events rebuilt a second", "rebuild_events_per_s", "capture_events_per_s"),
)
"""What a person is shown: words, figure, and the figure it is divided by."""


@click.command("bench")
@click.option(
    "--rows",
    type=click.IntRange(10_000),
    default=100_000,
    show_default=True,
    help="Items named by all events together, about.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty directory to work in and leave; a temporary one without.",
)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option(
    "--document",
    type=click.IntRange(1, 1000),
    default=1000,
    show_default=True,
    help="Events in a document.",
)
@click.option(
    "--memory-mb",
    type=click.IntRange(min=0),
    default=0,
    help="Bound the private memory of server and rebuild (Linux); 0 for none.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    help="How long each question is asked.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench_command(
    rows: int,
    data: Path | None,
    seed: int,
    document: int,
    memory_mb: int,
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """Measure this machine: fill an installation through its front door and ask it."""
    from guantong.serve.bench.run import Bench, run

    with _place(data) as place:
        bench = Bench(Recipe(seed, rows, document), Path(place), memory_mb, seconds, say=_say)
        figures = run(bench)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())
    else:
        _show(figures)
    if "failed" in figures:
        message = "; ".join(figures["failed"])
        raise click.ClickException(message)


def _show(figures: dict[str, Any]) -> None:
    click.echo(f"{figures['rows']:,} rows, {figures['events']:,} events")
    for words, name, floor in SHOWN:
        if (figure := figures.get(name)) is None:
            continue
        beside = ""
        if floor:
            beside = f"{figure / figures[floor]:8.2f} of {floor} {figures[floor]:,}"
        click.echo(f"{words:36}{figure:>14,}{beside}")


def _place(data: Path | None) -> AbstractContextManager[Path | str]:
    if data is None:
        return tempfile.TemporaryDirectory(prefix="guantong-bench-")
    data.mkdir(parents=True, exist_ok=True)
    if any(data.iterdir()):
        message = f"{data} is not empty"
        raise click.ClickException(message)
    return nullcontext(data)


def _say(what: str) -> None:
    click.echo(what, err=True)
