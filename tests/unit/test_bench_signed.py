"""Are the signed documents of the bench taken as signed, and only from who signed them?"""

from pathlib import Path

from guantong.serve.bench import signed
from guantong.serve.bench.load import Alike
from guantong.serve.job import offer_of
from guantong.serve.seal import MEDIA
from guantong.serve.world import open_world
from guantong.settings import Settings


def test_each_document_is_the_first_that_its_party_signed(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    parties = signed.enter(settings, 2)
    files = list(signed.signed(parties, Alike(7, 2, events=3)))
    with open_world(settings) as world:
        for party, file in zip(parties, reversed(files), strict=True):
            receipt = world.submit(offer_of(file, media=MEDIA), party.caller)
            assert not receipt.accepted
        for party, file in zip(parties, files, strict=True):
            receipt = world.submit(offer_of(file, media=MEDIA), party.caller)
            assert (receipt.accepted, receipt.seq, receipt.events) == (True, 1, 3), receipt.faults
            assert world.caller_of(party.key) == party.caller


def test_sealing_takes_some_time() -> None:
    assert signed.floor_of_sealing(Alike(7, 1, events=1)) > 0
