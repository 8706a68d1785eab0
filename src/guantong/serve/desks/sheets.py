"""How does a clerk hand in a spreadsheet? Try it, name its columns once, mend what is marked, enter it.

Nothing is kept of a file that is only tried. A firm's names for columns are an entry of the ledger,
and every later sheet is read with them.
"""

import io
from collections.abc import Iterable
from typing import Final, NamedTuple

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guantong import capture
from guantong.capture import Limits, TableReading
from guantong.capture.sheet_return import ERRORS, annotated, headers_of, mapped
from guantong.capture.sheet_words import HEADER_OF, WORDS
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.serve import words
from guantong.serve.desks.filing import FILERS
from guantong.serve.desks.forms import File, Form
from guantong.serve.desks.office import Office, download, on_to
from guantong.serve.made import Made
from guantong.serve.people import sheet_columns
from guantong.serve.people.person import Person
from guantong.serve.people.sheet_columns import Columns, columns_of
from guantong.serve.problems import Fault, HttpError
from guantong.serve.words import Language

BYTES_MAX: Final = 32 * 2**20
"""Size of a sheet handed in by a form; larger ones go to ``/capture``."""
AT_ONCE: Final = 1
"""Sheets read at once."""
SHOWN: Final = 50
"""Faults on a page; the corrected sheet has up to 1,000."""
CELL_MAX: Final = 32_767
"""Characters of a cell in a workbook."""
SHEET_MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATE: Final = (
    "time",
    "step",
    "code",
    "first",
    "last",
    "batch",
    "quantity",
    "unit",
    "from",
    "to",
    "place",
    "document",
)
"""Columns of the empty sheet."""


class Tried(NamedTuple):
    """What reading a sheet gave."""

    reading: TableReading
    headers: tuple[tuple[str, str], ...]
    data: bytes
    """As it would be entered."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headers that nobody knows."""
        return tuple(name for name, key in self.headers if not key and not name.startswith(ERRORS))


class Sheets:
    """The page that takes sheets."""

    def __init__(self, office: Office, limits: Limits) -> None:
        self._office = office
        self._limits = limits
        self._reading = CapacityLimiter(AT_ONCE)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/desk/sheets", self.form),
            Route("/desk/sheets", self.take, methods=["POST"]),
            Route("/desk/sheets/columns", self.name_columns, methods=["POST"]),
            Route("/desk/sheets/template.xlsx", self.template),
        ]

    async def form(self, request: Request) -> Response:
        """The form, and the firm's names for columns."""
        return self._page(request, self._office.person(request, *FILERS))

    async def template(self, request: Request) -> Response:
        """An empty sheet with the columns that are known."""
        self._office.person(request, *FILERS)
        head = [HEADER_OF[key] for key in TEMPLATE]
        return download(workbook([(head, "")], plain=True), "guantong.xlsx", SHEET_MEDIA)

    async def take(self, request: Request) -> Response:
        """Try a sheet, enter it, or give it back with what is wrong.

        Returns:
            The page with what was found, the corrected sheet, or on to the entry.
        """
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person, bytes_max=BYTES_MAX) as form:
            try:
                file = _file_of(form)
                tried = await to_thread.run_sync(self._tried, file, person, limiter=self._reading)
                if form.text("what") == "corrected":
                    return await to_thread.run_sync(self._corrected, request, file, tried)
                if form.text("what") != "enter" or tried.reading.table is None:
                    return self._page(request, person, file, tried)
                media = _media(tried.data)
                receipt = await self._office.submit(tried.data, person, media=media)
            except Refusal as refusal:
                return self._page(request, person, errors=refusal.faults)
        return on_to(f"/desk/entry/{receipt.ledger_index}")

    def _tried(self, file: File, person: Person) -> Tried:
        headers = tuple(headers_of(file.data, self._limits))
        own = self._columns(person).names
        data = file.data
        if own.keys() & {name for name, _ in headers} or any(
            name.startswith(ERRORS) for name, _ in headers
        ):
            data = mapped(file.data, own, self._limits)
            headers = tuple(one for one in headers if one[0] not in own)
        reading = capture.read_table(data, media=_media(data), limits=self._limits)
        return Tried(reading, headers, data)

    def _columns(self, person: Person) -> Columns:
        with self._office.desk.readers.lend() as store:
            return columns_of(store, person.account.party)

    def _corrected(self, request: Request, file: File, tried: Tried) -> Response:
        language = Language(request.query_params.get("lang", Language.ZH))

        def said(found: Found) -> str:
            cell = found.path.rpartition(".")[2]
            told = words.sentence(found.code, language)
            return f"{cell}: {told} ({found.expected}; {found.got})"

        rows = annotated(file.data, tried.reading.faults, said, self._limits)
        return download(workbook(rows), "corrected.xlsx", SHEET_MEDIA)

    async def name_columns(self, request: Request) -> Response:
        """Keep what the firm calls its columns.

        Returns:
            On to the form.
        """
        person = self._office.person(request, *FILERS)
        async with self._office.form(request, person) as form:
            chosen = {
                name.removeprefix("as:"): key
                for name, key in form.fields.items()
                if name.startswith("as:") and (key in HEADER_OF or key == "")
            }
            names = dict(self._columns(person).names) | chosen
            columns = Columns(person.account.party, names)
            made = Made.of(StatementType.SETTING, columns, sheet_columns.MEDIA)
            await self._office.enter(made, person)
        return on_to("/desk/sheets?done=1")

    def _page(
        self,
        request: Request,
        person: Person,
        file: File | None = None,
        tried: Tried | None = None,
        errors: tuple[Found, ...] = (),
    ) -> Response:
        faults = tried.reading.faults if tried else ()
        return self._office.page(
            request,
            person,
            "sheets.html",
            400 if errors else 200,
            file=file,
            tried=tried,
            faults=faults[:SHOWN],
            fault_count=len(faults),
            events=len(tried.reading.table) if tried and tried.reading.table is not None else 0,
            columns=[(one.key, one.names[0]) for one in WORDS.column],
            own=self._columns(person).names,
            megabytes=BYTES_MAX // 2**20,
            errors=errors,
            done="done" in request.query_params,
        )


def workbook(rows: Iterable[tuple[list[str], str]], *, plain: bool = False) -> bytes:
    """Rows as an XLSX, what is wrong beside each; every cell is a text.

    Args:
        rows: Cells, and what is wrong.
        plain: No column for what is wrong.

    Returns:
        The file.
    """
    # Eight megabytes of every process that answers: only who gives a workbook loads it.
    import xlsxwriter

    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"constant_memory": True})
    sheet = book.add_worksheet()
    marked, head = book.add_format({"bg_color": "#FBE9E7"}), book.add_format({"bold": True})
    for number, (cells, wrong) in enumerate(rows):
        style = head if plain else marked if wrong and not wrong.startswith(ERRORS) else None
        for place, cell in enumerate(cells if plain else [*cells, wrong]):
            if cell:
                sheet.write_string(number, place, cell[:CELL_MAX], style)
    book.close()
    return held.getvalue()


def _media(data: bytes) -> str:
    """What a sheet is, by its bytes: its name may say anything."""
    return SHEET_MEDIA if data.startswith(b"PK") else "text/csv"


def _file_of(form: Form) -> File:
    """The file of a form. Raises HttpError."""
    file = form.files.get("file")
    if file is None or not file.data:
        raise HttpError(fault(Fault.QUERY, expected="a file", got="none", path="file"))
    return file
