"""The made-up alerts are those that were assumed, and the same for the same seed."""

import json

from lxml import etree

from guantong.market import foreign_alerts, number_of, recalls_json, weekly_xml
from guantong.market.foreign_alerts import WAYS, plain


def test_the_same_seed_gives_the_same() -> None:
    first, again = foreign_alerts(1, goods=50, alerts=80), foreign_alerts(1, goods=50, alerts=80)
    assert first == again
    assert weekly_xml(1, first.said) == weekly_xml(1, again.said)
    assert recalls_json(1, first.said) == recalls_json(1, again.said)
    assert first != foreign_alerts(2, goods=50, alerts=80)


def test_alerts_are_shared_out_as_assumed_and_their_truth_is_told() -> None:
    made = foreign_alerts(3, goods=500, alerts=6_000)
    keys = {one.key for one in made.goods}
    total = sum(WAYS.values())
    for way, weight in WAYS.items():
        share = sum(one.way == way for one in made.said) / len(made.said)
        assert abs(share - weight / total) < 0.02, way
    about = {"barcode", "spelled", "listed", "in_text", "mistyped", "case", "colour"}
    for one in made.said:
        assert bool(one.true) == (one.way in about)
        assert one.true <= keys


def test_the_next_model_is_never_one_that_is_filed() -> None:
    made = foreign_alerts(4, goods=500, alerts=3_000)
    filed = {(one.latin, plain(one.model)) for one in made.goods}
    for one in made.said:
        if one.way in {"next_model", "other_brand"}:
            assert (one.brand, plain(one.model)) not in filed


def test_both_files_hold_every_alert_with_its_number() -> None:
    made = foreign_alerts(5, goods=100, alerts=200)
    root = etree.fromstring(weekly_xml(5, made.said))
    numbers = [one.findtext("caseNumber") for one in root.iter("notifications")]
    assert len(numbers) == 200
    told = json.loads(recalls_json(5, made.said).decode("utf-8-sig"))
    assert len(told) == 200
    for at, one in enumerate(made.said):
        if one.way != "spoilt":
            assert numbers[at] == number_of(at, "safety_gate")
            assert told[at]["RecallNumber"] == number_of(at, "cpsc")
