"""Which claims of this bulletin hold? A form, the text marked up, a table, and the same as files.

Nothing is kept: the result page holds the text in its own form, from which JSON and sheet are
made anew. Nothing is changed either, so that no key is needed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import Final
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from markupsafe import Markup
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import bulletin
from guantong.bulletin import Report, Verdict
from guantong.capture.faults import Fault as CaptureFault
from guantong.errors import fault
from guantong.serve import answer, asked, index_pages, pages
from guantong.serve.desk import Desk
from guantong.serve.problems import Fault, HttpError
from guantong.serve.upload import Budget, next_chunk

BYTES_MAX: Final = 4 * 2**20
"""Size of the form with its file."""
TEXT_MAX: Final = 30_000
"""Characters of a text: a bulletin of some 20 pages. The command line takes more."""
DIGITS_MAX: Final = 200
"""Digits in a row: no figure has so many, and reading them takes time."""
AT_ONCE: Final = 2
"""Texts checked at once; more wait."""
SHEET_MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Final = frozenset({"", "html", "json", "xlsx"})
KINDS: Final = frozenset({"txt", "md", "markdown", "htm", "html", "pdf", "docx"})
"""Endings of files that are read."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file out of a form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What was handed in."""

    fields: Mapping[str, str]
    file: Upload | None = None


def routes(desk: Desk) -> list[Route]:
    """The addresses of the checker."""
    made = BulletinPages(desk)
    return [
        Route("/bulletin", made.form),
        Route("/bulletin", made.post, methods=["POST"]),
        Route("/bulletin.json", made.post, methods=["POST"]),
    ]


class BulletinPages:
    """The form, and the answer to it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._budget = Budget(AT_ONCE * 2 * BYTES_MAX)
        self._limit = CapacityLimiter(AT_ONCE)

    async def form(self, request: Request) -> Response:
        """The empty form."""
        return answer.page(request, self._page(request, "", None))

    async def post(self, request: Request) -> Response:
        """The text or file that was handed in, checked.

        Returns:
            Page, JSON or sheet.
        """
        body = bytearray()
        try:
            await self._read(request, body)
            form = form_of(request.headers.get("content-type", ""), bytes(body))
            return await to_thread.run_sync(self._answer, request, form, limiter=self._limit)
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            self._budget.give_back(len(body))

    async def _read(self, request: Request, body: bytearray) -> None:
        """The body, and never more than is allowed of it. Raises HttpError."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 15 or int(declared) > BYTES_MAX):
            raise _too_large()
        chunks = aiter(request.stream())
        while (chunk := await next_chunk(chunks)) is not None:
            if len(body) + len(chunk) > BYTES_MAX:
                raise _too_large()
            self._budget.take(len(chunk))
            body += chunk

    def _answer(self, request: Request, form: Form) -> Response:
        wanted = form.fields.get("format") or request.query_params.get("format", "")
        if wanted not in FORMATS:
            expected = "html | json | xlsx"
            raise HttpError(fault(Fault.QUERY, expected=expected, got=wanted, path="format"))
        text = text_of(form)
        report = bulletin.check(text)
        if wanted == "xlsx":
            kept = {"Content-Disposition": 'attachment; filename="claims.xlsx"'}
            return Response(bulletin.to_xlsx(report), headers=kept, media_type=SHEET_MEDIA)
        if wanted == "json" or (not wanted and asked.wants_json(request)):
            kept = {"Cache-Control": "no-store", "Vary": answer.VARY}
            return Response(bulletin.to_json(report), headers=kept, media_type="application/json")
        return answer.page(request, self._page(request, text, report))

    def _page(self, request: Request, text: str, report: Report | None) -> str:
        issued = index_pages.is_issued(self._desk)
        view = replace(answer.view(request, json=False), index=issued)
        if report is None:
            return pages.render("bulletin.html", view, here="bulletin", text=text, limit=_limit())
        return pages.render(
            "bulletin_result.html",
            view,
            here="bulletin",
            text=text,
            report=report,
            counts=report.counts(),
            marked=Markup(bulletin.marked_up(report)),
            shown=shown(report),
            order=(Verdict.WRONG, Verdict.UNVERIFIABLE, Verdict.CONSISTENT),
            limit=_limit(),
        )


