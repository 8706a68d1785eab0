"""How does a label look on a screen? As SVG, drawn from the same measures as what is printed."""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from guantong.coding.labels import LEADING, POINT_MM, Label, Template, module_mm
from guantong.coding.symbols import QUIET, Carrier, Modules, modules_of

_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}">'
    '<rect width="{wide:g}" height="{high:g}" fill="#fff"/>'
)
_FACE: Final = "font-family=\"'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif\""


def symbol_svg(text: str, carrier: Carrier = Carrier.QR) -> str:
    """A symbol alone, with the white around it that it needs.

    Args:
        text: What it says.
        carrier: How.

    Returns:
        SVG, one unit a module.

    Raises:
        CodingError: if the symbology can not hold the text.
    """
    modules, quiet = modules_of(text, carrier), QUIET[carrier]
    rows, across = modules.shape
    head = _HEAD.format(wide=across + 2 * quiet, high=rows + 2 * quiet)
    return f'{head}<path d="{_path(modules, quiet, quiet, 1, 1)}"/></svg>'


def label_svg(label: Label, template: Template) -> str:
    """A label as it will be printed, one unit a millimetre."""
    across, edge = label.modules.shape[1], template.margin_mm
    wide, high, left = template.symbol_mm / across, template.symbol_mm / across, edge
    if template.carrier is Carrier.GS1_128:
        wide, high = module_mm(template, label.modules), template.symbol_mm
        left += wide * QUIET[template.carrier]
    head = _HEAD.format(wide=template.width_mm, high=template.height_mm)
    symbol = f'<path d="{_path(label.modules, left, edge, wide, high)}"/>'
    return head + symbol + "".join(_texts(label, template)) + "</svg>"


def _path(modules: Modules, left: float, top: float, wide: float, high: float) -> str:
    """The dark runs of each row as rectangles."""
    drawn: list[str] = []
    for row, line in enumerate(modules.tolist()):
        at = 0
        while at < len(line):
            if not line[at]:
                at += 1
                continue
            begin = at
            while at < len(line) and line[at]:
                at += 1
            x, y, run = left + begin * wide, top + row * high, (at - begin) * wide
            drawn.append(f"M{x:.3f} {y:.3f}h{run:.3f}v{high:.3f}h-{run:.3f}z")
    return "".join(drawn)


def _texts(label: Label, template: Template) -> Iterator[str]:
    """The lines, each pressed together when it is wider than its room."""
    left, down, room = template.room_mm()
    for line, text in zip(template.lines, label.lines, strict=True):
        size = line.size_pt * POINT_MM
        down += size * LEADING
        cells = sum(0.55 if ord(char) < 0x2E80 else 1 for char in text) * size
        fit = f' textLength="{room:.2f}" lengthAdjust="spacingAndGlyphs"' if cells > room else ""
        place = f'x="{left:.2f}" y="{down:.2f}" font-size="{size:.2f}"'
        yield f"<text {place} {_FACE}{fit}>{escape(text)}</text>"
