"""How are pages with one font written as a PDF?

The writer knows what labels and papers need and no more: compressed pages, and texts in one font of
which only the used glyphs are in the file.

References:
    ISO 32000-1, section 9.7
"""

import zlib
from collections.abc import Sequence
from hashlib import sha256

from guantong.coding.label_font import Courier, Embedded, Glyphs
from guantong.coding.labels import POINT_MM


def points(mm: float) -> bytes:
    """A measure as an operand."""
    return number_of(mm / POINT_MM)


def number_of(value: float) -> bytes:
    """A number as an operand."""
    return b"%.2f" % value


class PdfFile:
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

    def page(self, content: int, width_mm: float, height_mm: float) -> int:
        """A page of a size with a content; its number."""
        size = b"%s %s" % (points(width_mm), points(height_mm))
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
