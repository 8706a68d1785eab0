"""Reports as rows, JSON, marked-up text and sheets; corrections by a person; documents."""

import csv
import io
import json
import sys
import zipfile
from pathlib import Path

import docx
import pytest
import xlsxwriter
from lxml import html

from guantong.bulletin import (
    BulletinError,
    Correction,
    Corrections,
    Verdict,
    check,
    cli_rows,
    marked_up,
    read,
    to_csv,
    to_json,
    to_xlsx,
)
from guantong.bulletin.figures import Role

WRONG = "查办案件8474件，其中网络案件3547件，占43.16%。"
FORMULA = "=HYPERLINK(1)查办案件20件，<b>增长</b>3%。@SUM提高2个百分点"


def test_rows_for_the_command_line() -> None:
    row = cli_rows(check(WRONG))[-1]
    assert row == {
        "text": "43.16%",
        "subject": "网络案件",
        "period": "",
        "value": "43.16",
        "unit": "%",
        "rule": "share",
        "verdict": "wrong",
        "should_be": "41.86%",
    }


def test_json_has_grounds_and_spans() -> None:
    whole = json.loads(to_json(check(WRONG)))
    assert whole["counts"] == {"consistent": 0, "wrong": 1, "unverifiable": 2}
    claim = whole["claims"][-1]
    assert WRONG[claim["span"]["start"] : claim["span"]["end"]] == "43.16%"
    cited = [ground["span"] for ground in claim["because"] if ground["span"]]
    assert [WRONG[span["start"] : span["end"]] for span in cited] == ["3547件", "8474件"]


