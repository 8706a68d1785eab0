"""What says something of a person leaves the document at intake, and is found nowhere after an erasure."""

import json
import pickle
import shutil
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from guantong import trace
from guantong.caller import OPERATOR, PUBLIC
from guantong.capture import CaptureError, Limits, read
from guantong.capture.event_hash import event_hash
from guantong.capture.personal import Disclosure, Personal, unsalted
from guantong.capture.withholding import DIGESTS, has_withheld
from guantong.clock import SetClock
from guantong.errors import Refusal
from guantong.ledger.export import export
from guantong.ledger.signer import Signer
from guantong.parties import Register
from guantong.serve import personal
from guantong.serve.audit import audit
from guantong.serve.intake import Offer, read_offer
from guantong.serve.world import INDEX, World, open_world, rebuild
from guantong.store.compare_rows import row_differences
from guantong.store.door import EventFilter
from guantong.verdict.history import sight_of
from tests.walk.test_walk import MAKER, SHOP, at, epcis, maker, records, shop, walk, world

__all__ = ["world"]
GROUND = "PIPL art. 47 (3): consent withdrawn"
NAME, PHONE, NUMBER = "张三", "13912345678", "11010519491231002X"
PLANTED = (NAME, PHONE, NUMBER)


def sale(**more: object) -> dict[str, object]:
    return {
        "@context": [{"ex": "https://example.org/ns/"}],
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "retail_selling",
        "eventTime": "2026-03-12T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": ["https://id.gs1.org/01/06901234567892/21/77"],
        "ex:buyerName": NAME,
        "ex:note": {"ex:buyer_phone": PHONE, "ex:colour": "red"},
        "ex:buyerIDNumber": NUMBER,
        **more,
    }


def firm() -> bytes:
    one = {"name": "甲", "uscc": MAKER[-18:], "contact": f"{NAME} {PHONE}"}
    return json.dumps({"guantong": "records", "firms": [one]}, ensure_ascii=False).encode()


def traces_of(text: str) -> list[bytes]:
    """A text as bytes, escaped, and as unsalted hash in three spellings."""
    raw = text.encode()
    digest = sha256(raw).digest()
    escaped = json.dumps(text)[1:-1].encode()
    return [raw, escaped, digest, digest.hex().encode(), b64encode(digest)]


def found_in(directory: Path, *documents: bytes) -> list[tuple[str, str]]:
    """Files with a planted text in any spelling, or with the unsalted hash of a document."""
    wanted = [(text, trace) for text in PLANTED for trace in traces_of(text)]
    for document in documents:
        digest = sha256(document).digest()
        wanted += [("hash", digest), ("hash", digest.hex().encode())]
    files = [(str(path), path.read_bytes()) for path in directory.rglob("*") if path.is_file()]
    return [(path, text) for path, held in files for text, trace in wanted if trace in held]


def stored_of(world: World) -> list[Any]:
    with world._readers.lend() as store:
        return list(store.scan_events(EventFilter(), after=None, limit=1000))


def events_of(world: World) -> list[Any]:
    return [it.event for it in stored_of(world)]


@pytest.mark.file
def test_personal_members_are_found_nowhere_and_a_rebuild_equals_the_index(
    world: World, tmp_path: Path
) -> None:
    walk(world)
    documents = [epcis(sale(), sale(eventTime="2026-03-13T10:00:00+08:00")), firm()]
    receipts = [world.submit(Offer(body), maker) for body in documents]
    assert all(receipt.accepted for receipt in receipts), receipts
    assert [world.ledger.entry(it.ledger_index).statement.meta["withheld"] for it in receipts] == [
        6,
        1,
    ]
    assert [world.ledger.body(it.ledger_index) for it in receipts] == documents
    again = world.submit(Offer(documents[0]), maker)
    assert (again.repeated, again.ledger_index) == (True, receipts[0].ledger_index)
    world.wait(world.ledger.size)
    sold = [event for event in events_of(world) if has_withheld(event)]
    assert len(sold) == 2
    digests = [one for event in sold for one in event.extensions[DIGESTS]]
    assert len(set(digests)) == 4
    assert [event.id for event in sold] == [event_hash(event) for event in sold]
    assert sold[0].extensions["{https://example.org/ns/}note"].keys() == {
        "{https://example.org/ns/}colour",
        DIGESTS,
    }
    size, root = world.ledger.size, world.ledger.root
    proofs = [world.ledger.inclusion_proof(n, size) for n in range(size)]
    code = "https://id.gs1.org/01/06901234567892/21/77"
    before = world.check(code, PUBLIC, as_of=size), world.trace(code, "both", maker, as_of=size)
    settings = world.settings
    for erased in (False, True):
        if erased:
            for receipt in receipts:
                assert world.erase(receipt.ledger_index, GROUND, OPERATOR).accepted
        world.close()
        assert found_in(settings.data, *documents) == []
        kept = tmp_path / f"kept-{erased}.sqlite"
        shutil.copy(settings.data / INDEX, kept)
        for _ in rebuild(settings):
            pass
        assert row_differences(kept, settings.data / INDEX) == []
        assert found_in(settings.data) == []
        assert audit(settings).findings == ()
        world = open_world(settings, clock=SetClock(at(20)))
    now = world.check(code, PUBLIC, as_of=size), world.trace(code, "both", maker, as_of=size)
    assert now == before
    assert world.ledger.root_at(size) == root
    assert [world.ledger.inclusion_proof(n, size) for n in range(size)] == proofs
    with pytest.raises(Refusal) as refusal:
        world.ledger.body(receipts[0].ledger_index)
    assert refusal.value.faults[0].code == "ledger.erased"
    world.close()


