"""The commands of a witness: its key, its service, what it has seen; and asking others."""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

import click
import msgspec
from starlette.types import ASGIApp

from guantong.clock import SystemClock
from guantong.ledger import Disk, SystemEntropy
from guantong.ledger.note_key import KeyType
from guantong.ledger.signer import create_key
from guantong.ledger.split import Split
from guantong.ledger.witness import Witness
from guantong.serve.gathering import Gatherer, read_policy
from guantong.serve.ledger_cli import (
    data_option,
    json_option,
    key_of,
    print_json,
    printable,
    read_ledger,
)

directory_argument = click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
log_option = click.option(
    "--log", "logs", multiple=True, required=True, help="A log's key, or a file; may be repeated."
)
ml_dsa_option = click.option(
    "--ml-dsa", is_flag=True, help="A key that no quantum computer breaks (ML-DSA-44)."
)
host_option = click.option("--host", default="127.0.0.1", show_default=True)
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="0 chooses a free one."
)


@click.group("witness")
def witness_group() -> None:
    """Sign what other logs have signed, so that nobody is shown another history."""


@witness_group.command("new")
@directory_argument
@click.argument("name")
@ml_dsa_option
def new(directory: Path, name: str, *, ml_dsa: bool) -> None:
    """Make a witness's key in DIRECTORY, once; print the public half."""
    directory.mkdir(parents=True, exist_ok=True)
    kind = KeyType.ML_DSA_44 if ml_dsa else KeyType.COSIGNATURE
    key = create_key(directory, name, entropy=SystemEntropy(), kind=kind)
    click.echo(key.encode())


@witness_group.command("serve")
@directory_argument
@log_option
@host_option
@port_option
@json_option
def serve(directory: Path, logs: tuple[str, ...], host: str, port: int, *, as_json: bool) -> None:
    """Cosign the checkpoints of the logs named, over HTTP."""
    from guantong.serve.witness_http import create_witness_app

    witness = Witness(directory, [key_of(log) for log in logs], clock=SystemClock())
    run_app(create_witness_app(witness), host, port, as_json=as_json)


@witness_group.command("ask")
@data_option
@click.option(
    "--policy",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file with the witnesses' addresses.",
)
@json_option
def ask_witnesses(data: Path, policy: Path, *, as_json: bool) -> None:
    """Ask the witnesses of a policy to sign the log, once; exit code 1 without a quorum."""
    with read_ledger(data) as ledger:
        gatherer = Gatherer(ledger, read_policy(policy), clock=SystemClock(), disk=Disk())
        done = gatherer.round()
    if as_json:
        refused = [{"name": name, "why": str(why)} for name, why in done.refused.items()]
        print_json({"quorum": done.is_met, "signed": list(done.signed), "refused": refused})
    else:
        for name in done.signed:
            click.echo(printable(f"signed by {name}"))
        for name, why in done.refused.items():
            click.echo(printable(f"FAIL {name}: {why}"))
        click.echo("ok: the quorum has signed" if done.is_met else "FAIL: no quorum")
    if not done.is_met:
        raise SystemExit(1)


@witness_group.command("split")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vkey", required=True, help="The log's key, or a file with it.")
@json_option
def split(file: Path, vkey: str, *, as_json: bool) -> None:
    """Check evidence that a log signed two histories; exit code 1 if it does not show that."""
    seen = Split.parse(file.read_bytes()).check(key_of(vkey))
    if as_json:
        said = msgspec.to_builtins(seen) | {
            "root": seen.root.hex(),
            "larger_root": seen.larger_root.hex(),
        }
        print_json(said)
        return
    click.echo(printable(f"{seen.origin} signed two histories:"))
    click.echo(f"  at {seen.size}: root {seen.root.hex()}")
    click.echo(f"  at {seen.larger}: root {seen.larger_root.hex()}")


def _tell(address: str, *, as_json: bool) -> None:
    """Where it answers now; flushed, for whoever waits for it."""
    if as_json:
        print_json({"address": f"{address}/"})
    else:
        click.echo(f"{address}/")
    sys.stdout.flush()


def run_app(app: ASGIApp, host: str, port: int, *, as_json: bool) -> None:
    """Answer for an application until SIGINT or SIGTERM."""
    from guantong.serve.server import address_of, free_port, let_threads_end, run_server, threads

    port, before = free_port(host, port), threads()

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        address = address_of(host, port)
        await run_server(app, host, port, ready=partial(_tell, address, as_json=as_json), stop=stop)

    try:
        asyncio.run(run())
    finally:
        let_threads_end(before)
