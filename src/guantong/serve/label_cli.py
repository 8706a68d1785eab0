"""The command that prints: labels of codes that were issued, as PDF, for a printer, or as a list."""

from pathlib import Path

import click

from guantong import coding
from guantong.coding import Template
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.serve.chosen import installation, store_option
from guantong.serve.ledger_cli import data_option
from guantong.serve.world import read_world


@click.command("label")
@click.argument("class_code")
@click.argument("first", type=int)
@click.argument("last", type=int)
@data_option
@store_option
@click.option(
    "--template",
    "named",
    default="item-40x20",
    help="One of ours, or a JSON file: what is printed, and where.",
)
@click.option("--as", "form", type=click.Choice(coding.FILE_FORMS), default="a4", help="What for.")
@click.option("--resolver", default=CANONICAL_HOST, help="Where QR Codes lead.")
@click.option("--font", type=click.Path(path_type=Path), help="A font file with all characters.")
@click.option(
    "--printer-font", default="", help="In a ZPL printer, with Chinese, such as E:SIMSUN.TTF."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Written here."
)
def label_command(
    class_code: str,
    first: int,
    last: int,
    data: Path,
    named: str,
    form: str,
    resolver: str,
    font: Path | None,
    printer_font: str,
    out: Path,
) -> None:
    """Print labels of the serials FIRST to LAST of a product class that were issued."""
    template = _template(named)
    with read_world(installation(data)) as world:
        printing = world.printing(coding.class_of(class_code), first, last)
    labels = coding.labels_of(
        template, printing.uris(), printing.words, resolver=resolver.rstrip("/")
    )
    if form == "csv":
        listed = coding.code_list(labels)
        out.write_bytes(listed.data)
        click.echo(f"{listed.rows} rows, SHA-256 {listed.digest}")
        return
    begun = out.with_name(f"{out.name}.part")
    try:
        with begun.open("wb") as file:
            parts = coding.file_of(labels, template, form, font=font, printer_font=printer_font)
            file.writelines(parts)
        begun.replace(out)
    finally:
        begun.unlink(missing_ok=True)
    click.echo(f"{last - first + 1} labels, {out.stat().st_size} bytes")


def _template(named: str) -> Template:
    known = coding.TEMPLATES.get(named)
    return known if known is not None else coding.read_template(Path(named).read_bytes())
