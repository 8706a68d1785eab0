"""A small installation where makers signed, others did not; for tests of what is shown offline."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from guantong.caller import OPERATOR, Caller, Level
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.serve import party_keys
from guantong.serve.intake import Receipt
from guantong.serve.job import facts_of, offer_of
from guantong.serve.keys import new_key
from guantong.serve.seal import MEDIA, signed_file
from guantong.serve.world import World, open_world
from guantong.settings import Settings

MAKER = "https://id.gs1.org/417/6901234000009"
P256_MAKER = "https://id.gs1.org/417/6909876000003"
TWIN_MAKER = "https://id.gs1.org/417/6900000000014"
STRANGER = "https://id.gs1.org/417/6900000000007"
GTIN = "https://id.gs1.org/01/06901234567892"
PLACE = "https://id.gs1.org/414/6901234000009"
ALONE = f"{GTIN}/21/ALONE"
"""Its making names nothing else, and its maker signed it."""
TOGETHER = f"{GTIN}/21/T1"
"""Made in one event with another one."""
UNSIGNED = f"{GTIN}/21/UNSIGNED"
"""Its making names nothing else; nobody signed."""
BY_P256 = f"{GTIN}/21/P256"
"""As `ALONE`, signed with ECDSA."""
TWIN = f"{GTIN}/21/TWIN1"
"""Made in one event with `OTHER_TWIN`; their maker lets each be shown alone."""
OTHER_TWIN = f"{GTIN}/21/TWIN2"
NAMES = {MAKER: "maker", P256_MAKER: "other maker", TWIN_MAKER: "twin maker", STRANGER: "stranger"}


def made(*codes: str, **other: Any) -> bytes:
    """A document of one event for each group of codes: several in one event share a tuple."""
    groups = [code.split() for code in codes]
    events = [
        {
            "type": "ObjectEvent",
            "eventTime": f"2026-03-01T08:00:00.{number:03}+08:00",
            "eventTimeZoneOffset": "+08:00",
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "epcList": group,
        }
        | other
        for number, group in enumerate(groups)
    ]
    body = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T08:00:00+08:00",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(body).encode()


def caller(party: str) -> Caller:
    return Caller(party, Level.PARTY)


def send_signed(
    world: World, party: str, key: SigningKey, data: bytes, *, alone: bool = False
) -> Receipt:
    """The first signed document of a party whose key is registered here."""
    record = party_keys.registration(key.public.encode(), party)
    assert world.enter_signing_key(record, OPERATOR).accepted
    assert world.intake is not None
    offer = offer_of(data)
    document = world.intake.read(offer).document
    assert document is not None
    salt = sha256(b"salt" + data).digest()
    facts = facts_of(offer, document, caller(party))
    file = signed_file(data, document, facts, key, salt=salt, after=(0, ""), made=alone)
    return world.submit(offer_of(file, media=MEDIA), caller(party))


@contextmanager
def opened(settings: Settings, **options: Any) -> Iterator[tuple[World, dict[str, str]]]:
    """The installation, and an API key for each party."""
    with open_world(settings, create=True, **options) as world:
        keys = {party: world.add_key(new_key(caller(party)), OPERATOR) for party in NAMES}
        one = SigningKey.of_seed(sha256(b"maker").digest())
        two = SigningKey.new(Algorithm.P256)
        receipts = [
            send_signed(
                world, MAKER, one, made(f"{GTIN}/21/A0", ALONE, f"{TOGETHER} {GTIN}/21/T2")
            ),
            send_signed(world, P256_MAKER, two, made(BY_P256)),
            send_signed(
                world,
                TWIN_MAKER,
                SigningKey.of_seed(sha256(b"twins").digest()),
                made(f"{GTIN}/21/B0", f"{TWIN} {OTHER_TWIN}", bizLocation={"id": PLACE}),
                alone=True,
            ),
            world.submit(offer_of(made(UNSIGNED)), caller(MAKER)),
        ]
        assert all(receipt.accepted for receipt in receipts), receipts
        assert world.wait(world.ledger.size)
        yield world, keys
