"""The commands of a mirror, and of a log that ends and is followed by another."""

from pathlib import Path
from typing import Final

import click
from starlette.applications import Starlette
from starlette.routing import Mount

from guantong.clock import SystemClock
from guantong.errors import fault
from guantong.ledger import Fault, LedgerError, SystemEntropy
from guantong.ledger.bundle import Proof
from guantong.ledger.checkpoint import Trust
from guantong.ledger.cosigned import latest
from guantong.ledger.mirror import TREE, Fetch, Mirror, Mirrored
from guantong.ledger.note_key import KeyType
from guantong.ledger.signer import Signer, create_key
from guantong.ledger.succession import check_link
from guantong.serve.chosen import installation, store_option
from guantong.serve.ledger_cli import (
    data_option,
    json_option,
    key_of,
    print_json,
    printable,
    read_ledger,
)
from guantong.serve.outward import ask
from guantong.serve.stream.carrier import BODIES, carry, fetch_of, take_bodies
from guantong.serve.stream.place import SCHEMES
from guantong.serve.stream.tree import Tree
from guantong.serve.succeeding import begin_successor, close_log, follow_lost
from guantong.serve.witness_cli import (
    directory_argument,
    host_option,
    ml_dsa_option,
    port_option,
    run_app,
)
from guantong.serve.world import open_world

OK: Final = 200
HEAR_SECONDS: Final = 30.0
"""Longest wait for word of another checkpoint before it is looked for."""
BOTH: Final = "--lost names the log that follows, --checkpoint what it follows: give both."
file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("mirror")
def mirror_group() -> None:
    """Hold a whole copy of another log, and sign for it."""


@mirror_group.command("new")
@directory_argument
@click.argument("name")
@ml_dsa_option
def new(directory: Path, name: str, *, ml_dsa: bool) -> None:
    """Make a mirror's key in DIRECTORY, once; print the public half."""
    directory.mkdir(parents=True, exist_ok=True)
    kind = KeyType.ML_DSA_44 if ml_dsa else KeyType.COSIGNATURE
    key = create_key(directory, name, entropy=SystemEntropy(), kind=kind)
    click.echo(key.encode())


