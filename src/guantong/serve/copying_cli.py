"""The commands by which an installation is saved, had again, and its index moved."""

from datetime import datetime
from pathlib import Path

import click

from guantong.serve.chosen import installation, move_to, store_option
from guantong.serve.copying import Copied, back_up, index_copy, restore, size_at
from guantong.serve.ledger_cli import data_option, json_option, print_json
from guantong.settings import FILE
from guantong.store.place import SCHEMES

OUT = click.Path(file_okay=False, path_type=Path)
BACKUP = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("backup")
@click.argument("out", type=OUT)
@data_option
@json_option
def backup_command(out: Path, data: Path, *, as_json: bool) -> None:
    """Save ledger and vault to OUT while they are served; again: what was added since.

    The log's key is not in it: keep a copy of that elsewhere.
    """
    _tell(out, back_up(data, out), as_json=as_json)


@click.command("restore")
@click.argument("backup", type=BACKUP)
@data_option
@store_option
@json_option
@click.option("--size", type=click.IntRange(min=0), help="As it was with so many entries.")
@click.option("--time", "moment", help="As it was at this time: ISO 8601 with a zone.")
def restore_command(
    backup: Path, data: Path, size: int | None, moment: str | None, *, as_json: bool
) -> None:
    """Make the directory --data as BACKUP was, and its index; it answers, and is not written to."""
    if moment is not None:
        size = min(size_at(backup, _milliseconds(moment)), size if size is not None else 2**53)
    copied = restore(backup, data, size)
    index_copy(data, installation(data).index)
    _tell(data, copied, as_json=as_json)


@click.command("move")
@click.argument("place", metavar="URL|file")
@data_option
@json_option
def move_command(place: str, data: Path, *, as_json: bool) -> None:
    """Make the index anew in a PostgreSQL database or in the file, beside what serves; then use it."""
    if place != "file" and not place.startswith(SCHEMES):
        message = f"URL must begin with {SCHEMES[0]}, or be: file"
        raise click.UsageError(message)
    url = "" if place == "file" else place
    size = index_copy(data, url or data / FILE)
    move_to(data, url)
    if as_json:
        print_json({"entries": size})
    else:
        click.echo(f"{size} entries indexed; send SIGUSR1 to serve, or start it again")


def _milliseconds(moment: str) -> int:
    """A time of the command line.

    Returns:
        Milliseconds since 1970.

    Raises:
        click.BadParameter: if it is none, or has no zone.
    """
    try:
        at = datetime.fromisoformat(moment)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time") from error
    if at.tzinfo is None:
        message = "a time with its zone, such as 2026-03-02T10:00:00+08:00"
        raise click.BadParameter(message, param_hint="--time")
    return int(at.timestamp() * 1000)


def _tell(place: Path, copied: Copied, *, as_json: bool) -> None:
    if as_json:
        print_json({"size": copied.size, "before": copied.before, "root": copied.root.hex()})
    else:
        click.echo(f"{place}: {copied.size} entries, {copied.before} before")
