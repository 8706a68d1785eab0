"""What does this request ask: in which language, in which form, for whom, about which code?

Text from outside becomes a value here; what is wrong becomes an `HttpError`.
"""

import base64
import datetime as dt
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import quote, unquote, urlencode

from starlette.requests import HTTPConnection, Request

from guantong.caller import PUBLIC, Caller, Scope
from guantong.errors import fault
from guantong.identify.compressed import expanded
from guantong.identify.digital_link import SHORT_NAMES
from guantong.identify.gs1_keys import KEYS
from guantong.serve import words
from guantong.serve.desk import Desk, People
from guantong.serve.people.account import Role
from guantong.serve.people.person import Person
from guantong.serve.problems import Fault, HttpError
from guantong.serve.words import Language

TEXT_MAX: Final = 8_000
"""Characters of a text to be checked; the largest QR code holds 7,089 digits."""

SIZE_DIGITS_MAX: Final = 15
"""Digits of a ledger size."""

BLANKS: Final = " \t\r\n\u3000\ufeff"
"""What a reader or a keyboard adds around a code; control characters may belong to it."""

COOKIE: Final = "lang"
CERTIFICATE: Final = "guantong.certificate"
"""Member of a scope: the `keys.Certificate` a trusted proxy named; nothing from outside is one."""
KEY_COOKIE: Final = "key"
"""Where a browser keeps a key; it counts for questions only."""
SESSION_COOKIE: Final = "session"
"""Where a browser keeps who is signed in."""
SUFFIX: Final = ".json"
OURS: Final = frozenset({"q", "lang", "format", "as_of", "at_least", "direction", "linkType"})
"""Query parameters that are ours and no part of a Digital Link."""

Choice = TypeVar("Choice", bound=StrEnum)


def language(request: Request) -> Language:
    """``?lang=``, else the cookie, else ``Accept-Language``, else Chinese."""
    for given in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if given in set(Language):
            return Language(given)
    return words.preferred(request.headers.get("accept-language", "")) or Language.ZH


def wants_json(request: Request) -> bool:
    """Whether the asker is a program: ``.json``, ``?format=json``, or by ``Accept``."""
    form = request.query_params.get("format")
    if form in {"json", "html"}:
        return form == "json"
    if request.url.path.endswith(SUFFIX):
        return True
    weights = {"json": 0.0, "html": 0.0}
    for part in request.headers.get("accept", "").split(",")[:20]:
        media, _, rest = part.strip().lower().partition(";")
        for kind, weight in tuple(weights.items()):
            if media.strip().endswith(("/" + kind, "+" + kind)):
                weights[kind] = max(weight, words.weight(rest))
    return weights["json"] > weights["html"]


def caller(request: Request, desk: Desk) -> Caller:
    """Who asks.

    Returns:
        The holder of the key, or who is signed in; else the public.

    Raises:
        HttpError: if a key or session is given and it is none; nobody is silently made the
            public.
    """
    key = _key(request)
    if not key and request.method in {"GET", "HEAD"}:
        if SESSION_COOKIE in request.cookies and isinstance(desk, People):
            return person(request, desk).account.caller()
        key = request.cookies.get(KEY_COOKIE, "")
    return caller_by(key, desk) if key else PUBLIC


def person(request: HTTPConnection, desk: object, *roles: Role) -> Person:
    """Who is signed in.

    Args:
        request: Any.
        desk: Knows the people.
        roles: Of which the person must have one; any when none is named.

    Returns:
        The person, with the session.

    Raises:
        HttpError: if nobody is signed in, or with another role.
    """
    found = signed_in(request, desk)
    if found is None:
        got = "one that is over" if SESSION_COOKIE in request.cookies else "nobody"
        raise HttpError(fault(Fault.SIGN_IN, expected="a session", got=got))
    if roles and found.account.role not in roles:
        expected, got = " | ".join(roles), found.account.role.value
        raise HttpError(fault(Fault.ROLE, expected=expected, got=got))
    return found


def signed_in(request: HTTPConnection, desk: object) -> Person | None:
    """Who is signed in, None when nobody is."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return desk.person(token) if token and isinstance(desk, People) else None


def known_caller(request: HTTPConnection, desk: Desk) -> Caller | None:
    """Who asks with a key or a session, None when that is nobody; refuses nothing."""
    key = _key(request) or _password(request)
    if not key and (found := signed_in(request, desk)) is not None:
        return found.account.caller()
    key = key or request.cookies.get(KEY_COOKIE, "")
    return desk.caller_of(key) if key else None


def caller_by(key: str, desk: Desk, needs: Scope | None = Scope.READ) -> Caller:
    """The holder of a key.

    Args:
        key: As it was sent.
        desk: Knows the keys.
        needs: What the key must be good for.

    Returns:
        On whose behalf it speaks.

    Raises:
        HttpError: if it is none, or not good for that.
    """
    found = desk.caller_of(key)
    if found is None:
        raise HttpError(fault(Fault.KEY_UNKNOWN, expected="a key in use", got="another text"))
    if needs is not None and not found.may(needs):
        raise HttpError(fault(Fault.SCOPE, expected=needs.value, got=" | ".join(found.scopes)))
    return found


def keyed_caller(request: HTTPConnection, desk: Desk, needs: Scope | None = Scope.READ) -> Caller:
    """Who asks, where a key is demanded.

    Args:
        request: Any.
        desk: Knows the keys.
        needs: What the key must be good for.

    Returns:
        The holder of the key.

    Raises:
        HttpError: if there is no key, it is none, or not good for that.
    """
    key = _key(request) or _password(request)
    if not key:
        expected = "Authorization: Bearer <key>, or X-API-Key"
        raise HttpError(fault(Fault.KEY_MISSING, expected=expected, got="no key"))
    return caller_by(key, desk, needs)


def _key(request: HTTPConnection) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    given = request.headers.get("x-api-key", "").strip()
    return given or request.scope.get(CERTIFICATE, "")


def _password(request: HTTPConnection) -> str:
    """What stands for the key with a client that knows names and passwords alone.

    Only where a key is demanded: a scan may pass a proxy that asks for a password of its own.

    Returns:
        The password, "" when there is none.

    References:
        RFC 7617, section 2
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[2].strip()
    except ValueError:
        return ""


