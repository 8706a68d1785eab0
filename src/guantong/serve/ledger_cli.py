"""The commands around the log: its key, static trees, proofs, and checking them anywhere.

``verify`` and ``audit-lite`` need no installation and no connection: a file and a key.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import click
import msgspec

from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SystemClock
from guantong.errors import Fault as Found
from guantong.ledger import Ledger, SystemEntropy
from guantong.ledger.bundle import Proof, Proved, make_proof
from guantong.ledger.bundle import verify as verify_proof
from guantong.ledger.checkpoint import Trust
from guantong.ledger.cosigned import latest
from guantong.ledger.disclosure import BUNDLE_BYTES_MAX, Bundle, Shown
from guantong.ledger.disclosure import check as check_bundle
from guantong.ledger.export import audit, export
from guantong.ledger.inner import Disclosed
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.signer import Signer, add_key, create_key
from guantong.serve import words
from guantong.serve.audit import audit as audit_installation
from guantong.serve.bundles import make_bundle
from guantong.serve.chosen import installation, store_option
from guantong.serve.gathering import read_policy
from guantong.serve.world import open_world
from guantong.store import SegmentStore

DATA: Final = "guantong-data"
"""The directory used when none is named."""
LEDGER: Final = "ledger"

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(DATA),
    show_default=True,
    envvar="GUANTONG_DATA",
    help="The installation's directory.",
)
TWICE: Final = "A policy says who must have signed; leave --witness and --quorum out."
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
vkey_option = click.option("--vkey", help="The log's key, or a file with it.")
witness_option = click.option(
    "--witness", "witnesses", multiple=True, help="A witness's key, or a file; may be repeated."
)
quorum_option = click.option(
    "--quorum", type=click.IntRange(min=0), help="Witnesses that must have signed; all by default."
)


policy_option = click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file: logs, witnesses, quorum.",
)


@click.group("ledger")
def ledger_group() -> None:
    """The log that outsiders verify: key, export, proofs, checks."""


@ledger_group.command("key")
@data_option
@click.option("--ml-dsa", is_flag=True, help="A second key, which signs with ML-DSA-44 beside it.")
def make_key(data: Path, *, ml_dsa: bool) -> None:
    """Make the log's own key, once; print the public half."""
    make = add_key if ml_dsa else create_key
    with read_ledger(data) as ledger:
        key = make(ledger.directory, ledger.origin, entropy=SystemEntropy())
    click.echo(key.encode())


@ledger_group.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@data_option
@json_option
@click.option(
    "--entries/--no-entries", default=True, help="With entries, or hashes only.", show_default=True
)
def export_tree(directory: Path, data: Path, *, as_json: bool, entries: bool) -> None:
    """Write the log as files for any web server, or extend what was written."""
    with read_ledger(data) as ledger:
        signer = Signer(ledger)
        note = latest(ledger.directory, signer.sign(), now_ms=0)
        done = export(ledger, note, signer.trust.log, directory, entries=entries)
    if as_json:
        print_json({"size": done.size, "before": done.before, "files": done.files})
    else:
        click.echo(f"{directory}: {done.size} entries, {done.files} files written")


@ledger_group.command("proof")
@click.argument("index", type=click.IntRange(min=0))
@data_option
@store_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--entry/--no-entry", default=True, show_default=True, help="With the entry.")
@click.option(
    "--event", type=click.IntRange(min=0), help="Show one event of its document, from 0: a bundle."
)
@click.option("--bundle", "whole", is_flag=True, help="A bundle, with the signer's key.")
def prove(
    index: int, data: Path, output: Path | None, event: int | None, *, entry: bool, whole: bool
) -> None:
    """Write the proof that entry INDEX is in the log, to a file or stdout."""
    with read_ledger(data) as ledger:
        newest = Signer(ledger).sign()
        note = latest(ledger.directory, newest, now_ms=0)
        if whole or event is not None:
            with closing(SegmentStore.open(installation(data).index, read_only=True)) as store:
                text = make_bundle(ledger, store, index, note, event=event).encode()
        else:
            text = make_proof(ledger, index, note, entry=entry).encode()
    if output is None:
        click.echo(text.decode(), nl=False)
    else:
        output.write_bytes(text)
        click.echo(f"{output}: entry {index}", err=True)


