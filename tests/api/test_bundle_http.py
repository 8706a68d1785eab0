"""The proof of a scan over HTTP: who gets which, what it shows, and the page that checks it."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, PUBLIC, Caller
from guantong.ledger.checkpoint import Trust
from guantong.ledger.disclosure import MEDIA, Bundle, Shown, check
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.signer import Signer
from guantong.serve import bundle_http
from guantong.serve.answer import POLICY
from guantong.serve.app import create_app
from guantong.serve.cli import main
from guantong.serve.job import offer_of
from guantong.serve.ledger_http import routes
from guantong.serve.world import World
from guantong.settings import Settings
from tests.proof_small import (
    ALONE,
    BY_P256,
    GTIN,
    MAKER,
    OTHER_TWIN,
    P256_MAKER,
    PLACE,
    STRANGER,
    TOGETHER,
    TWIN,
    TWIN_MAKER,
    UNSIGNED,
    caller,
    made,
    opened,
)
from tests.serve_desk import FakeDesk

Open = tuple[World, dict[str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with opened(Settings(tmp_path_factory.mktemp("bundle") / "data")) as made_up:
        yield made_up


@pytest.fixture
def client(world: Open) -> Iterator[TestClient]:
    with TestClient(create_app(world[0], world[0].settings)) as made_client:
        made_client.headers["Accept"] = "application/json"
        yield made_client


def at(code: str, more: str = "") -> str:
    return f"/ledger/bundle/{quote(code, safe='')}{more}"


def shown(client: TestClient, raw: bytes) -> Shown:
    key = VerifierKey.parse(client.get("/ledger/vkey").text)
    return check(Bundle.parse(raw), Trust(key))


@pytest.mark.parametrize(
    ("code", "signer"), [(ALONE, MAKER), (BY_P256, P256_MAKER), (UNSIGNED, "")]
)
def test_anybody_takes_home_the_making_of_one_item(
    client: TestClient, code: str, signer: str
) -> None:
    answer = client.get(at(code))
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA)
    assert ".bundle.json" in answer.headers["content-disposition"]
    found = shown(client, answer.content)
    assert found.event is not None
    assert json.loads(found.event.event)["epcList"] == [code]
    assert (found.signer is not None) is bool(signer)
    assert (found.statement.att, found.statement.by) == (
        "" if signer else "gateway",
        signer or MAKER,
    )
    assert b"/21/A0" not in answer.content


def test_an_event_with_other_items_is_for_those_who_see_it(world: Open, client: TestClient) -> None:
    refused = client.get(at(TOGETHER))
    assert (refused.status_code, refused.json()["type"]) == (403, "serve.bundle_hidden")
    stranger = {"X-API-Key": world[1][STRANGER]}
    assert client.get(at(TOGETHER), headers=stranger).status_code == 403
    maker = {"X-API-Key": world[1][MAKER]}
    answer = client.get(at(TOGETHER), headers=maker)
    assert shown(client, answer.content).signer is not None


def test_a_thing_that_its_maker_shows_alone_is_for_everybody(client: TestClient) -> None:
    """Out of an event with a twin and a place, of which nothing is told."""
    answer = client.get(at(TWIN))
    found = shown(client, answer.content)
    assert found.event is not None
    told = json.loads(found.event.event)
    assert told == {"event": 1, "made": TWIN, "time_ms": told["time_ms"]}
    assert (found.event.form, found.event.index, found.event.size) == ("raw+made", 3, 5)
    assert found.signer is not None
    seen = answer.content + found.event.event
    assert b"TWIN2" not in seen
    assert PLACE.encode() not in seen


def test_who_sees_the_event_whole_gets_it_whole(world: Open, client: TestClient) -> None:
    answer = client.get(at(TWIN), headers={"X-API-Key": world[1][TWIN_MAKER]})
    found = shown(client, answer.content)
    assert found.event is not None
    assert json.loads(found.event.event)["epcList"] == [TWIN, OTHER_TWIN]


def test_a_scan_says_whether_its_party_signed(world: Open) -> None:
    def line(code: str, asks: Caller) -> tuple[bool, bool]:
        (found,) = world[0].check(code, asks).history
        return found.signed, found.proof

    assert line(TWIN, PUBLIC) == line(ALONE, PUBLIC) == (True, True)
    assert line(UNSIGNED, PUBLIC) == line(UNSIGNED, OPERATOR) == (False, True)
    assert line(TOGETHER, PUBLIC) == (False, False)
    assert line(TOGETHER, OPERATOR) == (True, True)


@pytest.mark.parametrize(
    "other",
    [
        {"bizLocation": {"id": "https://id.gs1.org/414/6901234000009"}},
        {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:order:1"}]},
        {"ex:secret": "x"},
    ],
    ids=["a place", "an order", "an extension"],
)
def test_what_the_public_is_not_told_it_does_not_get_as_a_proof(
    tmp_path: Path, other: dict[str, object]
) -> None:
    with opened(Settings(tmp_path / "data")) as (world, _):
        code = f"{GTIN}/21/WITH"
        data = json.loads(made(code, **other))
        data["@context"] = [data["@context"], {"ex": "https://ex.example/"}]
        receipt = world.submit(offer_of(json.dumps(data).encode()), caller(MAKER))
        assert receipt.accepted, receipt.faults
        assert world.wait(receipt.ledger_index + 1)
        (line,) = world.check(code, PUBLIC).history
        assert not line.proof
        assert world.check(code, OPERATOR).history[0].proof
        with TestClient(create_app(world, world.settings)) as asking:
            answer = asking.get(at(code, "?format=json"))
            assert (answer.status_code, answer.json()["type"]) == (403, "serve.bundle_hidden")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (at(f"{GTIN}/21/NEVER"), 404, "serve.no_bundle"),
        (at("6901234567893"), 404, "serve.no_bundle"),
        (at(ALONE, "?event=urn:uuid:none"), 404, "serve.no_bundle"),
        ("/ledger/bundle/%20", 400, "serve.query"),
    ],
)
def test_there_is_none_of_what_is_not_known(
    client: TestClient, path: str, status: int, code: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, code)


def test_an_erased_document_is_gone_and_says_so(tmp_path: Path) -> None:
    with opened(Settings(tmp_path / "data")) as (world, _):
        entry = world.check(ALONE, OPERATOR).history[0].entry
        world.erase(entry, "asked for", OPERATOR)
        with TestClient(create_app(world, world.settings)) as asking:
            answer = asking.get(at(ALONE, "?format=json"))
            assert (answer.status_code, answer.json()["type"]) == (410, "ledger.erased")


def test_what_no_checkpoint_has_yet_comes_a_little_later(tmp_path: Path) -> None:
    """With witnesses the last checkpoint that is shown may be older than the last entry."""
    with opened(Settings(tmp_path / "data")) as (world, _):
        old = Signer(world.ledger).sign()
        data = made(f"{GTIN}/21/LATE")
        receipt = world.submit(offer_of(data), caller(MAKER))
        assert world.wait(receipt.ledger_index + 1)
        app = create_app(world, world.settings)
        app.app.router.routes[:0] = bundle_http.routes(world, "/ledger", lambda: old, lambda: "")
        with TestClient(app) as asking:
            answer = asking.get(at(f"{GTIN}/21/LATE", "?format=json"))
            assert (answer.status_code, answer.json()["type"]) == (404, "serve.no_bundle")
            assert asking.get(at(ALONE, "?format=json")).status_code == 200


def test_the_event_may_be_chosen(world: Open, client: TestClient) -> None:
    lines = world[0].check(ALONE, OPERATOR).history
    answer = client.get(at(ALONE, f"?event={quote(lines[0].event_id)}"))
    assert answer.status_code == 200


def test_what_comes_over_http_is_checked_by_the_command(client: TestClient, tmp_path: Path) -> None:
    file, vkey = tmp_path / "scan.bundle.json", tmp_path / "vkey"
    file.write_bytes(client.get(at(ALONE)).content)
    vkey.write_text(client.get("/ledger/vkey").text)
    words = ["ledger", "verify", str(file), "--vkey", str(vkey), "--json"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["signed"]["party"] == MAKER
    file.write_bytes(file.read_bytes().replace(b'"index":1', b'"index":0'))
    assert CliRunner().invoke(main, words).exit_code == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_that_checks_is_one_file_and_runs_only_its_own_script(
    client: TestClient, language: str
) -> None:
    client.headers["Accept"] = "text/html"
    for path in (at(ALONE), "/ledger/verify"):
        page = client.get(path, params={"lang": language})
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert page.headers.get_list("content-security-policy") == [policy]
        for tag, rule in (("script", "script-src"), ("style", "style-src")):
            (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
            digest = b64encode(sha256(inside.encode()).digest()).decode()
            assert f"{rule} 'sha256-{digest}';" in policy
        assert "default-src 'none'" in policy
        assert "connect-src" not in policy
        assert not re.findall(r"""(?:src|href)=["'](?!\?|/ledger/|#)""", page.text)
        assert client.get("/ledger/vkey").text.strip() in page.text.replace("&#43;", "+")
    assert client.get("/livez").headers["content-security-policy"] == POLICY.decode()


def test_the_page_is_given_with_the_bundle_in_it(client: TestClient) -> None:
    import html

    client.headers["Accept"] = "text/html"
    page = html.unescape(client.get(at(ALONE)).text)
    (raw,) = re.findall(r'\{"bundle":.*?\}(?=</textarea>)', page)
    found = shown(client, raw.encode())
    assert found.event is not None


def test_the_scan_page_leads_to_it_where_there_is_one(world: Open, client: TestClient) -> None:
    client.headers["Accept"] = "text/html"
    assert at(ALONE) in client.get(f"/c/{quote(ALONE, safe='')}").text
    assert "/ledger/bundle/" not in client.get(f"/c/{quote(TOGETHER, safe='')}").text
    maker = {"X-API-Key": world[1][MAKER]}
    assert (
        at(TOGETHER, "?event=") in client.get(f"/c/{quote(TOGETHER, safe='')}", headers=maker).text
    )


def test_a_desk_without_bundles_has_no_such_address() -> None:
    assert routes(FakeDesk()) == []


def test_a_bundle_is_small(client: TestClient) -> None:
    raw = client.get(at(ALONE)).content
    assert len(raw) < 6_000
    assert b64decode(json.loads(raw)["event"]["bytes"]).startswith(b"{")
