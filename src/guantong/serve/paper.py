"""How does a report become A4 pages? Headings, paragraphs and tables, in lines that fit and on as many pages as it takes.

Whoever wrote a text can not break a page with it: words longer than a line are parted, what is no
visible character is a blank, and characters the font lacks are told as a box.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from guantong.coding.label_font import EM, Courier, Glyphs, found
from guantong.coding.labels import POINT_MM
from guantong.coding.pdf_file import PdfFile, number_of, points

WIDTH_MM: Final = 210.0
HEIGHT_MM: Final = 297.0
EDGE_MM: Final = 18.0
ROOM_MM: Final = WIDTH_MM - 2 * EDGE_MM
FOOT_MM: Final = 10.0
LEADING: Final = 1.4
"""Of lines, in sizes of their text."""
TITLE_PT, HEADING_PT, TEXT_PT, CELL_PT, FOOT_PT = 17.0, 12.0, 10.0, 8.0, 7.5
ALONE_MM: Final = 30.0
"""Below a heading there is so much room at least, for the head of a table and a row."""
GAP_MM: Final = 1.2
"""Between cells, and above and below a row."""
BOX: Final = "□"
TOKENS: Final = re.compile(r"\s+|(?:[^\s⺀-￯]+|[⺀-￯])[，。、；：？！）」』】》〉”’…]*")
"""Between these a line may end: words, single Chinese characters, each with the marks that close it."""


class Heading(NamedTuple):
    """Of a section."""

    text: str


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Table(NamedTuple):
    """Rows of cells; the head is told again on each page."""

    shares: tuple[float, ...]
    """How wide the columns are, of each other."""
    rows: Sequence[tuple[str, ...]]
    head: tuple[str, ...] = ()


Block = Heading | Text | Table


def paper(title: str, blocks: Sequence[Block], foot: str) -> bytes:
    """A document of A4 pages.

    Args:
        title: Stands first.
        blocks: What follows.
        foot: Stands below on each page, before the number of the page.

    Returns:
        A PDF.

    Raises:
        CodingError: if the system has no font with Chinese glyphs and one is needed.
    """
    said = [
        title,
        foot,
        "第 / 页 0123456789",
        *(text for block in blocks for text in _texts(block)),
    ]
    characters = "".join(sorted({one for text in said for one in clean(text)}))
    path = found()
    face = Courier() if path is None else Glyphs(path, characters, instead=BOX)
    pages = _Pages(face)
    pages.lines(clean(title), TITLE_PT, below_mm=4.0)
    for block in blocks:
        pages.put(block)
    return _written(face, pages, clean(foot))


def clean(text: str) -> str:
    """A text in one line, of visible characters alone."""
    blank = (" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return "".join(blank).strip()


def wrapped(text: str, face: Glyphs | Courier, size_pt: float, room_mm: float) -> list[str]:
    """A text in lines that fit; at least one.

    Args:
        text: Clean.
        face: The font.
        size_pt: Its size.
        room_mm: How long a line may be.

    Returns:
        The lines, in order.
    """
    most = room_mm / POINT_MM / size_pt * EM
    lines, line, wide = [], "", 0
    for token in TOKENS.findall(text):
        size = face.width(token)
        if line and wide + size > most:
            lines.append(line.rstrip())
            line, wide = "", 0
        if not line and token.isspace():
            continue
        for piece in _pieces(token, face, most) if size > most else (token,):
            if line and wide + face.width(piece) > most:
                lines.append(line)
                line, wide = "", 0
            line, wide = line + piece, wide + face.width(piece)
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(word: str, face: Glyphs | Courier, most: float) -> Iterator[str]:
    """A word that is longer than a line, in parts that are not."""
    start, wide = 0, 0
    for at, one in enumerate(word):
        size = face.width(one)
        if at > start and wide + size > most:
            yield word[start:at]
            start, wide = at, 0
        wide += size
    yield word[start:]


def _texts(block: Block) -> Iterable[str]:
    if isinstance(block, Table):
        return (cell for row in (block.head, *block.rows) for cell in row)
    return (block.text,)


class _Pages:
    """Pages as they fill, from above."""

    def __init__(self, face: Glyphs | Courier) -> None:
        self._face = face
        self.contents: list[list[bytes]] = []
        self._y_mm = 0.0
        self._turn()

    def _turn(self) -> None:
        self.contents.append([])
        self._y_mm = HEIGHT_MM - EDGE_MM

    def _left(self) -> float:
        """How much room there is above the lower edge."""
        return self._y_mm - EDGE_MM

    def put(self, block: Block) -> None:
        """The next block."""
        if isinstance(block, Heading):
            self._y_mm -= 3.0
            if self._left() < ALONE_MM:
                self._turn()
            self.lines(clean(block.text), HEADING_PT, below_mm=1.5)
        elif isinstance(block, Text):
            self.lines(clean(block.text), TEXT_PT, below_mm=2.0)
        else:
            self._table(block)

    def lines(self, text: str, size_pt: float, *, below_mm: float) -> None:
        """A text over the whole width."""
        high = size_pt * LEADING * POINT_MM
        for line in wrapped(text, self._face, size_pt, ROOM_MM):
            if self._left() < high:
                self._turn()
            self._y_mm -= high
            self._show(line, size_pt, EDGE_MM)
        self._y_mm -= below_mm

    def _table(self, table: Table) -> None:
        wide = [ROOM_MM * share / sum(table.shares) for share in table.shares]
        head = self._cells(table.head, wide)
        if table.head:
            self._row(head, wide, ())
        for row in table.rows:
            self._row(self._cells(row, wide), wide, head if table.head else ())
        self._y_mm -= 2.0

    def _cells(self, row: Sequence[str], wide: Sequence[float]) -> list[list[str]]:
        return [
            wrapped(clean(cell), self._face, CELL_PT, room - GAP_MM)
            for cell, room in zip(row, wide, strict=False)
        ]

    def _row(
        self,
        cells: Sequence[Sequence[str]],
        wide: Sequence[float],
        head: Sequence[Sequence[str]],
    ) -> None:
        """One row, its lines on the next page where they do not fit on this."""
        high = CELL_PT * LEADING * POINT_MM
        count = max(map(len, cells), default=0)
        whole = count * high + GAP_MM
        page = HEIGHT_MM - 2 * EDGE_MM - (max(map(len, head), default=0) * high + GAP_MM)
        if whole > self._left() and whole <= page:
            self._turn_with(head, wide)
        at = 0
        while at < count:
            if self._left() < high + GAP_MM:
                self._turn_with(head, wide)
            fit = max(1, min(count - at, int((self._left() - GAP_MM) / high)))
            self._cells_shown([lines[at : at + fit] for lines in cells], wide)
            at += fit
        self._y_mm -= GAP_MM
        self._rule()

    def _cells_shown(self, cells: Sequence[Sequence[str]], wide: Sequence[float]) -> None:
        """Lines of cells beside each other, cell by cell: so they are read aloud and copied."""
        top, high, x_mm = self._y_mm, CELL_PT * LEADING * POINT_MM, EDGE_MM
        for lines, room in zip(cells, wide, strict=True):
            self._y_mm = top
            for line in lines:
                self._y_mm -= high
                self._show(line, CELL_PT, x_mm)
            x_mm += room
        self._y_mm = top - max(map(len, cells)) * high

    def _turn_with(self, head: Sequence[Sequence[str]], wide: Sequence[float]) -> None:
        self._turn()
        if head:
            self._row(head, wide, ())

    def _show(self, line: str, size_pt: float, x_mm: float) -> None:
        if line:
            place = (points(x_mm), points(self._y_mm), self._face.shown(line))
            self.contents[-1].append(
                b"BT /F %s Tf %s %s Td %s Tj ET\n" % (number_of(size_pt), *place)
            )

    def _rule(self) -> None:
        y = points(self._y_mm)
        ends = (points(EDGE_MM), y, points(WIDTH_MM - EDGE_MM), y)
        self.contents[-1].append(b"q 0.25 w 0.6 G %s %s m %s %s l S Q\n" % ends)


def _written(face: Glyphs | Courier, pages: _Pages, foot: str) -> bytes:
    """The file, each page with its number."""
    file = PdfFile()
    font = file.font(face)
    numbers = []
    for at, content in enumerate(pages.contents, 1):
        told = f"{foot} 第 {at} / {len(pages.contents)} 页"
        line = wrapped(told, face, FOOT_PT, ROOM_MM)[-1]
        place = (number_of(FOOT_PT), points(EDGE_MM), points(FOOT_MM), face.shown(line))
        content.append(b"BT /F %s Tf %s %s Td %s Tj ET\n" % place)
        stream = file.stream(b"".join(content))
        numbers.append(file.page(stream, WIDTH_MM, HEIGHT_MM))
    return file.finished(numbers, font)
