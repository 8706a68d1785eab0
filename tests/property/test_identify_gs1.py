"""What holds for every GS1 code, whatever its digits."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guantong.identify.canonical import canonical, parse_uri
from guantong.identify.check_digits import CSET82, check_digit, check_pair, is_checked
from guantong.identify.digital_link import DigitalLink
from guantong.identify.element_string import ElementString
from guantong.identify.epc_urn import build_urn, parse_urn
from guantong.identify.gs1_keys import Gs1Identifier
from guantong.identify.model import IdentifierError

pytestmark = pytest.mark.property

digits = st.text("0123456789", min_size=1, max_size=17)
texts = st.text(CSET82, min_size=1, max_size=20)
lengths = st.integers(6, 12)


def numbers(size: int, *, start: str = "") -> st.SearchStrategy[str]:
    """Numbers of `size` digits whose check digit is right."""
    body = st.text("0123456789", min_size=size - 1 - len(start), max_size=size - 1 - len(start))
    return body.map(lambda text: start + text + check_digit(start + text))


gtins = numbers(14)


@st.composite
def identifiers(draw: Any) -> Gs1Identifier:
    """Keys that an EPC URN can spell, with and without serial."""
    make = draw(st.sampled_from(MAKERS))
    return Gs1Identifier.of(*draw(make))


MAKERS = [
    st.tuples(st.just("01"), gtins),
    st.tuples(st.just("01"), gtins, st.tuples(st.sampled_from(["10", "21", "235"]), texts)),
    st.tuples(st.just("00"), numbers(18)),
    st.tuples(st.just("414"), numbers(13)),
    st.tuples(
        st.just("414"), numbers(13), st.tuples(st.just("254"), texts.filter(lambda t: t != "0"))
    ),
    st.tuples(st.just("417"), numbers(13)),
    st.tuples(st.just("8003"), numbers(14, start="0")),
    st.tuples(
        st.just("8003"),
        st.builds(lambda n, t: n + t[:16], numbers(14, start="0"), texts),
    ),
    st.tuples(st.just("253"), st.builds(lambda n, t: n + t[:17], numbers(13), texts)),
    st.tuples(st.just("402"), numbers(17)),
    st.tuples(st.just("8017"), numbers(18)),
    st.tuples(st.just("8004"), st.builds(lambda n, t: n[:12] + t[:18], numbers(18), texts)),
]


class TestCheckDigit:
    """GS1 General Specifications 7.9.1: the check digit catches every single wrong digit."""

    @given(digits, st.data())
    def test_any_wrong_digit_is_caught(self, body: str, data: Any) -> None:
        number = body + check_digit(body)
        assert is_checked(number)
        at = data.draw(st.integers(0, len(number) - 1))
        other = data.draw(st.sampled_from("0123456789"))
        assume(other != number[at])
        assert not is_checked(number[:at] + other + number[at + 1 :])

    @given(digits)
    def test_it_is_the_weighted_sum_of_the_standard(self, body: str) -> None:
        total = sum(int(one) * (3, 1)[at % 2] for at, one in enumerate(reversed(body)))
        assert (total + int(check_digit(body))) % 10 == 0

    @given(texts, st.data())
    def test_any_wrong_character_of_a_model_number_is_caught(self, body: str, data: Any) -> None:
        at = data.draw(st.integers(0, len(body) - 1))
        other = data.draw(st.sampled_from(CSET82))
        assume(other != body[at])
        assert check_pair(body[:at] + other + body[at + 1 :]) != check_pair(body)


class TestSpellings:
    """One thing has one canonical URI, from whatever spelling it is read."""

    @given(identifiers(), lengths)
    def test_a_key_survives_as_epc_urn(self, identifier: Gs1Identifier, length: int) -> None:
        urn = build_urn(identifier, prefix_length=length)
        assert parse_urn(urn) == identifier
        assert canonical(urn) == identifier.uri

    @given(identifiers())
    def test_a_key_survives_as_digital_link(self, identifier: Gs1Identifier) -> None:
        link = DigitalLink("https://shop.example/p", identifier)
        assert DigitalLink.parse(link.text) == link
        assert canonical(link.text) == identifier.uri

    @given(identifiers())
    def test_the_canonical_uri_is_its_own(self, identifier: Gs1Identifier) -> None:
        assert canonical(identifier.uri) == identifier.uri
        assert parse_uri(identifier.uri).uri == identifier.uri

    @given(gtins, texts, texts)
    def test_element_strings_survive(self, gtin: str, lot: str, serial: str) -> None:
        message = ElementString.of(("01", gtin), ("10", lot), ("17", "261231"), ("21", serial))
        assert ElementString.parse(message.scan_data) == message
        assert ElementString.parse(message.bracketed) == message
        assert DigitalLink.of(message).elements.value("21") == serial


class TestAnyText:
    """A reader answers or refuses; it never breaks."""

    @given(st.text())
    def test_canonical(self, text: str) -> None:
        self.ask(canonical, text)

    @given(st.text("urn:epc:idpatsgtinlc.*0123456789%/ABé"))
    def test_urns(self, text: str) -> None:
        self.ask(canonical, f"urn:epc:id:sgtin:{text}")
        self.ask(canonical, f"urn:epc:idpat:{text}")

    @given(st.text("/01?&=#%2FgtinserA0123456789é[]:."))
    def test_links(self, text: str) -> None:
        self.ask(canonical, f"https://id.gs1.org/01/{text}")
        self.ask(DigitalLink.parse, f"https://{text}")

    @given(st.text("()0123456789\x1dAé\\~"))
    def test_element_strings(self, text: str) -> None:
        self.ask(ElementString.parse, text)

    def ask(self, reader: Any, text: str) -> None:
        try:
            reader(text)
        except IdentifierError as refused:
            assert refused.faults
