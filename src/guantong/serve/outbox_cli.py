"""The commands around letters: which lines there are, what became of their letters, once more."""

from enum import StrEnum
from pathlib import Path

import click

from guantong.errors import Refusal, fault
from guantong.serve.json_out import instant
from guantong.serve.ledger_cli import data_option, json_option, print_json
from guantong.serve.outbox.box import Box, Line, number_text
from guantong.serve.world import LEDGER, WorldError, absent
from guantong.settings import Settings


class Fault(StrEnum):
    """Why a letter is not sent. Part of the public API: never renamed."""

    LINE = "serve.no_line"
    """There is no such line."""
    LETTER = "serve.no_letter"
    """No such letter arrived on the line, or it is forgotten."""


class OutboxError(Refusal):
    """There is nothing to send."""


@click.group("outbox")
def outbox_group() -> None:
    """Letters to addresses that others chose: how they go, and sending them again."""


@outbox_group.command("list")
@data_option
@json_option
def list_(data: Path, *, as_json: bool) -> None:
    """List every line: whose it is, where it leads and how it stands."""
    lines = _box(data).lines()
    if as_json:
        print_json([_shown(line) for line in lines])
    for line in () if as_json else lines:
        state = "stopped" if line.is_stopped else f"{line.tries} attempts in vain"
        last = instant(line.sent_ms) if line.sent_ms else "never"
        click.echo(f"{line.id}  {line.party}  {line.about.url}  {state}, last arrived {last}")


@outbox_group.command("log")
@click.argument("line")
@data_option
@json_option
def log(line: str, data: Path, *, as_json: bool) -> None:
    """Show the last attempts on a LINE, latest first."""
    box = _box(data)
    _check(box, line)
    attempts = box.log(line)
    if as_json:
        print_json(attempts)
    for one in () if as_json else attempts:
        said = f" {one.said}" if one.said else ""
        click.echo(f"{instant(one.at_ms)}  letter {number_text(one.no)}  {one.status}{said}")


@outbox_group.command("again")
@click.argument("line")
@click.argument("letter", type=float)
@data_option
def again(line: str, letter: float, data: Path) -> None:
    """Send a LETTER of a LINE that arrived once more."""
    box = _box(data)
    _check(box, line)
    if not box.again(line, letter):
        expected = "a letter that arrived in the last 30 days"
        raise OutboxError(fault(Fault.LETTER, expected=expected, got=number_text(letter)))
    click.echo("ok: it waits to be sent")


@outbox_group.command("go-on")
@click.argument("line")
@data_option
def go_on(line: str, data: Path) -> None:
    """Try a LINE again now, also one that was stopped."""
    box = _box(data)
    _check(box, line)
    box.go_on(line)
    click.echo("ok: its letters are tried again")


def _box(data: Path) -> Box:
    settings = Settings(data=data)
    if not (settings.data / LEDGER).exists():
        raise WorldError(absent(settings))
    return Box(settings.data)


def _check(box: Box, line: str) -> None:
    if box.line(line) is None:
        raise OutboxError(fault(Fault.LINE, expected="a line of the list", got=line))


def _shown(line: Line) -> dict[str, object]:
    """All but the token."""
    return {
        "line": line.id,
        "party": line.party,
        "url": line.about.url,
        "kind": line.about.kind,
        "attempts_in_vain": line.tries,
        "stopped": line.is_stopped,
        "last_arrived": instant(line.sent_ms) if line.sent_ms else None,
    }
