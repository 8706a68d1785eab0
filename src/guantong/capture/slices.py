"""Which bytes of a JSON document are its events? Cut out as they stand, spaces and all.

>>> tuple(slices(b'{"epcisBody": {"eventList": [{"a": 1}, {}]}, "type": "EPCISDocument"}'))
(b'{"a": 1}', b'{}')
"""

import codecs
from collections.abc import Sequence
from typing import overload

import msgspec

from guantong.capture.json_shapes import ENVELOPE
from guantong.capture.jsonld import listed


class Slices(Sequence[bytes]):
    """The bytes of some events, copied out of their document when they are asked for."""

    def __init__(self, raws: Sequence[msgspec.Raw]) -> None:
        self._raws = raws

    def __len__(self) -> int:
        return len(self._raws)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> "Slices": ...

    def __getitem__(self, at: int | slice) -> "bytes | Slices":
        """One of them, or some."""
        found = self._raws[at]
        return bytes(found) if isinstance(found, msgspec.Raw) else Slices(found)


def slices(data: bytes) -> Sequence[bytes] | None:
    """The bytes of each event of an EPCIS document in JSON-LD, in document order.

    Args:
        data: A document that could be read.

    Returns:
        All its events, also those that were refused; None when it is no JSON.
    """
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        envelope = ENVELOPE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = listed(envelope)
    if found is None and envelope.body is None and str(envelope.type).endswith("Event"):
        return (body,)
    return Slices(found or ())
