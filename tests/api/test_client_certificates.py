"""Certificates that a proxy has checked: who shows one that is entered acts as its firm."""

import datetime as dt
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.scans import outside
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, signed_in

NOW = 1_772_500_000_000
SHEET = "时间,步骤,编码\n2026-03-02,生产,(01)06901234567892(21)1\n".encode()


def certificate(days: int = 30, *, since: int = -1) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "till 1")])
    now = dt.datetime.fromtimestamp(NOW / 1000, dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + dt.timedelta(since))
    return builder.not_valid_after(now + dt.timedelta(days)).sign(key, hashes.SHA256())


def header(one: x509.Certificate) -> str:
    return f":{b64encode(one.public_bytes(Encoding.DER)).decode()}:"


@pytest.fixture(params=[True, False], ids=["believed", "not believed"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    settings = Settings(tmp_path / "data", client_certificates=request.param)
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        yield opened


def enter(world: World, one: x509.Certificate, *scopes: str) -> int:
    clerk = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    clerk.get("/desk/keys")
    files = {"certificate": ("till.pem", one.public_bytes(Encoding.PEM), "application/x-pem-file")}
    form = {f"scope:{scope}": "1" for scope in scopes or ("capture", "read")}
    return int(clerk.post("/desk/keys", form, files=files).status_code)


def capture(world: World, told: str, **more: str) -> Any:
    client = TestClient(outside(world, world.settings))
    headers = {"client-cert": told, "content-type": "text/csv"} | more
    return client.post("/capture", content=SHEET, headers=headers)


def test_who_shows_it_acts_as_the_firm(world: World) -> None:
    one = certificate()
    assert enter(world, one) == 200
    answer = capture(world, header(one))
    if not world.settings.client_certificates:
        assert answer.status_code == 401
        return
    assert answer.status_code == 201, answer.text
    assert world.ledger.entry(answer.json()["ledger_index"]).statement.by == MAKER


def test_what_is_no_certificate_of_ours_is_nobody(world: World) -> None:
    one = certificate()
    assert enter(world, one) == 200
    mark = header(one)
    for told in (
        header(certificate()),
        mark.strip(":"),
        mark[:-10] + ":",
        ":bm8gY2VydGlmaWNhdGU=:",
        "",
        ":" + "A" * 20_000 + ":",
        f"{mark}, {mark}",
    ):
        assert capture(world, told).status_code == 401


def test_one_that_is_over_or_not_yet_counts_for_nothing(world: World) -> None:
    for one in (certificate(-1, since=-9), certificate(9, since=5)):
        assert enter(world, one) == 200
        assert capture(world, header(one)).status_code == 401


@pytest.mark.parametrize("world", [True], indirect=True)
def test_it_is_good_for_its_scopes_and_until_it_is_ended(world: World) -> None:
    one = certificate()
    enter(world, one, "read")
    assert capture(world, header(one)).status_code == 403
    other = certificate()
    enter(world, other, "capture")
    assert capture(world, header(other)).status_code == 201
    clerk = signed_in(world, "second", Role.PRODUCER, MAKER)
    clerk.get("/desk/keys")
    with world.readers.lend() as store:
        ids = [fact.key for fact in store.facts("key", (MAKER,))]
    clerk.post("/desk/keys", {"end": ids[-1]})
    assert capture(world, header(other)).status_code == 401


def test_nobody_says_a_mark_in_another_header(world: World) -> None:
    one = certificate()
    enter(world, one)
    with world.readers.lend() as store:
        (fact,) = store.facts("key", (MAKER,))
    mark = fact.key.removeprefix("cert.")
    for said in (mark, fact.key, f"gt_{fact.key}_{mark}", f"cert:{mark}"):
        assert capture(world, "", authorization=f"Bearer {said}").status_code == 401
        assert capture(world, "", **{"x-api-key": said}).status_code == 401


def test_a_file_that_is_no_certificate_is_refused(world: World) -> None:
    clerk = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    clerk.get("/desk/keys")
    files = {"certificate": ("x.pem", b"no certificate", "application/x-pem-file")}
    assert clerk.post("/desk/keys", {"scope:read": "1"}, files=files).status_code == 400
