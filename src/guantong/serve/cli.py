"""The command line. Exit codes: 0 done, 1 refused or a problem found, 2 wrong use."""

import secrets
import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

import click
import msgspec

from guantong import __version__, capture, coding
from guantong import identify as room
from guantong.caller import OPERATOR, Caller, Level, Scope
from guantong.capture import Limits
from guantong.capture.event_hash import event_hash
from guantong.errors import Fault as Found
from guantong.errors import Refusal
from guantong.identify.ff1 import DIGITS_MAX, DIGITS_MIN
from guantong.ledger import LedgerError
from guantong.serve import json_out, words
from guantong.serve.bench.command import bench_command
from guantong.serve.chosen import installation, intake_option, replica_option, store_option
from guantong.serve.copying_cli import backup_command, move_command, restore_command
from guantong.serve.index_cli import bulletin_group, credit_group
from guantong.serve.intake import Receipt
from guantong.serve.job import offer_of
from guantong.serve.keys import end_of, new_key
from guantong.serve.label_cli import label_command
from guantong.serve.lake_cli import lake_group
from guantong.serve.ledger_cli import ledger_group
from guantong.serve.mirror_cli import carry_log, close, link, mirror_group, succeed
from guantong.serve.nation_cli import nation_group
from guantong.serve.outbox_cli import outbox_group
from guantong.serve.people_cli import people_group
from guantong.serve.scope_cli import scope_command
from guantong.serve.sign_cli import signing_group
from guantong.serve.standby_cli import standby_group
from guantong.serve.witness_cli import witness_group
from guantong.serve.world import World, check_served, is_there, open_world, read_world
from guantong.serve.world import rebuild as rebuild_index
from guantong.settings import Settings
from guantong.trace import Rule
from guantong.verdict import Hold, Outcome

DATA: Final = "guantong-data"
"""The directory used when none is named."""


STATE_RULES: Final = tuple(rule.value for rule in Rule)


class Fault(StrEnum):
    """Why a command failed outside of any room. Part of the public API: never renamed."""

    DISK = "serve.disk"
    """The system lets nobody read or write there, or has no room."""
    UNREADABLE_FILE = "serve.unreadable_file"
    """A file named on the command line can not be read."""


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(DATA),
    show_default=True,
    envvar="GUANTONG_DATA",
    help="The installation's directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_of_option = click.option(
    "--as-of", type=click.IntRange(0, 10**15 - 1), help="Answer for this ledger size."
)


class Refusing(click.Group):
    """A group whose commands may refuse: the faults go to stderr, the exit code is 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal becomes text and exit code 1."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            for found in refusal.faults:
                tell(fault_line(found), err=True)
            ctx.exit(1)
        except OSError as error:
            where = Path(str(error.filename)).name if error.filename else "-"
            disk = Found(Fault.DISK, where, "a directory that can be used", str(error.strerror))
            tell(f"{fault_line(disk)} ({error.strerror})", err=True)
            ctx.exit(1)


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Guantong 贯通: product traceability, one code all the way through."""


@main.command()
@data_option
@store_option
def init(data: Path) -> None:
    """Make a new, empty installation."""
    with open_world(installation(data), create=True) as world:
        click.echo(f"{data}: ledger {world.ledger.origin}, size {world.ledger.size}")


@main.command("capture")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@data_option
@store_option
@json_option
@click.option("--party", default=OPERATOR.party, show_default=True, help="Submit as this firm.")
@click.option("--proceed", is_flag=True, help="Take the good events although others are wrong.")
def capture_files(
    files: tuple[Path, ...], data: Path, party: str, *, as_json: bool, proceed: bool
) -> None:
    """Take documents: EPCIS JSON or XML, records, CSV or XLSX sheets."""
    caller = Caller(party, Level.OPERATOR)
    answers: list[dict[str, object]] = []
    with open_world(installation(data), create=True) as world:
        for file in progress(files, "capture"):
            receipt = take(world, file, caller, proceed=proceed)
            answers.append({"file": str(file)} | json_out.receipt_json(receipt))
            if not as_json:
                tell(receipt_line(file, receipt))
    if as_json:
        print_json(answers)
    sys.exit(0 if all(answer["accepted"] for answer in answers) else 1)


