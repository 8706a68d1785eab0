"""Labels: templates and what they refuse, sheets that a reader of PDF and of symbols understands, lists."""

import csv
import io
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from guantong.coding import (
    TEMPLATES,
    Carrier,
    CodingError,
    Courier,
    Label,
    Template,
    a4,
    code_list,
    labels_of,
    pdf_of,
    read_template,
    roll,
)

GTIN = "https://id.gs1.org/01/06901234567892"
WORDS = {"product": "BV 2.5", "firm": "Works", "lot": "L-26", "day": "2026-11-01"}
PLAIN = {
    "name": "mine",
    "width_mm": 50,
    "height_mm": 20,
    "carrier": "qr",
    "symbol_mm": 15,
    "lines": [{"text": "{product} no. {number}", "size_pt": 6}, {"text": "{code}", "size_pt": 4.0}],
}


def template(**changed: Any) -> Template:
    return read_template(json.dumps(PLAIN | changed).encode())


def made(of: Template, count: int, **words: str) -> list[Label]:
    uris = [f"{GTIN}/21/{number}" for number in range(1, count + 1)]
    return list(labels_of(of, uris, WORDS | words))


def shown(data: bytes, page: int = 0) -> tuple[list[str], str]:
    """The texts of all symbols of a page, and its text."""
    document = pypdfium2.PdfDocument(data)
    one = document[page]
    image = one.render(scale=300 / 72).to_numpy()[:, :, :3]
    texts = [found.text for found in zxingcpp.read_barcodes(np.ascontiguousarray(image))]
    said = one.get_textpage().get_text_bounded()
    document.close()
    return sorted(texts), said


def pages(data: bytes) -> int:
    document = pypdfium2.PdfDocument(data)
    count = len(document)
    document.close()
    return count


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"width_mm": 0}, "width_mm"),
        ({"width_mm": 500}, "width_mm"),
        ({"symbol_mm": 19}, "symbol_mm"),
        ({"width_mm": 18}, "symbol_mm"),
        ({"lines": [{"text": "{colour}"}]}, "lines"),
        ({"lines": [{"text": "{code.__class__}"}]}, "lines"),
        ({"lines": [{"text": "x", "size_pt": 60}]}, "lines"),
        ({"lines": [{"text": "x", "size_pt": -1}]}, "lines"),
        ({"lines": [{"text": "x", "size_pt": 1}] * 13}, "lines"),
        ({"carrier": "aztec"}, ""),
        ({"colour": "red"}, ""),
    ],
)
def test_refused_templates(changed: dict[str, Any], path: str) -> None:
    with pytest.raises(CodingError) as refused:
        template(**changed)
    assert [(one.code, one.path) for one in refused.value.faults] == [("coding.label", path)]


def test_ours_are_none_of_those() -> None:
    for one in TEMPLATES.values():
        labels = made(one, 2)
        assert len(labels) == 2
        assert pages(pdf_of(labels, one, roll(one), _Wide())) == 2


def test_a_symbol_too_small_to_be_read_is_refused() -> None:
    small = template(symbol_mm=5)
    with pytest.raises(CodingError) as refused:
        made(small, 1)
    assert refused.value.faults[0].path == "symbol_mm"


class _Wide(Courier):
    """Courier that leaves out what it has no letters for."""

    def shown(self, text: str) -> bytes:
        return super().shown(text.encode("cp1252", "replace").decode("cp1252"))


def test_a_sheet_is_read_again() -> None:
    mine = template()
    sheet = a4(mine)
    assert (sheet.columns, sheet.rows) == (3, 12)
    labels = made(mine, 40)
    data = pdf_of(labels, mine, sheet, Courier())
    assert pages(data) == 2
    for page, part in enumerate((labels[:36], labels[36:])):
        texts, said = shown(data, page)
        assert texts == sorted(label.text for label in part)
        for label in part:
            assert all(line in said for line in label.lines)
    assert "BV 2.5 no. 40" in shown(data, 1)[1]
    assert data == pdf_of(labels, mine, sheet, Courier())


@pytest.mark.parametrize("carrier", list(Carrier))
def test_every_carrier_is_read_again(carrier: Carrier) -> None:
    """On rolls, where nothing stands beside a label."""
    side, wide = (12, 70) if carrier is Carrier.GS1_128 else (15, 50)
    lines = [{"text": "{code}", "size_pt": 4}]
    mine = template(carrier=carrier.value, symbol_mm=side, width_mm=wide, lines=lines)
    labels = made(mine, 3)
    data = pdf_of(labels, mine, roll(mine), Courier())
    assert [shown(data, page)[0] for page in range(3)] == [[label.text] for label in labels]


def test_lines_are_pressed_together_but_not_cut() -> None:
    narrow = template(width_mm=34)
    labels = made(narrow, 1, product="B" * 8)
    assert labels[0].lines[0] in shown(pdf_of(labels, narrow, roll(narrow), Courier()))[1]
    with pytest.raises(CodingError) as refused:
        pdf_of(made(narrow, 1, product="B" * 60), narrow, roll(narrow), Courier())
    assert refused.value.faults[0].path == "lines"


def test_without_a_font_there_is_no_chinese() -> None:
    mine = template()
    with pytest.raises(CodingError) as refused:
        pdf_of(made(mine, 1, product="电缆"), mine, roll(mine), Courier())
    assert refused.value.faults[0].path == "font"


def test_what_is_larger_than_a_sheet_is_refused() -> None:
    with pytest.raises(CodingError) as refused:
        a4(template(width_mm=250))
    assert refused.value.faults[0].path == "template"


def rows(data: bytes) -> Sequence[Sequence[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_list_for_a_print_house() -> None:
    labels = made(template(), 12, product="=SUM(A1)")
    listed = code_list(labels)
    head, *told = rows(listed.data)
    assert (listed.rows, listed.digest) == (12, sha256(listed.data).hexdigest())
    assert head == ["number", "symbol", "lines"]
    assert [row[1] for row in told] == [label.text for label in labels]
    assert {row[2][:5] for row in told} == {"'=SUM"}
