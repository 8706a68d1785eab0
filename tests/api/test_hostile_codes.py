"""Every text as a code, at every address: never our mistake, never the text as markup."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve.app import create_app
from guantong.serve.intake import Offer
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
GLN = "6901234567892"
MAKER = Caller(f"https://id.gs1.org/417/{GLN}", Level.PARTY)
ITEM = "https://id.gs1.org/01/06901234567892/21/1000"
ODD = f"https://x.example/{MARKUP}"

TEXTS = {
    "10,000 digits": "9" * 10_000,
    "as many as a QR code holds": "9" * 7089,
    "control characters": "\x01\x02\x1b[2J",
    "NUL": "a\0b",
    "a slash": "a/b",
    "right to left": "\u202e06901234567892",
    "emoji": "📦🔥",
    "full width": "０６９０１２３４５６７８９２",
    "Arabic digits": "٠٦٩٠١٢٣٤٥٦٧٨٩٢",
    "superscripts": "²³¹",
    "full-width USCC": "９１１１００００６０００３７３４１Ｌ",
    "SQL": "' OR 1=1; DROP TABLE event;--",
    "markup": MARKUP,
    "a header": "x\r\nSet-Cookie: a=b",
    "a path": "../../../etc/passwd",
    "slashes": "//",
    "dots": "..",
    "a bare percent": "%",
    "escapes": "%00%0d%0a",
    "empty": "",
    "blanks": "   ",
    "half a host": "https://[::1",
    "a port too large": "https://id.gs1.org:99999/01/06901234567892",
    "a password": f"https://user:pw@id.gs1.org/01/06901234567892/21/{quote(MARKUP)}",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "an EPC URN cut off": "urn:epc:id:sgtin:",
    "an OID of 3,000 arcs": "urn:oid:" + "1." * 3000,
    "AIs": f"(01)06901234567892(21){MARKUP}",
    "2,000 AIs": "(01)" * 2000,
    "percents in a serial": f"{ITEM}%%%",
    "1,000 attributes": f"{ITEM}?{'&a=b' * 1000}",
    "a symbology prefix": "]d2" + "\x1d" * 5000,
    "combining marks": "86.1000.1/" + "\u0300" * 3000,
    "a byte order mark": "\ufeff06901234567892",
    "zero width": "0690\u200b1234567892",
    "a noncharacter": "\uffff",
    "a tag character": "\U000e0041",
    "format strings": "%n%s{0.__class__}{}{{7*7}}",
}


def event(number: int, **members: object) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:x:{number}{MARKUP}",
        "eventTime": "2026-03-02T10:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": [ITEM, ODD],
    } | members


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything a party can name is named in markup."""
    lists: dict[str, list[dict[str, object]]] = {
        "firms": [{"name": MARKUP, "name_en": MARKUP, "gln": GLN, "address": MARKUP}],
        "products": [{"name": MARKUP, "gtin": GLN, "firm": GLN, "brand": MARKUP, "unit": MARKUP}],
        "places": [{"name": MARKUP, "gln": GLN, "firm": GLN}],
        "certificates": [
            {
                "kind": "other",
                "number": MARKUP,
                "status": "revoked",
                "products": [GLN],
                "body": MARKUP,
            }
        ],
    }
    born = event(
        1,
        action="ADD",
        bizStep="commissioning",
        bizLocation={"id": f"https://id.gs1.org/414/{GLN}"},
        ilmd={"cbvmda:lotNumber": MARKUP, "cbvmda:itemExpirationDate": f"2020-01-01{MARKUP}"},
    )
    ends = [{"type": "owning_party", "source": ODD}]
    odd = event(2, bizStep=ODD, disposition=ODD, sourceList=ends)
    whole = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {"eventList": [born, odd]},
    }
    settings = Settings(data=tmp_path_factory.mktemp("codes") / "data")
    with open_world(settings, create=True) as world:
        for body in ({"guantong": "records", **lists}, whole):
            receipt = world.submit(Offer(json.dumps(body).encode()), MAKER)
            assert receipt.accepted, receipt.faults
        world.wait(world.ledger.size)
        yield world


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(create_app(world, world.settings), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def key(world: World) -> str:
    made = new_key(MAKER)
    world.add_key(made, OPERATOR)
    world.wait(world.ledger.size)
    return made.text


def ask(client: TestClient, path: str, **headers: str) -> None:
    """Ask, and look at the answer as one who wants to break in would."""
    answer = client.get(path, headers=headers, follow_redirects=False)
    assert answer.status_code < 500, path
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy or answer.url.path in {"/", "//"}, "the scan box alone"
    assert "a=b" not in answer.headers.get("set-cookie", "")
    assert answer.headers.get("location", "/").startswith(("/", "http://testserver/"))
    if "html" in answer.headers.get("content-type", ""):
        shown = answer.text.lower()
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert 'href="javascript:' not in shown
        assert 'href="data:text' not in shown


@pytest.mark.parametrize("what", TEXTS)
def test_any_text_at_any_address(client: TestClient, key: str, what: str) -> None:
    text = quote(TEXTS[what], safe="")
    for form in ("html", "json"):
        ending = f"?format={form}&lang=en"
        ask(client, f"/check?q={text}&format={form}&lang={text}", **{"X-API-Key": key})
        for path in ("/c/", "/trace/", "/", "/01/", "/01/06901234567892/21/", "/static/", "/gtin/"):
            ask(client, f"{path}{text}{ending}")
    ask(client, f"/identify?q={text}")
    ask(client, f"/check?q=1&as_of={text}&format={text}")
    ask(client, f"/status?at_least={text}")
    ask(client, f"/trace/06901234567892?direction={text}")


@pytest.mark.parametrize("what", TEXTS)
@pytest.mark.parametrize("header", ["accept", "accept-language", "cookie", "authorization", "host"])
def test_any_text_in_a_header(client: TestClient, header: str, what: str) -> None:
    text = quote(TEXTS[what], safe="")[:3000]
    ask(
        client,
        "/check?q=06901234567892",
        **{header: f"lang={text}" if header == "cookie" else text},
    )


@pytest.mark.parametrize("code", [ITEM, ITEM.partition("/21")[0], ODD, MAKER.party])
@pytest.mark.parametrize("size", ["", "0", "1", "2", "999999999999999"])
def test_names_in_markup_are_shown_as_text(
    client: TestClient, key: str, code: str, size: str
) -> None:
    for path in ("/c/", "/trace/"):
        for form in ("html", "json"):
            where = f"{path}{quote(code, safe='')}?format={form}&as_of={size}"
            ask(client, where)
            ask(client, where, **{"X-API-Key": key})


def test_a_size_that_is_not_reached_is_refused(client: TestClient) -> None:
    answer = client.get(f"/check.json?q={quote(ITEM, safe='')}&as_of=999999999999999").json()
    assert "ledger_size" not in answer
    assert (answer["type"], answer["errors"][0]["path"]) == ("serve.query", "as_of")


def test_no_permission_is_not_no_data(client: TestClient) -> None:
    asked = "/check.json?q=06901234567892"
    assert client.get(asked, headers={"X-API-Key": "gt_x_y"}).status_code == 401
    unknown = client.get("/check.json?q=06909876543229")
    assert (unknown.status_code, unknown.json()["verdict"]) == (200, "unknown")
    assert client.post("/capture", content=b"{}").status_code == 401
    assert client.get("/nowhere").status_code == 404