@mirror_group.command("pull")
@directory_argument
@click.argument("address")
@click.option("--vkey", required=True, help="The log's key, or a file with it.")
@click.option(
    "--api-key", envvar="GUANTONG_API_KEY", help="A key that may see entries, if they are not open."
)
@click.option("--bodies", is_flag=True, help="From NATS: also what was submitted.")
@click.option("--follow", is_flag=True, help="From NATS: go on with each checkpoint that comes.")
@json_option
def pull(
    directory: Path,
    address: str,
    vkey: str,
    api_key: str | None,
    *,
    bodies: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Take over what the log at ADDRESS has added, and sign for all of it.

    ADDRESS is where the log shows itself, http://…/ledger, or servers of NATS to which it is carried, nats://….
    """
    key = key_of(vkey)
    mirror = Mirror(directory, key, clock=SystemClock())
    if not address.startswith(SCHEMES):
        _tell_pulled(mirror.pull(fetcher(address, api_key)), as_json=as_json)
        return
    with Tree(address, key.name) as tree:
        _pulled(mirror, tree, directory / BODIES if bodies else None, as_json=as_json)
        while follow:
            tree.hear(HEAR_SECONDS)
            _pulled(mirror, tree, directory / BODIES if bodies else None, as_json=as_json)


def _pulled(mirror: Mirror, tree: Tree, bodies: Path | None, *, as_json: bool) -> None:
    """Take over what was carried, submissions after entries."""
    done = mirror.pull(fetch_of(tree))
    if bodies is not None:
        take_bodies(mirror, tree, done.size, bodies)
    _tell_pulled(done, as_json=as_json)


def _tell_pulled(done: Mirrored, *, as_json: bool) -> None:
    if as_json:
        print_json({"size": done.size, "before": done.before})
    else:
        click.echo(f"ok: {done.size} entries held and signed for, {done.before} before")


@click.command("carry")
@click.argument("servers")
@data_option
@click.option("--bodies", is_flag=True, help="Also what was submitted.")
@click.option(
    "--replicas",
    type=click.IntRange(1, 5),
    default=3,
    show_default=True,
    help="How many of the servers must keep each file.",
)
@json_option
def carry_log(servers: str, data: Path, *, bodies: bool, replicas: int, as_json: bool) -> None:
    """Carry the log to NATS (SERVERS: nats://…, by commas), or what was added since."""
    with read_ledger(data) as ledger, Tree(servers, ledger.origin, replicas=replicas) as tree:
        signer = Signer(ledger)
        note = latest(ledger.directory, signer.sign(), now_ms=0)
        done = carry(ledger, note, signer.trust.log, tree, bodies=bodies)
    if as_json:
        print_json({"size": done.size, "before": done.before, "files": done.files})
    else:
        click.echo(f"ok: {done.size} entries, {done.before} before, {done.files} files carried")


@mirror_group.command("serve")
@directory_argument
@host_option
@port_option
@json_option
def serve(directory: Path, host: str, port: int, *, as_json: bool) -> None:
    """Show the copy over HTTP: entries included, to whoever asks."""
    run_app(create_tree_app(directory / TREE), host, port, as_json=as_json)


@click.command("close")
@click.argument("successor")
@data_option
@store_option
@json_option
def close(successor: str, data: Path, *, as_json: bool) -> None:
    """End the log for good: its last entry names the SUCCESSOR's log; nothing follows."""
    with open_world(installation(data)) as world:
        receipt, origin = close_log(world, successor), world.ledger.origin
    if as_json:
        print_json({"origin": origin, "last": receipt.ledger_index, "successor": successor})
    else:
        said = f"{origin} ends with entry {receipt.ledger_index}; {successor} follows"
        click.echo(printable(said))


@click.command("succeed")
@click.argument("predecessor", type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_option
@json_option
@click.option("--lost", metavar="NAME", help="It was lost and not closed; name what follows.")
@click.option("--checkpoint", type=file_type, help="With --lost: the last one that others hold.")
def succeed(
    predecessor: Path, data: Path, *, as_json: bool, lost: str | None, checkpoint: Path | None
) -> None:
    """Make the installation that follows the one in PREDECESSOR, whose log was closed."""
    if (lost is None) != (checkpoint is None):
        raise click.UsageError(BOTH)
    if lost is not None and checkpoint is not None:
        origin = lost
        receipt = follow_lost(predecessor, data, lost, checkpoint.read_bytes())
    else:
        origin, receipt = begin_successor(predecessor, data)
    if as_json:
        print_json({"origin": origin, "first": receipt.ledger_index})
    else:
        click.echo(printable(f"{data}: ledger {origin}, entry 0 names its predecessor"))


@click.command("link")
@click.argument("last", type=file_type)
@click.argument("first", type=file_type)
@click.option("--predecessor", required=True, help="The key of the log that ended, or a file.")
@click.option("--vkey", required=True, help="The key of the log that follows, or a file.")
@json_option
def link(last: Path, first: Path, predecessor: str, vkey: str, *, as_json: bool) -> None:
    """Check by the proofs of LAST and FIRST entry that one log follows another."""
    found = check_link(
        Proof.parse(last.read_bytes()),
        Trust(key_of(predecessor)),
        Proof.parse(first.read_bytes()),
        Trust(key_of(vkey)),
    )
    ended = found.predecessor
    if as_json:
        print_json(
            {"origin": ended.origin, "size": ended.size, "root": ended.root.hex()}
            | {"successor": found.successor}
        )
    else:
        click.echo(printable(f"ok: {found.successor} follows {ended.origin} at {ended.size}"))


def create_tree_app(tree: Path) -> Starlette:
    """The ASGI application that shows a static tree."""
    from starlette.staticfiles import StaticFiles

    return Starlette(routes=[Mount("/", StaticFiles(directory=tree, check_dir=False))])


def fetcher(address: str, api_key: str | None = None) -> Fetch:
    """Asks a log over HTTP."""
    headers = {"X-API-Key": api_key} if api_key else {}

    def fetch(path: str) -> bytes:
        answer = ask("GET", f"{address.rstrip('/')}/{path}", headers=headers)
        if answer.status != OK:
            expected = "what a log has at this address"
            raise LedgerError(fault(Fault.WITNESS, path=path, expected=expected, got=answer.status))
        return answer.body

    return fetch
