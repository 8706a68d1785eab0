"""In which form does an answer leave? As a page or as JSON, neither of them kept by anybody."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from guantong.caller import Caller, Level
from guantong.serve import asked, json_out, pages, words
from guantong.serve.desk import Desk
from guantong.serve.pages import View
from guantong.serve.people.sessions import csrf_of
from guantong.serve.words import Language

VARY: Final = "Accept, Accept-Language, Cookie, Authorization, X-API-Key"
YEAR: Final = 365 * 24 * 3600
POLICY: Final = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
SCANNING: Final = (
    POLICY
    + b"; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; media-src 'self' blob:"
)
"""For pages that read symbols by camera: our own script, and no other host."""
SCRIPTED: Final = {
    "Content-Security-Policy": (
        POLICY + b"; script-src 'self'; connect-src 'self'; worker-src 'self'"
    ).decode()
}
"""Headers of a page with a script of ours that asks this host."""
SCANS: Final = {"Content-Security-Policy": SCANNING.decode()}
"""Headers of such a page."""


def who(request: Request, caller: Caller, desk: Desk) -> str:
    """As whom a reader sees a page: level, and firm or province; "" for the public."""
    if caller.level is Level.PUBLIC:
        return ""
    language = asked.language(request)
    level = words.word("level", caller.level.value, language)
    region = words.region(caller.region, language) or caller.region
    party = desk.names((caller.party,)).get(caller.party) or pages.short(caller.party)
    return " · ".join(part for part in (level, region or party) if part)


def view(
    request: Request,
    *,
    size: int = 0,
    as_of: int | None = None,
    json: bool = True,
    who: str = "",
) -> View:
    """What every page needs beside its content."""
    language = asked.language(request)
    token = request.cookies.get(asked.SESSION_COOKIE, "")
    return View(
        language=language,
        switch=asked.with_query(request, lang=language.other.value),
        json=asked.with_query(request, format="json") if json else "",
        size=size,
        as_of=as_of,
        who=who,
        csrf=csrf_of(token) if who and token else "",
    )


def page(
    request: Request, body: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A page; remembers the language if one was chosen."""
    kept = {"Cache-Control": "no-store", "Vary": VARY, **(headers or {})}
    response = Response(body, status, kept, "text/html; charset=utf-8")
    chosen = request.query_params.get("lang")
    if chosen in set(Language):
        response.set_cookie(
            asked.COOKIE,
            chosen,
            max_age=YEAR,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return response


def json(
    value: object,
    status: int = 200,
    media: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A value as JSON."""
    return json_bytes(json_out.encode(value), media, headers or {}, status)


def json_bytes(body: bytes, media: str, headers: Mapping[str, str], status: int = 200) -> Response:
    """JSON that is written already."""
    return Response(body, status, {"Cache-Control": "no-store", "Vary": VARY, **headers}, media)
