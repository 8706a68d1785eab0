"""Does an object of this JSON hold the same key twice?

A decoder keeps the last of two equal keys and says nothing. Every key and every text has two
quotation marks, so what was decoded, written again, has fewer marks than what came in exactly
when a key was lost. That costs a count instead of a second parser.
"""

import json
from collections.abc import Iterator
from typing import Final

import numpy as np

_MARK: Final = b'"'
_MANY_BYTES: Final = 8192
_PIECE: Final = 1 << 20
"""Bytes looked at at once, to save memory."""
_ESCAPED: Final = b'\\"'
_BACKSLASHES: Final = b"\\\\"


def marks(raw: bytes | memoryview) -> int:
    """How many quotation marks delimit keys and texts.

    Args:
        raw: Well-formed JSON.

    Returns:
        The marks that are not part of a text; twice the number of keys and texts.
    """
    return _of_piece(bytes(raw)) if len(raw) <= _PIECE else sum(map(_of_piece, _pieces(raw)))


def _pieces(raw: bytes | memoryview) -> Iterator[bytes]:
    """The same bytes in pieces, none of which ends within an escape."""
    at = 0
    while at < len(raw):
        end = at + _PIECE
        while raw[end - 1 : end] == _ESCAPED[:1]:
            end += 1
        yield bytes(raw[at:end])
        at = end


def _of_piece(raw: bytes) -> int:
    if _ESCAPED[:1] not in raw:
        return _count(raw)
    plain = raw.replace(_BACKSLASHES, b"")
    return plain.count(_MARK) - plain.count(_ESCAPED)


def _count(raw: bytes) -> int:
    """How often the quotation mark stands; numpy does not stop at each of many."""
    if len(raw) < _MANY_BYTES:
        return raw.count(_MARK)
    return int(np.count_nonzero(np.frombuffer(raw, np.uint8) == _MARK[0]))


def repeated(raw: bytes) -> str:
    """The first key that an object holds twice with different values; "" when there is none."""
    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for key, value in pairs:
            if key in seen and seen[key] != value:
                found.append(key)
            seen[key] = value
        return seen

    try:
        json.loads(raw, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return ""
    return found[0] if found else ""
