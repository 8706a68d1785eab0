"""The commands of a standby: its key, its service, and taking over."""

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

import click
import msgspec

from guantong.ledger import Ledger
from guantong.serve import projector
from guantong.serve.chosen import installation, store_option
from guantong.serve.copying import reading
from guantong.serve.ledger_cli import data_option, json_option, print_json, printable
from guantong.serve.standby.address import listening, place_of
from guantong.serve.standby.config import SECONDS, Config, look, write_config
from guantong.serve.standby.keeper import Keeper
from guantong.serve.standby.secret import make_secret, read_secret
from guantong.serve.standby.taking_over import take_over
from guantong.serve.world import LEDGER
from guantong.store import SegmentStore

LOOK_SECONDS: Final = 0.2
"""Between two looks of an index that follows its copy."""

secret_option = click.option(
    "--key",
    "secret",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file with the key that both sides have.",
)


@click.group("standby")
def standby_group() -> None:
    """A second machine that has the whole log before anything is acknowledged."""


@standby_group.command("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def make_key(file: Path) -> None:
    """Make the key that writer and standby share, in FILE; copy it to the other machine."""
    make_secret(file)
    click.echo(f"{file}: a shared key, readable by its owner")


@standby_group.command("use")
@click.argument("address")
@data_option
@secret_option
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=SECONDS, show_default=True)
@click.option("--alone", is_flag=True, help="Go on when it does not answer, and tell so.")
def use(address: str, data: Path, secret: Path, *, seconds: float, alone: bool) -> None:
    """From the next start on acknowledge only what the standby at ADDRESS has too."""
    place_of(address)
    read_secret(secret)
    with reading(data):
        write_config(data / LEDGER, Config(address, str(secret.absolute()), seconds, alone))
    click.echo(printable(f"{data}: every group waits for {address}, {seconds:g} seconds at most"))


@standby_group.command("none")
@data_option
def use_none(data: Path) -> None:
    """From the next start on have no standby."""
    with reading(data):
        write_config(data / LEDGER, None)
    click.echo(f"{data}: no standby")


@standby_group.command("run")
@data_option
@secret_option
@click.option("--listen", required=True, help="tcp://HOST:PORT or unix:PATH; port 0: a free one.")
@json_option
def run(data: Path, secret: Path, listen: str, *, as_json: bool) -> None:
    """Be a standby, until SIGTERM. A directory that took over tells old writers so."""
    keeper = Keeper(data / LEDGER, read_secret(secret))
    door, address = listening(listen)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=keeper.listen, args=(door,), daemon=True).start()
    if as_json:
        print_json({"address": address})
    else:
        click.echo(address)
    sys.stdout.flush()
    stop.wait()
    door.close()
    keeper.close()


@standby_group.command("status")
@data_option
@json_option
def status(data: Path, *, as_json: bool) -> None:
    """What a directory has, and as what: writer, copy or fenced; since which epoch."""
    with reading(data) as ledger:
        seen = look(data / LEDGER, ledger.size)
        known = {"size": ledger.size, "root": ledger.root.hex()}
    told: dict[str, object] = {"origin": ledger.origin} | known | msgspec.to_builtins(seen)
    if as_json:
        print_json(told)
    for name, value in () if as_json else told.items():
        click.echo(printable(f"{name}: {value}"))


@standby_group.command("promote")
@data_option
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed checkpoint that others hold; may be repeated.",
)
@json_option
def promote(data: Path, checkpoints: tuple[Path, ...], *, as_json: bool) -> None:
    """Make a copy the writer: it must have the whole log, and the log's key."""
    begun = take_over(data / LEDGER, [file.read_bytes() for file in checkpoints])
    if as_json:
        print_json({"epoch": begun.epoch, "size": begun.size, "root": begun.root})
    else:
        click.echo(f"{data}: epoch {begun.epoch}, after {begun.size} entries; start serve")


@standby_group.command("index")
@data_option
@store_option
@click.option("--once", is_flag=True, help="End when the index has what the copy has.")
def index(data: Path, *, once: bool) -> None:
    """Keep the index of a copy up to date, so that it serves at once when it takes over."""
    with reading(data) as ledger:
        store = SegmentStore.open(installation(data).index)
        try:
            _follow(ledger, store, once=once)
        finally:
            store.fold()
            store.close()


def _follow(ledger: Ledger, store: SegmentStore, *, once: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        ledger.refresh()
        for _ in projector.catch_up(ledger, store):
            if stop.is_set():
                break
        if once:
            break
        time.sleep(LOOK_SECONDS)
