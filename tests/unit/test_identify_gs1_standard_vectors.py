"""GS1's own test vectors, and those of other readers of GS1 codes.

Every line either comes out as its file says, or is listed with a reason in
docs/divergences/identify_gs1.md; a listed line that comes out right fails as well.
"""

import ast
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from guantong.identify.application_identifiers import _ALL_LINTERS as RULES
from guantong.identify.application_identifiers import find, read_date, read_decimal, table
from guantong.identify.check_digits import check_digit
from guantong.identify.company_prefix import prefix_length
from guantong.identify.digital_link import DigitalLink
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import build_urn, parse_urn
from guantong.identify.gs1_keys import Gln, Gs1Identifier, Gtin, Sscc
from guantong.identify.model import Fault, IdentifierError, Kind
from guantong.identify.scan_data import Scan, Symbol

Row = dict[str, Any]
Find = Callable[[str], Path]
Agrees = Callable[[Row], object]
"""Whether a row comes out as it says."""

LISTED = Path(__file__).parents[2] / "docs" / "divergences" / "identify_gs1.md"

WORDS = {
    r"COUPON_TOO_SHORT\w+": Fault.COMPONENT,
    r"INCORRECT_CHECK.*": Fault.CHECK,
    r"INVALID_\w+_CHARACTER": Fault.CHARACTER,
    r"NON_DIGIT_CHARACTER": Fault.CHARACTER,
    r"INVALID_CSET64_PADDING": Fault.FORMAT,
    r"INVALID_PERCENT_SEQUENCE": Fault.FORMAT,
    r"[A-Z]+_TOO_(SHORT|LONG).*": Fault.LENGTH,
    r"TOO_SHORT_FOR_CHECK.*": Fault.LENGTH,
    r"ILLEGAL_(DAY|MONTH|HOUR|MINUTE|SECOND)": Fault.DATE,
    r"COUPON_INVALID_\w*DATE": Fault.DATE,
    r"NOT_ISO\w+|INVALID_PACKAGE_TYPE|INVALID_MEDIA_TYPE|ZERO_\w+": Fault.COMPONENT,
    r"COUPON_(MISSING|TRUNCATED|INVALID)_(?!\w*DATE)\w+": Fault.COMPONENT,
}
"""Which of our faults the names of GS1's errors stand for."""


def listed(file: str) -> dict[int, str]:
    """Line number to reason, for one vector file."""
    rows = re.findall(
        r"^\| (\S+) \| ([\d ,–-]+) \| .*? \| (.*?) \|$", LISTED.read_text(), re.MULTILINE
    )
    found: dict[int, str] = {}
    for name, lines, reason in rows:
        if name == file:
            for one in re.findall(r"\d+", lines):
                found[int(one)] = reason
    return found


def lines(path: Path) -> Iterator[tuple[int, Row]]:
    """Line number from 1, and the row."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line:
            yield number, json.loads(line)


def check(find: Find, file: str, agrees: Agrees) -> None:
    """Exactly the listed lines differ."""
    rows = dict(lines(find(file)))
    wrong = {number: row for number, row in rows.items() if not agrees(row)}
    reasons = listed(file.rpartition("/")[2])
    assert {n: row for n, row in wrong.items() if n not in reasons} == {}
    assert sorted(reasons) == sorted(wrong)


def read(text: str) -> ElementString | None:
    """The message, or None when it is refused."""
    try:
        return ElementString.parse(text)
    except IdentifierError:
        return None


def lints(row: Row) -> object:
    problem = RULES[row["linter"]](row["data"])
    if row["ok"] or problem is None:
        return bool(row["ok"]) == (problem is None)
    wanted = next(
        (code for words, code in WORDS.items() if re.fullmatch(words, row["error"])), None
    )
    return wanted is None or problem[0] == wanted


def test_linters(testdata: Find) -> None:
    check(testdata, "11-gs1-syntax/linter_vectors.jsonl", lints)


def test_linters_in_element_strings(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        return (read(row["bracketed"]) is not None) == (row["error"] == "OK")

    check(testdata, "11-gs1-syntax/se_ai_linters.jsonl", agrees)


def test_associations(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        message = read(row["bracketed"])
        return (message is not None and not message.associations()) == row["ok"]

    check(testdata, "11-gs1-syntax/se_ai_association_rules.jsonl", agrees)


def test_bracketed(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        message = read(row["bracketed"])
        if message is None or not row["ok"]:
            return (message is not None) == row["ok"]
        return caret(message) == row["unbracketed"] and message.bracketed == row["bracketed"]

    check(testdata, "11-gs1-syntax/se_parse_bracketed.jsonl", agrees)


def caret(message: ElementString) -> str:
    """The notation of GS1's engine, ^ for FNC1."""
    return "^" + message.scan_data.replace("\x1d", "^")


