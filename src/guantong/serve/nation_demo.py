"""A small nation on one machine: three provinces, each an installation that serves, asked as one.

The market of the demo is split by where its firms are at home. Everything listens on loopback and ends
with this process.
"""

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import click

from guantong import market
from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock, SystemClock
from guantong.nodes import Across
from guantong.serve import demo
from guantong.serve.intake import Offer, Receipt
from guantong.serve.keys import new_key
from guantong.serve.nodes.asking import Nation
from guantong.serve.nodes.far import read_nodes
from guantong.serve.nodes.told import sentences
from guantong.serve.words import Language
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.trace import NodeKind, Trail

NATION: Final = "nation"
"""The installation that asks; it has a ledger of its own, in which its own looks are."""
OFFICE: Final = "urn:guantong:opaque:demo-nation"
FILE: Final = "nodes.toml"
NOBODY: Final = "http://127.0.0.1:1"
"""An address before there is one."""
TOLD: Final = frozenset({"ok", "bad_battery", "bad_battery_part", "stove", "cable"})
"""Stories worth following over the provinces."""
GTIN: Final = "https://id.gs1.org/01/"
USCC: Final = "urn:guantong:uscc:"


class Province(NamedTuple):
    """A node of the demo."""

    name: str
    zh: str
    en: str
    regions: tuple[str, ...]
    """GB/T 2260 prefixes of the firms that are at home there; the last province has the others."""


PROVINCES: Final = (
    Province("jiangsu", "江苏", "Jiangsu", ("31", "32", "34", "36")),
    Province("shandong", "山东", "Shandong", ("11", "12", "13", "37", "41")),
    Province("zhejiang", "浙江", "Zhejiang", ("33",)),
)


def home_of(party: str) -> int:
    """The place of the province in which a firm is at home: by its registration number."""
    region = party.removeprefix(USCC)[2:4] if party.startswith(USCC) else ""
    found = [at for at, one in enumerate(PROVINCES) if region in one.regions]
    return found[0] if found else len(PROVINCES) - 1


def run(data: Path, seed: int, events: int, *, serving: bool) -> None:
    """Make the provinces if need be, serve them, ask them together, and print what to look at.

    Args:
        data: Where they lie, a directory each.
        seed: Of the market.
        events: How many events, about.
        serving: Whether to go on serving until stopped.

    Raises:
        click.ClickException: if the directory holds something else.
    """
    if not (data / FILE).exists():
        if data.exists() and any(data.iterdir()):
            message = f"{data} holds something else: remove it or choose another --data"
            raise click.ClickException(message)
        make(data, seed, events)
    with served(data) as running:
        for province, one in zip(PROVINCES, running, strict=False):
            click.echo(f"{province.zh} {province.en}: {one.address}/")
        nation = running[-1].address
        key = (data / f"{NATION}.key").read_text("ascii")
        click.echo(f"全国 The nation: {nation}/nation — with the key {key} from {nation}/key")
        show(data, seed, events)
        if serving:
            click.echo("\nCtrl-C stops it.")
            _wait_until_stopped()


def _wait_until_stopped() -> None:
    # Whoever is told to end ends the provinces too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        signal.pause()
    click.echo("")


def make(data: Path, seed: int, events: int) -> None:
    """Load the market, each filing into the home of who files it."""
    clock = SetClock(market.start_ms())
    with ExitStack() as opened:
        worlds = [
            opened.enter_context(
                open_world(
                    Settings(data / one.name, origin=f"{one.name}.demo/ledger"),
                    clock=clock,
                    create=True,
                )
            )
            for one in PROVINCES
        ]
        homes = _fill(worlds, clock, seed, events)
        office = Caller(OFFICE, Level.REGULATOR)
        for province, world in zip(PROVINCES, worlds, strict=True):
            world.wait(world.ledger.size)
            key = data / f"{province.name}.key"
            key.touch(0o600)
            key.write_text(world.add_key(new_key(office), OPERATOR))
    with open_world(Settings(data / NATION, origin="nation.demo/ledger"), create=True) as nation:
        key = data / f"{NATION}.key"
        key.touch(0o600)
        key.write_text(nation.add_key(new_key(office), OPERATOR))
    (data / FILE).write_text(table([NOBODY] * len(PROVINCES), homes), "utf-8")


def _fill(
    worlds: Sequence[World], clock: SetClock, seed: int, events: int
) -> list[dict[str, None]]:
    """Hand in every filing at its home; the prefixes under which firms of each issue codes."""
    waiting: list[tuple[str, Future[Receipt]]] = []
    homes: list[dict[str, None]] = [{} for _ in PROVINCES]
    for filing in market.filings(seed, events=events):
        clock.at_ms = filing.at_ms
        home = home_of(filing.by)
        caller, world = Caller(filing.by, Level.PARTY), worlds[home]
        match filing:
            case market.Issue():
                homes[home].setdefault(_prefix_of(filing.class_uri))
                waiting.append(("codes", world.offer_codes(demo.code_range(filing), caller)))
            case market.Stop():
                world.hold(demo.hold_of(filing), caller)
            case market.Filing():
                offer = Offer(filing.body, filing.media, filing.name)
                waiting.append((filing.name, world.offer(offer, caller)))
        if len(waiting) >= demo.AHEAD_MAX:
            demo.settle(waiting)
    demo.settle(waiting)
    return homes


