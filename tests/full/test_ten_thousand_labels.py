"""Ten thousand labels come back from the paper, every one, with Chinese beside them."""

from itertools import islice
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from guantong.coding import (
    TEMPLATES,
    CodeRange,
    CodingError,
    Glyphs,
    a4,
    codes_of,
    found,
    labels_of,
    pdf_of,
)

pytestmark = pytest.mark.full
CLASS = "https://id.gs1.org/01/06901234567892"
CODES = CodeRange(class_uri=CLASS, first=1, last=10_000, spread=12, key="0f" * 16)
WORDS = {"product": "铜芯聚氯乙烯绝缘电缆", "firm": "华东线缆厂", "lot": "L2026", "day": ""}
STRAY = {zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.EAN8}
DPI = {"item-40x20": 200, "small-25x10": 400}


@pytest.mark.parametrize(("name", "count"), [("item-40x20", 10_000), ("small-25x10", 1_000)])
def test_every_one_is_read_again(name: str, count: int) -> None:
    template = TEMPLATES[name]
    labels = list(
        labels_of(template, islice(codes_of(CODES), count), WORDS, resolver="https://codes.example")
    )
    font = found()
    assert font is not None, "a font with Chinese glyphs"
    texts = "".join({one for label in labels for line in label.lines for one in line})
    document = pypdfium2.PdfDocument(pdf_of(labels, template, a4(template), Glyphs(font, texts)))
    seen: list[str] = []
    strays: list[str] = []
    for page in document:
        image = page.render(scale=DPI[name] / 72, grayscale=True).to_numpy()
        image = np.ascontiguousarray(image.reshape(image.shape[:2]))
        for one in zxingcpp.read_barcodes(image):
            (strays if one.format in STRAY else seen).append(one.text)
    said = document[0].get_textpage().get_text_bounded()
    document.close()
    assert sorted(seen) == sorted(label.text for label in labels)
    assert labels[0].lines[0] in said
    # A reader of everything takes the modules of about one label in ten thousand for a bar code, too.
    assert len(strays) <= 2, strays


def test_a_font_without_a_glyph_is_refused(tmp_path: Path) -> None:
    font = found()
    assert font is not None
    with pytest.raises(CodingError) as refused:
        Glyphs(font, "a\U0001f600")
    assert "\U0001f600" in refused.value.faults[0].expected
    (tmp_path / "no.ttf").write_bytes(b"no font")
    with pytest.raises(CodingError) as refused:
        Glyphs(tmp_path / "no.ttf", "a")
    assert refused.value.faults[0].path == "font"
