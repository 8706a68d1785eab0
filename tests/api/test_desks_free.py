"""Codes for a firm without a prefix, out of ranges that were delegated to the operator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guantong import coding
from guantong.caller import PUBLIC, Caller, Level
from guantong.clock import SetClock
from guantong.coding import Allocation, CodeRange, CodingError, Delegation, Free
from guantong.identify import Gtin, read
from guantong.ledger import StatementType
from guantong.parties import Standing
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from guantong.verdict import Outcome
from tests.people_small import MAKER, SHOP, Browser, signed_in

NOW = 1_772_500_000_000
GS1 = Delegation(Free.GS1, "6912345", 0, 99_999, 5, "GS1 China, letter 7")
ECODE = Delegation(Free.ECODE, "1006412", 0, 9_999, 4, "Ecode platform")
MA = Delegation(Free.MA, "MA.156.1003.1629/73.10000000", 1, 9_999, 0, "MA registrar")
CCC = "2026010201000123"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=SetClock(NOW), create=True) as opened:
        yield opened


@pytest.fixture
def clerk(world: World) -> Browser:
    return signed_in(world, "clerk", Role.PRODUCER, MAKER)


@pytest.fixture
def operator(world: World) -> Browser:
    return signed_in(world, "boss", Role.OPERATOR)


def delegate(operator: Browser, one: Delegation, **other: str) -> Any:
    operator.get("/desk/delegated")
    told = {name: str(value) for name, value in msgspec.to_builtins(one).items()}
    return operator.post("/desk/delegated", told | other)


def take(clerk: Browser, kind: str, **more: str) -> Any:
    clerk.get("/desk/free")
    return clerk.post("/desk/free", {"kind": kind, "name": "电动自行车", "model": "FX"} | more)


def own(world: World, party: str = MAKER) -> list[Allocation]:
    with world.readers.lend() as store:
        return coding.allocations_of(store, party)


@pytest.mark.parametrize("one", [GS1, ECODE, MA], ids=lambda one: one.scheme.value)
def test_a_firm_takes_a_class_issues_codes_and_scans_them(
    world: World, operator: Browser, clerk: Browser, one: Delegation
) -> None:
    assert delegate(operator, one).status_code == 200
    page = take(clerk, one.scheme.value)
    assert page.url.path == "/desk/codes"
    (given,) = own(world)
    assert f'value="{given.class_uri}" selected' in page.text
    page = clerk.post("/desk/codes", {"class": given.class_uri, "count": "50", "lot": "L1"})
    assert page.url.path.startswith("/desk/codes/"), page.text
    assert 'class="label' in page.text or "<svg" in page.text
    with world.readers.lend() as store:
        (codes,) = coding.ranges_of(store, given.class_uri, MAKER)
    seen = set()
    for item in coding.codes_of(codes):
        (best, *_) = read(item)
        told = world.check(best.value.uri, PUBLIC)
        assert told.outcome is Outcome.OK
        assert told.product is not None
        assert told.product.name == "电动自行车"
        seen.add(told.serial or item)
    assert len(seen) == 50


def test_the_gtin_given_is_one_of_the_prefix() -> None:
    for number in (0, 7, 99_999):
        digits = GS1.class_uri(number).rpartition("/")[2]
        assert Gtin.parse(digits).uri == GS1.class_uri(number)
        assert digits.startswith("06912345")
        assert GS1.number_of(GS1.class_uri(number)) == number
    assert GS1.number_of("https://id.gs1.org/01/06901234567892") is None


def test_a_ccc_certificate_is_bound_to_an_item_code(
    world: World, operator: Browser, clerk: Browser
) -> None:
    delegate(operator, GS1)
    assert take(clerk, "ccc", carrier="gs1").status_code == 400
    assert own(world) == []
    assert take(clerk, "ccc", carrier="gs1", certificate="123").status_code == 400
    take(clerk, "ccc", carrier="gs1", certificate=CCC)
    (given,) = own(world)
    clerk.get("/desk/certificates")
    clerk.post("/desk/certificates", {"kind": "ccc", "number": CCC, "status": "valid"})
    told = world.check(given.class_uri, PUBLIC)
    assert [one.certificate.number for one in told.certificates] == [CCC]
    assert told.certificates[0].confirmed
    assert told.certificates[0].now is Standing.VALID


def test_another_firm_has_no_use_of_it(world: World, operator: Browser, clerk: Browser) -> None:
    delegate(operator, GS1)
    take(clerk, "gs1")
    (given,) = own(world)
    thief = Caller(SHOP, Level.PARTY)
    with pytest.raises(CodingError, match=r"coding\.delegated"):
        world.issue(CodeRange(class_uri=given.class_uri, first=0, last=9), thief)
    free = next(
        GS1.class_uri(number) for number in range(10) if GS1.class_uri(number) != given.class_uri
    )
    with pytest.raises(CodingError, match=r"coding\.delegated"):
        world.issue(CodeRange(class_uri=free, first=0, last=9), thief)
    assert world.issue(
        CodeRange(class_uri=given.class_uri, first=0, last=9), Caller(MAKER, Level.PARTY)
    ).accepted


def test_of_two_who_draw_one_number_the_first_in_the_ledger_has_it(world: World) -> None:
    class_uri = GS1.class_uri(7)
    for party in (SHOP, MAKER):
        given = Allocation(GS1.key, 7, class_uri, party, "x")
        made = Made.of(StatementType.CODE_RANGE, given, coding.ALLOCATION_MEDIA)
        world.enter(made, Caller(party, Level.PARTY))
    with world.readers.lend() as store:
        assert coding.allocated_to(store, class_uri) == SHOP
        assert not coding.speaks_for(store, class_uri, MAKER)


def test_who_was_not_the_first_draws_again(
    world: World, operator: Browser, clerk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegate(operator, GS1)
    rival = Allocation(GS1.key, 5, GS1.class_uri(5), SHOP, "x")
    drawn = iter([5, 5, 6])

    def late(store: Any, scheme: Free, firm: str, what: str, today: str) -> Allocation:
        number = next(drawn)
        return Allocation(GS1.key, number, GS1.class_uri(number), firm, what)

    made = Made.of(StatementType.CODE_RANGE, rival, coding.ALLOCATION_MEDIA)
    world.enter(made, Caller(SHOP, Level.PARTY))
    monkeypatch.setattr(coding, "next_free", late)
    take(clerk, "gs1")
    assert [one.number for one in own(world)] == [6]


def test_a_range_that_is_full_or_over_gives_nothing(
    world: World, operator: Browser, clerk: Browser
) -> None:
    assert take(clerk, "gs1").status_code == 400
    over = msgspec.structs.replace(GS1, until="2026-01-01")
    delegate(operator, over)
    assert take(clerk, "gs1").status_code == 400
    small = msgspec.structs.replace(ECODE, last=1)
    delegate(operator, small)
    assert take(clerk, "ecode").status_code == 200
    assert take(clerk, "ecode").status_code == 200
    assert take(clerk, "ecode").status_code == 400
    assert sorted(one.number for one in own(world)) == [0, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"stem": "69123"},
        {"stem": "69123x5"},
        {"first": "9", "last": "3"},
        {"last": "9999999999"},
        {"source": ""},
        {"until": "soon"},
        {"scheme": "ccc"},
        {"last": "many"},
    ],
)
def test_a_range_of_which_no_code_can_be_made_is_refused(
    world: World, operator: Browser, wrong: dict[str, str]
) -> None:
    size = world.ledger.size
    assert delegate(operator, GS1, **wrong).status_code == 400
    assert world.ledger.size == size


def test_a_firm_can_not_take_all(
    world: World, operator: Browser, clerk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegate(operator, GS1)
    monkeypatch.setattr("guantong.coding.delegated.CLASSES_MAX", 2)
    assert take(clerk, "gs1").status_code == 200
    assert take(clerk, "gs1").status_code == 200
    assert take(clerk, "gs1").status_code == 400


def test_codes_printed_elsewhere_are_registered(world: World, clerk: Browser) -> None:
    clerk.get("/desk/products")
    clerk.post("/desk/products", {"name": "钢筋", "class_code": "urn:guantong:opaque:rebar.12"})
    clerk.get("/desk/codes")
    form = {"class": "urn:guantong:opaque:rebar.12", "count": "20"}
    page = clerk.post("/desk/codes", form | {"first_code": "urn:guantong:opaque:rebar.12.A00095"})
    assert page.url.path.startswith("/desk/codes/"), page.text
    told = world.check("urn:guantong:opaque:rebar.12.A00114", PUBLIC)
    assert told.outcome is Outcome.OK
    for stranger in ("A00115", "A00094", "A114", "A000114"):
        told = world.check(f"urn:guantong:opaque:rebar.12.{stranger}", PUBLIC)
        assert told.outcome is not Outcome.OK
    for wrong in ("urn:guantong:opaque:rebar.12.A", "urn:guantong:opaque:rebar.0", ""):
        given = form | {"first_code": wrong} if wrong else form
        assert clerk.post("/desk/codes", given).status_code == 400


def test_what_was_given_is_the_same_after_a_rebuild(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=SetClock(NOW), create=True) as first:
        clerk = signed_in(first, "clerk", Role.PRODUCER, MAKER)
        delegate(signed_in(first, "boss", Role.OPERATOR), MA)
        take(clerk, "ma")
        before = own(first)
    list(rebuild(settings))
    with open_world(settings, clock=SetClock(NOW)) as again:
        assert own(again) == before != []
