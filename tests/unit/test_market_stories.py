"""Each story is true in the documents: its code shows what it promises."""

import pytest

from guantong.capture.model import EventType
from guantong.identify.check_digits import is_checked
from guantong.market import filings, stories
from tests.market_read import Market, Told, market_of, sold

DAY = 86_400_000


@pytest.fixture(scope="module", params=[7, 1, 42])
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def market(seed: int) -> Market:
    return market_of(filings(seed, events=2000))


@pytest.fixture(scope="module")
def codes(seed: int) -> dict[str, str]:
    return {story.key: story.code for story in stories(seed, events=2000)}


def born(market: Market, item: str) -> Told:
    return next(one for one in market.of(item) if one.event.step == "commissioning")


def parts(market: Market, bike: str) -> set[str]:
    """What was built in last, taking out respected."""
    found: set[str] = set()
    for one in market.of(bike):
        if one.event.type is EventType.ASSOCIATION and one.event.parent == bike:
            children = set(one.event.child_epcs)
            found = found | children if one.event.action == "ADD" else found - children
    return found


def lot(told: Told) -> str:
    return str(told.event.ilmd["{urn:epcglobal:cbv:mda}lotNumber"])


def test_every_story_has_words_in_two_languages(seed: int) -> None:
    told = stories(seed)
    assert len({story.key for story in told}) == len(told) == 17
    assert all(story.title_zh and story.title_en and story.shows_zh for story in told)


def test_the_codes_do_not_depend_on_the_size(seed: int) -> None:
    assert stories(seed, events=2000) == stories(seed, events=5_000_000)


def test_ok(market: Market, codes: dict[str, str]) -> None:
    bike = codes["ok"]
    steps = market.steps(bike)
    assert steps[:2] == ["commissioning", "assembling"]
    assert steps.count("retail_selling") == 1
    assert steps[-1] == "retail_selling"
    assert len(parts(market, bike)) == 4
    assert born(market, bike).event.certification[0].startswith("urn:guantong:ccc:")


def test_clone(market: Market, codes: dict[str, str]) -> None:
    first, second = sold(market, codes["clone"])
    assert second.event.time_ms - first.event.time_ms <= 6 * 3_600_000
    regions = {market.place(one.event.read_point).fields["region"] for one in (first, second)}
    assert len({str(region)[:2] for region in regions}) == 2
    receivers = {one.by for one in market.of(codes["clone"]) if one.event.step == "receiving"}
    assert first.by in receivers
    assert second.by not in receivers


def test_returned(market: Market, codes: dict[str, str]) -> None:
    first, second = sold(market, codes["returned"])
    between = [
        one.event.disposition
        for one in market.of(codes["returned"])
        if first.event.time_ms < one.event.time_ms < second.event.time_ms
    ]
    assert "returned" in between


def test_vehicle(market: Market, codes: dict[str, str]) -> None:
    coded, fitted = market.of(codes["vehicle"])
    bike = fitted.event.parent
    assert coded.event.epcs == (bike, codes["vehicle"])
    assert (
        born(market, bike).event.ilmd["{urn:guantong:vocab:}vehicleCode"]
        == codes["vehicle"].rpartition(":")[2]
    )


def test_bad_battery(market: Market, codes: dict[str, str]) -> None:
    battery = codes["bad_battery_part"]
    assert battery in parts(market, codes["bad_battery"])
    (stop,) = market.stops
    assert stop.target.endswith(f"/10/{lot(born(market, battery))}")
    assert stop.target.rpartition("/10/")[0] == battery.rpartition("/21/")[0]
    found = [one for one in market.told if one.event.disposition == "non_conformant"]
    assert {lot(born(market, code)) for one in found for code in one.event.epcs} == {
        lot(born(market, battery))
    }
    (held,) = [one for one in market.of(battery) if one.event.step == "holding"]
    assert held.event.persistent_set == ("recalled",)
    makers = {
        one.by
        for one in market.told
        if one.event.step == "assembling" and set(one.event.child_epcs) & set(held.event.epcs)
    }
    assert len(makers) == 2


def test_suspended(market: Market, codes: dict[str, str]) -> None:
    statements = [one for one in market.master if one.key == codes["certificate"]]
    valid, suspended = statements
    assert (valid.fields["status"], suspended.fields["status"]) == ("valid", "suspended")
    for key, late in (("before_suspension", False), ("suspended", True)):
        made = born(market, codes[key]).event
        assert made.certification == (codes["certificate"],)
        day = str(made.ilmd["{https://gs1.org/voc/}productionDate"])
        assert (day >= suspended.since) is late
        assert market.steps(codes[key])[-1] == "retail_selling"


def test_cable(market: Market, codes: dict[str, str]) -> None:
    coil = born(market, codes["cable"]).event
    (reel,) = coil.input_epcs
    (copper,) = born(market, reel).event.input_quantities
    (cast,) = [
        one
        for one in market.told
        if one.event.step == "commissioning"
        and copper.epc_class in [amount.epc_class for amount in one.event.quantities]
    ]
    assert copper.uom == "KGM"
    assert len(coil.output_epcs) == 50
    assert cast.by != born(market, reel).by
    assert market.steps(codes["cable"])[-1] == "retail_selling"


def test_stove(market: Market, codes: dict[str, str]) -> None:
    (fitted,) = [one for one in market.of(codes["stove"]) if one.event.step == "installing"]
    whole = (codes["stove"], *fitted.event.child_epcs)
    assert len({born(market, code).by for code in whole}) == 3
    home = market.place(fitted.event.biz_location)
    assert home.fields["kind"] == "household"


def test_lost(market: Market, codes: dict[str, str]) -> None:
    told = market.of(codes["lost"])
    assert told[-1].event.step == "shipping"
    (buyer,) = {side.value for side in told[-1].event.destinations if side.type == "owning_party"}
    assert all(buyer != one.by for one in told)


def test_rebar(market: Market, codes: dict[str, str]) -> None:
    cut = next(one for one in market.told if codes["rebar"] in one.event.output_epcs).event
    assert cut.input_epcs == (codes["bundle"],)
    (heat,) = born(market, codes["bundle"]).event.input_quantities
    assert heat.uom == "TNE"
    assert any(
        heat.epc_class in [amount.epc_class for amount in one.event.quantities]
        for one in market.told
        if one.event.step == "commissioning"
    )


def test_ecode(market: Market, codes: dict[str, str]) -> None:
    assert market.steps(codes["ecode"])[:2] == ["commissioning", "assembling"]
    assert "{urn:guantong:vocab:}productClass" in born(market, codes["ecode"]).event.ilmd
    assert market.steps(codes["ecode"])[-1] == "retail_selling"


def test_unknown_and_malformed(market: Market, codes: dict[str, str]) -> None:
    assert market.of(codes["unknown"]) == []
    gtins = {key: codes[key].split("/")[4] for key in ("unknown", "malformed")}
    assert is_checked(gtins["unknown"])
    assert not is_checked(gtins["malformed"])
    serial = int(codes["unknown"].rpartition("/")[2])
    assert all(issue.last < serial for issue in market.issues)
