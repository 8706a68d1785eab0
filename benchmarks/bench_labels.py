"""How fast do codes become labels, beside a library that writes PDF and draws the same?

10,000 labels of 40 x 20 mm with a QR Code and three lines, two of them Chinese, on A4. The peer is
reportlab with the same symbols as inline images and a Chinese font that is not embedded, on as many pages.
"""

import io
import time
from collections.abc import Callable, Iterator

from PIL import Image
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from guantong.coding import (
    TEMPLATES,
    CodeRange,
    Courier,
    Glyphs,
    Label,
    a4,
    code_list,
    codes_of,
    found,
    labels_of,
    pdf_of,
    tspl,
    zpl,
)
from guantong.coding.labels import LEADING, POINT_MM

COUNT = 10_000
CODES = CodeRange(
    class_uri="https://id.gs1.org/01/06901234567892",
    first=1,
    last=1_000_000,
    spread=12,
    key="0f" * 16,
)
TEMPLATE = TEMPLATES["item-40x20"]
FONT = "STSong-Light"


def made() -> list[Label]:
    """The labels."""
    path = found()
    product = "BV 2.5" if path is None else "铜芯聚氯乙烯绝缘电缆"
    words = {"product": product, "lot": "L2026-11"}
    uris = (uri for _, uri in zip(range(COUNT), codes_of(CODES), strict=False))
    return list(labels_of(TEMPLATE, uris, words, resolver="https://codes.example"))


def ours() -> bytes:
    """Symbols, font and sheets."""
    labels, path = made(), found()
    texts = "".join({one for label in labels for line in label.lines for one in line})
    face = Courier() if path is None else Glyphs(path, texts)
    return pdf_of(labels, TEMPLATE, a4(TEMPLATE), face)


def theirs() -> bytes:
    """The same labels drawn by reportlab."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    sheet, held = a4(TEMPLATE), io.BytesIO()
    canvas = Canvas(held, pagesize=(sheet.width_mm * mm, sheet.height_mm * mm))
    left, top, _ = TEMPLATE.room_mm()
    for number, label in enumerate(made()):
        place = number % (sheet.columns * sheet.rows)
        if number and not place:
            canvas.showPage()
        row, column = divmod(place, sheet.columns)
        x = sheet.left_mm + column * sheet.across_mm
        y = sheet.height_mm - sheet.top_mm - row * sheet.down_mm
        side, edge = TEMPLATE.symbol_mm, TEMPLATE.margin_mm
        image = Image.fromarray(~label.modules).convert("1")
        canvas.drawInlineImage(image, (x + edge) * mm, (y - edge - side) * mm, side * mm, side * mm)
        down = y - top
        for line, text in zip(TEMPLATE.lines, label.lines, strict=True):
            down -= line.size_pt * LEADING * POINT_MM
            canvas.setFont(FONT, line.size_pt)
            canvas.drawString((x + left) * mm, down * mm, text)
    canvas.save()
    return held.getvalue()


def run() -> Iterator[dict[str, object]]:
    """One row for each way out, and one for the codes themselves."""
    fast, slow = _rate(ours), _rate(theirs)
    yield {
        "name": f"{COUNT:,} labels as PDF on A4, symbols and font included",
        "per_second": fast,
        "peer": "reportlab, the same symbols",
        "peer_per_second": slow,
        "ratio": fast / slow,
    }
    labels = made()
    for name, write in (
        ("as ZPL", lambda: sum(map(len, zpl(labels, TEMPLATE)))),
        ("as TSPL", lambda: sum(map(len, tspl(labels, TEMPLATE)))),
        ("as a list", lambda: code_list(labels).rows),
    ):
        yield {"name": f"labels {name}, symbols made before", "per_second": _rate(write)}
    yield {
        "name": "codes written out, spread over 12 digits",
        "per_second": _rate(lambda: sum(1 for _ in codes_of(CODES)), 1_000_000),
    }


def _rate(work: Callable[[], object], count: int = COUNT) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)
