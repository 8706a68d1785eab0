"""Which version, which media, and how does a refusal look to an EPCIS client?

References:
    EPCIS 2.0, section 12 (REST bindings)
    RFC 9457, section 3
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version
from typing import Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from guantong.capture.faults import Fault as CaptureFault
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import json_out, problems

VERSION: Final = "2.0.0"
"""Of EPCIS and of the CBV: what this binding speaks."""
OLD: Final = "1.2.0"
"""What it answers in XML to a client that asks for no later one."""
PREFIXES: Final = ("GS1-EPCIS", "GS1-CBV")
TYPES: Final = ("application/json", "application/ld+json", "application/xml", "text/xml")
"""Media types of documents that come in."""
JSON: Final = TYPES[:2]
XML: Final = TYPES[2:]
_QUALITY: Final = re.compile(r"[01](\.[0-9]{0,3})?")
LIMITED: Final = frozenset(
    {"capture.too_large", "capture.too_many_events", "query.too_large", "query.complex"}
)


class Fault(StrEnum):
    """What the binding itself refuses. Part of the public API: never renamed."""

    NOT_ACCEPTABLE = "serve.not_acceptable"
    """A media type or a version that is not spoken here."""
    MEDIA = "serve.media"
    """A document of another media type."""
    ABSENT = "serve.no_resource"
    """There is no such resource, or it is another's."""


class EpcisError(Refusal):
    """A request that this binding does not answer."""


STATUS: Final[dict[str, int]] = {
    "serve.query_name_taken": 409,
    "capture.duplicate_event": 409,
    "serve.subscription_taken": 409,
    "serve.no_subscription": 404,
    Fault.NOT_ACCEPTABLE: 406,
    Fault.MEDIA: 415,
    Fault.ABSENT: 404,
    CaptureFault.NOT_IN_XML: 406,
}
_KINDS: Final = {
    "query.parameter": "QueryParameterException",
    "query.value": "QueryParameterException",
    "query.too_large": "QueryTooLargeException",
    "query.complex": "QueryTooComplexException",
    "serve.too_many_queries": "QueryValidationException",
    **dict.fromkeys(
        (
            *("serve.subscription", "serve.schedule", "serve.too_many_subscriptions"),
            *("serve.destination", "serve.private_destination", "serve.unknown_host"),
        ),
        "SubscriptionControlsException",
    ),
}
"""Exceptions that are told apart by more than the status."""
_TYPE: Final = {
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchNameException",
    405: "NoSuchResourceException",
    406: "NotAcceptableException",
    409: "ResourceAlreadyExistsException",
    413: "CaptureLimitExceededException",
    414: "URITooLongException",
    415: "UnsupportedMediaTypeException",
}


def headers(*, capture: tuple[int, int] | None = None) -> dict[str, str]:
    """What every answer says of this binding.

    Args:
        capture: Most events and most bytes of a document, where those are taken.

    Returns:
        Headers.
    """
    said = {
        "GS1-EPCIS-Version": VERSION,
        "GS1-EPCIS-Min": VERSION,
        "GS1-EPCIS-Max": VERSION,
        "GS1-CBV-Version": VERSION,
        "GS1-CBV-Min": VERSION,
        "GS1-CBV-Max": VERSION,
        "GS1-Vendor-Version": version("guantong"),
    }
    if capture is not None:
        said["GS1-EPCIS-Capture-Limit"], said["GS1-EPCIS-Capture-File-Size-Limit"] = map(
            str, capture
        )
    return said


