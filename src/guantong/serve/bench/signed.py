"""What is sent when each document is signed by a party of its own?

A party's second document names the receipt of its first, so documents that are all made before
the clock starts come from as many parties. What each event says can be proved alone.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guantong.caller import OPERATOR, Caller, Level
from guantong.capture import read_table
from guantong.ledger import SystemEntropy
from guantong.ledger.party_key import Algorithm, SigningKey
from guantong.serve import party_keys
from guantong.serve.bench.http import Http, Measured, post
from guantong.serve.bench.load import Alike
from guantong.serve.intake import Offer
from guantong.serve.job import facts_of
from guantong.serve.keys import new_key
from guantong.serve.seal import MEDIA, signed_file
from guantong.serve.world import World, open_world
from guantong.settings import Settings

PARTY: Final = "urn:guantong:opaque:signer-{}"


@dataclass(frozen=True, slots=True)
class Party:
    """One that signs."""

    uri: str
    key: str
    """Says who is calling."""
    secret: bytes
    """Signs."""

    @property
    def caller(self) -> Caller:
        """Who hands in."""
        return Caller(self.uri, Level.PARTY)


def enter(settings: Settings, count: int) -> list[Party]:
    """Make an installation if there is none, and parties with both kinds of keys."""
    with open_world(settings, create=True) as world:
        return [_entered(world, PARTY.format(number)) for number in range(count)]


def _entered(world: World, uri: str) -> Party:
    secret = SigningKey.new(Algorithm.ED25519)
    key = world.add_key(new_key(Caller(uri, Level.PARTY)), OPERATOR)
    world.enter_signing_key(party_keys.registration(secret.public.encode(), uri), OPERATOR)
    return Party(uri, key, secret.encode())


def capture_signed(
    address: str, parties: Sequence[Party], alike: Alike, connections: int
) -> Measured:
    """Hand in documents that are all alike, made and signed before the clock starts."""
    files = zip(parties, signed(parties, alike), strict=True)
    requests = [post(party.key, MEDIA, file) for party, file in files]
    http = Http(address, connections)
    measured = http.run(iter(requests))
    http.close()
    return measured


def signed(parties: Sequence[Party], alike: Alike) -> Iterator[bytes]:
    """The documents as files, each signed by the next party."""
    for party, one in zip(parties, alike.filings(), strict=True):
        said = read_table(one.body, media=one.media, name=one.name)
        facts = facts_of(Offer(one.body), said, party.caller)
        salt = SystemEntropy().salts(1)[0]
        secret = SigningKey.parse(party.secret)
        yield signed_file(one.body, said, facts, secret, salt=salt, after=(0, ""))


def floor_of_sealing(alike: Alike) -> float:
    """Seconds of a SHA-256, a signature's check and an AES-256-GCM for each document."""
    key = SigningKey.new(Algorithm.ED25519)
    bodies = [one.body for one in alike.filings()]
    marks = [key.sign(sha256(body).digest()) for body in bodies]
    began = time.perf_counter()
    for body, mark in zip(bodies, marks, strict=True):
        key.public.verify(mark, sha256(body).digest())
        AESGCM(os.urandom(32)).encrypt(os.urandom(12), body, None)
    return time.perf_counter() - began
