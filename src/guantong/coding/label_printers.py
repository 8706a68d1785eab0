"""What does a label printer get? ZPL for Zebra and its likes, TSPL for TSC, Gprinter and most others in China.

Symbols are drawn module by module, so that every printer prints the one that was checked; only a plain
QR Code is left to a TSPL printer, which all of them know. Texts are in the printer's own fonts.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from guantong.coding.issue import CodingError, Fault
from guantong.coding.labels import LEADING, POINT_MM, Label, Template, module_mm
from guantong.coding.symbols import QUIET, Carrier, Modules
from guantong.errors import fault

DOTS_MM: Final = 8
"""Of a head of 203 dots an inch."""
_SMALL, _LARGE = 16, 24
"""Dots of the Chinese fonts that a TSPL printer has."""


def zpl(
    labels: Iterable[Label], template: Template, *, dots_mm: int = DOTS_MM, font: str = ""
) -> Iterator[bytes]:
    """Labels in ZPL II, in UTF-8.

    Args:
        labels: In order.
        template: How they look.
        dots_mm: Dots of the head in a millimetre: 8, 12 or 24.
        font: Name of a font in the printer with Chinese glyphs, such as ``E:SIMSUN.TTF``.

    Yields:
        One label after the other.

    Raises:
        CodingError: if a module is smaller than a dot.
    """
    head = f"^XA^CI28^PW{_dots(template.width_mm, dots_mm)}^LL{_dots(template.height_mm, dots_mm)}"
    face = f"^A@N,{{0}},{{0}},{font}" if font else "^A0N,{0},{0}"
    for label in labels:
        dots = _in_dots(label.modules, template, dots_mm)
        x, y = _corner(template, label.modules, dots_mm)
        bits = np.packbits(dots, axis=1)
        size = f"{bits.size},{bits.size},{bits.shape[1]}"
        parts = [head, f"^FO{x},{y}^GFA,{size},{bits.tobytes().hex().upper()}^FS"]
        for left, top, high, text in _placed(label, template, dots_mm):
            parts.append(f"^FO{left},{top}{face.format(high)}^FH_^FD{_zpl_text(text)}^FS")
        yield "".join([*parts, "^XZ\n"]).encode()


def tspl(
    labels: Iterable[Label], template: Template, *, dots_mm: int = DOTS_MM, gap_mm: float = 2
) -> Iterator[bytes]:
    """Labels in TSPL, in GB 18030.

    Args:
        labels: In order.
        template: How they look.
        dots_mm: Dots of the head in a millimetre.
        gap_mm: Between two labels on the roll.

    Yields:
        One label after the other, the first with the measures of the paper before it.

    Raises:
        CodingError: if a module is smaller than a dot.
    """
    size = f"SIZE {template.width_mm:g} mm,{template.height_mm:g} mm"
    yield f"{size}\r\nGAP {gap_mm:g} mm,0 mm\r\nDIRECTION 1\r\n".encode()
    for label in labels:
        lines = ["CLS", *_tspl_symbol(label, template, dots_mm)]
        for left, top, high, text in _placed(label, template, dots_mm):
            own = _SMALL if high < _LARGE else _LARGE
            times = max(1, round(high / own))
            shown = _plain(text).replace('"', '\\["]')
            lines.append(f'TEXT {left},{top},"TSS{own}.BF2",0,{times},{times},"{shown}"')
        yield "".join(f"{line}\r\n" for line in [*lines, "PRINT 1"]).encode("gb18030")


def _tspl_symbol(label: Label, template: Template, dots_mm: int) -> Iterator[str]:
    x, y = _corner(template, label.modules, dots_mm)
    wide = _module_dots(template, label.modules, dots_mm)
    if template.carrier is Carrier.QR and '"' not in label.text and label.text.isascii():
        yield f'QRCODE {x},{y},M,{wide},A,0,"{label.text}"'
        return
    high = _dots(template.symbol_mm, dots_mm) if len(label.modules) == 1 else wide
    for row, modules in enumerate(label.modules):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], modules.astype(np.int8), [0]))))
        for first, last in edges.reshape(-1, 2).tolist():
            yield f"BAR {x + first * wide},{y + row * high},{(last - first) * wide},{high}"


def _module_dots(template: Template, modules: Modules, dots_mm: int) -> int:
    wide = int(module_mm(template, modules) * dots_mm)
    if not wide:
        expected, got = "modules of a dot or more", f"{dots_mm} dots in a millimetre"
        raise CodingError(fault(Fault.LABEL, expected=expected, got=got, path="symbol_mm"))
    return wide


def _in_dots(modules: Modules, template: Template, dots_mm: int) -> Modules:
    """The symbol, a dot a value."""
    wide = _module_dots(template, modules, dots_mm)
    high = _dots(template.symbol_mm, dots_mm) if len(modules) == 1 else wide
    return np.repeat(np.repeat(modules, high, axis=0), wide, axis=1)


def _corner(template: Template, modules: Modules, dots_mm: int) -> tuple[int, int]:
    edge = _dots(template.margin_mm, dots_mm)
    if template.carrier is Carrier.GS1_128:
        wide = _module_dots(template, modules, dots_mm)
        return edge + QUIET[template.carrier] * wide, edge
    return edge, edge


def _placed(label: Label, template: Template, dots_mm: int) -> Iterator[tuple[int, int, int, str]]:
    """Left edge, upper edge, height and text of each line, in dots."""
    left, top, _ = template.room_mm()
    for line, text in zip(template.lines, label.lines, strict=True):
        high = line.size_pt * POINT_MM
        if text:
            yield _dots(left, dots_mm), _dots(top, dots_mm), max(1, _dots(high, dots_mm)), text
        top += high * LEADING


def _dots(mm: float, dots_mm: int) -> int:
    return round(mm * dots_mm)


def _plain(text: str) -> str:
    """A text without what a printer takes for a command of its own."""
    return "".join(one if one.isprintable() else " " for one in text)


def _zpl_text(text: str) -> str:
    marks = {ord(one): f"_{ord(one):02X}" for one in "^~_"}
    return _plain(text).translate(marks)
