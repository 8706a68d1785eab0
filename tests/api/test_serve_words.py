"""Every sentence is there in both languages, for every fault code of every room."""

import importlib
import pkgutil
import re
from enum import StrEnum
from inspect import getmembers, isclass

import pytest

import guantong
from guantong.caller import Level
from guantong.identify import Kind, Scheme
from guantong.parties import Standing
from guantong.serve import words
from guantong.serve.words import Language
from guantong.trace.model import Code, Direction, NodeKind, Relation, State, Why
from guantong.verdict.model import Outcome


def fault_enums() -> list[type[StrEnum]]:
    """Every enumeration named Fault in every module of the package."""
    found: dict[str, type[StrEnum]] = {}
    for module in pkgutil.walk_packages(guantong.__path__, "guantong."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in getmembers(loaded, isclass):
            if name == "Fault" and issubclass(value, StrEnum):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return list(found.values())


CODES = sorted({code.value for enum in fault_enums() for code in enum})


def test_the_rooms_were_found() -> None:
    rooms = {code.partition(".")[0] for code in CODES}
    assert {"identify", "capture", "ledger", "store", "coding", "serve"} <= rooms


@pytest.mark.parametrize("code", CODES)
def test_every_fault_code_has_words(code: str) -> None:
    zh, en = (words.sentence(code, language) for language in (Language.ZH, Language.EN))
    assert zh != code
    assert en != code
    assert zh.endswith("。")
    assert en.endswith(".")
    assert en.isascii()


def test_no_words_for_codes_that_are_none() -> None:
    table = words.table("faults")
    rooms = {code.partition(".")[0] for code in CODES}
    written = {f"{room}.{name}" for room, names in table.items() for name in names if room in rooms}
    assert written - set(CODES) == set()


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("state", State),
        ("standing", Standing),
        ("kind", [*Kind, *NodeKind]),
        ("scheme", Scheme),
        ("relation", Relation),
        ("direction", Direction),
        ("why", Why),
        ("level", Level),
        ("gap", [code.value.removeprefix("trace.") for code in Code]),
        ("region", ["11", "71", "82"]),
    ],
)
def test_every_closed_word_has_words(group: str, values: list[str]) -> None:
    for value in values:
        for language in Language:
            assert words.word(group, str(value), language)
        assert str(value) in words.table("vocabulary")[group], value


def test_the_standard_vocabulary_has_words() -> None:
    from guantong.capture.vocabulary import DISPOSITION, STEP

    table = words.table("vocabulary")
    assert set(table["step"]) == STEP.words
    assert set(table["disposition"]) == DISPOSITION.words


def test_every_outcome_has_headline_and_lead() -> None:
    for outcome in Outcome:
        for language in Language:
            assert words.say(outcome.value, language)
            assert words.say(f"{outcome.value}_lead", language)


@pytest.mark.parametrize("name", ["page", "faults", "vocabulary"])
def test_both_languages_fill_the_same_places(name: str) -> None:
    def pairs(table: object, path: str) -> list[tuple[str, dict[str, str]]]:
        if not isinstance(table, dict):
            return []
        if table.keys() == {"zh", "en"}:
            return [(path, table)]
        return [pair for key, value in table.items() for pair in pairs(value, f"{path}.{key}")]

    found = pairs(dict(words.table(name)), name)
    assert len(found) > 30
    for path, pair in found:
        places = [set(re.findall(r"{(.*?)}", text)) for text in pair.values()]
        assert places[0] == places[1], path
        assert all(text.strip() for text in pair.values()), path


def test_a_fault_nobody_wrote_words_for_shows_its_code() -> None:
    assert words.sentence("nowhere.nothing", Language.EN) == "nowhere.nothing"