def test_marked_up_text_is_escaped_and_keeps_every_letter() -> None:
    text = f"{FORMULA}\n<script>alert('1件')</script>\"{WRONG}"
    fragment = marked_up(check(text))
    tree = html.fragment_fromstring(fragment)
    assert tree.xpath("//script | //b") == []
    for added in tree.xpath("//ins"):
        added.drop_tree()
    assert tree.text_content().replace("\n", "") == text.replace("\n", "")
    (wrong,) = tree.xpath("//mark[@class='wrong']")
    assert wrong.text == "43.16%"
    assert "8474件" in wrong.get("title")


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    report = check(
        "=1+1的指数，-3件。@SUM(1)指数上升2件，+cmd指数是9件；2024年，查办案件30件，同比下降3.33%"
    )
    dangerous = [claim.subject for claim in report.claims if claim.subject[:1] in {*"=@+-"}]
    assert dangerous
    rows = list(csv.reader(io.StringIO(to_csv(report).decode("utf-8-sig"))))
    assert len(rows) == len(report.claims) + 1
    for cell in (cell for row in rows for cell in row):
        number = cell.removeprefix("-").replace(".", "", 1).isdecimal()
        assert cell[:1] not in {"=", "+", "-", "@"} or number, cell
    book = zipfile.ZipFile(io.BytesIO(to_xlsx(report)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert f"<t>{dangerous[0]}</t>" in book.read("xl/sharedStrings.xml").decode()


def test_a_reading_that_is_corrected_goes_before_ours() -> None:
    report = check(WRONG)
    share = report.claims[-1]
    row = Correction(key=share.key, by="王芳", on="2026-11-23", value="41.86", note="scan")
    kept = Corrections.load(Corrections().put(row).dump())
    again = check(WRONG, corrections=kept).claims[-1]
    assert (again.verdict, again.corrected_by, again.value) == (Verdict.CONSISTENT, "王芳", "41.86")
    # It still fits when text is added elsewhere.
    longer = check(f"另外，会议有30名代表参加。\n{WRONG}", corrections=kept)
    assert longer.of(Verdict.WRONG) == ()
    assert longer.stale == ()


def test_the_last_correction_of_a_key_counts_and_all_are_kept() -> None:
    key = check(WRONG).claims[-1].key
    first = Correction(key=key, by="王芳", on="2026-11-23", value="41.86")
    last = Correction(key=key, by="李明", on="2026-11-24", claims=False)
    kept = Corrections((first,)).put(last)
    assert Corrections.load(kept.dump()).rows == (first, last)
    report = check(WRONG, corrections=kept)
    assert [claim.text for claim in report.claims] == ["8474件", "3547件"]
    assert [one.reason for one in report.passed_over] == ["read as no claim by a person"]


def test_a_correction_may_change_role_subject_period_and_unit() -> None:
    text = "2024年10月，有关数值158.83点。"
    (claim,) = check(text).claims
    assert claim.verdict is Verdict.UNVERIFIABLE
    row = Correction(
        key=claim.key, by="王芳", on="2026-11-23", subject="中国企业信用指数", period="2024-10",
        unit="点", role=Role.LEVEL, whole="",
    )  # fmt: skip
    (again,) = check(text, corrections=Corrections((row,))).claims
    assert (again.verdict, again.subject) == (Verdict.CONSISTENT, "中国企业信用指数")


def test_a_statement_in_words_may_be_no_claim() -> None:
    text = "2024年10月，从信用指数看，北京排名重返首位。"
    (claim,) = check(text).claims
    row = Correction(key=claim.key, by="王芳", on="2026-11-23", claims=False)
    report = check(text, corrections=Corrections((row,)))
    assert report.claims == ()
    assert report.stale == ()


def test_a_correction_that_fits_no_figure_any_more_is_told() -> None:
    row = Correction(key="0" * 16, by="王芳", on="2026-11-23", claims=False)
    assert check(WRONG, corrections=Corrections((row,))).stale == ("0" * 16,)


def test_a_correction_that_cannot_be_used_is_not_put() -> None:
    with pytest.raises(BulletinError):
        Corrections().put(Correction(key="a", by="b", on="c", value="Infinity"))


BODY = "2024年10月，中国企业信用指数为158.83点，较9月上涨0.47点。"


def _verdicts(data: bytes, name: str) -> tuple[str, list[str]]:
    document = read(data, name)
    return document.kind, [str(claim.verdict) for claim in check(document.text).claims]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_in_the_usual_encodings(encoding: str) -> None:
    assert _verdicts(BODY.encode(encoding), "a.txt") == ("text", ["consistent"] * 2)


def test_markdown_without_its_marks() -> None:
    text = "# 公报\n\n2024年10月，**中国企业信用指数**为[158.83点](https://example.org/1)，较9月上涨`0.47点`。\n"
    assert _verdicts(text.encode(), "a.md") == ("markdown", ["consistent"] * 2)


def test_html_without_scripts_and_markup() -> None:
    text = f"<!doctype html><title>9件</title><style>p{{top:3件}}</style><p>{BODY[:20]}<b>{BODY[20:]}</b></p><script>var a='7件'</script>"
    assert _verdicts(text.encode(), "") == ("html", ["consistent"] * 2)


def test_docx_with_a_table() -> None:
    document = docx.Document()
    document.add_paragraph(BODY)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "立案", "35件"
    out = io.BytesIO()
    document.save(out)
    assert _verdicts(out.getvalue(), "a.docx") == ("docx", ["consistent"] * 2 + ["unverifiable"])


def _pdf(pages: list[str]) -> bytes:
    """A PDF with one text line per page, in a font whose codes are UTF-16."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts "
        b"[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 >>] >>"
    )
    for index, text in enumerate(pages):
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * index} 0 R >>".encode()
        )
        code = f"BT /F1 12 Tf 50 700 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(code), code))
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, start)
    )


def test_pdf_with_pages() -> None:
    data = _pdf(["立案35件。", BODY])
    document = read(data, "a.pdf")
    report = check(document.text)
    assert document.kind == "pdf"
    assert [str(claim.verdict) for claim in report.claims] == ["unverifiable", *["consistent"] * 2]
    assert [document.place(claim.span) for claim in report.claims] == [1, 2, 2]


def test_a_docx_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    docx.Document().save(out)
    monkeypatch.setattr("guantong.bulletin.documents.UNPACKED_MAX", 10)
    with pytest.raises(BulletinError) as caught:
        read(out.getvalue(), "a.docx")
    assert caught.value.faults[0].code == "bulletin.size"


@pytest.mark.parametrize(("package", "data"), [("pypdf", b"%PDF-1.7"), ("docx", b"PK\3\4")])
def test_a_reader_that_is_not_installed_is_told(
    package: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BulletinError) as caught:
        read(data, "a")
    assert "guantong[index]" in caught.value.faults[0].expected


def test_a_workbook_is_no_bulletin(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    xlsxwriter.Workbook(path).close()
    with pytest.raises(BulletinError) as caught:
        read(path.read_bytes(), path.name)
    assert caught.value.faults[0].code == "bulletin.file"
