"""Signed documents where fronts read and another process writes: keys, chain, and the proof."""

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from guantong.caller import OPERATOR, Caller, Level
from guantong.capture import read
from guantong.ledger.checkpoint import Trust
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.note_key import VerifierKey
from guantong.ledger.party_key import SigningKey
from guantong.serve.audit import audit
from guantong.serve.job import facts_of, offer_of
from guantong.serve.keys import new_key
from guantong.serve.projector import identified
from guantong.serve.seal import SUFFIX, signed_file
from guantong.serve.world import open_world
from guantong.settings import Settings
from tests.fault.serving import serving
from tests.proof_small import GTIN, made

pytestmark = pytest.mark.full

KEY = SigningKey.of_seed(bytes(range(32)))
PARTY = "maker"


def file(number: int, after: tuple[int, str], key: SigningKey = KEY) -> bytes:
    data = made(f"{GTIN}/21/P{number}")
    document = read(data).document
    assert document is not None
    document = identified(document)
    facts = facts_of(offer_of(data), document, Caller(PARTY, Level.PARTY))
    salt = sha256(b"%d" % number).digest()
    return signed_file(data, document, facts, key, salt=salt, after=after)


def test_any_front_takes_keys_and_signed_documents_and_shows_their_proof(tmp_path: Path) -> None:
    path = f"/capture?name=a{SUFFIX}"
    with open_world(Settings(tmp_path / "d"), create=True) as world:
        operators = world.add_key(new_key(OPERATOR), OPERATOR)
    with serving(tmp_path / "d") as here:
        own, here.key = here.key, operators
        asked = {"party": PARTY, "public": KEY.public.encode()}
        status, said = here.ask("POST", "/signing-keys", json.dumps(asked).encode())
        assert status == 201, said
        here.key, after = own, (0, "")
        for number in range(1, 5):
            status, said = here.ask("POST", path, file(number, after))
            assert status == 201, said
            told = json.loads(said)
            after = told["seq"], told["leaf"]
            assert after[0] == number
        status, said = here.ask("POST", path, file(9, (after[0] + 1, after[1])))
        assert (status, json.loads(said)["type"]) == (400, "serve.seq")
        status, said = here.ask("POST", path, file(9, after, SigningKey.new()))
        assert (status, json.loads(said)["type"]) == (400, "serve.signer")
        code = quote(f"{GTIN}/21/P4", safe="")
        status, _ = here.ask("GET", f"/c/{code}?at_least={told['ledger_index'] + 1}")
        assert status == 200
        status, raw = here.ask("GET", f"/ledger/bundle/{code}")
        assert status == 200, raw
        trust = Trust(VerifierKey.parse(here.ask("GET", "/ledger/vkey")[1].decode()))
        shown = check(Bundle.parse(raw), trust)
        assert shown.signer == KEY.public
        revoked = json.dumps({"party": PARTY, "revoke": KEY.public.id}).encode()
        assert here.ask("POST", "/signing-keys", revoked)[0] == 201
        status, said = here.ask("POST", path, file(5, after))
        assert (status, json.loads(said)["type"]) == (400, "serve.signer")
    assert audit(Settings(tmp_path / "d")).findings == ()
