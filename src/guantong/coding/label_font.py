"""Which font does a sheet of labels carry, and how wide is a text in it?

Only the glyphs that are used go into the file. Without a font there is Courier, which every reader of PDF
has, for texts in Latin letters alone.
"""

from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from guantong.coding.issue import CodingError, Fault
from guantong.errors import fault

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

EM: Final = 1_000
"""Units of a width in PDF."""
PLACES: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/Supplemental/Songti.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
"""Where systems keep a font with Chinese glyphs."""
CHINESE: Final = "SC"
"""Of a collection the member whose name ends so; else the first."""


class Embedded(NamedTuple):
    """The part of a font that is in a file."""

    name: str
    data: bytes
    is_cff: bool
    widths: dict[int, int]
    """By glyph number, in thousandths of the size."""
    texts: dict[int, str]
    """The character of each glyph number."""
    box: tuple[int, int, int, int]
    ascent: int
    descent: int


class Face(Protocol):
    """What a sheet asks of a font."""

    def width(self, text: str) -> int:
        """In thousandths of the size."""

    def shown(self, text: str) -> bytes:
        """The text as an operand of ``Tj``."""


class Courier:
    """The font of every reader: Latin letters, all of one width."""

    def width(self, text: str) -> int:
        """In thousandths of the size."""
        return 600 * len(text)

    def shown(self, text: str) -> bytes:
        """The text as an operand of ``Tj``."""
        try:
            raw = text.encode("cp1252")
        except UnicodeEncodeError as error:
            expected = "a font with these characters (--font FILE)"
            raise CodingError(
                fault(Fault.LABEL, expected=expected, got=text, path="font")
            ) from error
        return b"<" + raw.hex().encode() + b">"


class Glyphs:
    """The glyphs of one font for some texts."""

    def __init__(self, path: Path, texts: str, *, instead: str = "") -> None:
        """Read what is needed.

        Args:
            path: TrueType, OpenType, or a collection of them.
            texts: All characters that will be shown.
            instead: The character that stands for those the font lacks; without one they are refused.

        Raises:
            CodingError: if it is no font, or lacks one of the characters.
        """
        # Half a second to import: only who prints waits for it.
        from fontTools import subset

        self._font = _opened(path)
        names = self._font.getBestCmap()
        missing = sorted({one for one in texts if ord(one) not in names})
        if missing and not instead:
            expected = f"glyphs for {''.join(missing[:20])}"
            raise CodingError(fault(Fault.LABEL, expected=expected, got=path.name, path="font"))
        options = subset.Options()
        options.layout_features = []
        options.notdef_outline = options.desubroutinize = True
        making = subset.Subsetter(options)
        making.populate(text=texts + instead)
        making.subset(self._font)
        self._own = {one: self._number(name) for one, name in self._font.getBestCmap().items()}
        self._numbers = self._own | {ord(one): self._own[ord(instead)] for one in missing}

    def width(self, text: str) -> int:
        """In thousandths of the size."""
        widths, numbers = self._widths, self._numbers
        return sum(map(widths.__getitem__, map(numbers.__getitem__, map(ord, text))))

    def shown(self, text: str) -> bytes:
        """The text as an operand of ``Tj``."""
        return b"<" + b"".join(b"%04x" % self._numbers[ord(one)] for one in text) + b">"

    def embedded(self) -> Embedded:
        """What goes into the file."""
        head, rows = self._font["head"], self._font["hhea"]
        box = tuple(self._scaled(edge) for edge in (head.xMin, head.yMin, head.xMax, head.yMax))
        return Embedded(
            self._font["name"].getDebugName(6) or "Labels",
            self._data(),
            self._is_cff,
            self._widths,
            {number: chr(one) for one, number in self._own.items()},
            box,  # type: ignore[arg-type]  # four, as it was made of four
            self._scaled(rows.ascent),
            self._scaled(rows.descent),
        )

    @cached_property
    def _is_cff(self) -> bool:
        return "CFF " in self._font

    @cached_property
    def _widths(self) -> dict[int, int]:
        told = self._font["hmtx"].metrics
        return {self._number(name): self._scaled(told[name][0]) for name in told}

    def _scaled(self, units: int) -> int:
        return round(units * EM / int(self._font["head"].unitsPerEm))

    def _number(self, name: str) -> int:
        """By which a glyph is called: the CID where there are some, else its place in the font."""
        if self._is_cff and name.startswith("cid") and name[3:].isdigit():
            return int(name[3:])
        return int(self._font.getGlyphID(name))

    def _data(self) -> bytes:
        if self._is_cff:
            return bytes(self._font["CFF "].compile(self._font))
        held = BytesIO()
        self._font.save(held)
        return held.getvalue()


def found(places: Sequence[str] = PLACES) -> Path | None:
    """A font of the system that has Chinese glyphs; None when there is none."""
    return next((path for path in map(Path, places) if path.is_file()), None)


def _opened(path: Path) -> "TTFont":
    from fontTools.ttLib import TTFont, TTLibError

    try:
        data = path.read_bytes()
        fonts = TTFont(BytesIO(data), fontNumber=0, lazy=True)
        for number in range(getattr(fonts.reader, "numFonts", 1)):
            font = TTFont(BytesIO(data), fontNumber=number, lazy=True)
            if (font["name"].getDebugName(1) or "").endswith(CHINESE):
                return font
    except (OSError, TTLibError) as error:
        expected = "a TrueType or OpenType font"
        raise CodingError(
            fault(Fault.LABEL, expected=expected, got=path.name, path="font")
        ) from error
    return fonts