def take(world: World, file: Path, caller: Caller, *, proceed: bool) -> Receipt:
    """Submit one file; a file that can not be read is a receipt with a fault too."""
    limit = world.settings.document_bytes_max
    try:
        with file.open("rb") as stream:
            # One byte more than is allowed is enough to know, whatever the file's size.
            data = stream.read(limit + 1)
    except OSError as error:
        unreadable = Found(Fault.UNREADABLE_FILE, "", "a readable file", str(error.strerror))
        return Receipt(accepted=False, faults=(unreadable,))
    try:
        offer = offer_of(data, name=file.name, proceed=proceed)
    except LedgerError as refusal:
        return Receipt(accepted=False, faults=refusal.faults)
    return world.submit(offer, caller)


@main.command()
@click.argument("code")
@data_option
@store_option
@json_option
@as_of_option
@click.option("--party", default="", help="Ask as this firm; the public when not given.")
def check(code: str, data: Path, party: str, *, as_json: bool, as_of: int | None) -> None:
    """Say what is known about a scanned code."""
    caller = Caller(party, Level.PARTY) if party else Caller()
    with read_world(installation(data)) as world:
        found = world.check(spoken(code), caller, as_of=as_of)
    if as_json:
        print_json(json_out.verdict_json(found))
    else:
        tell(f"{found.outcome.value}: {found.uri or found.text}")
        for why in found.reasons:
            tell(f"  {why.zh} / {why.en}")
        for fault in found.faults:
            tell(f"  {fault_line(fault)}")
        for line in found.history:
            tell(f"  {line.offset} {json_out.instant(line.at_ms)} {line.step} {line.place}")
    sys.exit(0 if found.outcome is Outcome.OK else 1)


@main.command()
@click.argument("code")
@click.option("--direction", type=click.Choice(["up", "down", "both"]), default="both")
@data_option
@store_option
@json_option
@as_of_option
def trace(code: str, direction: str, data: Path, *, as_json: bool, as_of: int | None) -> None:
    """Follow a code to what it was made of, and to what it went into."""
    with read_world(installation(data)) as world:
        trail = world.trace(spoken(code), direction, OPERATOR, as_of=as_of)
    if as_json:
        print_json(json_out.trail_json(trail))
        return
    for node in trail.nodes:
        tell(f"{node.hop:+d} {node.item} {node.state.value}")
    for edge in trail.edges:
        tell(f"  {edge.source} -{edge.relation.value}-> {edge.target}")
    for gap in trail.gaps:
        tell(f"  ! {gap.code.value} {gap.item}")
    tell("complete" if trail.complete else "cut off: there may be more")


@main.command()
@click.argument("text")
@data_option
@store_option
@json_option
def identify(text: str, data: Path, *, as_json: bool) -> None:
    """Say what a scanned text may be, best reading first.

    Where there is an installation, what is known in it comes first.
    """
    text = spoken(text)
    readings = room.read(text)
    if len(readings) > 1 and is_there(installation(data)):
        with read_world(installation(data)) as world:
            readings = world.identify(text)
    if as_json:
        print_json([json_out.reading_json(reading) for reading in readings])
    for reading in () if as_json else readings:
        mark = "checked" if reading.checked else "no check digit"
        tell(
            f"{reading.value.scheme.value} {reading.value.kind.value} {reading.value.uri} ({mark})"
        )
        for note in reading.notes:
            tell(f"  {note.text}")
    for fault in () if readings or as_json else room.explain(text):
        tell(fault_line(fault), err=True)
    sys.exit(0 if readings else 1)


