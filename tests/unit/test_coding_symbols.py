"""A symbol says what it was made of, to a reader that is not ours, and to ours."""

import numpy as np
import pytest
import zxingcpp

from guantong.coding import TEMPLATES, Carrier, CodingError, labels_of
from guantong.coding.symbols import QUIET, Modules, mask_of, modules_of, printed, text_of
from guantong.identify import IdentifierError, read

ITEM = "https://id.gs1.org/01/06901234567892/21/A%2F7"
LOT = "https://id.gs1.org/01/06901234567892/10/L1"
CASE = "https://id.gs1.org/00/069012345000000011"
ECODE = "urn:guantong:ecode:100640001234567"
GS1 = (Carrier.GS1_QR, Carrier.GS1_DATAMATRIX, Carrier.GS1_128)


def seen(modules: Modules, carrier: Carrier) -> zxingcpp.Barcode:
    """What a reader makes of it."""
    rows = np.repeat(modules, 30, axis=0) if len(modules) == 1 else modules
    quiet = QUIET[carrier]
    image = np.pad(np.where(rows, 0, 255).astype(np.uint8), quiet, constant_values=255)
    (found,) = zxingcpp.read_barcodes(
        np.ascontiguousarray(np.kron(image, np.ones((3, 3), np.uint8)))
    )
    return found


@pytest.mark.parametrize(
    ("uri", "carrier", "lot", "text"),
    [
        (ITEM, Carrier.QR, "", "https://codes.example/01/06901234567892/21/A%2F7"),
        (ITEM, Carrier.DATAMATRIX, "", "https://codes.example/01/06901234567892/21/A%2F7"),
        (ITEM, Carrier.GS1_DATAMATRIX, "", "(01)06901234567892(21)A/7"),
        (ITEM, Carrier.GS1_QR, "L1", "(01)06901234567892(10)L1(21)A/7"),
        (LOT, Carrier.GS1_128, "", "(01)06901234567892(10)L1"),
        (CASE, Carrier.GS1_128, "", "(00)069012345000000011"),
        (ECODE, Carrier.QR, "", "100640001234567"),
        (ECODE, Carrier.DATAMATRIX, "L1", "100640001234567"),
    ],
)
def test_what_it_says(uri: str, carrier: Carrier, lot: str, text: str) -> None:
    said = text_of(uri, carrier, lot=lot, resolver="https://codes.example")
    assert said == text
    found = seen(modules_of(said, carrier), carrier)
    assert found.text == text
    assert any(one.value.uri == uri for one in read(found.text))
    assert len(modules_of(said, carrier)) in {1, modules_of(said, carrier).shape[1]}
    marks = {Carrier.GS1_QR: "]Q3", Carrier.GS1_DATAMATRIX: "]d2", Carrier.GS1_128: "]C1"}
    assert found.symbology_identifier == marks.get(carrier, found.symbology_identifier)


@pytest.mark.parametrize("carrier", GS1)
def test_element_strings_are_of_gs1_codes_only(carrier: Carrier) -> None:
    with pytest.raises(CodingError) as refused:
        text_of(ECODE, carrier)
    assert refused.value.faults[0].path == "carrier"


def test_a_lot_that_can_not_be_said_is_refused() -> None:
    with pytest.raises(IdentifierError):
        text_of(ITEM, Carrier.GS1_128, lot="批")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(CodingError):
        modules_of("x" * 5_000, Carrier.QR)


@pytest.mark.parametrize("uri", [ITEM, LOT, CASE, ECODE])
def test_what_is_printed_is_read_as_the_same(uri: str) -> None:
    assert uri in {one.value.uri for one in read(printed(uri))}


@pytest.mark.parametrize("carrier", [Carrier.QR, Carrier.GS1_QR])
@pytest.mark.parametrize("mask", range(8))
def test_a_symbol_is_read_under_every_mask_and_tells_which(carrier: Carrier, mask: int) -> None:
    said = text_of(ITEM, carrier)
    modules = modules_of(said, carrier, mask=mask)
    assert mask_of(modules, carrier) == mask
    assert seen(modules, carrier).text == said
    best = modules_of(said, carrier)
    assert np.array_equal(best, modules_of(said, carrier, mask=mask_of(best, carrier)))


def test_no_other_symbol_has_a_mask() -> None:
    assert mask_of(modules_of("x", Carrier.DATAMATRIX), Carrier.DATAMATRIX) is None


def test_the_best_mask_is_sought_for_one_in_fifty_of_a_run() -> None:
    uris = [f"https://id.gs1.org/01/06901234567892/21/{serial}" for serial in range(1000, 1120)]
    labels = list(labels_of(TEMPLATES["item-40x20"], uris, {}))
    masks = [mask_of(one.modules, Carrier.QR) for one in labels]
    for start in range(0, 120, 50):
        best = modules_of(labels[start].text, Carrier.QR)
        assert set(masks[start : start + 50]) == {mask_of(best, Carrier.QR)}
    assert all(seen(one.modules, Carrier.QR).text == one.text for one in labels)
