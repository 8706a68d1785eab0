"""Coding at source (源头赋码): which codes did a producer issue, and was this one among them?

An issue of a billion codes is one ledger entry and one fact: a range of serials of one class. Codes are
printed as labels: PDF sheets, ZPL and TSPL for printers, lists for print houses.
"""

from guantong.coding.code_list import CodeList, code_list
from guantong.coding.drawing import label_svg, symbol_svg
from guantong.coding.issue import (
    CodeRange,
    CodingError,
    Fault,
    check_fits,
    class_of,
    codes_of,
    facts_of,
    issued,
    key_before,
    parse,
    speaks_for,
)
from guantong.coding.label_font import Courier, Glyphs, found
from guantong.coding.label_pdf import a4, pdf_of, roll
from guantong.coding.label_printers import tspl, zpl
from guantong.coding.labels import TEMPLATES, Label, Template, labels_of, read_template
from guantong.coding.printing import Printing, printing_of
from guantong.coding.symbols import Carrier

__all__ = [
    "TEMPLATES",
    "Carrier",
    "CodeList",
    "CodeRange",
    "CodingError",
    "Courier",
    "Fault",
    "Glyphs",
    "Label",
    "Printing",
    "Template",
    "a4",
    "check_fits",
    "class_of",
    "code_list",
    "codes_of",
    "facts_of",
    "found",
    "issued",
    "key_before",
    "label_svg",
    "labels_of",
    "parse",
    "pdf_of",
    "printing_of",
    "read_template",
    "roll",
    "speaks_for",
    "symbol_svg",
    "tspl",
    "zpl",
]