@main.command("hash")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data", help="Taken by every command; a hash needs no installation.")
@json_option
def hash_file(file: Path, data: str | None, *, as_json: bool) -> None:
    """Print the CBV event hash of each event, in document order."""
    del data
    with file.open("rb") as stream:
        reading = capture.read(stream.read(Limits().bytes_max + 1), name=file.name)
    if reading.document is None:
        for fault in reading.faults:
            tell(fault_line(fault), err=True)
        sys.exit(1)
    hashes = [event_hash(event) for event in reading.document.events]
    if as_json:
        print_json(hashes)
    for line in () if as_json else hashes:
        click.echo(line)


@main.command()
@click.argument("class_code")
@click.argument("first", type=click.IntRange(min=0))
@click.argument("last", type=click.IntRange(min=0))
@data_option
@store_option
@json_option
@click.option("--party", required=True, help="The producer.")
@click.option("--lot", default="", help="Batch the items belong to.")
@click.option("--day", default="", help="Production day, ISO.")
@click.option(
    "--spread",
    type=click.IntRange(DIGITS_MIN, DIGITS_MAX),
    help="Show serials of so many digits that nobody can guess, in place of FIRST to LAST.",
)
@click.option("--codes", "listed", type=click.File("w"), help="Write every code, one a line.")
def issue(
    class_code: str,
    first: int,
    last: int,
    data: Path,
    party: str,
    lot: str,
    day: str,
    spread: int | None,
    listed: TextIO | None,
    *,
    as_json: bool,
) -> None:
    """Issue codes (源头赋码): serials FIRST to LAST of a product class."""
    asked = coding.CodeRange(class_uri=class_code, first=first, last=last, lot=lot, day=day)
    if spread:
        asked = msgspec.structs.replace(asked, spread=spread, key=secrets.token_hex(16))
    codes = coding.parse(msgspec.json.encode(asked))
    caller = Caller(party, Level.OPERATOR)
    with open_world(installation(data), create=True) as world:
        if spread and (before := world.coding_key(codes.class_uri, caller)):
            codes = msgspec.structs.replace(codes, key=before)
        receipt = world.issue(codes, caller)
    if not receipt.accepted:
        raise coding.CodingError(*receipt.faults)
    if listed is not None:
        listed.writelines(f"{code}\n" for code in coding.codes_of(codes))
    if as_json:
        given = {"first_code": codes.code(first), "last_code": codes.code(last)}
        print_json(json_out.receipt_json(receipt) | given)
    else:
        click.echo(f"{codes.code(first)}\n…\n{codes.code(last)}")


@main.command()
@click.argument("code")
@click.argument("kind", type=click.Choice(["recalled", "on_hold", "lifted"]))
@data_option
@store_option
@json_option
@click.option("--reason-zh", default="", help="Why, in Chinese.")
@click.option("--reason-en", default="", help="Why, in English.")
def hold(
    code: str, kind: str, data: Path, reason_zh: str, reason_en: str, *, as_json: bool
) -> None:
    """Order a recall or a stop of an item, lot or class, or lift it: scans show it at once."""
    with open_world(installation(data)) as world:
        target = world.target_of(spoken(code))
        receipt = world.hold(Hold(target, kind, reason_zh, reason_en), OPERATOR)
    if as_json:
        print_json(json_out.receipt_json(receipt) | {"target": target})
    else:
        tell(f"{target}: {kind}, ledger index {receipt.ledger_index}")


@main.command()
@click.argument("party")
@click.option("--level", type=click.Choice([level.value for level in Level]), default="party")
@click.option("--region", default="", help="For a regulator: GB/T 2260 prefix.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it is good for, may be given several times; all when not given.",
)
@data_option
@store_option
def key(party: str, level: str, region: str, scopes: tuple[str, ...], data: Path) -> None:
    """Make an API key that acts as PARTY; it is shown once."""
    caller = Caller(party, Level(level), region, tuple(map(Scope, scopes)))
    with open_world(installation(data)) as world:
        click.echo(world.add_key(new_key(caller), OPERATOR))


