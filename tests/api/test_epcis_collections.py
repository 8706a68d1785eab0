"""Collections of requests that clients of another repository use, sent to this one and judged.

Only the address is another: the host, and the name of the folder below which the interface lies.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lxml import etree

from tests.api.test_epcis_capture import House, house

__all__ = ["house"]

SOAPUI = "{http://eviware.com/soapui/config}"
VARIABLE = re.compile(r"{{(\w+)}}")
BLOCK = re.compile(r"^([\w:-]+) {\n(.*?)^}", re.MULTILINE | re.DOTALL)
FOLDERS = re.compile(r"/(?:v1_2|v2_0|epcisservices/1\.2|epcis)/", re.IGNORECASE)
JOB = "6383636100840683267930228"


@dataclass
class Asked:
    """One request of a collection."""

    name: str
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)
    """What the collection itself says of the answer."""


def path_of(address: str) -> str:
    """Where it goes here."""
    path = "/" + re.sub(r"^(?:https?://[^/]*|\${[^}]*}|{{\w+}})/?", "", address)
    path = FOLDERS.sub("/", path)
    return re.sub(
        r"^/query(\.svc)?$", "/soap", re.sub(r"^/Capture$", "/capture", path), flags=re.IGNORECASE
    )


def of_postman(place: Path) -> Iterator[Asked]:
    def walk(items: list[dict[str, Any]], above: str) -> Iterator[Asked]:
        for item in items:
            name = f"{above}{item['name']}"
            if "item" in item:
                yield from walk(item["item"], f"{name}/")
                continue
            asked = item["request"]
            if "url" not in asked:  # one was begun and never filled in
                continue
            url = asked["url"]
            body = (asked.get("body") or {}).get("raw", "").encode()
            headers = {one["key"]: one["value"] for one in asked.get("header", [])}
            language = (asked.get("body") or {}).get("options", {}).get("raw", {}).get("language")
            if body and "Content-Type" not in headers:
                headers["Content-Type"] = f"application/{language or 'xml'}"
            address = url["raw"] if isinstance(url, dict) else url
            yield Asked(name, asked["method"], path_of(address), body, headers)

    yield from walk(json.loads(place.read_text())["item"], "")


def of_soapui(place: Path) -> Iterator[Asked]:
    for operation in ElementTree.parse(place).iter(f"{SOAPUI}operation"):
        for call in operation.iter(f"{SOAPUI}call"):
            body = (call.findtext(f"{SOAPUI}request") or "").replace("\\r", "").encode()
            path = path_of(call.findtext(f"{SOAPUI}endpoint") or "")
            yield Asked(
                f"{operation.get('name')}", "POST", path, body, {"Content-Type": "text/xml"}
            )


def of_bruno(folder: Path) -> Iterator[Asked]:
    values = {"perPage": "15", "nextPageToken": "", "baseUrl": "https://here/"}
    values["captureId"] = JOB
    for place in sorted(folder.glob("*/*.bru")):
        if place.parent.name == "environments":
            continue
        blocks = dict(BLOCK.findall(place.read_text()))
        said = values | _pairs(blocks.get("vars:pre-request", ""))
        for method in ("get", "post", "options", "delete"):
            if method in blocks:
                one = _pairs(blocks[method])
                address = _filled(one["url"], said)
                text = blocks.get("body:json", "") if one["body"] == "json" else ""
                headers = _pairs(blocks.get("headers", "")) | {"Content-Type": "application/json"}
                asserted = (blocks.get("assert", "") + blocks.get("tests", "")).splitlines()
                lines = [line.strip() for line in asserted]
                wanted = [line for line in lines if line.startswith(("res.", "expect("))]
                path = path_of(address.replace("//", "/").replace("https:/", "https://"))
                name = f"{place.parent.name}/{place.stem}"
                yield Asked(name, method.upper(), path, text.encode(), headers, wanted)


def _filled(text: str, values: dict[str, str]) -> str:
    return VARIABLE.sub(lambda found: values[found[1]], text)


def _pairs(block: str) -> dict[str, str]:
    found = {}
    for line in block.splitlines():
        name, colon, value = line.strip().partition(":")
        if colon and not name.startswith("~"):
            found[name] = value.strip().strip('"')
    return found


def sent(house: House, asked: Asked) -> Any:
    """With the key as a password, as those clients have it."""
    token = base64.b64encode(f"admin:{house.keys['maker']}".encode()).decode()
    headers = {**asked.headers, "Authorization": f"Basic {token}"}
    return house.client.request(
        asked.method, f"/epcis{asked.path}", content=asked.body, headers=headers
    )


def by_method(asked: Asked) -> int:
    """What makes something comes before what asks for it, and that before what ends it."""
    return {"POST": 0, "DELETE": 2}.get(asked.method, 1)


def judged(asked: Asked, answer: Any, expected: int | str) -> None:
    """The status, or the exception in a SOAP fault; and that the body is what it should be."""
    where = f"{asked.name}: {asked.method} {asked.path}: {answer.status_code} {answer.text[:300]}"
    if isinstance(expected, str):
        root = etree.fromstring(answer.content)
        assert answer.status_code == (500 if expected.endswith("Exception") else 200), where
        inner = root[0][0][-1][0] if answer.status_code == 500 else root[0][0]
        assert etree.QName(inner).localname == expected, where
        return
    assert answer.status_code == expected, where
    if expected >= 400:
        said = answer.json()
        assert said["type"].startswith("epcisException:"), where
        assert (said["status"], bool(said["errors"])) == (expected, True), where
    elif expected in {201, 202}:
        assert answer.headers["location"].startswith("/epcis/"), where
    elif expected == 200 and asked.path.endswith("/events"):
        assert answer.json()["type"] == "EPCISQueryDocument", where


POSTMAN_2: dict[str, int | str] = {
    "XML/Capture request": 202,
    "XML/Capture event with Masterdata": 202,
    "JSON/Capture/Capture request": 202,
    "JSON/Capture/Capture request with Masterdata": 202,
    "JSON/Capture/Capture single event": 400,  # isA instead of type, as a draft had it
    "JSON/Capture/Get Capture Request": 404,  # a number of that repository's
    "JSON/Queries/Store Query": 201,
    "JSON/Queries/Get custom query Details": 200,
    "JSON/Queries/List Custom Queries": 200,
    "JSON/Queries/Get CustomQuery Events": 200,
    "JSON/Queries/Delete Custom Query": 204,
    "JSON/Subscriptions/Subscribe to webhook": 201,
    "Get Events": 200,
    "List Object Events": 200,
    "Query All Events": 200,
}
POSTMAN_1: dict[str, int | str] = {
    "Capture/Capture Event": 202,
    "Capture/Capture Masterdata": 202,
    # A limit without an order, which the standard wants refused.
    "Queries/Simple Event Query/Poll SimpleEventQuery": "QueryParameterException",
    "Queries/Get standard version": "GetStandardVersionResult",
    "Queries/Get vendor version": "GetVendorVersionResult",
    "Queries/Get query names": "GetQueryNamesResult",
    # A password, with a character that ends an address, and no encryption.
    "Subscriptions/Subscribe to repository": "InvalidURIException",
    "Subscriptions/Unsubscribe from Repository": "NoSuchSubscriptionException",
    "Subscriptions/List subscription IDs": "GetSubscriptionIDsResult",
}
SOAPUI_1: dict[str, int | str] = {
    "getQueryNames": "GetQueryNamesResult",
    "getStandardVersion": "GetStandardVersionResult",
    "getVendorVersion": "GetVendorVersionResult",
    "getSubscriptionIDs": "GetSubscriptionIDsResult",
    "poll": "QueryResults",
    "subscribe": "InvalidURIException",  # to the client's own machine
    "unsubscribe": "NoSuchSubscriptionException",
}
BRUNO_2: dict[str, int | str] = {
    "Capture/Capture Event Sync": 400,  # a place with a number that is none
    "Capture/Get Capture Job Details": 404,  # a number of that repository's
    "Events/Get Individual Event": 404,  # an event that no request puts in
    "Events/List events for a Business Location": 404,
    "Queries/Subscribe to query": 404,  # DELETE of one of that repository's
    "Queries/Unsubscribe": 404,
    "Top-Level/Get BizLocation SubResources List": 404,
    "Top-Level/Get Dispositions SubResources List": 404,
    "Top-Level/Get ReadPoint SubResources List": 404,
}
"""What this collection expects otherwise, of data that it does not put in."""
UNMET = {
    "res.body.members: contains events",  # the standard's member is called `member`
    'expect(res.body.members).to.contains("events");',
    'expect(res.headers.location).to.equals("queries/UniqueQueryName");',
    'expect(res.headers.location).to.equals("capture/" + res.body.Id);',
}
"""What that repository answers and the standard does not ask for."""


def named(house: House, *names: str) -> None:
    for name in names:
        body = json.dumps({"name": name, "query": {}}).encode()
        assert house.ask("POST", "/queries", body).status_code == 201


def settled(house: House) -> None:
    """All that was promised is taken."""
    for job in house.ask("GET", "/capture").json():
        house.ended(f"/epcis/capture/{job['captureID']}")
    assert house.world.wait(house.world.ledger.size)


def replayed(house: House, listed: list[Asked], expected: dict[str, int | str]) -> None:
    assert {one.name for one in listed} == set(expected)
    for asked in sorted(listed, key=by_method):
        answer = sent(house, asked)
        judged(asked, answer, expected[asked.name])
        settled(house)
    jobs = house.ask("GET", "/capture").json()
    assert all(job["success"] or job["errors"] for job in jobs)


def test_postman_2(house: House, testdata: Callable[[str], Path]) -> None:
    named(house, "CustomQuery")
    place = testdata("06-fastnt/postman/EPCIS 2.0.postman_collection.json")
    replayed(house, list(of_postman(place)), POSTMAN_2)


def test_postman_1(house: House, testdata: Callable[[str], Path]) -> None:
    place = testdata("06-fastnt/postman/EPCIS 1.2.postman_collection.json")
    replayed(house, list(of_postman(place)), POSTMAN_1)


def test_soapui(house: House, testdata: Callable[[str], Path]) -> None:
    place = testdata("06-fastnt/soapui/EPCIS 1.2 queries-soapui-project.xml")
    replayed(house, list(of_soapui(place)), SOAPUI_1)


def test_bruno(house: House, testdata: Callable[[str], Path]) -> None:
    """Its own assertions hold, but those of `UNMET` and of what `BRUNO_2` lists."""
    named(house, "MyQuery")
    first = testdata("06-fastnt/postman/EPCIS 2.0.postman_collection.json")
    for asked in [one for one in of_postman(first) if one.path == "/capture"]:
        sent(house, asked)
    settled(house)
    listed = list(of_bruno(testdata("06-fastnt/bruno/EPCIS 2.0")))
    assert len(listed) == 38
    assert set(BRUNO_2) <= {one.name for one in listed}
    met = 0
    for asked in sorted(listed, key=by_method):
        answer = sent(house, asked)
        settled(house)
        if asked.name in BRUNO_2:
            judged(asked, answer, BRUNO_2[asked.name])
            continue
        status = next((s for s in asked.expected if s.startswith("res.status: eq")), "")
        judged(asked, answer, int(status.rpartition(" ")[2] or 200))
        for line in [one for one in asked.expected if one not in UNMET]:
            assert holds(line, answer), f"{asked.name}: {line}: {answer.text[:200]}"
            met += 1
    assert met == 98


def holds(line: str, answer: Any) -> bool:
    """Whether one assertion of the collection does."""
    if match := re.fullmatch(r"res\.headers\.([\w-]+): isDefined", line):
        return match[1] in answer.headers
    if match := re.fullmatch(r"res\.status: eq (\d+)|expect\(res\.status\).*\((\d+)\);", line):
        return bool(answer.status_code == int(match[1] or match[2]))
    if match := re.fullmatch(r"expect\(res\.headers\.allow\)\.to\.contains\('(\w+)'\);", line):
        return match[1] in answer.headers["allow"]
    if match := re.fullmatch(r'expect\(res\.body\.(\w+)\).*equals\("(\w+)"\);', line):
        return bool(answer.json()[match[1]] == match[2])
    if line == "expect(res.body.length).gt(0);":
        return len(answer.json()) > 0
    known = {"res.body: isDefined": bool(answer.content), "res.body: isEmpty": not answer.content}
    return known[line]
