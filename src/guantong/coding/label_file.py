"""Labels as a file: which form for which printer?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from guantong.coding.code_list import code_list
from guantong.coding.label_font import Courier, Glyphs, found
from guantong.coding.label_pdf import a4, pdf_of, roll
from guantong.coding.label_printers import tspl, zpl
from guantong.coding.labels import Label, Template

FILE_FORMS: Final = ("a4", "roll", "zpl", "tspl", "csv")
"""PDF sheets, PDF for a roll, two languages of printers, a list for a print house."""


def file_of(
    labels: Iterator[Label],
    template: Template,
    form: str,
    *,
    font: Path | None = None,
    printer_font: str = "",
) -> Iterator[bytes]:
    """Labels as a file of one of `FILE_FORMS`.

    Args:
        labels: In order.
        template: How they look.
        form: Which.
        font: For PDF: a font file with all characters; one of the system when absent.
        printer_font: For ZPL: a font in the printer, with Chinese.

    Yields:
        The file in parts.

    Raises:
        CodingError: if a text has no room or no glyph.
    """
    if form == "csv":
        yield code_list(labels).data
    elif form == "zpl":
        yield from zpl(labels, template, font=printer_font)
    elif form == "tspl":
        yield from tspl(labels, template)
    else:
        made = list(labels)
        sheet = a4(template) if form == "a4" else roll(template)
        yield pdf_of(made, template, sheet, _face(made, font))


def _face(labels: list[Label], font: Path | None) -> Glyphs | Courier:
    """The font that is named, else one of the system, else the one every reader has."""
    path = font or found()
    texts = "".join(sorted({one for label in labels for line in label.lines for one in line}))
    return Courier() if path is None else Glyphs(path, texts)
