"""What printers get is drawn here as they would, and read."""

import re

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from guantong.coding import Carrier, CodingError, Template, tspl, zpl
from tests.unit.test_coding_labels import made, template

Image = NDArray[np.uint8]


def text(image: Image) -> str:
    """Of the one symbol in an image."""
    (found,) = zxingcpp.read_barcodes(image)
    return str(found.text)


def drawn_zpl(label: bytes) -> Image:
    said = label.decode()
    size = re.search(r"\^PW(\d+)\^LL(\d+)", said)
    graphic = re.search(r"\^FO(\d+),(\d+)\^GFA,\d+,\d+,(\d+),([0-9A-F]+)\^FS", said)
    assert size is not None
    assert graphic is not None
    image = np.full((int(size[2]), int(size[1])), 255, np.uint8)
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(graphic[4]), np.uint8))
    dots = bits.reshape(-1, 8 * int(graphic[3]))
    x, y = int(graphic[1]), int(graphic[2])
    image[y : y + len(dots), x : x + dots.shape[1]][dots > 0] = 0
    return image


def drawn_tspl(label: bytes, of: Template) -> Image:
    image = np.full((round(of.height_mm * 8), round(of.width_mm * 8)), 255, np.uint8)
    for x, y, wide, high in re.findall(rb"BAR (\d+),(\d+),(\d+),(\d+)\r\n", label):
        image[int(y) : int(y) + int(high), int(x) : int(x) + int(wide)] = 0
    return image


@pytest.mark.parametrize("carrier", list(Carrier))
def test_symbols_are_read_again(carrier: Carrier) -> None:
    lines = [{"text": "{lot}", "size_pt": 5}]
    side, wide = (12, 80) if carrier is Carrier.GS1_128 else (16, 50)
    mine = template(carrier=carrier.value, symbol_mm=side, width_mm=wide, lines=lines)
    labels = made(mine, 3)
    assert [text(drawn_zpl(one)) for one in zpl(labels, mine)] == [one.text for one in labels]
    head, *printed = tspl(labels, mine)
    assert head == f"SIZE {wide} mm,20 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\n".encode()
    for one, label in zip(printed, labels, strict=True):
        if carrier is Carrier.QR:
            assert f'QRCODE 12,12,M,4,A,0,"{label.text}"'.encode() in one
        else:
            assert text(drawn_tspl(one, mine)) == label.text


def test_texts_that_look_like_commands() -> None:
    lines = [{"text": "{product}", "size_pt": 8}]
    mine = template(lines=lines)
    labels = made(mine, 1, product='电缆 ^XZ~_"\r\nBAR 0,0,9,9')
    (one,) = zpl(labels, mine, font="E:SIMSUN.TTF")
    assert one.count(b"^XZ") == 1
    assert "^A@N,23,23,E:SIMSUN.TTF^FH_^FD电缆 _5EXZ_7E_5F".encode() in one
    _, one = tspl(labels, mine)
    assert one.decode("gb18030").endswith(
        '"TSS16.BF2",0,1,1,"电缆 ^XZ~_\\["]  BAR 0,0,9,9"\r\nPRINT 1\r\n'
    )


def test_a_module_smaller_than_a_dot_is_refused() -> None:
    mine = template(symbol_mm=15)
    with pytest.raises(CodingError):
        list(zpl(made(mine, 1), mine, dots_mm=1))
