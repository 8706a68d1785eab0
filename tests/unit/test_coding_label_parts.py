"""Labels made side by side are those made one by one, in their order; and what is refused is refused."""

import numpy as np
import pytest

from guantong.coding import TEMPLATES, CodeRange, CodingError, codes_of, labels_of, many_labels
from guantong.coding import label_parts as parts

TEMPLATE = TEMPLATES["item-40x20"]
CODES = CodeRange("https://id.gs1.org/01/06901234567892", 1, 25, lot="L7")
WORDS = {"product": "电线 {}", "lot": "L7"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "APART_MIN", 10)
    monkeypatch.setattr(parts, "PART", 10)


def test_they_are_the_same_in_the_same_order() -> None:
    one_by_one = list(labels_of(TEMPLATE, codes_of(CODES), WORDS))
    apart = list(many_labels(TEMPLATE, codes_of(CODES), WORDS, count=25))
    assert [one.text for one in apart] == [one.text for one in one_by_one]
    assert [one.lines for one in apart] == [one.lines for one in one_by_one]
    assert all(
        np.array_equal(one.modules, other.modules)
        for one, other in zip(apart, one_by_one, strict=True)
    )


def test_a_code_that_does_not_fit_is_refused_from_there_too() -> None:
    long = "urn:guantong:opaque:" + "x" * 900
    uris = [*codes_of(CODES), long]
    with pytest.raises(CodingError, match=r"coding\.label"):
        list(many_labels(TEMPLATE, uris, WORDS, count=26))


def test_who_wants_no_more_gets_no_more() -> None:
    labels = many_labels(TEMPLATE, codes_of(CODES), WORDS, count=25)
    assert next(labels).lines
    labels.close()  # type: ignore[attr-defined]
