"""Which bytes of a JSON document are its events? Cut out as they stand, spaces and all.

>>> slices(b'{"epcisBody": {"eventList": [{"a": 1}, {}]}, "type": "EPCISDocument"}')
(b'{"a": 1}', b'{}')
"""

import codecs

import msgspec

from guantong.capture.json_shapes import ENVELOPE
from guantong.capture.jsonld import listed


def slices(data: bytes) -> tuple[bytes, ...] | None:
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
    return tuple(bytes(raw) for raw in found or ())
