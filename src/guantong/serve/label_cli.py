"""The command that prints: labels of codes that were issued, as PDF, for a printer, or as a list."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from guantong import coding
from guantong.coding import Courier, Glyphs, Label, Template
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.serve.ledger_cli import data_option
from guantong.serve.world import read_world
from guantong.settings import Settings

FORMS: Final = ("a4", "roll", "zpl", "tspl", "csv")


@click.command("label")
@click.argument("class_code")
@click.argument("first", type=int)
@click.argument("last", type=int)
@data_option
@click.option(
    "--template",
    "named",
    default="item-40x20",
    help="One of ours, or a JSON file: what is printed, and where.",
)
@click.option("--as", "form", type=click.Choice(FORMS), default="a4", help="What for.")
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
    with read_world(Settings(data=data)) as world:
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
            file.writelines(_printed(labels, template, form, font, printer_font))
        begun.replace(out)
    finally:
        begun.unlink(missing_ok=True)
    click.echo(f"{last - first + 1} labels, {out.stat().st_size} bytes")


def _template(named: str) -> Template:
    known = coding.TEMPLATES.get(named)
    return known if known is not None else coding.read_template(Path(named).read_bytes())


def _printed(
    labels: Iterator[Label], template: Template, form: str, font: Path | None, printer_font: str
) -> Iterator[bytes]:
    if form == "zpl":
        yield from coding.zpl(labels, template, font=printer_font)
    elif form == "tspl":
        yield from coding.tspl(labels, template)
    else:
        made = list(labels)
        sheet = coding.a4(template) if form == "a4" else coding.roll(template)
        yield coding.pdf_of(made, template, sheet, _face(made, font))


def _face(labels: Sequence[Label], font: Path | None) -> Glyphs | Courier:
    """The font that is named, else one of the system, else the one every reader has."""
    path = font or coding.found()
    texts = "".join(sorted({one for label in labels for line in label.lines for one in line}))
    return Courier() if path is None else Glyphs(path, texts)
