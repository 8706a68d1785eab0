"""``guantong nation``: ask several nodes as one. What is missing from an answer is said with it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from guantong.clock import SystemClock
from guantong.serve import nation_demo as demo
from guantong.serve.ledger_cli import json_option, print_json, printable
from guantong.serve.nodes.asking import Nation, known_told, scope_told, trail_told
from guantong.serve.nodes.far import SECONDS
from guantong.trace import Direction

nodes_option = click.option(
    "--nodes",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    envvar="GUANTONG_NODES",
    help="The file that names the nodes.",
)
wait_option = click.option(
    "--wait",
    type=float,
    default=SECONDS,
    show_default=True,
    help="Seconds for one answer of a node.",
)


@click.group("nation")
def nation_group() -> None:
    """Ask several installations as one: each answers for its own ledger."""


@nation_group.command("scope")
@click.argument("codes", nargs=-1, required=True)
@nodes_option
@wait_option
@json_option
@click.option("--seconds", type=float, default=60.0, show_default=True, help="Stop after that.")
@click.option("--ranges", type=int, default=1_000, show_default=True, help="Told at most.")
def scope(
    codes: tuple[str, ...], file: Path, wait: float, seconds: float, ranges: int, *, as_json: bool
) -> None:
    """Everything that came of CODES in all nodes, and who has it now."""
    nation = Nation(file, SystemClock(), wait)
    across = nation.scope(codes, seconds=seconds)
    if not as_json:
        for held in across.found.held:
            where = f"{held.party or '-'} {held.region or '-'}"
            line = f"{held.count} {held.state.value} {where} {held.taker}"
            click.echo(printable(line.rstrip()))
        account = ", ".join(f"{n} {name.value}" for name, n in across.found.account().items())
        click.echo(f"{across.found.made} made = {account}")
    _end(scope_told(nation, across, ranges), as_json=as_json)


@nation_group.command("trace")
@click.argument("code")
@nodes_option
@wait_option
@json_option
@click.option(
    "--direction", type=click.Choice([one.value for one in Direction]), default=Direction.BOTH.value
)
def trace(code: str, file: Path, wait: float, direction: str, *, as_json: bool) -> None:
    """Where CODE came from and went to, over all nodes."""
    nation = Nation(file, SystemClock(), wait)
    across = nation.trace(code, Direction(direction))
    if not as_json:
        for node in across.found.nodes:
            line = f"{node.hop:+d} {node.item} {node.state or ''} {node.holder.party}"
            click.echo(printable(line.rstrip()))
    _end(trail_told(nation, across), as_json=as_json)


@nation_group.command("where")
@click.argument("code")
@nodes_option
@wait_option
@json_option
def where(code: str, file: Path, wait: float, *, as_json: bool) -> None:
    """Which node is the home of CODE by its prefix, and which nodes know it."""
    nation = Nation(file, SystemClock(), wait)
    item, home, across = nation.known(code)
    if not as_json:
        click.echo(printable(item))
        click.echo(f"home: {', '.join(home) or '-'}")
        click.echo(f"known: {', '.join(across.found) or '-'}")
    _end(known_told(nation, item, home, across), as_json=as_json)


@nation_group.command("demo")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=Path("nation-data")
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--events", type=click.IntRange(min=1000), default=20_000, show_default=True)
@click.option("--serve/--no-serve", "serving", default=True, help="Go on until stopped.")
def nation_demo(data: Path, seed: int, events: int, *, serving: bool) -> None:
    """Three provinces on this machine, asked as one; says what to look at."""
    demo.run(data, seed, events, serving=serving)


def _end(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Tell what the answer rests on, and what is missing; 1 where something is."""
    if as_json:
        print_json(told)
    else:
        for node in told["nodes"]:
            click.echo(printable(f"{node['node']}: {node['origin']} {node['size']} {node['root']}"))
        sent, received = told["bytes_sent"], told["bytes_received"]
        click.echo(f"{told['rounds']} rounds, {sent:,} bytes asked, {received:,} bytes answered")
        for sentence in (*told["sentences"]["zh"], *told["sentences"]["en"]):
            click.echo(printable(sentence))
        click.echo("complete" if told["complete"] else "incomplete")
    sys.exit(0 if told["complete"] else 1)