def size(request: Request, name: str) -> int | None:
    """A ledger size among the query parameters.

    Returns:
        The size, None when it is absent or empty.

    Raises:
        HttpError: if it is no number of at most `SIZE_DIGITS_MAX` digits.
    """
    given = request.query_params.get(name)
    if given is None or given == "":
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= SIZE_DIGITS_MAX):
        raise HttpError(fault(Fault.QUERY, expected="a ledger size", got=given, path=name))
    return int(given)


def day(request: Request, name: str) -> dt.date | None:
    """A day among the query parameters.

    Returns:
        The day, None when it is absent or empty.

    Raises:
        HttpError: if it is none.
    """
    given = request.query_params.get(name, "")
    try:
        return dt.date.fromisoformat(given) if given else None
    except ValueError:
        expected = "a day such as 2026-03-01"
        raise HttpError(fault(Fault.QUERY, expected=expected, got=given, path=name)) from None


def one_of(request: Request, name: str, kind: type[Choice], default: Choice) -> Choice:
    """A query parameter out of a closed list.

    Returns:
        What was given, or `default`.

    Raises:
        HttpError: if it is not in the list.
    """
    given = request.query_params.get(name) or default.value
    if given not in set(kind):
        expected = " | ".join(kind)
        raise HttpError(fault(Fault.QUERY, expected=expected, got=given, path=name))
    return kind(given)


def query_text(request: Request) -> str:
    """The text to be checked, from ``?q=``.

    Returns:
        The text without blanks around it.

    Raises:
        HttpError: if it is absent, blank or longer than any code.
    """
    return _bounded(request.query_params.get("q", "").strip(BLANKS), "q")


def path_text(request: Request, prefix: str) -> str:
    """The text to be checked, from what follows `prefix` in the path as it was sent.

    The raw path counts, since ``%2F`` inside a serial is no separator. A web address is taken
    with its query. A proxy that made one slash of two is forgiven.

    Returns:
        The text, percent-decoded unless it is a web address.

    Raises:
        HttpError: if it is blank or longer than any code.
    """
    raw = _without_suffix(_raw_path(request).removeprefix(prefix), request)
    lowered = raw.lower()
    if lowered.startswith(("http:/", "https:/")):
        scheme, _, rest = raw.partition(":/")
        return _bounded(f"{scheme}://{rest.lstrip('/')}{attributes(request)}", "path")
    return _bounded(unquote(raw).strip(BLANKS), "path")


def digital_link(request: Request) -> str | None:
    """The Digital Link that a path of this host is.

    Returns:
        Its address on the canonical host, None when the path is no Digital Link.

    Raises:
        HttpError: if it is longer than any code.

    References:
        GS1 Digital Link URI Syntax 1.6, section 4
    """
    path = _without_suffix(_raw_path(request), request)
    first, _, rest = path.lstrip("/").partition("/")
    if not rest:
        short = f"https://id.gs1.org{path}"
        whole = expanded(short)
        return whole if whole != short else None
    if SHORT_NAMES.get(first, first) not in KEYS:
        return None
    return _bounded(f"https://id.gs1.org{path}{attributes(request)}", "path")


def attributes(request: Request) -> str:
    """The query without our own parameters, as ``?…`` or ""."""
    pairs = [(name, value) for name, value in request.query_params.multi_items()]
    kept = [(name, value) for name, value in pairs if name not in OURS]
    return f"?{urlencode(kept)}" if kept else ""


def address(code: str) -> str:
    """The path under which any code is checked."""
    return "/c/" + quote(code, safe="")


def root(request: HTTPConnection) -> str:
    """Where this installation is, as the asker reached it; no slash at its end."""
    return f"{request.url.scheme}://{request.url.netloc}"


def with_query(request: HTTPConnection, **changed: str) -> str:
    """This request's own path and query with some parameters set."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in changed]
    return f"{_raw_path(request)}?{urlencode([*kept, *changed.items()])}"


def _raw_path(request: HTTPConnection) -> str:
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return quote(bytes(raw).partition(b"?")[0], safe="/%:@!$&'()*+,;=-._~")


def _without_suffix(path: str, request: Request) -> str:
    return path.removesuffix(SUFFIX) if request.query_params.get("format") is None else path


def _bounded(text: str, path: str) -> str:
    if not text:
        raise HttpError(fault(Fault.QUERY, expected="a code", got="nothing", path=path))
    if len(text) > TEXT_MAX:
        expected = f"at most {TEXT_MAX} characters"
        raise HttpError(fault(Fault.TOO_LONG, expected=expected, got=len(text), path=path))
    return text
