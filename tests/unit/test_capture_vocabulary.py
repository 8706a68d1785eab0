"""The vocabulary in its spellings, and names under a context."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from guantong.capture import CaptureError, vocabulary
from guantong.capture.namespaces import Context
from guantong.capture.vocabulary import Vocabulary

CLOSED = [
    (vocabulary.STEP, "urn:epcglobal:cbv:bizstep:", "BizStep-", "cbv-context-bizstep"),
    (vocabulary.DISPOSITION, "urn:epcglobal:cbv:disp:", "Disp-", "cbv-context-disposition"),
    (vocabulary.TRANSACTION, "urn:epcglobal:cbv:btt:", "BTT-", "cbv-context-biztransaction-type"),
    (vocabulary.PARTY, "urn:epcglobal:cbv:sdt:", "SDT-", "cbv-context-sourcedest-type"),
    (vocabulary.REASON, "urn:epcglobal:cbv:er:", "ER-", "cbv-context-error-reason"),
]
OPEN = [
    (vocabulary.COMPONENT, "https://ref.gs1.org/cbv/Comp-", "cbv-context-component"),
    (vocabulary.MEASUREMENT, "https://gs1.org/voc/", "gs1-context-measurement-type"),
    (vocabulary.ALERT, "https://gs1.org/voc/", "gs1-context-sensor-alert-type"),
]


@pytest.mark.parametrize(("words", "urn", "kind", "_"), CLOSED)
def test_every_word_in_every_spelling(words: Vocabulary, urn: str, kind: str, _: str) -> None:
    assert words.words
    for word in words.words:
        web = f"https://ref.gs1.org/cbv/{kind}{word}"
        for text in (word, urn + word, web, f"cbv:{kind}{word}", web.replace("https", "http")):
            assert words.bare(text) == word
        assert words.web(word) == web


@pytest.mark.parametrize(("words", "urn", "kind", "_"), CLOSED)
def test_what_is_no_standard_word(words: Vocabulary, urn: str, kind: str, _: str) -> None:
    assert words.bare("https://own.example/word") == "https://own.example/word"
    assert words.web("https://own.example/word") == "https://own.example/word"
    assert words.bare(f"{urn}new") == f"https://ref.gs1.org/cbv/{kind}new"
    for text in ("new", "", "Shipping"):
        with pytest.raises(CaptureError) as refused:
            words.bare(text, "here")
        (found,) = refused.value.faults
        assert (found.code, found.path) == ("capture.vocabulary", "here")


@pytest.mark.parametrize(("words", "web", "_"), OPEN)
def test_open_lists_take_any_word(words: Vocabulary, web: str, _: str) -> None:
    for word in words.words:
        assert words.bare(web + word) == word
        assert words.web(word) == web + word
    assert words.bare("Smell") == "Smell"


@pytest.mark.parametrize(
    ("words", "name"), [*[(w, n) for w, _, _, n in CLOSED], *[(w, n) for w, _, n in OPEN]]
)
def test_the_published_lists(words: Vocabulary, name: str, testdata: Callable[[str], Path]) -> None:
    raw = json.loads(testdata(f"01-gs1-epcis/context/{name}.jsonld").read_text("utf-8"))
    published = {word for word in raw["@context"] if word[0] != "@"} - {"cbv", "gs1"}
    assert words.words == published


EX = {"ex": "https://ns.example.com/"}


@pytest.mark.parametrize(
    ("context", "name", "want"),
    [
        (None, "cbvmda:lotNumber", "{urn:epcglobal:cbv:mda}lotNumber"),
        (None, "urn:epcglobal:cbv:mda:lotNumber", "{urn:epcglobal:cbv:mda}lotNumber"),
        (None, "gs1:price", "{https://gs1.org/voc/}price"),
        (None, "ex:a", "ex:a"),
        (None, "a", "a"),
        (None, "https://ns.example.com/voc#a", "{https://ns.example.com/voc#}a"),
        (EX, "ex:a", "{https://ns.example.com/}a"),
        (["https://x.example/c.jsonld", EX], "ex:a", "{https://ns.example.com/}a"),
        ([EX, {"ex": "https://later.example/"}], "ex:a", "{https://later.example/}a"),
        ([EX, {"in": "ex:inner/"}], "in:a", "{https://ns.example.com/inner/}a"),
        ([EX, {"b": {"@id": "ex:bee"}}], "b", "{https://ns.example.com/}bee"),
        ({"b": {"@id": "https://ns.example.com/bee"}}, "b", "{https://ns.example.com/}bee"),
        ({"@vocab": "https://ns.example.com/"}, "a", "{https://ns.example.com/}a"),
        ({"@vocab": "https://ns.example.com/"}, "type", "type"),
        ({"https": "https://trap.example/"}, "https://a.example/b", "{https://a.example/}b"),
        ({"ex": None}, "ex", "ex"),
    ],
)
def test_names(context: object, name: str, want: str) -> None:
    assert Context.of(context).name(name) == want


@pytest.mark.parametrize(
    ("context", "path"),
    [
        (5, "@context"),
        ([EX, 5], "@context[1]"),
        ([[EX]], "@context[0]"),
        ({"ex": 5}, "@context.ex"),
        ({"ex": {"@id": []}}, "@context.ex"),
    ],
)
def test_contexts_refused(context: object, path: str) -> None:
    with pytest.raises(CaptureError) as refused:
        Context.of(context)
    (found,) = refused.value.faults
    assert (found.code, found.path) == ("capture.namespace", path)


def test_values() -> None:
    context = Context.of([EX])
    assert context.value("ex:a") == "https://ns.example.com/a"
    assert context.value("ex://a") == "ex://a"
    assert context.value("urn:x:y") == "urn:x:y"
    assert context.value("plain text") == "plain text"
