"""To which addresses letters go, and to which they never do."""

import socket
from typing import Any

import pytest

from guantong.serve.outbox.destination import Destination, DestinationError, Fault, is_public


@pytest.mark.parametrize(
    ("text", "port", "target"),
    [
        ("https://example.com", 443, "/"),
        ("https://example.com:8443/a/b?c=d", 8443, "/a/b?c=d"),
        ("https://93.184.216.34/", 443, "/"),
        ("https://[2606:2800:220:1::1]/x", 443, "/x"),
    ],
)
def test_addresses(text: str, port: int, target: str) -> None:
    to = Destination.parse(text)
    assert (to.url, to.port, to.target, to.secure) == (text, port, target, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "http://example.com/",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: inner",
        "https://例子.cn/",
        "https://[::1/",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(DestinationError) as caught:
        Destination.parse(text)
    assert caught.value.faults[0].code == Fault.ADDRESS


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "localhost",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
    ],
)
def test_inner_addresses_are_refused(host: str) -> None:
    with pytest.raises(DestinationError) as caught:
        Destination.parse(f"https://{host}/")
    assert caught.value.faults[0].code == Fault.PRIVATE
    assert Destination.parse(f"http://{host}/", private=True).port == 80


def answering(*hosts: str) -> Any:
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (h, 443)) for h in hosts]


def test_a_name_is_what_it_stands_for() -> None:
    to = Destination.parse("https://example.com/")
    assert to.addresses(resolve=answering("93.184.216.34", "93.184.216.34")) == [
        ("93.184.216.34", 443)
    ]
    for hosts in (("127.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("0x7f.1",), ("2130706433",)):
        with pytest.raises(DestinationError) as caught:
            to.addresses(resolve=answering(*hosts))
        assert caught.value.faults[0].code == Fault.PRIVATE
    assert to.addresses(private=True, resolve=answering("10.0.0.1")) == [("10.0.0.1", 443)]


def test_a_name_without_address() -> None:
    def nobody(*_: object, **__: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(DestinationError) as caught:
        Destination.parse("https://example.com/").addresses(resolve=nobody)
    assert caught.value.faults[0].code == Fault.UNKNOWN


def test_what_is_wrapped_is_looked_at() -> None:
    assert is_public("2002:5db8:d822::1")
    assert is_public("64:ff9b::5db8:d822")
    assert not is_public("no address")
