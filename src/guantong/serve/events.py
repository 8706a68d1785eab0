"""Which bytes stand for the events of a document, when they are hashed one by one?

Events in JSON stand for themselves, as they were sent, refused ones too. Those of other
syntaxes have no bytes of their own: what was read is written as JSON, and is marked as such.
"""

import msgspec

from guantong.capture import Document
from guantong.capture.slices import slices
from guantong.ledger.inner import Form, root_of

_JSON = "epcis-json-2.0"
_encode = msgspec.json.Encoder(order="deterministic").encode


def events_of(data: bytes, document: Document) -> tuple[Form, tuple[bytes, ...]]:
    """The bytes of each event, in document order.

    Args:
        data: The document as sent.
        document: What it says, event ids filled in.

    Returns:
        In which form, and the events.
    """
    found = slices(data) if document.format == _JSON else None
    if found is not None:
        return Form.RAW, found
    return Form.CANONICAL, tuple(map(_encode, document.events))


def root(salt: bytes, data: bytes, document: Document) -> str:
    """The root over the salted events of a document, hexadecimal; "" when it has none."""
    form, events = events_of(data, document)
    return root_of(salt, events, form).hex() if events else ""