def told(value: object, *, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    """Something as JSON.

    Args:
        value: What `json_out.encode` takes.
        status: Of the answer.
        more: Headers beside those of every answer.

    Returns:
        The answer.
    """
    return Response(json_out.encode(value), status, headers() | dict(more or {}), JSON[0])


def done(*, status: int = 204, more: Mapping[str, str] | None = None) -> Response:
    """An answer without a body, with the headers of every answer and `more`."""
    return Response(status_code=status, headers=headers() | dict(more or {}))


def next_page(request: Request, token: str) -> dict[str, str]:
    """The header that names the page after this one: the same address with another token."""
    given = [one for one in request.query_params.multi_items() if one[0] != "nextPageToken"]
    own = quote(request.url.path, safe="/:")
    return {"Link": f'<{own}?{urlencode([*given, ("nextPageToken", token)])}>; rel="next"'}


def place_of(request: Request, path: str) -> dict[str, str]:
    """The header that tells where something of this binding stands."""
    return {"Location": f"{request.scope.get('root_path', '')}{path}"}


def check_accepts(request: Request, offered: Sequence[str] = JSON) -> tuple[str, str]:
    """Refuse who wants a media type or a version that is not spoken here.

    Args:
        request: What is asked.
        offered: Media types of the answer, the usual one first.

    Returns:
        The media type that is wanted most, and the newest version of EPCIS that both sides speak.

    Raises:
        EpcisError: if none of them is wanted.
    """
    wanted = request.headers.get("accept", "*/*") or "*/*"
    weights = _weights(wanted)
    media = max(offered, key=lambda one: _weight(weights, one))
    if not _weight(weights, media):
        expected = " | ".join(offered)
        raise EpcisError(fault(Fault.NOT_ACCEPTABLE, expected=expected, got=wanted, path="Accept"))
    return media, _spoken(request, media)


def _weights(wanted: str) -> dict[str, float]:
    """How much a client wants each range of media types that it names."""
    found: dict[str, float] = {}
    for part in wanted.split(","):
        kind, _, rest = part.replace(" ", "").lower().partition(";")
        given = next((one[2:] for one in rest.split(";") if one.startswith("q=")), "1")
        found[kind] = float(given) if _QUALITY.fullmatch(given) else 0
    return found


def _weight(weights: Mapping[str, float], media: str) -> float:
    """How much a media type is wanted: by the narrowest range that holds it."""
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    return next((weights[kind] for kind in ranges if kind in weights), 0)


def _spoken(request: Request, media: str) -> str:
    """The newest version that both sides speak; 1.2 in XML alone."""
    versions = (VERSION,) if media in JSON else (VERSION, OLD)
    found = [_in_range(request, prefix, versions) for prefix in PREFIXES]
    return found[0]


def check_media(request: Request) -> str:
    """The media type of a document that comes in; "" when not told.

    Raises:
        EpcisError: if it is none of those taken here, or written for another version.

    Returns:
        Type and subtype.
    """
    essence = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if essence and essence not in TYPES:
        expected = " | ".join(TYPES)
        raise EpcisError(fault(Fault.MEDIA, expected=expected, got=essence, path="Content-Type"))
    for prefix in PREFIXES:
        _check_written(request, prefix)
    return essence


def _in_range(request: Request, prefix: str, versions: Sequence[str]) -> str:
    """The first of some versions that is in the range asked for."""
    least, most = (request.headers.get(f"{prefix}-{end}", "") for end in ("Min", "Max"))
    low = [one for one in versions if not least or () < _numbers(least) <= _numbers(one)]
    if not low:
        raise EpcisError(_not_spoken(f"{prefix}-Min", least))
    both = [one for one in low if not most or _numbers(one) <= _numbers(most)]
    if not both:
        raise EpcisError(_not_spoken(f"{prefix}-Max", most))
    return both[0]


def _check_written(request: Request, prefix: str) -> None:
    """Refuse a document for a version that nobody reads here; 1.x is read in XML."""
    given = request.headers.get(f"{prefix}-Version", "")
    if given and _numbers(given)[:1] not in {(1,), (2,)}:
        raise EpcisError(_not_spoken(f"{prefix}-Version", given))


def _not_spoken(name: str, given: str) -> Found:
    return fault(Fault.NOT_ACCEPTABLE, expected=VERSION, got=given, path=name)


def _numbers(text: str) -> tuple[int, ...]:
    """A version as numbers, of three parts; () when it is none."""
    parts = text.split(".")
    if len(text) > 20 or not all(part.isascii() and part.isdecimal() for part in parts):
        return ()
    return (*map(int, parts), 0, 0)[:3]


def absent(got: str) -> Found:
    """That there is no such resource for this caller."""
    return fault(Fault.ABSENT, expected="a resource of your own", got=got)


def status_of(faults: Sequence[Found]) -> int:
    """The HTTP status for some faults: the first one's."""
    code = faults[0].code
    return 413 if code in LIMITED else STATUS.get(code, problems.status_of(faults))


def problem(faults: Sequence[Found]) -> dict[str, object]:
    """A problem document as the standard has it, our own members beside.

    Args:
        faults: At least one; the first gives type and title.

    Returns:
        ``type`` (the standard's exception), ``title``, ``status``, ``detail``, ``errors``.
    """
    status = status_of(faults)
    usual = "ValidationException" if status < 500 else "ImplementationException"
    kind = _KINDS.get(faults[0].code) or _TYPE.get(status, usual)
    return problems.document(faults) | {"type": f"epcisException:{kind}", "status": status}


def refusal(faults: Sequence[Found]) -> Response:
    """A problem document as an answer."""
    status = status_of(faults)
    said = headers() | problems.headers_for(status)
    return Response(json_out.encode(problem(faults)), status, said, problems.MEDIA)
