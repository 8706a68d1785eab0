"""How is another node asked? Over one connection, with a bound on how long and how much it may say."""

import http.client
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from guantong.errors import fault
from guantong.nodes import Fault, NodeEntry, NodesError, Position, Told, read_table
from guantong.nodes.wire import decoded
from guantong.serve.nodes.outside import ASK, BEGIN, MEDIA

SECONDS: Final = 10.0
"""Longest wait for one answer, from its question on."""
WHOLE: Final = 120.0
"""Longest time for all rounds of one question, and one answer more."""
OVER: Final = "timed out: the whole question took too long"
BYTES_MAX: Final = 256 << 20
"""Largest answer."""
CHUNK: Final = 1 << 16
ABOUT_MAX: Final = 10
"""Codes named in the address of a look."""


class Far:
    """A node at an address."""

    def __init__(
        self, entry: NodeEntry, key: str, *, seconds: float = SECONDS, whole: float = WHOLE
    ) -> None:
        """Nothing is asked yet.

        Args:
            entry: Which node.
            key: Of the office that asks.
            seconds: Longest wait for one answer.
            whole: Seconds, from now on, after which nothing more is asked.

        Raises:
            NodesError: if its address is none.
        """
        self.name = entry.name
        self.origin = entry.origin
        self._seconds = seconds
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": MEDIA}
        parts = urlsplit(entry.url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in kinds or not parts.hostname:
            expected = "an address http(s)://…"
            raise NodesError(fault(Fault.TABLE, expected=expected, got=entry.url, path=entry.name))
        self._line = kinds[parts.scheme](parts.hostname, parts.port, timeout=seconds)
        self._path = parts.path.rstrip("/")
        self._look = -1
        self._until = time.monotonic() + whole

    def begin(self, about: Sequence[str]) -> bytes:
        """Have the look entered, and learn where the node stands."""
        more = {"more": str(len(about) - ABOUT_MAX)} if len(about) > ABOUT_MAX else {}
        named = [("about", code) for code in about[:ABOUT_MAX]]
        data = self._post(f"{BEGIN}?{urlencode([*named, *more.items()])}", b"")
        told: Told = decoded(data, Told)
        self._look = decoded(told.body, int)
        return data

    def ask(self, position: Position, question: bytes) -> bytes:
        """Put a question at a position."""
        at = {"look": self._look, "size": position.size, "root": position.root}
        return self._post(f"{ASK}?{urlencode(at)}", question)

    def close(self) -> None:
        """Let go of the connection."""
        self._line.close()

    def _post(self, path: str, body: bytes) -> bytes:
        """One question and its answer.

        Returns:
            The answer.

        Raises:
            NodesError: if there is none in time, or it is a refusal.
        """
        now = time.monotonic()
        if now > self._until:
            raise NodesError(fault(Fault.SILENT, expected="an answer", got=OVER, path=self.name))
        until = now + self._seconds
        try:
            self._line.request("POST", self._path + path, body, self._headers)
            came = self._line.getresponse()
            data = self._read(came, until)
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            raise NodesError(
                fault(Fault.SILENT, expected="an answer", got=repr(error), path=self.name)
            ) from error
        if came.status != 200:
            raise self._refused(came.status, data)
        return data

    def _read(self, came: http.client.HTTPResponse, until: float) -> bytes:
        """The whole body, bounded. Raises TimeoutError, or NodesError if it is too large."""
        parts: list[bytes] = []
        held = 0
        while chunk := came.read1(CHUNK):
            parts.append(chunk)
            held += len(chunk)
            if held > BYTES_MAX:
                expected = f"at most {BYTES_MAX} bytes"
                raise NodesError(fault(Fault.GARBLED, expected=expected, got="more"))
            if time.monotonic() > until:
                raise TimeoutError(self._seconds)
        came.close()  # read to its end: the connection is free for the next question
        return b"".join(parts)

    def _refused(self, status: int, data: bytes) -> NodesError:
        """What a refusal is to us: that it stands elsewhere, or does not answer this."""
        said: Mapping[str, object] = {}
        with suppress(msgspec.MsgspecError):
            said = msgspec.json.decode(data, type=dict[str, object])
        code = str(said.get("type", ""))
        kind = Fault.POSITION if code == Fault.POSITION else Fault.REFUSED
        got = f"{status} {code} {said.get('detail', '')}".strip()
        return NodesError(fault(kind, expected="an answer", got=got, path=self.name))


def read_nodes(file: Path) -> tuple[NodeEntry, ...]:
    """The nodes that a file names. Raises NodesError."""
    try:
        return read_table(file.read_bytes())
    except OSError as error:
        raise NodesError(fault(Fault.TABLE, expected="a file", got=error.strerror)) from error


def doors_of(file: Path, *, seconds: float = SECONDS) -> tuple[Far, ...]:
    """The nodes of a file, each with the key of the office that asks.

    Args:
        file: TOML, see `guantong.nodes.table`.
        seconds: Longest wait for one answer.

    Returns:
        They, in their order.

    Raises:
        NodesError: if the file or a key can not be read.
    """
    doors: list[Far] = []
    for entry in read_nodes(file):
        try:
            key = (file.parent / entry.key_file).read_text("ascii").strip()
        except (OSError, ValueError) as error:
            expected = "a file with a key"
            raise NodesError(
                fault(Fault.TABLE, expected=expected, got=type(error).__name__, path=entry.name)
            ) from error
        doors.append(Far(entry, key, seconds=seconds))
    return tuple(doors)