def test_the_members_follow_from_the_sealed_document_alone(world: World) -> None:
    receipt = world.submit(Offer(epcis(sale())), maker)
    opening = world.ledger.opening(receipt.ledger_index)
    statement = world.ledger.entry(receipt.ledger_index).statement
    reading = read_offer(Offer(opening.body), Limits())
    found = personal.again(
        world.ledger,
        reading,
        data=opening.body,
        salt=opening.salt,
        said=statement.meta,
    )
    told = {one.name.rpartition("/")[2]: one.value.reveal() for one in found.disclosures}
    assert told == {
        "}buyerName": NAME,
        "}buyer_phone": PHONE,
        "}buyerIDNumber": NUMBER,
    }
    world.wait(world.ledger.size)
    (event,) = [event for event in events_of(world) if has_withheld(event)]
    shown = json.dumps(event.extensions)
    assert all(Disclosure.parse(one.text()).digest() in shown for one in found.disclosures)
    with pytest.raises(Refusal) as refusal:
        personal.again(
            world.ledger,
            reading,
            data=b"",
            salt=opening.salt,
            said=dict(statement.meta) | {personal.WITHHELD: 2},
        )
    assert refusal.value.faults[0].code == "serve.personal_list"
    world.close()


def test_an_id_that_is_an_unsalted_hash_of_personal_data_is_refused(world: World) -> None:
    document = read(epcis(sale())).document
    assert document is not None
    own = event_hash(document.events[0])
    receipt = world.submit(Offer(epcis(sale(eventID=own))), maker)
    assert [found.code for found in receipt.faults] == ["capture.unsalted"]
    assert receipt.faults[0].path == "epcisBody.eventList[0].eventID"
    named = world.submit(Offer(epcis(sale(eventID="urn:uuid:7f3f5b3e-1"))), maker)
    assert named.accepted, named
    world.close()


def test_an_installation_adds_lines_of_its_own(world: World) -> None:
    line = 'key = "plot"\nname = "plot"\nlabel_zh = "地块"\nlabel_en = "plot"\nsince = 2026-01-01\n'
    text = f'[[personal]]\n{line}source = "us"\nprovenance = "inferred"\n'
    (world.settings.data / personal.FILE).write_text(text, "utf-8")
    receipt = world.submit(Offer(epcis(sale(**{"ex:plot": "7"}))), maker)
    assert world.ledger.entry(receipt.ledger_index).statement.meta["withheld"] == 4
    world.close()


def test_a_personal_value_has_no_hash_no_bytes_and_no_copy() -> None:
    value: Any = Personal(PHONE.encode())
    assert PHONE not in f"{value!r} {value}"
    for ask in (unsalted, hash, bytes, pickle.dumps):
        with pytest.raises(CaptureError) as refusal:
            ask(value)
        assert refusal.value.faults[0].code == "capture.unsalted"
    with pytest.raises(TypeError):
        sha256(value)


def test_the_digest_is_that_of_the_standard() -> None:
    one = Disclosure("_26bc4LT-ac6q2KI6cBW5es", "family_name", Personal("Möbius"))
    raw = b'["_26bc4LT-ac6q2KI6cBW5es","family_name","M\xc3\xb6bius"]'
    assert Disclosure.parse(one.text()).text() == one.text()
    import base64

    text = base64.urlsafe_b64encode(raw).rstrip(b"=")
    assert one.digest() == base64.urlsafe_b64encode(sha256(text).digest()).rstrip(b"=").decode()


@pytest.mark.file
def test_with_proceed_only_the_event_with_the_hash_is_left_out(world: World) -> None:
    document = read(epcis(sale())).document
    assert document is not None
    own = event_hash(document.events[0])
    other = sale(eventTime="2026-03-13T10:00:00+08:00")
    body = epcis(sale(eventID=own), other)
    receipt = world.submit(Offer(body, proceed=True), maker)
    assert (receipt.accepted, receipt.events) == (True, 1)
    assert [found.code for found in receipt.faults] == ["capture.unsalted"]
    world.wait(world.ledger.size)
    (left,) = [event for event in events_of(world) if has_withheld(event)]
    settings = world.settings
    world.close()
    kept = settings.data / "kept"
    shutil.copy(settings.data / INDEX, kept)
    for _ in rebuild(settings):
        pass
    assert row_differences(kept, settings.data / INDEX) == []
    assert own not in left.id


def test_an_event_goes_out_as_it_was_sent_only_to_who_sent_it(world: World) -> None:
    ends = {"destinationList": [{"type": "owning_party", "destination": SHOP}]}
    for body in (records(), epcis(sale(**ends))):
        assert world.submit(Offer(body), maker).accepted
    world.wait(world.ledger.size)
    (stored,) = [one for one in stored_of(world) if has_withheld(one.event)]
    item = stored.event.epcs[0]
    with world._readers.lend() as store:
        (step,) = trace.life(store, item, now_ms=at(20)).steps
        seen = {
            name: sight_of(caller, Register(store)).is_whole(item, step)
            for name, caller in {"maker": maker, "shop": shop, "public": PUBLIC}.items()
        }
    assert seen == {"maker": True, "shop": False, "public": False}
    world.close()


def test_nothing_of_it_is_in_an_export(world: World, tmp_path: Path) -> None:
    for body in (epcis(sale()), firm()):
        assert world.submit(Offer(body), maker).accepted
    signer = Signer(world.ledger)
    export(world.ledger, signer.sign(), signer.trust.log, tmp_path / "out")
    assert any((tmp_path / "out").rglob("*"))
    assert found_in(tmp_path / "out") == []
    world.close()
