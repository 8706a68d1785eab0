"""How do labels become a PDF? As sheets of many, or one on a page for a roll.

The writer knows what labels need and no more: a mask of one bit a module, texts in one font of which
only the used glyphs are in the file, compressed pages. The same labels give the same bytes.

References:
    ISO 32000-1, section 8.9.7; ISO 32000-1, section 9.7
"""

import zlib
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from guantong.coding.issue import CodingError, Fault
from guantong.coding.label_font import EM, Courier, Embedded, Face, Glyphs
from guantong.coding.labels import LEADING, POINT_MM, Label, Template, module_mm
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
    file = _File()
    fonts = file.font(face)
    pages = []
    held = sheet.columns * sheet.rows
    for start in range(0, len(labels), held):
        part = labels[start : start + held]
        content = b"".join(_drawn(part, template, sheet, face))
        pages.append(file.page(file.stream(content), sheet))
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
        _points(mm) for mm in (wide, side, left, y_mm - edge - side)
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
            x, y = _points(corner[0] + left), _points(corner[1] - down)
            size, share = _number(line.size_pt), _number(100 * press)
            shown = face.shown(text)
            yield b"BT /F %s Tf %s Tz %s %s Td %s Tj ET\n" % (size, share, x, y, shown)


def _points(mm: float) -> bytes:
    return _number(mm / POINT_MM)


def _number(value: float) -> bytes:
    return b"%.2f" % value


class _File:
    """Objects of a document as they are written."""

    def __init__(self) -> None:
        self._objects: list[bytes] = [b"", b""]  # catalogue and pages come last

    def add(self, body: bytes) -> int:
        """An object; its number."""
        self._objects.append(body)
        return len(self._objects)

    def stream(self, data: bytes, more: bytes = b"") -> int:
        """A compressed stream; its number."""
        small = zlib.compress(data, 6)
        head = b"<</Length %d/Filter/FlateDecode%s>>" % (len(small), more)
        return self.add(b"%s\nstream\n%s\nendstream" % (head, small))

    def page(self, content: int, sheet: Sheet) -> int:
        """A page of a size with a content; its number."""
        size = b"%s %s" % (_points(sheet.width_mm), _points(sheet.height_mm))
        return self.add(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %s]/Contents %d 0 R>>" % (size, content)
        )

    def font(self, face: Glyphs | Courier) -> int:
        """The font of all texts; its number."""
        if isinstance(face, Courier):
            return self.add(
                b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"
            )
        held = face.embedded()
        name = b"%s+%s" % (_tag(held.data), held.name.encode("ascii", "ignore").replace(b" ", b""))
        kind = b"/Subtype/CIDFontType0C" if held.is_cff else b"/Length1 %d" % len(held.data)
        program = self.stream(held.data, kind)
        file = b"FontFile3" if held.is_cff else b"FontFile2"
        described = self.add(
            b"<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
            b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/%s %d 0 R>>"
            % (name, *held.box, held.ascent, held.descent, held.ascent, file, program)
        )
        widths = b"".join(b"%d[%d]" % each for each in sorted(held.widths.items()))
        below = self.add(
            b"<</Type/Font/Subtype/%s/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            b"/Supplement 0>>/FontDescriptor %d 0 R/W[%s]%s>>"
            % (
                b"CIDFontType0" if held.is_cff else b"CIDFontType2",
                name,
                described,
                widths,
                b"" if held.is_cff else b"/CIDToGIDMap/Identity",
            )
        )
        said = self.stream(_said(held))
        return self.add(
            b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]"
            b"/ToUnicode %d 0 R>>" % (name, below, said)
        )

    def finished(self, pages: Sequence[int], font: int) -> bytes:
        """The whole file."""
        kids = b" ".join(b"%d 0 R" % page for page in pages)
        self._objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
        self._objects[1] = b"<</Type/Pages/Count %d/Kids[%s]/Resources<</Font<</F %d 0 R>>>>>>" % (
            len(pages),
            kids,
            font,
        )
        parts, at, places = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], 15, []
        for number, body in enumerate(self._objects, 1):
            places.append(at)
            parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            at += len(parts[-1])
        rows = b"".join(b"%010d 00000 n \n" % place for place in places)
        count = len(places) + 1
        parts.append(
            b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
            % (count, rows, count, at)
        )
        return b"".join(parts)


def _tag(data: bytes) -> bytes:
    """Six capital letters that name a part of a font."""
    return bytes(65 + byte % 26 for byte in sha256(data).digest()[:6])


def _said(held: Embedded) -> bytes:
    """Which character each glyph number stands for, so that texts can be searched and copied."""
    rows = [
        b"<%04x><%s>" % (number, text.encode("utf-16-be").hex().encode())
        for number, text in sorted(held.texts.items())
    ]
    parts = [
        b"%d beginbfchar\n%s\nendbfchar\n" % (len(some), b"\n".join(some))
        for some in (rows[start : start + 100] for start in range(0, len(rows), 100))
    ]
    return (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/G def/CMapType 2 def\n"
        b"1 begincodespacerange<0000><ffff>endcodespacerange\n%sendcmap end end" % b"".join(parts)
    )
