"""Signing keys and signed documents over HTTP: who may do what, and what is refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.serve.app import create_app
from guantong.serve.audit import audit
from guantong.serve.job import facts_of, offer_of
from guantong.serve.keys import new_key
from guantong.serve.seal import MEDIA, signed_file
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.proof_small import GTIN, MAKER, STRANGER, caller, made
from tests.serve_desk import FakeDesk

PEOPLE = {
    "operator": OPERATOR,
    "maker": caller(MAKER),
    "stranger": caller(STRANGER),
    "nation": Caller("nation", Level.REGULATOR),
}


@dataclass
class House:
    """The installation over HTTP, and a maker that signs."""

    world: World
    client: TestClient
    keys: dict[str, str]
    key: SigningKey = field(default_factory=lambda: SigningKey.of_seed(bytes(range(32))))
    after: tuple[int, str] = (0, "")

    def about_key(self, who: str, **said: str) -> Any:
        headers = {"X-API-Key": self.keys[who]} if who else {}
        body = json.dumps({"party": MAKER} | said)
        return self.client.post("/signing-keys", content=body, headers=headers)

    def begin(self, key: SigningKey | None = None, **said: str) -> Any:
        return self.about_key("operator", public=(key or self.key).public.encode(), **said)

    def file(self, code: str) -> bytes:
        data = made(f"{GTIN}/21/{code}")
        assert self.world.intake is not None
        document = self.world.intake.read(offer_of(data)).document
        assert document is not None
        facts = facts_of(offer_of(data), document, caller(MAKER))
        salt = sha256(code.encode()).digest()
        return signed_file(data, document, facts, self.key, salt=salt, after=self.after)

    def send(self, file: bytes, who: str = "maker") -> Any:
        headers = {"X-API-Key": self.keys[who], "Content-Type": MEDIA}
        answer = self.client.post("/capture", content=file, headers=headers)
        if answer.status_code == 201:
            self.after = answer.json()["seq"], answer.json()["leaf"]
        return answer


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_world(Settings(tmp_path / "data"), create=True) as world:
        keys = {name: world.add_key(new_key(one), OPERATOR) for name, one in PEOPLE.items()}
        with TestClient(create_app(world, world.settings)) as client:
            yield House(world, client, keys)


def refused(answer: Any, status: int, code: str) -> bool:
    assert (answer.status_code, answer.json()["type"]) == (status, code)
    return True


def test_a_key_begins_is_replaced_and_ends(house: House) -> None:
    """All three are entries; the chain goes on under the new key."""
    assert house.begin().status_code == 201
    assert house.send(house.file("1")).status_code == 201
    old, new = house.key, SigningKey.new(Algorithm.P256)
    assert house.begin(new, replaces=old.public.id).status_code == 201
    assert refused(house.send(house.file("2")), 400, "serve.signer")
    house.key = new
    answer = house.send(house.file("2"))
    assert (answer.status_code, answer.json()["seq"]) == (201, 2)
    ended = house.about_key("maker", revoke=new.public.id)
    assert ended.status_code == 201
    stated = house.world.ledger.entry(ended.json()["ledger_index"]).statement
    assert (stated.by, stated.meta) == (MAKER, {"id": new.public.id, "party": MAKER})
    assert refused(house.send(house.file("3")), 400, "serve.signer")
    assert house.world.wait(house.world.ledger.size)
    assert audit(house.world.settings).findings == ()


@pytest.mark.parametrize("who", ["maker", "stranger", "nation"])
def test_only_the_operator_begins_or_replaces_a_key(house: House, who: str) -> None:
    assert house.begin().status_code == 201
    size, public = house.world.ledger.size, SigningKey.new().public.encode()
    assert refused(house.about_key(who, public=public), 403, "serve.forbidden")
    replaces = {"public": public, "replaces": house.key.public.id}
    assert refused(house.about_key(who, **replaces), 403, "serve.forbidden")
    assert house.world.ledger.size == size


@pytest.mark.parametrize("who", ["stranger", "nation"])
def test_only_its_party_and_the_operator_end_a_key(house: House, who: str) -> None:
    assert house.begin().status_code == 201
    ended = {"revoke": house.key.public.id}
    assert refused(house.about_key(who, **ended), 403, "serve.forbidden")
    own = house.about_key(who, **ended, party=PEOPLE[who].party)
    assert refused(own, 400, "serve.signing_key")
    assert house.send(house.file("1")).status_code == 201
    assert house.about_key("operator", **ended).status_code == 201


def test_the_public_is_asked_for_a_key(house: House) -> None:
    assert house.about_key("", revoke="0" * 64).status_code == 401


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "ledger.party_key"),
        ({"public": "AAAA"}, "ledger.party_key"),
        ({"public": "x", "revoke": "y"}, "ledger.party_key"),
        ({"revoke": "y", "replaces": "z"}, "ledger.party_key"),
        ({"publik": "x"}, "ledger.party_key"),
        ({"revoke": "0" * 64}, "serve.signing_key"),
        (
            {"public": SigningKey.of_seed(bytes(32)).public.encode(), "replaces": "0" * 64},
            "serve.signing_key",
        ),
    ],
    ids=str,
)
def test_what_can_not_be_entered(house: House, said: dict[str, str], code: str) -> None:
    size = house.world.ledger.size
    assert refused(house.about_key("operator", **said), 400, code)
    assert house.world.ledger.size == size
    assert house.begin().status_code == 201


def test_a_long_request_is_not_read_to_its_end(house: House) -> None:
    assert refused(house.about_key("operator", public="A" * 5_000), 413, "capture.too_large")


def test_what_is_signed_is_refused_over_http_for_every_reason(house: House) -> None:
    assert house.begin().status_code == 201
    first = house.file("1")
    assert refused(house.send(first, "stranger"), 400, "ledger.envelope")
    assert house.send(first).status_code == 201
    again = house.send(first)
    assert (again.status_code, again.json()["seq"]) == (200, 1)
    (seq, leaf), key = house.after, house.key
    for after, code in (
        ((seq - 1, ""), "seq"),
        ((seq + 1, leaf), "seq"),
        ((seq, "0" * 64), "prev"),
    ):
        house.after = after
        assert refused(house.send(house.file("2")), 400, f"serve.{code}")
    house.after = seq, leaf
    house.key = SigningKey.new()
    assert refused(house.send(house.file("2")), 400, "serve.signer")
    house.key = key
    other, mine = json.loads(house.file("3")), json.loads(house.file("2"))
    swapped = json.dumps(mine | {"document": other["document"]}).encode()
    assert refused(house.send(swapped), 400, "ledger.envelope")
    assert house.send(house.file("2")).json()["seq"] == 2


def test_a_desk_without_keys_has_no_such_address() -> None:
    with TestClient(create_app(FakeDesk(), Settings(Path("none")))) as client:
        assert client.post("/signing-keys", content="{}").status_code == 404
