"""What is told about the API is what the API does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level, Scope
from guantong.serve.api.document import document, operations, schema_of, shapes
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.docs.test_docs_json import tables
from tests.people_small import MAKER
from tests.serve_desk import OK, FakeDesk


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(FakeDesk(), Settings(Path("none")))) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), create=True) as opened:
        yield opened


@pytest.mark.parametrize("name", ["check", "trace", "identify", "capture"])
def test_the_shapes_are_those_of_the_page(name: str) -> None:
    told = tables()[name]
    prefix = {"identify": ("[]", "readings[]"), "capture": ("[].", "")}.get(name, ("", ""))
    pages = {
        path.replace(*prefix, 1) if prefix[0] else path: member for path, member in told.items()
    }
    pages.pop("file", None)
    ours = {
        path: (frozenset(types.rstrip("?").split(" or ")), types.endswith("?"))
        for path, types in shapes()[name].items()
    }
    assert ours == {path: (member.types, member.optional) for path, member in pages.items()}


def check(schema: dict[str, Any], value: Any, path: str = "") -> None:
    """Compare a value with a schema of the kinds we write."""
    kinds = schema.get("type", [])
    named: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
             "boolean": bool, "null": type(None)}  # fmt: skip
    listed = [kinds] if isinstance(kinds, str) else kinds
    assert not listed or any(isinstance(value, named[kind]) for kind in listed), (path, value)
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value), path
        for name, inside in schema["properties"].items():
            if name in value:
                check(inside, value[name], f"{path}.{name}")
    if isinstance(value, list):
        for one in value:
            check(schema.get("items", {}), one, f"{path}[]")


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("check", f"/check?q={OK}&format=json"),
        ("trace", f"/trace/{OK}?format=json"),
        ("identify", "/identify?q=6901234567892"),
        ("status", "/status"),
        ("ready", "/readyz"),
        ("resolver", "/.well-known/gs1resolver"),
        ("linkset", "/01/06901234567892/21/A1001?linkType=linkset"),
        ("problem", "/check?q=&format=json"),
    ],
)
def test_an_answer_has_its_shape(client: TestClient, shape: str, path: str) -> None:
    check(schema_of(shape), client.get(path).json())


def test_a_receipt_has_its_shape(world: World) -> None:
    made = new_key(Caller(MAKER, Level.PARTY))
    world.add_key(made, OPERATOR)
    client = TestClient(create_app(world, world.settings))
    head = {"authorization": f"Bearer {made.text}"}
    for one in operations():
        if one.body and one.id != "signingKeys":
            first = client.post(one.path, json=one.example["body"], headers=head)
            assert world.wait(world.ledger.size)
            again = client.post(one.path, json=one.example["body"], headers=head)
            assert (first.status_code, again.status_code) == (201, 200), one.id
            assert again.json()["ledger_index"] == first.json()["ledger_index"]
            check(schema_of("capture"), first.json())


def test_every_example_is_answered_as_the_document_says(world: World) -> None:
    made = new_key(Caller(MAKER, Level.PARTY))
    world.add_key(made, OPERATOR)
    client = TestClient(create_app(world, world.settings))
    head = {"authorization": f"Bearer {made.text}"}
    for one in operations():
        path = re.sub(r"{(\w+)}", lambda name, one=one: one.example[name[1]], one.path)  # type: ignore[misc]
        query = {name: one.example[name] for name in one.example if name == "q"}
        query |= {"format": "json"} if one.json else {}
        body = one.example.get("body")
        answer = client.request(one.method, path, params=query, json=body, headers=head)
        told = document("http://x")["paths"][one.path][one.method]["responses"]
        assert str(answer.status_code) in told, (one.id, answer.status_code)


def test_every_scope_that_submits_is_named() -> None:
    scopes = {one.scope for one in operations() if one.scope}
    assert scopes == {Scope.CAPTURE, Scope.CODES, Scope.KEYS}


def test_the_document_and_its_page_name_the_same(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "http://testserver"}]
    for language in ("zh", "en"):
        page = client.get("/api", params={"lang": language}).text
        for path in told["paths"]:
            assert path in page
    assert "curl" in page


def test_gauges_are_told(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    assert values["guantong_ledger_size"] == "12345"
    assert float(values["process_resident_memory_bytes"]) > 1_000_000
    assert answer.text.count("# TYPE") == len(values)
