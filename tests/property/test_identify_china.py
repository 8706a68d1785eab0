"""Promises that hold for any Chinese code, not only for the published ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.identify import (
    Ebike,
    Ecode,
    IdentifierError,
    MaCode,
    OpaqueScheme,
    Uscc,
    XkLicence,
    explain,
    from_uri,
    read,
)
from guantong.identify.uscc import ALPHABET, check_character

pytestmark = pytest.mark.property

EXAMPLES = settings(max_examples=60, deadline=None)

digits = st.text("0123456789", min_size=1)
bodies = st.tuples(
    st.sampled_from("123456789ANY"),
    st.sampled_from("123456789"),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
).map("".join)
usccs = bodies.map(lambda body: body + check_character(body))


class TestUscc:
    """GB 32100-2015: the check character finds any single error and any swap of neighbours."""

    @EXAMPLES
    @given(usccs, st.integers(0, 17), st.sampled_from(ALPHABET))
    def test_any_single_wrong_character_is_caught(self, code: str, at: int, other: str) -> None:
        assert Uscc.parse(code).value == code
        if other == code[at]:
            return
        with pytest.raises(IdentifierError):
            Uscc.parse(code[:at] + other + code[at + 1 :])

    @EXAMPLES
    @given(usccs, st.integers(0, 16))
    def test_any_swap_of_neighbours_is_caught(self, code: str, at: int) -> None:
        if code[at] == code[at + 1]:
            return
        with pytest.raises(IdentifierError):
            Uscc.parse(code[:at] + code[at + 1] + code[at] + code[at + 2 :])

    def test_every_wrong_character_of_a_published_code_is_caught(self) -> None:
        code = "91110000600037341L"
        for at in range(18):
            for other in ALPHABET:
                if other != code[at]:
                    with pytest.raises(IdentifierError):
                        Uscc.parse(code[:at] + other + code[at + 1 :])


@pytest.mark.full
class TestOracle:
    """Another reader agrees, but for registries A, N and Y, which it does not know."""

    @EXAMPLES
    @given(bodies, st.sampled_from("123456789"), st.sampled_from(ALPHABET))
    def test_uscc(self, body: str, registry: str, last: str) -> None:
        stdnum = pytest.importorskip("stdnum.cn.uscc", reason="python-stdnum is not installed")
        body = registry + body[1:]
        for code in (body + last, body + check_character(body)):
            assert stdnum.is_valid(code) == is_uscc(code)


def is_uscc(code: str) -> bool:
    try:
        Uscc.parse(code)
    except IdentifierError:
        return False
    return True


class TestUris:
    """A URI reads back to the value whose URI it is."""

    @EXAMPLES
    @given(st.text("0123456789", min_size=4, max_size=4), digits.filter(lambda md: len(md) <= 20))
    def test_ecode_v1(self, nsi: str, md: str) -> None:
        code = Ecode.parse(f"1{nsi}{md}")
        assert from_uri(code.uri) == code

    @EXAMPLES
    @given(st.text(min_size=1, max_size=40))
    def test_ecode_v4_carries_any_text(self, md: str) -> None:
        try:
            code = Ecode.parse(f"400001{md}")
        except IdentifierError:
            assert not md.strip()
            return
        assert code.md == md.rstrip()
        assert from_uri(code.uri) == code

    @EXAMPLES
    @given(st.from_regex(r"[0-9]{4}[123][0-9]{10}", fullmatch=True))
    def test_ebike(self, text: str) -> None:
        if not text.isascii():
            return
        bike = Ebike.parse(text)
        assert from_uri(bike.uri) == bike
        assert from_uri(bike.class_uri).uri == bike.class_uri
        assert bike.class_uri + bike.serial == bike.uri

    @EXAMPLES
    @given(st.sampled_from("京津粤浙疆"), st.integers(0, 9_999_999_999))
    def test_licence(self, province: str, number: int) -> None:
        licence = XkLicence.parse(f"{province}XK{number:010d}")
        assert from_uri(licence.uri) == licence == XkLicence.parse(licence.value)

    @EXAMPLES
    @given(st.lists(st.text("ABCxyz0123456789-", min_size=1, max_size=8), min_size=1, max_size=4))
    def test_ma(self, parts: list[str]) -> None:
        code = MaCode.parse(f"MA.156.1003.1629/{'/'.join(parts)}")
        assert from_uri(code.uri) == code

    @EXAMPLES
    @given(st.text(min_size=1, max_size=40))
    def test_opaque(self, text: str) -> None:
        scheme = OpaqueScheme("any", r"(?s:.*)")
        if not text.strip():
            return
        code = scheme.parse(text)
        assert from_uri(code.uri) == code


class TestRead:
    """Reading never raises; what cannot be read is explained; every reading names itself again."""

    @EXAMPLES
    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        assert read(text) or explain(text)

    @EXAMPLES
    @given(
        st.sampled_from(
            [
                "(01)",
                "]C1",
                "]Q1",
                "]E0",
                "urn:epc:id:",
                "urn:guantong:",
                "https://",
                "MA.156.",
                "XK",
                "1.2.156.",
                "86.1.1/",
                "91",
                "01",
                "hdl:",
                "E=",
                "20",
            ]
        ),
        st.text("0123456789ABCXK.:/()%*=\x1d -", max_size=40),
    )
    def test_texts_that_begin_like_a_code(self, head: str, tail: str) -> None:
        for reading in read(head + tail):
            assert reading.value.uri
            assert isinstance(reading.value.class_uri, str)
            assert isinstance(reading.value.serial, str)
        explain(head + tail)

    @EXAMPLES
    @given(usccs)
    def test_a_right_uscc_is_among_the_readings(self, code: str) -> None:
        assert f"urn:guantong:uscc:{code}" in {reading.value.uri for reading in read(code)}
