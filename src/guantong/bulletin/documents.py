"""What text is in this document: plain text, Markdown, HTML, PDF or DOCX?

The text keeps its paragraphs; places in it tell page or paragraph, so that a claim can be shown
where it stands.
"""

import io
import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from guantong.bulletin.check import TEXT_MAX
from guantong.bulletin.model import BulletinError, Fault, Span
from guantong.errors import fault

BYTES_MAX: Final = 30_000_000
"""Bytes of a document."""
UNPACKED_MAX: Final = 200_000_000
"""Bytes of a DOCX when unpacked."""
PAGES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Document:
    """A document as text."""

    text: str
    kind: str
    """``text``, ``markdown``, ``html``, ``pdf`` or ``docx``."""
    starts: tuple[int, ...]
    """Offset at which each page (PDF) or paragraph (all others) begins."""

    def place(self, span: Span) -> int:
        """Page or paragraph of a claim, counted from 1."""
        return max(1, bisect_right(self.starts, span.start))


def read(data: bytes, name: str = "") -> Document:
    """Turn a document into text.

    Args:
        data: The file.
        name: Its name; the ending tells the kind where the first bytes do not.

    Returns:
        Text with the places in it.

    Raises:
        BulletinError: if it is too large, of no known kind, or broken.
    """
    if len(data) > BYTES_MAX:
        raise BulletinError(fault(Fault.SIZE, expected=f"at most {BYTES_MAX} bytes", got=len(data)))
    kind = _kind(data, name.lower())
    try:
        document = _READERS[kind](data)
    except ImportError as refusal:
        expected = "the extra guantong[index] installed, which reads PDF and DOCX"
        raise BulletinError(fault(Fault.FILE, expected=expected, got=refusal.name)) from refusal
    if len(document.text) > TEXT_MAX:
        raise BulletinError(
            fault(Fault.SIZE, expected=f"at most {TEXT_MAX} characters", got=len(document.text))
        )
    return document


def _kind(data: bytes, name: str) -> str:
    if data[:5] == b"%PDF-":
        return "pdf"
    if data[:4] == b"PK\x03\x04":
        return "docx"
    if name.endswith((".html", ".htm")) or re.match(
        rb"\s*<(?:!doctype html|html)", data[:200].lower()
    ):
        return "html"
    if name.endswith((".pdf", ".docx", ".doc", ".wps", ".xlsx")):
        msg = name.rpartition(".")[2].upper()
        raise _broken(msg, name)
    return "markdown" if name.endswith((".md", ".markdown")) else "text"


def _broken(got: object, kind: str) -> BulletinError:
    expected = f"{kind} that can be read"
    return BulletinError(fault(Fault.FILE, expected=expected, got=got))


def _text(data: bytes) -> Document:
    return _paragraphs(_decoded(data), "text")


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with a mark, or GB 18030, in this order."""
    encodings = ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n")
    msg = "text in UTF-8, UTF-16 or GB 18030"
    raise _broken(data[:20], msg)


def _paragraphs(text: str, kind: str) -> Document:
    starts = (0, *(match.end() for match in re.finditer(r"\n", text)))
    return Document(text, kind, starts)


_MARKUP: Final = re.compile(r"\*\*|__|`|(?m:^#{1,6} )|(?m:^> )")
_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")


def _markdown(data: bytes) -> Document:
    """Without its marks; a table row becomes a line."""
    text = _LINK.sub(r"\1", _decoded(data))
    text = re.sub(r"(?m)^\|?[ :|-]+\|[ :|-]*$", "", text)
    return _paragraphs(_MARKUP.sub("", text), "markdown")


_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "table",
        "ul",
        "ol",
        "section",
        "article",
        "br",
        "blockquote",
        "dt",
        "dd",
    ]
)
_SILENT: Final = frozenset(["script", "style", "head", "template", "noscript", "title"])


def _html(data: bytes) -> Document:
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(
        no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = lxml_html.document_fromstring(_decoded(data), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as refusal:
        msg = "HTML"
        raise _broken(refusal, msg) from refusal
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        _html_step(event, element, parts)
    text = re.sub(r"[ \t\r\n]*\n[ \t\r\n]*", "\n", "".join(parts)).strip()
    return _paragraphs(text, "html")


def _html_step(event: str, element: "etree._Element", parts: list[str]) -> None:  # type: ignore[name-defined] # noqa: F821
    tag = str(element.tag)
    silent = tag in _SILENT or any(str(one.tag) in _SILENT for one in element.iterancestors())
    if event == "start":
        if tag in _BLOCKS:
            parts.append("\n")
        if element.text and not silent:
            parts.append(re.sub(r"\s+", " ", element.text))
        return
    if tag in _BLOCKS:
        parts.append("\n")
    parent = element.getparent()
    if element.tail and parent is not None and not _is_silent(parent):
        parts.append(re.sub(r"\s+", " ", element.tail))


def _is_silent(element: "etree._Element") -> bool:  # type: ignore[name-defined] # noqa: F821
    return str(element.tag) in _SILENT or any(
        str(one.tag) in _SILENT for one in element.iterancestors()
    )


def _pdf(data: bytes) -> Document:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        count = len(reader.pages)
        pages = [page.extract_text() for page in reader.pages[:PAGES_MAX]]
    # the reader has no common base for what broken files make it raise
    except Exception as refusal:
        raise _broken(refusal, "PDF") from refusal
    if count > PAGES_MAX:
        raise BulletinError(fault(Fault.SIZE, expected=f"at most {PAGES_MAX} pages", got=count))
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page) + 1
    return Document("\n".join(pages), "pdf", tuple(starts))


def _docx(data: bytes) -> Document:
    """Paragraphs and tables in the order of the document; a table row is a line."""
    import docx
    from docx.table import Table

    try:
        _weigh(data)
        body = docx.Document(io.BytesIO(data))
        lines: list[str] = []
        for block in body.iter_inner_content():
            if isinstance(block, Table):
                lines += ["，".join(cell.text for cell in row.cells) for row in block.rows]
            else:
                lines.append(block.text)
    except BulletinError:
        raise
    # zip, XML and package faults share no base
    except Exception as refusal:
        msg = "DOCX"
        raise _broken(refusal, msg) from refusal
    return _paragraphs("\n".join(lines), "docx")


def _weigh(data: bytes) -> None:
    """Refuse what unpacks to more than is reasonable. Raises BulletinError."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        size = sum(entry.file_size for entry in package.infolist())
    if size > UNPACKED_MAX:
        raise BulletinError(
            fault(Fault.SIZE, expected=f"at most {UNPACKED_MAX} bytes unpacked", got=size)
        )


_READERS: Final[dict[str, Callable[[bytes], Document]]] = {
    "text": _text, "markdown": _markdown, "html": _html, "pdf": _pdf, "docx": _docx,
}  # fmt: skip