def _limit() -> dict[str, int]:
    return {"characters": TEXT_MAX, "megabytes": BYTES_MAX // 2**20}


def shown(report: Report) -> frozenset[int]:
    """Which claims have a mark of their own in the text: those inside another have none."""
    found, at = set(), 0
    for number, claim in enumerate(report.claims):
        if claim.span.start >= at:
            found.add(number)
            at = claim.span.end
    return frozenset(found)


def text_of(form: Form) -> str:
    """The text to be checked: of the file if there is one, else of the box.

    Returns:
        The text.

    Raises:
        HttpError: without a text, with one that is too long, or a file that is not read.
        BulletinError: if the file is broken.
    """
    text = form.fields.get("text", "").replace("\r\n", "\n")
    if form.file is not None and form.file.data:
        ending = form.file.name.lower().rpartition(".")[2]
        if ending not in KINDS:
            expected = ", ".join(sorted(KINDS))
            got = form.file.name[:100]
            raise bulletin.BulletinError(
                fault(bulletin.Fault.FILE, expected=expected, got=got, path="file")
            )
        text = bulletin.read(form.file.data, form.file.name).text
    if not text.strip():
        raise HttpError(fault(Fault.QUERY, expected="a text or a file", got="nothing", path="text"))
    if len(text) > TEXT_MAX:
        expected = f"at most {TEXT_MAX} characters"
        raise HttpError(fault(CaptureFault.TOO_LARGE, expected=expected, got=len(text)))
    if _ENDLESS.search(text):
        expected = f"at most {DIGITS_MAX} digits in a row"
        raise HttpError(fault(CaptureFault.TOO_LARGE, expected=expected, got="more"))
    return text


_ENDLESS: Final = re.compile(rf"[\d,，.]{{{DIGITS_MAX + 1}}}")


# ------------------------------------------------------------------------ forms


def form_of(media: str, body: bytes) -> Form:
    """Read a form as browsers send it, or plain text.

    Args:
        media: Content type.
        body: As it came.

    Returns:
        Its fields, and its first file.

    Raises:
        HttpError: if it is no form and no text.

    References:
        RFC 7578, section 4
    """
    header = Message()
    header["content-type"] = media
    kind = header.get_content_type() if media else ""
    if kind == "multipart/form-data":
        return _multipart(str(header.get_param("boundary", "")), body)
    if kind == "application/x-www-form-urlencoded":
        told = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        return Form({name: values[0] for name, values in told.items()})
    if kind in {"text/plain", "text/markdown"}:
        return Form({}, Upload("body.txt", body))
    expected = "multipart/form-data, application/x-www-form-urlencoded or text/plain"
    raise HttpError(fault(Fault.QUERY, expected=expected, got=media[:100], path="Content-Type"))


def _multipart(boundary: str, body: bytes) -> Form:
    """The parts between the boundaries. Raises HttpError."""
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(mark)
    if not boundary or len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise HttpError(fault(Fault.QUERY, expected="a whole form", got="a part", path="body"))
    fields: dict[str, str] = {}
    file: Upload | None = None
    for part in parts[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        name, file_name = _disposition(head)
        if file_name is None:
            fields[name] = data.decode("utf-8", "replace")
        elif file is None and data:
            file = Upload(file_name, data)
    return Form(fields, file)


def _disposition(head: bytes) -> tuple[str, str | None]:
    """Name of a field and, for a file, the file's name; browsers send both as UTF-8."""
    header = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        label, _, rest = line.partition(":")
        if label.strip().lower() == "content-disposition":
            header["content-disposition"] = rest.strip()
    name = header.get_param("name", "", header="content-disposition")
    file_name = header.get_param("filename", None, header="content-disposition")
    return str(name), None if file_name is None else str(file_name)


def _too_large() -> HttpError:
    expected = f"at most {BYTES_MAX} bytes"
    return HttpError(fault(CaptureFault.TOO_LARGE, expected=expected, got="more"))
