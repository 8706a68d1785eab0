"""A program that knows GS1 resolvers finds what it looks for; a person gets the answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from guantong.identify.compressed import compressed
from guantong.serve.app import create_app
from guantong.settings import Settings
from tests.serve_desk import FakeDesk

ITEM = "/01/06901234567892/21/A1001"
RECALLED = "/01/06901234567892/21/A1002"
LINKSET = {"accept": "application/linkset+json"}
VOC = "https://gs1.org/voc/"


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = create_app(FakeDesk(), Settings(Path("none")))
    with TestClient(app, follow_redirects=False) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "headers"),
    [("", LINKSET), ("?linkType=linkset", {}), ("?linkType=all", {"accept": "text/html"})],
    ids=["accept", "linkset", "all"],
)
def test_the_linkset_has_anchor_default_link_and_types(
    client: TestClient, query: str, headers: dict[str, str]
) -> None:
    answer = client.get(ITEM + query, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/linkset+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in answer.headers["link"]
    (one,) = json.loads(answer.content)["linkset"]
    assert one["anchor"] == f"http://testserver{ITEM}"
    assert "电动自行车" in one["itemDescription"]
    (default,) = one[f"{VOC}defaultLink"]
    assert default == {"href": f"http://testserver{ITEM}", "title": "查询结果"}
    for name in ("pip", "traceability", "certificationInfo", "epcis"):
        for link in one[VOC + name]:
            assert link.keys() == {"href", "title", "type", "hreflang"}
            assert link["href"].startswith("http://testserver/")
    assert VOC + "recallStatus" not in one


def test_every_page_of_a_linkset_is_there(client: TestClient) -> None:
    (one,) = client.get(ITEM, headers=LINKSET).json()["linkset"]
    for name in ("pip", "traceability", "certificationInfo"):
        for link in one[VOC + name]:
            parts = urlsplit(link["href"])
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            assert client.get(path, headers={"accept": "text/html"}).status_code == 200, link


@pytest.mark.parametrize("prefix", ["gs1:", "", VOC, "https://www.gs1.org/voc/"])
def test_a_named_type_leads_on(client: TestClient, prefix: str) -> None:
    answer = client.get(ITEM, params={"linkType": f"{prefix}traceability"})
    assert answer.status_code == 307
    assert answer.headers["location"].startswith("http://testserver/trace/https%3A")


def test_a_recall_has_a_link_of_its_own(client: TestClient) -> None:
    assert client.get(f"{RECALLED}?linkType=gs1:recallStatus").status_code == 307
    assert client.get(f"{ITEM}?linkType=gs1:recallStatus").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/01/06901234567892/21/ZZ", 404),
        ("/01/06901234567893", 400),
        ("/01/06901234567892/21/A1001?linkType=gs1:nothing", 404),
    ],
    ids=["unknown", "malformed", "no-such-type"],
)
def test_what_can_not_be_resolved_is_no_200(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path, headers=LINKSET)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_person_gets_the_answer_and_is_told_of_the_links(client: TestClient) -> None:
    page = client.get(ITEM, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert (
        'linkType=linkset>; rel="linkset"; type="application/linkset+json"' in page.headers["link"]
    )


def test_the_resolver_describes_itself(client: TestClient) -> None:
    answer = client.get("/.well-known/gs1resolver")
    assert answer.status_code == 200
    told = answer.json()
    assert told["resolverRoot"] == "http://testserver"
    assert told["supportedPrimaryKeys"] == ["all"]
    assert told["supportedLinkType"] == [{"namespace": VOC, "prefix": "gs1:"}]


def test_options_tell_other_sites_what_they_may_ask(client: TestClient) -> None:
    answer = client.options(ITEM)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert client.post(ITEM).status_code == 405


def test_a_compressed_link_is_answered_as_the_whole_one(client: TestClient) -> None:
    short = urlsplit(compressed(f"https://id.gs1.org{ITEM}")).path
    head = {"accept": "application/json"}
    whole = client.get(ITEM, headers=head).json()
    assert client.get(short, headers=head).json()["uri"] == whole["uri"]
    assert client.get("/no-such-page-here", headers=head).status_code == 404
