"""How does one letter get there? One POST, bounded in time, to the machine that was looked at."""

import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from guantong.errors import Refusal
from guantong.serve.outbox.destination import Destination

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 20.0
"""Longest time for one letter, from the first connection to the status of the answer."""
SAID_CHARS: Final = 200


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
                    return _send(sock, to, body, headers)
        except Refusal as refusal:
            said = str(refusal)[:SAID_CHARS]
        return Outcome(0, said)

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
    connection = http.client.HTTPConnection(to.host, to.port)
    connection.default_port = 443 if to.secure else 80  # else it stands in the Host
    try:
        connection.sock = _wrapped(sock, to) if to.secure else sock
        connection.request("POST", to.target, body, dict(headers))
        return Outcome(connection.getresponse().status)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome(0, str(error)[:SAID_CHARS] or type(error).__name__)
    finally:
        connection.close()


def _wrapped(sock: socket.socket, to: Destination) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=to.host)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