@main.command()
@click.argument("key")
@data_option
@store_option
def revoke(key: str, data: Path) -> None:
    """Revoke an API key, named whole or by its public part (between the two underscores)."""
    with open_world(installation(data)) as world:
        world.add_key(end_of(world.store, key), OPERATOR)


@main.command()
@data_option
@store_option
@json_option
def rebuild(data: Path, *, as_json: bool) -> None:
    """Drop the index and replay the ledger."""
    done = 0
    for done, size in rebuild_index(installation(data)):
        if not as_json:
            click.echo(f"\r{done} of {size}", nl=False, err=True)
    if as_json:
        print_json({"entries": done})
    else:
        click.echo(f"\nindex rebuilt from {done} ledger entries", err=True)


@main.command()
@data_option
@store_option
@json_option
def doctor(data: Path, *, as_json: bool) -> None:
    """Look whether everything is in order: ledger, vault, index, settings."""
    from guantong.serve.doctor import examine

    findings = examine(installation(data))
    if as_json:
        print_json([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings])
    for finding in () if as_json else findings:
        click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what}: {finding.detail}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@main.command()
@data_option
@store_option
@replica_option
@intake_option
@click.option(
    "--intake-replicas",
    type=click.IntRange(1, 5),
    default=3,
    show_default=True,
    help="How many of the NATS servers must keep each submission.",
)
@click.option("--standby", is_flag=True, help="Wait until nobody else serves this installation.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="Processes that answer beside the writer; 0: one process for all.  [default: cores]",
)
@click.option(
    "--witnesses",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file: who is asked to sign the checkpoints.",
)
@click.option(
    "--private-destinations",
    is_flag=True,
    help="Let subscriptions lead to addresses that are not public, and without encryption.",
)
@click.option(
    "--provider",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that names an OpenID Connect provider for people to sign in with.",
)
@click.option(
    "--nodes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that names the nodes which /nation asks together.",
)
@click.option(
    "--client-certificates",
    is_flag=True,
    help="Believe the proxy's Client-Cert header (RFC 9440).",
)
@click.option("--log", is_flag=True, help="A line of JSON for each request, on standard error.")
@click.option(
    "--place-header",
    default="",
    metavar="NAME",
    help="Header in which your proxy names where somebody is, as a GB/T 2260 code.",
)
@click.option(
    "--client-header",
    default="",
    metavar="NAME",
    help="Header in which your proxy names the asker's address, such as X-Forwarded-For.",
)
@click.option(
    "--state-rule",
    "state_rules",
    multiple=True,
    type=click.Choice([*STATE_RULES, "all"]),
    help="Refuse events that contradict what is known of an item; may be given several times.",
)
@json_option
def serve(
    data: Path,
    host: str,
    port: int,
    workers: int | None,
    witnesses: Path | None,
    *,
    intake_replicas: int,
    standby: bool,
    private_destinations: bool,
    provider: Path | None,
    nodes: Path | None,
    client_certificates: bool,
    log: bool,
    place_header: str,
    client_header: str,
    state_rules: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve pages and HTTP from this installation."""
    from guantong.serve import supervisor
    from guantong.serve.gathering import gathering
    from guantong.serve.server import serve as serve_app
    from guantong.serve.stream.ready import check_intake
    from guantong.serve.taking_turns import serving_alone

    count = supervisor.cores() if workers is None else workers
    settings = replace(
        installation(data),
        host=host,
        port=port,
        workers=count,
        witnesses=witnesses,
        intake_replicas=intake_replicas,
        private_destinations=private_destinations,
        provider=provider,
        nodes=nodes,
        client_certificates=client_certificates,
        log=log,
        place_header=place_header,
        client_header=client_header,
        state_rules=frozenset(STATE_RULES if "all" in state_rules else state_rules),
    )
    check_served(settings)
    if settings.intake and not count:
        message = "--intake needs processes that answer beside the writer: --workers 1 or more"
        raise click.UsageError(message)
    ready = partial(tell_address, as_json=as_json)
    with serving_alone(settings.data, waits=standby):
        check_intake(settings)
        if count:
            with gathering(settings):
                supervisor.serve(settings, ready=ready)
            return
        with open_world(settings) as world, gathering(settings):
            serve_app(world, settings, ready=ready)


def tell_address(address: str, *, as_json: bool) -> None:
    """Where pages are served now; flushed, for whoever waits for it."""
    if as_json:
        print_json({"address": f"{address}/"})
    else:
        click.echo(f"{address}/")
    sys.stdout.flush()


@main.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-data"))
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--events", type=click.IntRange(min=1000), default=200_000, show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 chooses a free one.")
@click.option("--serve/--no-serve", "serving", default=True, help="Serve pages when loaded.")
@json_option
def demo(data: Path, seed: int, events: int, port: int, *, serving: bool, as_json: bool) -> None:
    """Load a made-up market from a seed, and serve it."""
    from guantong.serve.demo import run

    run(Settings(data=data, port=port), seed, events, serving=serving, as_json=as_json)


for more in (witness_group, mirror_group, carry_log, close, succeed, link):
    ledger_group.add_command(more)
main.add_command(ledger_group)
main.add_command(signing_group)
main.add_command(nation_group)
main.add_command(credit_group)
main.add_command(bulletin_group)
main.add_command(bench_command)
main.add_command(scope_command)
main.add_command(lake_group)
main.add_command(outbox_group)
main.add_command(label_command)
main.add_command(people_group)
main.add_command(standby_group)
main.add_command(backup_command)
main.add_command(restore_command)
main.add_command(move_command)


def progress(files: Iterable[Path], label: str) -> Iterable[Path]:
    """The files, with a progress line on stderr when a person is looking."""
    listed = list(files)
    for number, file in enumerate(listed, 1):
        if sys.stderr.isatty() and len(listed) > 1:
            click.echo(f"\r{label} {number}/{len(listed)}", nl=number == len(listed), err=True)
        yield file


def receipt_line(file: Path, receipt: Receipt) -> str:
    """One line for a receipt, and one for each fault."""
    if receipt.accepted:
        again = " (already there)" if receipt.repeated else ""
        head = f"{file}: {receipt.events} events, ledger index {receipt.ledger_index}{again}"
        head += "".join(f"\n  {line}" for line in filing_lines(receipt))
    else:
        head = f"{file}: refused"
    return "\n".join([head, *(f"  {fault_line(fault)}" for fault in receipt.faults)])


def filing_lines(receipt: Receipt) -> Iterable[str]:
    """What the general data requirements miss in a submission, a line each."""
    if receipt.filing is None or receipt.repeated:
        return
    if receipt.filing.complete:
        yield "complete by the general data requirements"
    for lack in receipt.filing.missing:
        name = f"{lack.field.label_zh} / {lack.field.label_en}"
        yield f"missing: {name} ({lack.about}{f', {lack.count} in all' if lack.count > 1 else ''})"
    for key in receipt.filing.unfiled:
        yield f"missing: 产品信息 / product record of {key}"


def fault_line(fault: Found) -> str:
    """A fault as one line: where, what it means, what was expected and found."""
    wanted = f" Expected {fault.expected}, got {fault.got}." if fault.expected else ""
    return f"{fault.path or '-'}: {words.both(fault)['en']}{wanted} [{fault.code}]"


def tell(line: str, *, err: bool = False) -> None:
    """Print lines; what would act on the terminal instead of being read is shown as U+FFFD."""
    shown = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in line)
    click.echo(shown, err=err)


def spoken(code: str) -> str:
    """A code from the command line; bytes of it that are no UTF-8 are shown as U+FFFD."""
    return code.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def print_json(value: object) -> None:
    """JSON on stdout, one value."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
