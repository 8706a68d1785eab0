"""Alerts find the products they are about: by barcode, else by brand and model; what only looks alike does not match."""

import time

import pytest

from benchmarks.bench_alerts import known, measured
from guantong.connectors import Alert, By, Known, Matcher, Source
from guantong.market import foreign_alerts

GTIN = "06901234567892"
KEY = f"https://id.gs1.org/01/{GTIN}"


def alert(**told: object) -> Alert:
    return Alert(Source.SAFETY_GATE, "SR/1/26", **told)  # type: ignore[arg-type]


def by(brand: str, model: str, told: Alert) -> list[By]:
    matcher = Matcher([Known(KEY, GTIN, brand, model)])
    return [one.by for one in matcher.matches(told)]


def test_a_barcode_matches_whatever_else_is_said() -> None:
    told = alert(barcodes=(GTIN,), brands=("Other",), models=("Z-9",))
    (found,) = Matcher([Known(KEY, GTIN, "Acorn", "X-100")]).matches(told)
    assert (found.product, found.by, found.why) == (KEY, By.GTIN, GTIN)


def test_a_barcode_goes_before_brand_and_model_and_a_product_comes_once() -> None:
    told = alert(barcodes=(GTIN,), brands=("Acorn",), models=("X-100",))
    assert by("Acorn", "X-100", told) == [By.GTIN]


def test_the_barcode_of_a_case_is_another() -> None:
    assert by("Acorn", "X-100", alert(barcodes=("16901234567899",))) == []


@pytest.mark.parametrize(
    ("filed", "said"),
    [
        ("Acorn", "ACORN®"),
        ("Acorn", "Acorn Co., Ltd."),
        ("Acorn Inc", "acorn"),
        ("Bébé", "BEBE"),
        ("Ａｃｏｒｎ", "Acorn"),
        ("橡果 Acorn", "Acorn"),
        ("橡果 Acorn", "橡果"),
        ("橡果有限公司", "橡果"),
        ("S & W", "S&W"),
        ("Acorn-Light", "Acorn Light"),
    ],
)
def test_brands_are_equal_but_for_spelling(filed: str, said: str) -> None:
    assert by(filed, "X-100", alert(brands=(said,), models=("X-100",))) == [By.BRAND_MODEL]


@pytest.mark.parametrize(
    ("filed", "said"),
    [
        ("X-100", "x100"),
        ("X-100", "X 100"),
        ("X-100", "X–100"),
        ("X 100 A", "X100A"),
        ("X100A", "X 100 A"),
        ("Pro X100", "PRO X-100"),
        ("X-100", "X-100/X-200"),
        ("176103", "176103"),
    ],
)
def test_models_are_equal_but_for_spelling(filed: str, said: str) -> None:
    assert by("Acorn", filed, alert(brands=("Acorn",), models=(said,))) == [By.BRAND_MODEL]


@pytest.mark.parametrize(
    ("filed", "said"),
    [
        ("X-100", "X-1000"),
        ("X-100", "X-100A"),
        ("X-100A", "X-100 a"),
        ("X-1001", "X-100 1"),
        ("X-100", "AX-100"),
        ("A1", "A1"),
        ("Pro", "Pro"),
        ("2024", "2024"),
        ("220V", "220V"),
        ("1000W", "1000 W"),
        ("", ""),
    ],
)
def test_other_models_and_those_that_tell_nothing_do_not_match(filed: str, said: str) -> None:
    assert by("Acorn", filed, alert(brands=("Acorn",), models=(said,))) == []


def test_the_same_model_of_another_brand_does_not_match() -> None:
    assert by("Acorn", "X-100", alert(brands=("Dunmore",), models=("X-100",))) == []
    assert by("Acorn", "X-100", alert(models=("X-100",))) == []
    assert by("", "X-100", alert(models=("X-100",))) == []
    assert by("Unknown", "X-100", alert(brands=("Unknown",), models=("X-100",))) == []


def test_a_model_is_looked_for_in_the_text_when_none_is_listed() -> None:
    text = "This involves model numbers X-100 and X-200."
    assert by("Acorn", "X-200", alert(brands=("Acorn",), text=text)) == [By.BRAND_MODEL]
    assert by("Acorn", "X-200", alert(brands=("Acorn",), models=("X-1",), text=text)) == []


def test_a_brand_may_be_the_first_words_of_the_product() -> None:
    told = alert(product="Acorn Light heaters", models=("X-100",))
    assert by("Acorn Light", "X-100", told) == [By.BRAND_MODEL]
    assert by("Light", "X-100", told) == []


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in (2, 3))]
)
def test_the_figures_that_the_page_tells(seed: int) -> None:
    """As docs/reference/watch.md tells them, with room for what chance does at this size."""
    for rules in measured(seed, 4_000).values():
        gtin, named, both = rules["gtin"], rules["brand_model"], rules["both"]
        naive = rules["brand or model in the text"]
        assert gtin.right / gtin.found >= 0.95
        assert named.right / named.found >= 0.92
        assert both.right / both.true >= 0.75
        assert naive.right / naive.found <= 0.1


def test_ten_thousand_alerts_find_their_products_among_many_in_seconds() -> None:
    made = foreign_alerts(9, goods=20_000, alerts=10)
    matcher = Matcher(known(made))
    told = [
        alert(brands=(one.latin,), text=f"Model {one.model}", barcodes=(one.gtin,))
        for one in made.goods[:10_000]
    ]
    begun = time.process_time()
    assert sum(len(matcher.matches(one)) for one in told) >= 10_000
    assert time.process_time() - begun < 10
