"""How does one letter get there? One POST, bounded in time, to the machine that was looked at."""

import hmac
import http.client
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from guantong.errors import Refusal
from guantong.serve.outbox.destination import Destination

R = TypeVar("R")

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 20.0
"""Longest time for one letter, from the first connection to the status of the answer."""
SAID_CHARS: Final = 200
SECRET_HEAD: Final = "whsec_"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    status: int
    """Of the answer; 0 without one."""
    said: str = ""
    """Why there was none."""

    @property
    def is_delivered(self) -> bool:
        """Whether the other side has it."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back to a question."""

    status: int
    """0 without an answer."""
    body: bytes = b""
    link: str = ""
    """The ``Link`` header."""
    said: str = ""
    """Why there was no answer."""


def signature(token: str, at_s: int, mark: str, body: bytes) -> str:
    """What proves to the receiver who sends: keyed with the token only both know.

    Args:
        token: As the receiver gave it.
        at_s: When it is sent, in seconds: an old letter that somebody repeats shows.
        mark: Which letter it is.
        body: All of it.

    Returns:
        ``t=SECONDS,v1=HEX``: HMAC-SHA-256 of ``SECONDS.MARK.`` and the body.

    References:
        RFC 2104, section 2
    """
    said = b"%d.%b." % (at_s, mark.encode()) + body
    return f"t={at_s},v1={hmac.digest(token.encode(), said, 'sha256').hex()}"


def webhook_signature(token: str, at_s: int, mark: str, body: bytes) -> str:
    """The same as Standard Webhooks writes it; a token that begins with ``whsec_`` is base64.

    Returns:
        ``v1,BASE64``: HMAC-SHA-256 of ``MARK.SECONDS.`` and the body.

    References:
        Standard Webhooks 1.0.0
    """
    key = token.encode()
    if token.startswith(SECRET_HEAD):
        with suppress(ValueError):
            key = b64decode(token.removeprefix(SECRET_HEAD), validate=True)
    said = b"%b.%d.%b" % (mark.encode(), at_s, body)
    return f"v1,{b64encode(hmac.digest(key, said, 'sha256')).decode()}"


class Carrier:
    """Carries letters, many at once, until it is told to let go."""

    def __init__(self, *, private: bool = False, seconds: float = WHOLE_SECONDS) -> None:
        """Carry none yet.

        Args:
            private: Whether addresses that are not public are sent to.
            seconds: Longest time for one letter once there is a connection.
        """
        self._private = private
        self._seconds = seconds
        self._open: set[socket.socket] = set()
        self.is_ended = False
        """Told to let go: what comes now says nothing of the other side."""

    def end(self) -> None:
        """Cut off what is under way."""
        self.is_ended = True
        for sock in tuple(self._open):
            _cut(sock)

    def carry(self, to: Destination, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send one letter; redirects are not followed.

        Returns:
            The status, or why there is none.
        """
        return self._reached(
            to, lambda sock: _send(sock, to, body, headers), lambda said: Outcome(0, said)
        )

    def fetch(self, to: Destination, headers: Mapping[str, str], bytes_max: int) -> Fetched:
        """Ask for something; redirects are not followed.

        Args:
            to: What is asked for.
            headers: Sent with it.
            bytes_max: Of the longest answer that is taken.

        Returns:
            The answer, or why there is none.
        """
        return self._reached(
            to,
            lambda sock: _fetch(sock, to, headers, bytes_max),
            lambda said: Fetched(0, said=said),
        )

    def _reached(
        self, to: Destination, talk: Callable[[socket.socket], R], unable: Callable[[str], R]
    ) -> R:
        """Talk to the first of the destination's machines that can be reached."""
        said = "no address"
        try:
            for machine in to.addresses(private=self._private):
                try:
                    sock = socket.create_connection(machine, timeout=CONNECT_SECONDS)
                except OSError as error:
                    said = str(error)[:SAID_CHARS]
                    continue
                with sock, self._bounded(sock):
                    sock.settimeout(self._seconds)
                    return talk(sock)
        except Refusal as refusal:
            said = str(refusal)[:SAID_CHARS]
        return unable(said)

    @contextmanager
    def _bounded(self, sock: socket.socket) -> Iterator[None]:
        """Cut a connection off that takes too long, however it drips.

        Yields:
            Once, meanwhile.
        """
        timer = threading.Timer(self._seconds, _cut, (sock,))
        timer.daemon = True
        timer.start()
        self._open.add(sock)
        try:
            yield
        finally:
            self._open.discard(sock)
            timer.cancel()


def _send(sock: socket.socket, to: Destination, body: bytes, headers: Mapping[str, str]) -> Outcome:
    try:
        with _connection(sock, to) as connection:
            connection.request("POST", to.target, body, dict(headers))
            return Outcome(connection.getresponse().status)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome(0, _said(error))


def _fetch(
    sock: socket.socket, to: Destination, headers: Mapping[str, str], bytes_max: int
) -> Fetched:
    try:
        with _connection(sock, to) as connection:
            connection.request("GET", to.target, headers=dict(headers))
            came = connection.getresponse()
            body = came.read(bytes_max + 1)
            if len(body) > bytes_max:
                return Fetched(0, said=f"an answer of more than {bytes_max} bytes")
            return Fetched(came.status, body, came.getheader("Link") or "")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Fetched(0, said=_said(error))


@contextmanager
def _connection(sock: socket.socket, to: Destination) -> Iterator[http.client.HTTPConnection]:
    """HTTP over a socket that is connected already.

    Yields:
        The connection.
    """
    connection = http.client.HTTPConnection(to.host, to.port)
    connection.default_port = 443 if to.secure else 80  # else it stands in the Host
    try:
        connection.sock = _wrapped(sock, to) if to.secure else sock
        yield connection
    finally:
        connection.close()


def _said(error: Exception) -> str:
    return str(error)[:SAID_CHARS] or type(error).__name__


def _wrapped(sock: socket.socket, to: Destination) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=to.host)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
