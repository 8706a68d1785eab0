"""GS1's own test vectors, and those of other readers of GS1 codes.

Every line either comes out as its file says, or is listed with a reason in
docs/divergences/identify_gs1.md; a listed line that comes out right fails as well.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from guantong.identify.application_identifiers import _ALL_LINTERS as RULES
from guantong.identify.element_string import ElementString
from guantong.identify.model import Fault, IdentifierError

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


def differing(path: Path, agrees: Agrees) -> list[int]:
    """Lines that do not come out as the file says."""
    return [number for number, row in lines(path) if not agrees(row)]


def check(find: Find, file: str, agrees: Agrees) -> None:
    """Exactly the listed lines differ."""
    assert differing(find(file), agrees) == sorted(listed(file.rpartition("/")[2]))


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
