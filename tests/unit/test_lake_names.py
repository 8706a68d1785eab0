"""Numbers of a lake and the items they are, as rows told."""

import numpy as np

from guantong.capture.lots import class_of
from guantong.lake.names import Names
from guantong.lake.parquet import Coded
from guantong.store.columns import Ranges, Span

CABLE = "https://id.gs1.org/01/06901234567892"
LOT = f"{CABLE}/10/L7"
HEADS = [f"{CABLE}/21/", LOT, "https://id.gs1.org/00/"]


def told() -> Names:
    """Serials 1,000 to 1,030 of a class, places 3 to 12 of the same, a lot, a logistic unit."""
    names = Names()
    item = np.array([5_096, 9_219, 20, 7_168])
    width = np.array([0, -1_012, -1, -18])
    first = np.array([1_000, 3, -1, 1_024])
    names.learn(item, Coded(np.array([0, 0, 1, 2]), HEADS), width, first)
    names.learn(np.array([5_120]), Coded(np.array([0]), HEADS), np.array([0]), np.array([1_024]))
    return names


def test_texts_and_numbers_lead_to_each_other() -> None:
    names = told()
    numbers = np.array([5_096, 5_126, 9_220, 20, 7_169])
    texts = names.texts(numbers)
    assert texts[0] == f"{CABLE}/21/1000"
    assert texts[1] == f"{CABLE}/21/1030"
    assert texts[3] == LOT
    assert names.numbers(texts).tolist() == numbers.tolist()
    assert names.numbers([f"{CABLE}/21/9999999", "urn:other"]).tolist() == [-1, -1]


def test_a_place_is_no_code_but_of_its_class() -> None:
    names = told()
    (text,) = names.texts(np.array([9_220]))
    assert names.numbers([f"{CABLE}/21/4", f"{CABLE}/21/000000000004"]).tolist() == [4_100, -1]
    assert names.plain_heads(np.array([9_220])) == [HEADS[0]]
    assert class_of(text) == CABLE


def test_spans_join_over_extents_and_tell_places_at_the_end() -> None:
    names = told()
    ranges = Ranges.of(np.array([5_096, 9_219, 20]), np.array([31, 10, 1]))
    one, other, lot = names.spans(ranges)[1:], names.spans(ranges, true=True), Span(LOT, -1, -1)
    assert one[0] == Span(HEADS[0], 1_000, 1_030, 0)
    assert other == [lot, Span(HEADS[0], 1_000, 1_030, 0), Span(HEADS[0], 3, 12, -1_012)]
    assert names.heads(ranges) == {LOT, HEADS[0]}
