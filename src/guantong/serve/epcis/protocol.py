"""Which version, which media, and how does a refusal look to an EPCIS client?

References:
    EPCIS 2.0, section 12 (REST bindings)
    RFC 9457, section 3
"""

from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.serve import json_out, problems

VERSION: Final = "2.0.0"
"""Of EPCIS and of the CBV: all this binding speaks."""
PREFIXES: Final = ("GS1-EPCIS", "GS1-CBV")
TYPES: Final = ("application/json", "application/ld+json", "application/xml", "text/xml")
"""Media types of documents that come in."""
JSON: Final = TYPES[:2]
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
    Fault.NOT_ACCEPTABLE: 406,
    Fault.MEDIA: 415,
    Fault.ABSENT: 404,
}
_KINDS: Final = {
    "query.parameter": "QueryParameterException",
    "query.value": "QueryParameterException",
    "query.too_large": "QueryTooLargeException",
    "query.complex": "QueryTooComplexException",
    "serve.too_many_queries": "QueryValidationException",
}
"""Exceptions that are told apart by more than the status."""
_TYPE: Final = {
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
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


def check_accepts(request: Request, offered: Sequence[str] = JSON) -> None:
    """Refuse who wants a media type or a version that is not spoken here.

    Raises:
        EpcisError: if so.
    """
    wanted = request.headers.get("accept", "*/*") or "*/*"
    ranges = [
        part.partition(";")[0].strip().lower()
        for part in wanted.split(",")
        if "q=0" not in part.replace(" ", "").split(";")[1:]
    ]
    kinds = {"*/*", *offered, *(f"{one.partition('/')[0]}/*" for one in offered)}
    if not kinds & set(ranges):
        expected = " | ".join(offered)
        raise EpcisError(fault(Fault.NOT_ACCEPTABLE, expected=expected, got=wanted, path="Accept"))
    for prefix in PREFIXES:
        _check_range(request, prefix)


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


def _check_range(request: Request, prefix: str) -> None:
    """Refuse a range of versions that ours is not in."""
    least, most = (request.headers.get(f"{prefix}-{end}", "") for end in ("Min", "Max"))
    if least and not () < _numbers(least) <= _numbers(VERSION):
        raise EpcisError(_not_spoken(f"{prefix}-Min", least))
    if most and not _numbers(VERSION) <= _numbers(most):
        raise EpcisError(_not_spoken(f"{prefix}-Max", most))


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
