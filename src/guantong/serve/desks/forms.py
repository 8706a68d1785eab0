"""What does a form say, and is it ours?"""

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from guantong.errors import fault
from guantong.serve.people.sessions import Session
from guantong.serve.problems import Fault, HttpError
from guantong.serve.upload import Uploads

BYTES_MAX: Final = 64 * 1024
"""Size of a form without a file."""
FIELDS_MAX: Final = 60
TOKEN: Final = "csrf"
"""Name of the field that shows that a form is of this session."""


class File(NamedTuple):
    """A file out of a form."""

    name: str
    data: bytes


class Form(NamedTuple):
    """What was handed in."""

    fields: Mapping[str, str]
    files: Mapping[str, File]

    def text(self, name: str) -> str:
        """A field without blanks around it, "" when it is absent."""
        return self.fields.get(name, "").strip()


@asynccontextmanager
async def reading(
    request: Request,
    uploads: Uploads,
    session: Session | None = None,
    *,
    bytes_max: int = BYTES_MAX,
) -> AsyncIterator[Form]:
    """The form that was posted, accounted for as long as it is worked on.

    Args:
        request: A POST.
        uploads: Reads bodies, and accounts for them.
        session: Of the person; None where nobody needs to be signed in.
        bytes_max: Largest form with its files.

    Yields:
        What it says.

    Raises:
        HttpError: if it is no form, too large, from another site, or from another session.
    """
    check_ours(request)
    async with uploads.body(request, bytes_max) as body:
        form = await _form_of(request, body)
        given = form.fields.get(TOKEN, "")
        if session is not None and not hmac.compare_digest(given.encode(), session.csrf.encode()):
            raise HttpError(fault(Fault.FORM, expected="a form of this session", got="another"))
        yield form


def check_ours(request: Request) -> None:
    """Refuse what a page of another site sends.

    Raises:
        HttpError: if the browser says that it comes from there.

    References:
        Fetch Metadata Request Headers, section 2.3
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    is_ours = origin is None or urlsplit(origin).netloc == host
    if site not in {"same-origin", "none"} or not is_ours:
        raise HttpError(fault(Fault.FORM, expected="a form of this site", got=origin or site))


async def _form_of(request: Request, body: bytes) -> Form:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    again = Request(request.scope, receive)
    try:
        given = await again.form(
            max_files=2, max_fields=FIELDS_MAX, max_part_size=max(len(body), 1)
        )
    except (HTTPException, MultiPartException) as error:
        got = getattr(error, "detail", "") or getattr(error, "message", "")
        raise HttpError(fault(Fault.QUERY, expected="a whole form", got=got)) from error
    fields, files = {}, {}
    for name, value in given.multi_items():
        if isinstance(value, UploadFile):
            files[name] = File(value.filename or "", await value.read())
        else:
            fields[name] = value
    await given.close()
    return Form(fields, files)