def _prefix_of(class_uri: str) -> str:
    """How codes of a class begin: of a GTIN the digits between indicator and check digit."""
    return class_uri.removeprefix(GTIN)[1:-1] if class_uri.startswith(GTIN) else class_uri


def table(addresses: Sequence[str], homes: Sequence[Iterable[str]]) -> str:
    """The file that names the provinces, with the prefixes that are at home in each."""
    return "\n".join(
        f'[[node]]\nname = "{one.name}"\nzh = "{one.zh}"\nen = "{one.en}"\n'
        f'region = "{one.regions[0]}"\nurl = "{address}"\nkey_file = "{one.name}.key"\n'
        f'origin = "{one.name}.demo/ledger"\n'
        + "".join(f'[[node.home]]\nprefix = "{prefix}"\n' for prefix in prefixes)
        for one, address, prefixes in zip(PROVINCES, addresses, homes, strict=True)
    )


def at(data: Path, addresses: Sequence[str]) -> None:
    """Write where the provinces listen now."""
    homes = [[home.prefix for home in entry.home] for entry in read_nodes(data / FILE)]
    (data / FILE).write_text(table(addresses, homes), "utf-8")


class Served(NamedTuple):
    """A province that serves."""

    address: str
    process: subprocess.Popen[str]


@contextmanager
def served(data: Path) -> Iterator[list[Served]]:
    """Serve the provinces and the nation, a process each; the file names the provinces' addresses.

    Yields:
        They, in their order, the nation last; one that is put in place of another is ended as well.
    """
    running: list[Served] = []
    try:
        begun = [begin(data, one.name) for one in PROVINCES]
        begun.append(begin(data, NATION, "--nodes", str(data / FILE)))
        running += [Served(address_of(one), one) for one in begun]
        at(data, [one.address for one in running[:-1]])
        yield running
    finally:
        for one in running:
            one.process.terminate()
        for one in running:
            one.process.communicate()


def begin(data: Path, name: str, *more: str) -> subprocess.Popen[str]:
    """Start an installation; it is asked where it listens with `address_of`."""
    command = [sys.executable, "-m", "guantong", "serve", "--data", str(data / name)]
    command += ["--port", "0", "--workers", "0", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def address_of(process: subprocess.Popen[str]) -> str:
    """Where a process that was started listens, once it does; "" when it has ended before."""
    return process.stdout.readline().strip().rstrip("/") if process.stdout else ""


def show(data: Path, seed: int, events: int) -> None:
    """Trace one code and recall one lot over all provinces, and say how to do it again."""
    nation = Nation(data / FILE, SystemClock())
    codes = [one.code for one in market.stories(seed, events=events) if one.key in TOLD]
    trail = max((nation.trace(code) for code in codes), key=lambda one: len(touched(one)))
    code = trail.found.origin
    click.echo(f"\n追溯 · One code over {', '.join(touched(trail))}: {code}")
    click.echo(f"    {len(trail.found.nodes)} nodes, {len(trail.found.edges)} edges")
    _rests(nation, trail)
    lot = next((node.item for node in trail.found.nodes if node.kind is NodeKind.LOT), code)
    scope = nation.scope((lot,), seconds=60.0)
    click.echo(f"\n召回 · One lot over all provinces: {lot}")
    account = ", ".join(f"{count} {name.value}" for name, count in scope.found.account().items())
    click.echo(f"    {scope.found.made} made = {account}")
    _rests(nation, scope)
    item, home, known = nation.known(code)
    click.echo(f"\n归属 · Home of {item}: {', '.join(home) or '-'}")
    click.echo(f"    known at {', '.join(known.found)}")
    click.echo(f"\n    guantong nation trace {code} --nodes {data / FILE}")
    click.echo(f"    guantong nation scope {lot} --nodes {data / FILE}")
    click.echo("    Stop one of the three, and ask again: the answer says which one is missing.")


def touched(across: Across[Trail]) -> list[str]:
    """The nodes whose events a trail rests on."""
    events = [event for edge in across.found.edges for event in (edge.event, edge.other) if event]
    return sorted({across.node_of(event.no) for event in events})


def _rests(nation: Nation, across: Across[object]) -> None:
    for stand in across.stands:
        position = stand.position
        click.echo(f"    {stand.node}: {position.origin} {position.size} {position.root[:16]}…")
    click.echo(
        f"    {across.rounds} rounds, {across.sent:,} bytes asked, {across.received:,} answered"
    )
    for language in Language:
        for sentence in sentences(across, nation.entries, language):
            click.echo(f"    {sentence}")
