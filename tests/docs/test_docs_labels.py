"""The page of labels says what the code does."""

import re
from pathlib import Path

from guantong.coding import FILE_FORMS, TEMPLATES, Carrier, read_template
from guantong.coding.labels import MODULE_MIN_MM, WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "labels.md").read_text("utf-8")


def test_forms_carriers_templates_and_words_are_all_there() -> None:
    named = set(re.findall(r"`([a-z0-9_-]+)`", PAGE))
    assert named >= {*FILE_FORMS, *Carrier, *TEMPLATES, *WORDS}
    assert f"narrower than {MODULE_MIN_MM} mm" in PAGE


def test_its_template_is_one() -> None:
    (body,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert read_template(body.encode()).name == "mine"
