"""May something be sent to an address that somebody else chose, and to which machine?

A name is looked up once and the very addresses that were looked at are connected to: what a name
means may change between two look-ups. One address of a name that is not of the public network
refuses them all.

References:
    RFC 6890, section 2
    RFC 6052, section 2.1
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, Self
from urllib.parse import SplitResult, urlsplit

from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault

CHARS_MAX: Final = 2_048
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_TRANSLATED_HERE: Final = IPv6Network("64:ff9b:1::/48")

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""As `socket.getaddrinfo`."""


class Fault(StrEnum):
    """Why nothing is sent to an address. Part of the public API: never renamed."""

    ADDRESS = "serve.destination"
    """It is no address that can be sent to."""
    PRIVATE = "serve.private_destination"
    """It is not on the public network: an inner service could be reached through this one."""
    UNKNOWN = "serve.unknown_host"
    """Its name has no address."""


class DestinationError(Refusal):
    """Nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address as it was given, and its parts."""

    url: str
    secure: bool
    host: str
    port: int
    target: str
    """What the request asks for: path and query."""

    @classmethod
    def parse(cls, text: str, *, private: bool = False) -> Self:
        """Read an address.

        Args:
            text: ``https://…``.
            private: Whether inner addresses, and such without encryption, are allowed.

        Returns:
            It; whether its name has a public address is seen when something is sent.

        Raises:
            DestinationError: if nothing may be sent there.
        """
        schemes = ("https", "http") if private else ("https",)
        parts = _split(text)
        if parts is None or parts.scheme not in schemes or parts.username is not None:
            expected = " or ".join(f"{scheme}://HOST/…" for scheme in schemes)
            raise DestinationError(fault(Fault.ADDRESS, expected=expected, got=text[:CHARS_MAX]))
        host = parts.hostname or ""
        if not private:
            _check_literal(host)
        secure = parts.scheme == "https"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(text, secure, host, parts.port or (443 if secure else 80), target)

    def addresses(
        self, *, private: bool = False, resolve: Resolve = socket.getaddrinfo
    ) -> list[tuple[str, int]]:
        """Where its machine is.

        Args:
            private: Whether inner addresses are allowed.
            resolve: Looks the name up.

        Returns:
            Addresses and port, each seen to be allowed.

        Raises:
            DestinationError: if the name has no address, or one that is not allowed.
        """
        try:
            found = resolve(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise DestinationError(
                fault(Fault.UNKNOWN, expected="a name with an address", got=self.host)
            ) from error
        hosts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        inner = None if private else next((host for host in hosts if not is_public(host)), None)
        if inner is not None:
            raise DestinationError(_private(inner))
        return [(host, self.port) for host in hosts]


def is_public(text: str) -> bool:
    """Whether an address (not a name) is one of the public network, whatever it is wrapped in."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED_HERE or address.is_site_local:
            return False
        inner = _wrapped(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _split(text: str) -> SplitResult | None:
    if len(text) > CHARS_MAX or not text.isascii() or not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        return None
    return parts if is_whole else None


def _check_literal(host: str) -> None:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        if host != "localhost" and not host.endswith((".localhost", ".local", ".internal")):
            return
    else:
        if is_public(host):
            return
    raise DestinationError(_private(host))


def _private(got: str) -> Found:
    return fault(Fault.PRIVATE, expected="an address on the public network", got=got)
