"""What is said of a submission's completeness is what would be found anew."""

from pathlib import Path

import pytest

from guantong import market, parties
from guantong.caller import Caller, Level
from guantong.capture import TableReading
from guantong.clock import day_in_china
from guantong.serve.fitting import read_offer
from guantong.serve.job import Offer
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from guantong.store import Store
from tests.fault.capture_victim import document

MAKER = "urn:guantong:uscc:91110000600037341L"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was looked at anew."""
    seen: list[str] = []
    real = parties.filing

    def spied(store: Store, reading: TableReading, by: str, day: object) -> parties.Filing:
        seen.append(by)
        return real(store, reading, by, day)  # type: ignore[arg-type]

    monkeypatch.setattr(parties, "filing", spied)
    return seen


def test_for_every_document_of_the_market_the_same_is_said_as_anew(
    tmp_path: Path, looks: list[str]
) -> None:
    kept = documents = 0
    with open_world(Settings(tmp_path / "d"), create=True) as world:
        for one in market.filings(5, events=1000):
            if not isinstance(one, market.Filing):
                continue
            offer = Offer(one.body, one.media, one.name)
            looks.clear()
            receipt = world.submit(offer, Caller(one.by, Level.PARTY))
            assert receipt.accepted
            kept += not looks
            documents += 1
            assert receipt.filing == found(world, offer, one.by)
    assert 0 < kept < documents


def found(world: World, offer: Offer, by: str) -> parties.Filing:
    reading = read_offer(offer, world.writer()._limits)
    day = day_in_china(world.clock.now_ms())
    with world.readers.lend() as store:
        return parties.filing(store, reading, by, day)


PRODUCT = b'{"guantong": "records", "products": [{"name": "x", "gtin": "6901234567892"}]}'


def test_what_is_filed_meanwhile_is_seen(tmp_path: Path, looks: list[str]) -> None:
    with open_world(Settings(tmp_path / "d"), create=True) as world:
        caller = Caller(MAKER, Level.PARTY)

        def unfiled(number: int) -> int:
            body = document(number, 1).replace(b'"OBSERVE"', b'"ADD", "bizStep": "commissioning"')
            receipt = world.submit(Offer(body), caller)
            assert receipt.filing is not None
            return len(receipt.filing.unfiled)

        assert [unfiled(1), unfiled(2), unfiled(3)] == [1, 1, 1]
        assert len(looks) == 1, "the second and third are like the first"
        world.wait(world.ledger.size)
        assert world.submit(Offer(PRODUCT), caller).accepted
        world.wait(world.ledger.size)
        assert unfiled(4) == 0
