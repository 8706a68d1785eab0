"""Our own vectors: what is accepted, spelt how, and what is refused, with which fault."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guantong.identify.canonical import canonical
from guantong.identify.digital_link import DigitalLink
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import build_urn
from guantong.identify.gs1_keys import Gtin
from guantong.identify.model import IdentifierError
from guantong.identify.scan_data import Scan

VECTORS = Path(__file__).parents[1] / "vectors"


def to_urn(text: str) -> str:
    """A Digital Link, and after a space the length of its company prefix."""
    link, _, length = text.partition(" ")
    identifier = DigitalLink.parse(link).identifier
    return build_urn(identifier, prefix_length=int(length) if length else None)


def associated(text: str) -> str:
    message = ElementString.parse(text)
    if flaws := message.associations():
        raise IdentifierError(*flaws)
    return message.bracketed


def scanned(text: str) -> str:
    scan = Scan.parse(text)
    assert scan.text == text
    return scan.message.bracketed if scan.message else scan.data


READERS: dict[str, Callable[[str], str]] = {
    "gtin": lambda text: Gtin.parse(text).uri,
    "canonical": canonical,
    "element_string": lambda text: ElementString.parse(text).bracketed,
    "digital_link": lambda text: DigitalLink.parse(text).text,
    "link_of": lambda text: DigitalLink.of(ElementString.parse(text)).text,
    "epc_urn": to_urn,
    "association": associated,
    "scan": scanned,
}


def cases() -> Iterator[Any]:
    for name in READERS:
        for row in json.loads((VECTORS / f"gs1_{name}.json").read_text(encoding="utf-8")):
            yield pytest.param(name, row, id=f"{name}: {row['desc']}")


@pytest.mark.parametrize(("name", "row"), list(cases()))
def test_vector(name: str, row: dict[str, str]) -> None:
    if "want" in row:
        assert READERS[name](row["input"]) == row["want"]
        return
    with pytest.raises(IdentifierError) as caught:
        READERS[name](row["input"])
    assert caught.value.faults[0].code == row["fault"]


def test_there_are_enough_of_both_kinds() -> None:
    rows = [case.values[1] for case in cases()]
    assert sum("want" in row for row in rows) >= 60
    assert sum("fault" in row for row in rows) >= 60
