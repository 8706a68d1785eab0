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
    issued_as,
    key_before,
    parse,
    range_of,
    ranges_of,
    speaks_for,
)
from guantong.coding.label_file import FILE_FORMS, file_of
from guantong.coding.label_font import Courier, Glyphs, found
from guantong.coding.label_pdf import a4, pdf_of, roll
from guantong.coding.label_printers import tspl, zpl
from guantong.coding.labels import TEMPLATES, Label, Template, labels_of, read_template
from guantong.coding.printed import (
    PRINT_MEDIA,
    VOID_MEDIA,
    PrintJob,
    Void,
    check_job,
    check_void,
    jobs_of,
    parse_job,
    parse_void,
    void_reason,
    voids_of,
)
from guantong.coding.printing import Printing, printing_of, words_of
from guantong.coding.symbols import Carrier

__all__ = [
    "FILE_FORMS",
    "PRINT_MEDIA",
    "TEMPLATES",
    "VOID_MEDIA",
    "Carrier",
    "CodeList",
    "CodeRange",
    "CodingError",
    "Courier",
    "Fault",
    "Glyphs",
    "Label",
    "PrintJob",
    "Printing",
    "Template",
    "Void",
    "a4",
    "check_fits",
    "check_job",
    "check_void",
    "class_of",
    "code_list",
    "codes_of",
    "facts_of",
    "file_of",
    "found",
    "issued",
    "issued_as",
    "jobs_of",
    "key_before",
    "label_svg",
    "labels_of",
    "parse",
    "parse_job",
    "parse_void",
    "pdf_of",
    "printing_of",
    "range_of",
    "ranges_of",
    "read_template",
    "roll",
    "speaks_for",
    "symbol_svg",
    "tspl",
    "void_reason",
    "voids_of",
    "words_of",
    "zpl",
]