def test_unbracketed(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        return (read(row["unbracketed"].replace("^", "\x1d")) is not None) == row["ok"]

    check(testdata, "11-gs1-syntax/se_process_unbracketed.jsonl", agrees)


SYMBOLS = {
    "QR": Symbol.QR,
    "DM": Symbol.DATA_MATRIX,
    "DotCode": Symbol.DOT_CODE,
    "DataBarExpanded": Symbol.DATABAR_EXPANDED,
    "GS1_128_CCA": Symbol.GS1_128,
    "UPCA": Symbol.EAN_13,
    "UPCE": Symbol.EAN_13,
    "EAN13": Symbol.EAN_13,
}
"""The names of GS1's engine."""


def test_scan_data(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        try:
            scan = Scan.parse(row["scan_data"])
        except IdentifierError:
            return not row["ok"]
        noted = re.sub(r"^(\\*\^)", r"\\\1", scan.data)
        if scan.message is not None:
            noted = "^" + scan.data.replace("\x1d", "^")
        return (
            row["ok"]
            and noted == row["data"]
            and scan.symbol is SYMBOLS[row["symbology"]]
            and scan.text == row["scan_data"]
        )

    check(testdata, "11-gs1-syntax/se_process_scan_data.jsonl", agrees)


def built(row: Row) -> str | None:
    """What we make of symbology and data; None when it is refused."""
    symbol = SYMBOLS[row["symbology"]]
    first, _, second = row["data"].partition("|") if symbol is not Symbol.QR else (row["data"],) * 3
    composite = second[1:].replace("^", "\x1d") if second != first else ""
    try:
        if symbol is Symbol.EAN_13:
            add_check = row.get("settings", {}).get("AddCheckDigit", False)
            digits = first.removeprefix("^01").removeprefix("0" if first[0] == "^" else "")
            digits = digits if row["symbology"] == "EAN13" else digits.zfill(13)
            return Scan.of_number(symbol, digits, composite=composite, add_check=add_check).text
        if first.startswith("^"):
            data = first[1:].replace("^", "\x1d")
            return Scan.of_elements(symbol, data, composite=composite).text
        return Scan.of_text(symbol, re.sub(r"^\\(\\*\^)", r"\1", first)).text
    except IdentifierError:
        return None


def test_scan_data_made(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        return built(row) == row["scan_data"]

    check(testdata, "11-gs1-syntax/se_generate_scan_data.jsonl", agrees)


def link(text: str, **options: bool) -> DigitalLink | None:
    """The Digital Link, or None when it is refused."""
    try:
        return DigitalLink.parse(text, **options)
    except IdentifierError:
        return None


def test_digital_links_parsed(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        short = row.get("settings", {}).get("PermitZeroSuppressedGTINinDLuris", False)
        found = link(row["uri"], short_gtin=short)
        if found is None or not row["ok"]:
            return (found is not None) == row["ok"]
        return caret(found.elements) == row["element_string"]

    check(testdata, "12-digital-link/se_parse_dl_uri.jsonl", agrees)


def test_digital_links_made(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        message = read(row["element_string"])
        try:
            made = DigitalLink.of(message, stem=row["stem"]).text if message else None
        except IdentifierError:
            made = None
        return (made or "") == row["uri"]

    check(testdata, "12-digital-link/se_generate_dl_uri.jsonl", agrees)


def notations(message: ElementString) -> list[str]:
    """Four ways to write a message: FNC1 where needed, everywhere, brackets, JSON."""
    everywhere = "".join(f"^{ai}{value}" for ai, value in message.elements)
    as_json = json.dumps(dict(message.elements), separators=(",", ":"))
    return [caret(message), everywhere, message.bracketed, as_json]


def test_digital_links_of_the_simple_parser(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        found = link(row["uri"])
        if found is None or not row["ok"]:
            return (found is not None) == row["ok"]
        message = found.elements
        return [*notations(message), *notations(message.fixed_first())] == row["expected"]

    check(testdata, "12-digital-link/simple_parser.jsonl", agrees)


def test_digital_links_normalised(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        found = link(row["input"])
        return found is not None and found.text == row["expected"]

    check(testdata, "12-digital-link/openepcis_dl_normalize.jsonl", agrees)


def test_digital_links_as_maps(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        found = link(row["input"])
        return found is not None and dict(found.elements.elements) == row["expected"]

    check(testdata, "12-digital-link/openepcis_dl_parse.jsonl", agrees)


def urn_or_link(text: str, prefix_length: int | None) -> Gs1Identifier | None:
    """An EPC URN or Digital Link, its company prefix checked when a length is given."""
    try:
        if text.startswith("urn:"):
            found = parse_urn(text)
            return found if isinstance(found, Gs1Identifier) else None
        identifier = DigitalLink.parse(text).identifier
        if prefix_length:
            build_urn(identifier, prefix_length=prefix_length)
    except IdentifierError:
        return None
    return identifier


def test_identifiers_validated(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        length = row["gcp_length"] or ""
        found = urn_or_link(row["input"], int(length) if length.isdigit() else None)
        return (found is not None) == row["ok"]

    check(testdata, "12-digital-link/openepcis_identifier_validation.jsonl", agrees)


def converted(row: Row) -> str | None:
    """What `fn` of the row gives here; None when it is refused."""
    length = int(row["args"][0]) if row["args"] else None
    try:
        if row["fn"] in {"toURN", "toURNForClassLevelIdentifier"}:
            return build_urn(DigitalLink.parse(row["input"]).identifier, prefix_length=length)
        found = parse_urn(row["input"])
        if row["fn"] == "toURIForClassLevelIdentifier" and found.kind is Kind.ITEM:
            return None
        return found.uri
    except IdentifierError:
        return None


def is_vocabulary(row: Row) -> bool:
    """Lines about CBV words, which are no identifiers and belong to another room."""
    return "Vocabulary" in row["class"]


def test_conversions(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        return is_vocabulary(row) or converted(row) == row["expected"]

    check(testdata, "12-digital-link/openepcis_convert_pairs.jsonl", agrees)


def test_conversions_refused(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        return (
            is_vocabulary(row)
            or converted({**row, "args": [row["args"]][: bool(row["args"])]}) is None
        )

    check(testdata, "12-digital-link/openepcis_convert_invalid.jsonl", agrees)


def gtin_in(length: int) -> Callable[[Any], object]:
    """A GTIN written with `length` digits, as biip's ``as_gtin_*``."""
    return lambda case: Gtin.parse(case[0]).as_digits(length) == case[1]


def too_long(length: int) -> Callable[[Any], object]:
    return lambda case: refuses(lambda: Gtin.parse(case).as_digits(length))


def refuses(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except IdentifierError:
        return True
    return False


def on_stem(case: Any) -> object:
    """A link on the host and path that the case names."""
    text, host, path, want = case
    stem = f"https://{host or 'id.gs1.org'}" + (f"/{path}" if path else "")
    return DigitalLink.of(DigitalLink.parse(text).elements, stem=stem).text == want


def by_title(elements: ElementString, title: str) -> list[str]:
    """Values whose data title starts with `title`, as biip looks them up."""
    return [value for ai, value in elements.elements if table()[ai].title.startswith(title)]


def by_ai(elements: ElementString, ai: str) -> list[str]:
    """Values whose identifier starts with `ai`."""
    return [value for name, value in elements.elements if name.startswith(ai)]


def joined(source: str) -> ElementString:
    """The message of a list of biip's single elements."""
    return ElementString.parse("\x1d".join(re.findall(r"extract\('([^']*)'\)", source)))


def measure(case: Any) -> object:
    """A measure or amount, its currency left out."""
    ((ai, value),) = ElementString.parse(case[0]).elements
    return read_decimal(ai, value) == case[-1]


def day(case: Any) -> object:
    ((_, value),) = ElementString.parse(case[0]).elements
    return read_date(value[:6], near=dt.date(2026, 11, 23)) == case[1]


def whole_value(case: Any) -> object:
    """The one element of a message, compared with the value biip found."""
    ((_, value),) = ElementString.parse(case[0]).elements
    return f"value={value!r}" in case[1]


def number(case: Any) -> object:
    """A bare or marked number, compared with the GTIN or SSCC biip found."""
    text, want = case
    if text[0] == "]":
        message = Scan.parse(text).message
        found = message.identifier.value if message and message.identifier else ""
    elif len(text) in {8, 12, 13, 14}:
        found = Gtin.parse(text).value
    elif len(text) == 18:
        found = Sscc.parse(text).value
    else:
        found = ElementString.parse(text).elements[0][1]
    expected = re.search(r"(?:gtin=Gtin|sscc=Sscc)\(value='(\d+)'", want)
    return expected is not None and found.lstrip("0") == expected[1].lstrip("0")


FROM_BIIP: dict[str, Callable[[Any], object]] = {
    "test_as_gtin_14": gtin_in(14),
    "test_as_gtin_13": gtin_in(13),
    "test_as_gtin_12": gtin_in(12),
    "test_as_gtin_13_fails_for_too_long_values": too_long(13),
    "test_as_gtin_8_fails_for_too_long_values": too_long(8),
    "test_parse_gtin_8": Gtin.parse,
    "test_parse_gtin_12_with_1_leading_zero": Gtin.parse,
    "test_parse_gtin_12_with_2_leading_zero": Gtin.parse,
    "test_parse_gtin_12_with_3_leading_zero": Gtin.parse,
    "test_gs1_standard_check_digit_with_nonnumeric_value": RULES["csum"],
    "test_gs1_standard_check_digit": lambda case: check_digit(case[0]) == str(case[1]),
    "test_parse_nonnumeric_value": lambda case: refuses(lambda: Gln.parse(case)),
    "test_extract_unknown_gs1_ai": lambda case: refuses(lambda: find(case)),
    "test_as_uri": on_stem,
    "test_as_canonical_uri": lambda case: DigitalLink.parse(case[0]).canonical == case[1],
    "test_as_gs1_message": lambda case: DigitalLink.parse(case[0]).elements.bracketed == case[1],
    "test_get_element_strings_by_data_title": lambda case: (
        by_title(DigitalLink.parse(case[0]).elements, case[1]) == [case[2]]
    ),
    "test_extract": whole_value,
    "test_extract_with_nested_error": lambda case: refuses(lambda: ElementString.parse(case[0])),
    "test_extract_fails_when_not_matching_pattern": lambda case: refuses(
        lambda: ElementString.parse(case[1])
    ),
    "test_extract_date_and_datetime": day,
    "test_extract_variable_measures": measure,
    "test_extract_amount_payable": measure,
    "test_extract_amount_payable_and_currency": measure,
    "test_parse_with_separator_char": lambda case: (
        ElementString.parse(case[0]).bracketed == case[2]
    ),
    "test_parse_ignores_redundant_separator_chars": lambda case: (
        ElementString.parse(case[0]).bracketed == case[1]
    ),
    "test_parse_hri_fails_if_not_starting_with_parenthesis": lambda case: refuses(
        lambda: ElementString.parse(case)
    ),
    "test_parse_hri_fails_if_no_pattern_matches": lambda case: refuses(
        lambda: ElementString.parse(case)
    ),
    "test_filter_element_strings_by_ai": lambda case: (
        by_ai(ElementString.parse(case[0]), case[1]) == case[2]
    ),
    "test_filter_element_strings_by_data_title": lambda case: (
        by_title(ElementString.parse(case[0]), case[1]) == case[2]
    ),
    "test_get_element_string_by_ai": lambda case: (
        next(iter(by_ai(ElementString.parse(case[0]), case[1])), None) == case[2]
    ),
    "test_get_element_string_by_data_title": lambda case: (
        next(iter(by_title(ElementString.parse(case[0]), case[1])), None) == case[2]
    ),
    "test_list_filter_element_strings_by_ai": lambda case: (
        by_ai(joined(case[0]), case[1]) == case[2]
    ),
    "test_list_get_element_strings_by_data_title": lambda case: (
        by_title(joined(case[0]), case[1]) == [case[2]]
    ),
    "test_gs1_company_prefix": lambda case: prefix_length(case[0]) == case[1],
}
"""How each of biip's tests reads here. A test that is not named has no counterpart."""


def evaluated(text: str) -> Any:
    """A case as Python data; objects of biip stay as their text."""
    text = re.sub(r"Decimal\(('?)([\d.]+)'?\)", r"Decimal('\2')", text)
    tree = ast.parse(text, mode="eval").body
    parts = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    values = [_evaluated(part) for part in parts]
    return values if isinstance(tree, ast.Tuple) else values[0]


def _evaluated(part: ast.expr) -> Any:
    source = ast.unparse(part)
    if source.startswith("Decimal("):
        return Decimal(source[9:-2])
    if source.startswith("dt.date("):
        return dt.date(*ast.literal_eval(source.removeprefix("dt.date")))
    try:
        return ast.literal_eval(part)
    except ValueError:
        return source


def test_cases_of_biip(testdata: Find) -> None:
    def agrees(row: Row) -> object:
        ask = FROM_BIIP.get(row["test"])
        if row["file"].startswith("tests/upc/") or row["file"] == "tests/test_symbology.py":
            return False
        if row["test"] == "test_parse" and row["file"] == "tests/test_parse.py":
            ask = number
        elif row["test"] == "test_parse" and "digital_link" in row["file"]:
            ask = link_value
        elif row["test"] == "test_parse":
            ask = whole_value
        try:
            return bool(ask and ask(evaluated(row["case"])))
        except IdentifierError:
            return False

    check(testdata, "12-digital-link/biip_cases.jsonl", agrees)


def link_value(case: Any) -> object:
    """Every element of a link, compared with the values biip found."""
    elements = DigitalLink.parse(case[0]).elements.elements
    return all(f"extract('{ai}'), value={value!r}" in case[1] for ai, value in elements)
