"""What is printed on a label, and where? A template, and the labels of some codes.

All measures are millimetres from the upper left corner, of texts points. A template is a JSON object with the
members of `Template`; `TEMPLATES` has those we ship.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from guantong.coding.issue import CodingError, Fault
from guantong.coding.symbols import QUIET, Carrier, Modules, mask_of, modules_of, printed, text_of
from guantong.errors import fault
from guantong.identify.gs1_keys import CANONICAL_HOST

POINT_MM: Final = 25.4 / 72
MODULE_MIN_MM: Final = 0.19
"""Smallest module that common printers of 203 dots an inch and phones' cameras get along with."""
SIDE_MAX_MM: Final = 300.0
LINES_MAX: Final = 12
MODULES_LEAST: Final = {
    Carrier.QR: 25,
    Carrier.DATAMATRIX: 10,
    Carrier.GS1_QR: 25,
    Carrier.GS1_DATAMATRIX: 18,
}
"""Across a symbol of any code but the very shortest: fewer ask for a wider quiet zone."""
MASK_EVERY: Final = 50
"""QR Codes of one run are nearly alike: for one in so many the best mask is sought, the others take it."""
LEADING: Final = 1.3
"""Of lines, in sizes of their text."""
WORDS: Final = ("code", "product", "firm", "lot", "day", "number")
"""What a line may name in braces; `number` counts the labels of a run."""
_NAME: Final = re.compile(r"\{([^{}]*)\}")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of text."""

    text: str
    """With names of `WORDS` in braces, such as ``批次 {lot}``."""
    size_pt: float = 7.0


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one kind of label looks."""

    name: str
    width_mm: float
    height_mm: float
    carrier: Carrier
    symbol_mm: float
    """Side of the symbol; of a bar code its height."""
    lines: tuple[Line, ...] = ()
    margin_mm: float = 1.5

    def room_mm(self) -> tuple[float, float, float]:
        """Left edge, upper edge and width of the texts: beside a symbol, below a bar code."""
        edge, side = self.margin_mm, self.symbol_mm
        if self.carrier is Carrier.GS1_128:
            return edge, 2 * edge + side, self.width_mm - 2 * edge
        quiet = max(edge, side * QUIET[self.carrier] / MODULES_LEAST[self.carrier])
        left = edge + side + quiet
        return left, edge, self.width_mm - left - edge


class Label(NamedTuple):
    """One label, ready to be drawn."""

    text: str
    """What the symbol says."""
    modules: Modules
    lines: tuple[str, ...]


TEMPLATES: Final[Mapping[str, Template]] = {
    one.name: one
    for one in (
        Template(
            name="item-40x20",
            width_mm=40,
            height_mm=20,
            carrier=Carrier.QR,
            symbol_mm=17,
            lines=(Line("{product}"), Line("批次 {lot}", 6), Line("{code}", 4.5)),
        ),
        Template(
            name="small-25x10",
            width_mm=25,
            height_mm=10,
            carrier=Carrier.GS1_DATAMATRIX,
            symbol_mm=7.5,
            margin_mm=1.2,
            lines=(Line("{lot}", 4.5), Line("{code}", 3.2)),
        ),
        Template(
            name="case-100x50",
            width_mm=100,
            height_mm=50,
            carrier=Carrier.GS1_128,
            symbol_mm=22,
            margin_mm=3,
            lines=(Line("{code}", 9), Line("{product}", 9), Line("{firm}", 8), Line("{lot}", 8)),
        ),
        Template(
            name="any-40x20",
            width_mm=40,
            height_mm=20,
            carrier=Carrier.DATAMATRIX,
            symbol_mm=15,
            lines=(Line("{product}"), Line("{code}", 5)),
        ),
    )
}


def read_template(body: bytes) -> Template:
    """A template as a firm wrote it.

    Args:
        body: UTF-8 JSON.

    Returns:
        The template.

    Raises:
        CodingError: if it is none, or nothing of it would fit on a label.
    """
    try:
        given = msgspec.json.decode(body, type=Template)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CodingError(fault(Fault.LABEL, expected="a template", got=error)) from error
    _check(given)
    return given


def _check(given: Template) -> None:
    sides = (given.width_mm, given.height_mm, given.symbol_mm)
    if not all(0 < side <= SIDE_MAX_MM for side in sides) or given.margin_mm < 0:
        _refuse("width_mm", f"measures up to {SIDE_MAX_MM:g} mm", sides)
    if len(given.lines) > LINES_MAX:
        _refuse("lines", f"at most {LINES_MAX} lines", len(given.lines))
    _, top, room = given.room_mm()
    leading = sum(line.size_pt for line in given.lines) * LEADING * POINT_MM
    if given.symbol_mm + 2 * given.margin_mm > given.height_mm or room <= 0:
        _refuse("symbol_mm", "a symbol that fits on the label", given.symbol_mm)
    if top + leading > given.height_mm or not all(line.size_pt > 0 for line in given.lines):
        _refuse("lines", f"lines of at most {given.height_mm - top:.1f} mm together", leading)
    unknown = {word for line in given.lines for word in _NAME.findall(line.text)} - {*WORDS}
    if unknown:
        _refuse("lines", f"names in braces: {', '.join(WORDS)}", ", ".join(sorted(unknown)))


def _filled(text: str, said: Mapping[str, str]) -> str:
    """A line with what its names stand for."""
    return _NAME.sub(lambda found: said[found[1]], text)


def _refuse(path: str, expected: str, got: object) -> None:
    raise CodingError(fault(Fault.LABEL, expected=expected, got=got, path=path))


def labels_of(
    template: Template,
    uris: Iterable[str],
    words: Mapping[str, str],
    *,
    resolver: str = CANONICAL_HOST,
) -> Iterator[Label]:
    """The labels of some codes, one by one.

    Args:
        template: How they look.
        uris: Canonical URIs.
        words: What `WORDS` stand for, but `code` and `number`; absent ones are "".
        resolver: As in `text_of`.

    Yields:
        Labels in the order of the codes.

    Raises:
        CodingError: if a symbol can not hold its code, or its modules would be too small to be read.
    """
    given, mask = dict.fromkeys(WORDS, "") | dict(words), None
    for number, uri in enumerate(uris, 1):
        text = text_of(uri, template.carrier, lot=given["lot"], resolver=resolver)
        modules = modules_of(
            text, template.carrier, mask=mask if (number - 1) % MASK_EVERY else None
        )
        mask = mask_of(modules, template.carrier)
        _check_size(template, modules)
        said = given | {"code": printed(uri), "number": f"{number}"}
        yield Label(text, modules, tuple(_filled(line.text, said) for line in template.lines))


def module_mm(template: Template, modules: Modules) -> float:
    """How wide one module is on the label."""
    own = int(modules.shape[1])
    if template.carrier is Carrier.GS1_128:
        return (template.width_mm - 2 * template.margin_mm) / (own + 2 * QUIET[template.carrier])
    # The margin is white, too.
    return template.symbol_mm / own


def _check_size(template: Template, modules: Modules) -> None:
    wide = module_mm(template, modules)
    if wide < MODULE_MIN_MM:
        expected = f"modules of {MODULE_MIN_MM} mm or more"
        _refuse("symbol_mm", expected, f"{wide:.3f} mm, {modules.shape[1]} across")
