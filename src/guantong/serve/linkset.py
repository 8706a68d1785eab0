"""What does a machine find behind a GS1 Digital Link? The links of a thing, or the one it asks for.

A person gets the answer itself; a program that asks as it would ask any resolver gets a linkset, or
is led on to the page of the type it names.

References:
    GS1-Conformant Resolver 1.2, section 4; RFC 9264, section 4.2
"""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from guantong.errors import fault
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.serve import asked, json_out, pages, words
from guantong.serve.problems import Fault, HttpError
from guantong.serve.words import Language
from guantong.verdict.model import Outcome, Verdict

VOCABULARY: Final = "https://gs1.org/voc/"
MEDIA: Final = "application/linkset+json"
CONTEXT: Final = (
    "<https://ref.gs1.org/standards/resolver/linkset-context>; "
    'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
)
ALL: Final = frozenset({"linkset", "all"})
"""What a link type is called by who wants all links."""
OPEN: Final = {"Access-Control-Allow-Origin": "*", "Vary": "Accept, Accept-Language"}
KNOWN: Final = frozenset({Outcome.OK, Outcome.PROBLEM, Outcome.NOT_SHARED})
PAGE: Final = "pip"
"""The type of the page that everybody gets."""
TITLES: Final = {
    PAGE: "verdict",
    "traceability": "trace",
    "certificationInfo": "certificates",
    "recallStatus": "problems",
    "epcis": "dk_events",
}
"""Link type -> the sentence that names it."""

Link = dict[str, object]


def is_asked(request: Request) -> bool:
    """Whether the asker wants links instead of the answer."""
    return bool(request.query_params.get("linkType")) or MEDIA in request.headers.get("accept", "")


def answered(request: Request, verdict: Verdict) -> Response:
    """The linkset of what was asked for, or on to the link of the type that was named.

    Args:
        request: For a Digital Link of this host.
        verdict: About it, as the public sees it.

    Returns:
        The linkset, or a redirection.

    Raises:
        HttpError: if the link is malformed, nothing is known of it, or it has no link of that
            type.
    """
    if verdict.outcome is Outcome.MALFORMED:
        raise HttpError(*verdict.faults)
    if verdict.outcome not in KNOWN:
        raise HttpError(fault(Fault.UNRESOLVED, expected="a code known here", got=verdict.text))
    links = _links(request, verdict)
    wanted = _type_of(request)
    if wanted in ALL or (not wanted and MEDIA in request.headers.get("accept", "")):
        body = json_out.encode({"linkset": [_anchored(request, verdict, links)]})
        return Response(body, headers={**OPEN, "Link": CONTEXT}, media_type=MEDIA)
    if wanted not in links:
        expected = " | ".join(f"gs1:{name}" for name in links)
        got = request.query_params["linkType"][:100]
        raise HttpError(fault(Fault.UNRESOLVED, expected=expected, got=got, path="linkType"))
    return RedirectResponse(str(links[wanted][0]["href"]), 307, dict(OPEN))


def described(request: Request) -> dict[str, object]:
    """The description a resolver has at ``/.well-known/gs1resolver``."""
    return {
        "name": "Guantong",
        "resolverRoot": asked.root(request),
        "supportedPrimaryKeys": ["all"],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }


def pointer(address: str) -> str:
    """Value of a ``Link`` header that tells where the linkset is."""
    return f'<{address}>; rel="linkset"; type="{MEDIA}"'


def _type_of(request: Request) -> str:
    """The name of the link type that was asked for, without its namespace."""
    given = request.query_params.get("linkType", "")
    for prefix in ("gs1:", VOCABULARY, "https://www.gs1.org/voc/", "http://gs1.org/voc/"):
        given = given.removeprefix(prefix)
    return given


def _links(request: Request, verdict: Verdict) -> dict[str, list[Link]]:
    """The links of a thing by type; the first of each is the one to lead to."""
    root, tail = asked.root(request), quote(verdict.uri, safe="")
    own = root + verdict.uri.removeprefix(CANONICAL_HOST)
    found = {PAGE: _both(own, PAGE)}
    if verdict.history or verdict.kind == "item":
        found["traceability"] = _both(f"{root}/trace/{tail}", "traceability")
        query = f"{root}/epcis/epcs/{tail}/events"
        found["epcis"] = [_link(query, "epcis", Language.EN, "application/ld+json")]
    if verdict.certificates:
        key = verdict.certificates[0].certificate.key
        found["certificationInfo"] = _both(root + asked.address(key), "certificationInfo")
    if any("recalled" in why.code for why in verdict.reasons):
        found["recallStatus"] = _both(own, "recallStatus")
    return found


def _both(href: str, kind: str) -> list[Link]:
    """A page in both languages; without a choice the reader's own preference decides."""
    plain = _link(href, kind, Language.ZH, "text/html") | {"hreflang": ["zh", "en"]}
    return [plain, *(_link(f"{href}?lang={one}", kind, one, "text/html") for one in Language)]


def _link(href: str, kind: str, language: Language, media: str) -> Link:
    return {
        "href": href,
        "title": words.say(TITLES[kind], language),
        "type": media,
        "hreflang": [language.value],
    }


def _anchored(request: Request, verdict: Verdict, links: dict[str, list[Link]]) -> Link:
    name = pages.localised(verdict.product, asked.language(request)) if verdict.product else ""
    page = links[PAGE][0]
    told: Link = {"anchor": asked.root(request) + verdict.uri.removeprefix(CANONICAL_HOST)}
    told["itemDescription"] = name or pages.label(verdict.uri)
    told[f"{VOCABULARY}defaultLink"] = [{"href": page["href"], "title": page["title"]}]
    return told | {VOCABULARY + kind: listed for kind, listed in links.items()}
