"""Where is a standby reached? ``tcp://host:port``, or ``unix:/path`` on the same machine."""

import socket
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger import Fault, LedgerError

_TCP: Final = "tcp://"
_UNIX: Final = "unix:"
_WAITING: Final = 8

Place = tuple[str, int] | str
"""Host and port, or a path."""


def place_of(address: str) -> Place:
    """Read an address.

    Returns:
        What a socket takes.

    Raises:
        LedgerError: if it is none.
    """
    if address.startswith(_UNIX) and len(address) > len(_UNIX):
        return address.removeprefix(_UNIX)
    host, _, port = address.removeprefix(_TCP).rpartition(":")
    if not address.startswith(_TCP) or not host or not (port.isascii() and port.isdecimal()):
        expected = "tcp://HOST:PORT or unix:PATH"
        raise LedgerError(fault(Fault.STANDBY, path="address", expected=expected, got=address))
    return host.strip("[]"), int(port)


def connected(address: str, seconds: float) -> socket.socket:
    """A connection; `OSError` when nobody is there."""
    place = place_of(address)
    if isinstance(place, tuple):
        return at_once(socket.create_connection(place, seconds))
    end = socket.socket(socket.AF_UNIX)
    try:
        end.settimeout(seconds)
        end.connect(place)
    except OSError:
        end.close()
        raise
    return end


def at_once(end: socket.socket) -> socket.socket:
    """The same; what is sent leaves at once."""
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return end


def listening(address: str) -> tuple[socket.socket, str]:
    """A socket that is listened on, and its address; port 0 becomes a free one."""
    place = place_of(address)
    if isinstance(place, tuple):
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        end = socket.create_server(place, family=family, backlog=_WAITING)
        host = f"[{place[0]}]" if ":" in place[0] else place[0]
        return end, f"{_TCP}{host}:{end.getsockname()[1]}"
    Path(place).unlink(missing_ok=True)
    end = socket.socket(socket.AF_UNIX)
    end.bind(place)
    Path(place).chmod(0o600)
    end.listen(_WAITING)
    return end, address
