"""``guantong lake``: the index as Parquet for other engines, and whether that is what was recorded.

What writes Parquet is loaded when a command runs, never for help.
"""

from contextlib import closing
from pathlib import Path
from types import ModuleType

import click
import msgspec

from guantong.caller import OPERATOR
from guantong.errors import fault
from guantong.lake import model
from guantong.lake.model import Fault, LakeError, Manifest
from guantong.ledger import StatementType
from guantong.serve.chosen import installation, store_option
from guantong.serve.ledger_cli import data_option, json_option
from guantong.serve.made import Made
from guantong.serve.world import open_for_reading, open_world
from guantong.store import SegmentStore

folder_argument = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group("lake")
def lake_group() -> None:
    """The index as sorted Parquet, for Spark, DuckDB and others."""


@lake_group.command("export")
@folder_argument
@data_option
@store_option
@click.option(
    "--ranges", type=click.IntRange(1, 999), default=8, show_default=True, help="Of classes."
)
@click.option("--record/--no-record", default=True, help="Enter the manifest into the ledger.")
@json_option
def export_command(folder: Path, data: Path, ranges: int, *, record: bool, as_json: bool) -> None:
    """Write to FOLDER what the index holds and FOLDER does not; enter what files there are.

    Without --record it only reads, also while the installation serves; run it again with --record
    when nobody writes.
    """
    settings = installation(data)
    ledger, store, _ = open_for_reading(settings)
    with ledger, closing(store):
        manifest = _writing().export(store, folder, ranges=ranges)
        known = is_recorded(store, manifest)
    entry = -1
    if record and not known:
        with open_world(settings) as world:
            made = Made.of(StatementType.MANIFEST, manifest, model.MEDIA)
            entry = world.enter(made, OPERATOR).ledger_index
    _tell(manifest, {"entry": entry, "recorded": record or known}, as_json=as_json)


@lake_group.command("check")
@folder_argument
@data_option
@store_option
@click.option("--recorded/--files-only", default=True, help="Also ask the ledger.")
@json_option
def check_command(folder: Path, data: Path, *, recorded: bool, as_json: bool) -> None:
    """Whether every file in FOLDER is the one of its manifest, and that the one in the ledger."""
    manifest = model.needed(folder)
    model.check(folder, manifest.files)
    if recorded:
        ledger, store, _ = open_for_reading(installation(data))
        with ledger, closing(store):
            if not is_recorded(store, manifest):
                expected = "an entry with this manifest"
                raise LakeError(fault(Fault.UNRECORDED, expected=expected, got=folder.name))
    _tell(manifest, {"recorded": recorded}, as_json=as_json)


def is_recorded(store: SegmentStore, manifest: Manifest) -> bool:
    """Whether an entry of the ledger holds this manifest."""
    (fact,) = manifest.facts()
    return bool(store.facts(model.KIND, (fact.key,)))


def _tell(manifest: Manifest, more: dict[str, object], *, as_json: bool) -> None:
    (fact,) = manifest.facts()
    told = {"manifest": fact.key, **fact.fields, **more}
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    for name, value in told.items():
        click.echo(f"{name}: {value}")


def _writing() -> ModuleType:
    """What writes Parquet; it needs a package that not every installation has.

    Returns:
        Its module.

    Raises:
        LakeError: if it is not there.
    """
    try:
        from guantong.lake import export
    except ImportError as error:
        expected = "the extra guantong[parquet]"
        raise LakeError(fault(Fault.ENGINE, expected=expected, got=error)) from error
    return export