@ledger_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@vkey_option
@policy_option
@witness_option
@quorum_option
@click.option(
    "--entry",
    "entry_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the entry, when the proof has none.",
)
@json_option
def verify(
    file: Path,
    vkey: str | None,
    policy: Path | None,
    witnesses: tuple[str, ...],
    quorum: int | None,
    entry_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Check a .tlog-proof or a bundle with nothing but the log's key; exit code 1 if it fails."""
    trust = _trust(vkey, policy, witnesses, quorum)
    with file.open("rb") as stream:
        raw = stream.read(BUNDLE_BYTES_MAX + 1)
    if raw.startswith(b"{"):
        _tell_shown(check_bundle(Bundle.parse(raw), trust), as_json=as_json)
        return
    proof = Proof.parse(raw)
    entry = entry_file.read_bytes() if entry_file else None
    proved = verify_proof(proof, trust, entry=entry)
    _tell_proved(proved, as_json=as_json)


def _tell_shown(shown: Shown, *, as_json: bool) -> None:
    """What a bundle has shown."""
    signer, event = shown.signer, shown.event
    if as_json:
        whose = None if signer is None else {"party": shown.statement.by, "key": signer.id}
        more = {"signed": whose, "event": event and _event_json(event)}
        print_json(_proved_json(shown.entry) | more)
        return
    _tell_proved(shown.entry, as_json=False)
    said = f"signed by its party, key {signer.id}" if signer else "not signed by its party"
    click.echo(printable(f"{said}: {shown.statement.by}"))
    if event is not None:
        click.echo(f"event {event.index} of {event.size}, {event.form.value}:")
        click.echo(printable(event.event.decode("utf-8", "backslashreplace")))


def _event_json(event: Disclosed) -> dict[str, object]:
    text = event.event.decode("utf-8", "backslashreplace")
    return {"index": event.index, "size": event.size, "form": event.form.value, "text": text}


def _tell_proved(proved: Proved, *, as_json: bool) -> None:
    """What a proof has shown."""
    if as_json:
        print_json(_proved_json(proved))
        return
    stated = proved.checkpoint
    click.echo(f"ok: entry {proved.index} of {stated.size} in {stated.origin}")
    for signed in proved.opened.by:
        click.echo(f"  signed by {signed.key.name}" + (f" at {signed.at_s}" * bool(signed.at_s)))
    click.echo(printable(proved.entry.decode("utf-8", "backslashreplace")))


@ledger_group.command("audit-lite")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@vkey_option
@policy_option
@witness_option
@quorum_option
@json_option
def audit_lite(
    directory: Path,
    vkey: str | None,
    policy: Path | None,
    witnesses: tuple[str, ...],
    quorum: int | None,
    *,
    as_json: bool,
) -> None:
    """Compare an exported tree with its signed root: every entry, every tile."""
    seen = audit(directory, _trust(vkey, policy, witnesses, quorum))
    if as_json:
        findings = [_finding_json(found) for found in seen.findings]
        counts = {"size": seen.checkpoint.size, "tiles": seen.tiles, "entries": seen.entries}
        print_json(counts | {"findings": findings})
    else:
        for found in seen.findings:
            click.echo(printable(f"FAIL {found.path}: expected {found.expected}, got {found.got}"))
        word = "FAIL" if seen.findings else "ok"
        click.echo(f"{word}: {seen.tiles} tiles, {seen.entries} entries of {seen.checkpoint.size}")
    sys.exit(1 if seen.findings else 0)


@ledger_group.command("erase")
@click.argument("entry", type=click.IntRange(min=0))
@data_option
@store_option
@json_option
@click.option("--ground", required=True, help="Why, by which law; it is public: name nobody.")
@click.option("--party", default=OPERATOR.party, show_default=True, help="On whose behalf.")
def erase(entry: int, data: Path, ground: str, party: str, *, as_json: bool) -> None:
    """Erase the body of a document: destroy its key and salt. Its trace and all proofs stay."""
    with open_world(installation(data)) as world:
        receipt = world.erase(entry, ground, Caller(party, Level.OPERATOR))
    if as_json:
        print_json({"erased": entry, "ledger_index": receipt.ledger_index, "ground": ground})
    else:
        click.echo(printable(f"entry {entry} erased by entry {receipt.ledger_index}: {ground}"))


@ledger_group.command("audit")
@data_option
@store_option
@json_option
def audit_all(data: Path, *, as_json: bool) -> None:
    """Compare everything with the ledger: entries, nodes, signatures, bodies, index."""
    seen = audit_installation(installation(data))
    if as_json:
        print_json(msgspec.to_builtins(seen))
    else:
        for found in seen.findings:
            line = f"{found.check}: {found.where}: expected {found.expected}, got {found.got}"
            click.echo(printable(f"FAIL {line}"))
        word = "FAIL" if seen.findings else "ok"
        click.echo(
            f"{word}: {seen.entries} entries, {seen.nodes} nodes, {seen.bodies} bodies, "
            f"{seen.erased} erased, {seen.events} events in the index"
        )
    sys.exit(1 if seen.findings else 0)


def read_ledger(data: Path) -> Ledger:
    """The ledger of an installation, beside whoever writes it."""
    place = data / LEDGER
    return Ledger.open(place, clock=SystemClock(), entropy=SystemEntropy(), read_only=True)


def _trust(
    vkey: str | None, policy: Path | None, witnesses: tuple[str, ...], quorum: int | None
) -> Trust:
    """The keys named on the command line; every witness must have signed unless told otherwise."""
    if policy is not None:
        if witnesses or quorum is not None:
            raise click.UsageError(TWICE)
        said = read_policy(policy)
        return said.trust() if vkey is None else said.over(key_of(vkey))
    if vkey is None:
        raise click.MissingParameter(param_hint="--vkey or --policy", param_type="option")
    known = tuple(map(key_of, witnesses))
    return Trust(key_of(vkey), known, len(set(known)) if quorum is None else quorum)


def key_of(text: str) -> VerifierKey:
    """A key, or what stands in the file of that name."""
    if "+" not in text and Path(text).is_file():
        text = Path(text).read_text("utf-8", "replace")
    return VerifierKey.parse(text)


def _proved_json(proved: Proved) -> dict[str, object]:
    return {
        "origin": proved.checkpoint.origin,
        "index": proved.index,
        "size": proved.checkpoint.size,
        "root": proved.checkpoint.root.hex(),
        "signed_by": [{"name": one.key.name, "at_s": one.at_s} for one in proved.opened.by],
        "entry": proved.entry.decode("utf-8", "backslashreplace"),
    }


def _finding_json(found: Found) -> dict[str, str]:
    sentences = words.both(found)
    return {
        "code": found.code,
        "path": found.path,
        "expected": found.expected,
        "got": found.got,
        "zh": sentences["zh"],
        "en": sentences["en"],
    }


def print_json(value: object) -> None:
    """A value for programs."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def printable(line: str) -> str:
    """A line in which nothing acts on the terminal instead of being read."""
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
