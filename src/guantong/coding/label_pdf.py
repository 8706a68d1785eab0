"""How do labels become a PDF? As sheets of many, or one on a page for a roll.

A symbol is a mask of one bit a module. The same labels give the same bytes.

References:
    ISO 32000-1, section 8.9.7
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from guantong.coding.issue import CodingError, Fault
from guantong.coding.label_font import EM, Courier, Face, Glyphs
from guantong.coding.labels import LEADING, POINT_MM, Label, Template, module_mm
from guantong.coding.pdf_file import PdfFile, number_of, points
from guantong.coding.symbols import QUIET, Carrier
from guantong.errors import fault

NARROWEST: Final = 0.5
"""How much a line is pressed together before it is refused."""


class Sheet(NamedTuple):
    """Paper with labels in rows, from the upper left corner; measures in millimetres."""

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    across_mm: float
    """From the left edge of one label to that of the next."""
    down_mm: float


def a4(template: Template) -> Sheet:
    """As many labels as fit on A4, with 2 mm between them and 8 mm around at least."""
    gap, edge, width, height = 2.0, 8.0, 210.0, 297.0
    across, down = template.width_mm + gap, template.height_mm + gap
    columns = int((width - 2 * edge + gap) / across)
    rows = int((height - 2 * edge + gap) / down)
    if not columns or not rows:
        expected, got = "a label that fits on A4", f"{template.width_mm} x {template.height_mm} mm"
        raise CodingError(fault(Fault.LABEL, expected=expected, got=got, path="template"))
    left = (width - columns * across + gap) / 2
    top = (height - rows * down + gap) / 2
    return Sheet(width, height, columns, rows, left, top, across, down)


def roll(template: Template) -> Sheet:
    """One label on a page of its size."""
    wide, high = template.width_mm, template.height_mm
    return Sheet(wide, high, 1, 1, 0, 0, wide, high)


def pdf_of(
    labels: Sequence[Label], template: Template, sheet: Sheet, face: Glyphs | Courier
) -> bytes:
    """Labels as a document.

    Args:
        labels: In order, row by row.
        template: How they look.
        sheet: The paper.
        face: For the texts, with a glyph for each character.

    Returns:
        A PDF.

    Raises:
        CodingError: if a line is too long for its label.
    """
    file = PdfFile()
    fonts = file.font(face)
    pages = []
    held = sheet.columns * sheet.rows
    for start in range(0, len(labels), held):
        part = labels[start : start + held]
        content = b"".join(_drawn(part, template, sheet, face))
        pages.append(file.page(file.stream(content), sheet.width_mm, sheet.height_mm))
    return file.finished(pages, fonts)


def _drawn(part: Sequence[Label], template: Template, sheet: Sheet, face: Face) -> Iterator[bytes]:
    """The operators of one page."""
    for place, label in enumerate(part):
        row, column = divmod(place, sheet.columns)
        x = sheet.left_mm + column * sheet.across_mm
        y = sheet.height_mm - sheet.top_mm - row * sheet.down_mm
        yield _symbol(label, template, x, y)
        yield from _texts(label, template, (x, y), face)


def _symbol(label: Label, template: Template, x_mm: float, y_mm: float) -> bytes:
    """The symbol as a mask, below the upper edge `y_mm`."""
    modules, side, edge = label.modules, template.symbol_mm, template.margin_mm
    wide, left = side, x_mm + edge
    if template.carrier is Carrier.GS1_128:
        wide = module_mm(template, modules) * modules.shape[1]
        left += module_mm(template, modules) * QUIET[template.carrier]
    bits = np.packbits(~modules, axis=1).tobytes().hex().encode()
    place = b"%s 0 0 %s %s %s cm" % tuple(
        points(mm) for mm in (wide, side, left, y_mm - edge - side)
    )
    head = b"/W %d/H %d/IM true/F/AHx" % (modules.shape[1], modules.shape[0])
    return b"q %s BI%s ID %s> EI Q\n" % (place, head, bits)


def _texts(
    label: Label, template: Template, corner: tuple[float, float], face: Face
) -> Iterator[bytes]:
    """The lines, each pressed together until it fits."""
    left, top, room = template.room_mm()
    down = top
    for line, text in zip(template.lines, label.lines, strict=True):
        down += line.size_pt * LEADING * POINT_MM
        wide = face.width(text) / EM * line.size_pt * POINT_MM
        press = min(1.0, room / wide) if wide else 1.0
        if press < NARROWEST:
            expected = f"a line of at most {room / NARROWEST:.0f} mm at {line.size_pt:g} points"
            raise CodingError(fault(Fault.LABEL, expected=expected, got=text, path="lines"))
        if text:
            x, y = points(corner[0] + left), points(corner[1] - down)
            size, share = number_of(line.size_pt), number_of(100 * press)
            shown = face.shown(text)
            yield b"BT /F %s Tf %s Tz %s %s Td %s Tj ET\n" % (size, share, x, y, shown)
