"""The commands of a party that signs: make a key, have it registered, sign documents.

``new`` and ``sign`` need no installation: the secret stays with the party.
"""

import os
from pathlib import Path
from typing import Final

import click
import msgspec

from guantong import capture
from guantong.caller import OPERATOR, Caller, Level
from guantong.errors import fault
from guantong.ledger import LedgerError, SystemEntropy
from guantong.ledger.faults import Fault
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.serve import party_keys, projector
from guantong.serve.chosen import installation, store_option
from guantong.serve.intake import Offer
from guantong.serve.job import facts_of
from guantong.serve.ledger_cli import data_option, json_option
from guantong.serve.seal import SUFFIX, signed_file
from guantong.serve.world import WorldError, open_world

_MODE: Final = 0o600
party_option = click.option("--party", required=True, help="Whose key it is.")
file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("signing")
def signing_group() -> None:
    """Signed documents: keys of a party, and what it signs."""


@signing_group.command("new")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--algorithm",
    type=click.Choice([one.value for one in Algorithm]),
    default=Algorithm.ED25519.value,
    show_default=True,
)
def new_key(file: Path, algorithm: str) -> None:
    """Write a new signing key to FILE, which only its owner reads; print the public half."""
    key = SigningKey.new(Algorithm(algorithm))
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    with os.fdopen(fd, "wb") as stream:
        stream.write(key.encode())
    click.echo(key.public.encode())


@signing_group.command("register")
@click.argument("public")
@party_option
@click.option("--replaces", default="", help="Id of the key that ends where this one begins.")
@data_option
@json_option
def register(public: str, party: str, replaces: str, data: Path, *, as_json: bool) -> None:
    """Enter a public key, given as text or file; the party may sign with it from then on."""
    text = Path(public).read_text("utf-8") if Path(public).is_file() else public
    _enter(party_keys.registration(text, party, replaces=replaces), data, as_json=as_json)


@signing_group.command("revoke")
@click.argument("key")
@party_option
@data_option
@store_option
@json_option
def revoke(key: str, party: str, data: Path, *, as_json: bool) -> None:
    """Enter that a key, named by its id, signs no more; what it signed stays."""
    _enter(party_keys.PartyKey(key, party), data, as_json=as_json)


def _enter(record: party_keys.PartyKey, data: Path, *, as_json: bool) -> None:
    with open_world(installation(data)) as world:
        receipt = world.enter_signing_key(record, OPERATOR)
    if not receipt.accepted:
        raise WorldError(*receipt.faults)
    told = {"id": record.id, "party": record.party, "ledger_index": receipt.ledger_index}
    click.echo(_json(told) if as_json else f"{record.id} entry {receipt.ledger_index}")


@signing_group.command("sign")
@click.argument("file", type=file_type)
@click.option("--key", "key_file", type=file_type, required=True, help="As `new` made it.")
@party_option
@click.option(
    "--after",
    type=file_type,
    help="The JSON receipt of the party's signed document before; none for the first.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--made/--no-made", default=True, show_default=True, help="Let buyers prove each thing made."
)
def sign_file(
    file: Path, key_file: Path, party: str, after: Path | None, output: Path | None, *, made: bool
) -> None:
    """Sign the document FILE, for `guantong capture` and POST /capture."""
    data = file.read_bytes()
    reading = capture.read(data, name=file.name)
    if reading.document is None:
        raise LedgerError(*reading.faults)
    document = projector.identified(reading.document)
    facts = facts_of(Offer(data, name=file.name), document, Caller(party, Level.PARTY))
    key, salt = SigningKey.parse(key_file.read_bytes()), SystemEntropy().salts(1)[0]
    signed = signed_file(data, document, facts, key, salt=salt, after=_after(after), made=made)
    target = output or file.with_name(file.name + SUFFIX)
    target.write_bytes(signed)
    click.echo(str(target))


class _Told(msgspec.Struct):
    """What counts of a receipt."""

    seq: int
    leaf: str


def _after(file: Path | None) -> tuple[int, str]:
    """Number and leaf of the entry before, out of a receipt or a list that ends in it."""
    if file is None:
        return 0, ""
    try:
        read = msgspec.json.decode(file.read_bytes(), type=_Told | list[_Told])
    except msgspec.DecodeError as error:
        raise LedgerError(fault(Fault.ENVELOPE, expected="a receipt", got=error)) from error
    last = read[-1] if isinstance(read, list) and read else read
    if not isinstance(last, _Told) or not last.seq:
        raise LedgerError(fault(Fault.ENVELOPE, expected="a signed one's receipt", got=file.name))
    return last.seq, last.leaf


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
