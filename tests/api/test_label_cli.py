"""From the codes to the label, by the command line."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner

from guantong.serve.cli import main

GTIN = "06901234567892"


def run(data: Path, *words: str) -> str:
    done = CliRunner().invoke(main, [*words, "--data", str(data)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def data(tmp_path: Path) -> Path:
    run(
        tmp_path / "data",
        "issue",
        GTIN,
        "1",
        "50",
        "--spread",
        "12",
        "--lot",
        "L1",
        "--party",
        "urn:x:a",
    )
    return tmp_path / "data"


def test_the_labels_are_those_that_were_issued(data: Path, tmp_path: Path) -> None:
    listed = tmp_path / "codes.txt"
    run(
        data,
        "issue",
        GTIN,
        "51",
        "60",
        "--spread",
        "12",
        "--party",
        "urn:x:a",
        "--codes",
        str(listed),
    )
    out = tmp_path / "labels.pdf"
    where = ("--resolver", "https://codes.example/", "--out", str(out))
    said = run(data, "label", GTIN, "51", "60", "--template", "any-40x20", *where)
    assert said == f"10 labels, {out.stat().st_size} bytes\n"
    document = pypdfium2.PdfDocument(out.read_bytes())
    image = document[0].render(scale=300 / 72).to_numpy()[:, :, :3]
    document.close()
    found = {one.text for one in zxingcpp.read_barcodes(np.ascontiguousarray(image))}
    codes = listed.read_text("utf-8").split()
    assert found == {code.replace("id.gs1.org", "codes.example") for code in codes}


def test_the_other_ways_out(data: Path, tmp_path: Path) -> None:
    for form, head in (("roll", b"%PDF"), ("zpl", b"^XA"), ("tspl", b"SIZE 40 mm")):
        out = tmp_path / form
        run(data, "label", GTIN, "1", "3", "--as", form, "--out", str(out))
        assert out.read_bytes().startswith(head)
    out = tmp_path / "list.csv"
    said = run(data, "label", GTIN, "1", "3", "--as", "csv", "--out", str(out))
    assert said == f"3 rows, SHA-256 {sha256(out.read_bytes()).hexdigest()}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((GTIN, "40", "51"), "coding.range"),
        (("06901234567885", "1", "2"), "coding.range"),
        ((GTIN, "1", "2", "--template", "{}"), "coding.label"),
        ((GTIN, "1", "2", "--font", "README.md"), "coding.label"),
    ],
)
def test_what_is_not_printed(data: Path, tmp_path: Path, words: tuple[str, ...], code: str) -> None:
    named = [str(_written(tmp_path, one)) if one == "{}" else one for one in words]
    done = CliRunner().invoke(
        main, ["label", *named, "--data", str(data), "--out", str(tmp_path / "no")]
    )
    assert done.exit_code == 1
    assert code in done.output
    assert not list(tmp_path.glob("no*"))


def _written(folder: Path, text: str) -> Path:
    path = folder / "template.json"
    path.write_text(text, "utf-8")
    return path
