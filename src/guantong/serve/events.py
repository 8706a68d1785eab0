"""Which bytes stand for the events of a document, when they are hashed one by one?

Events in JSON stand for themselves, as they were sent, refused ones too. Those of other
syntaxes have no bytes of their own: what was read is written as JSON, and is marked as such.
"""

import msgspec

from guantong.capture import Document, TableReading
from guantong.capture.slices import slices
from guantong.ledger.inner import Form, root_of

Said = Document | TableReading
"""What a document says, event ids filled in; of a reading only one that gave something."""

_JSON = "epcis-json-2.0"
_encode = msgspec.json.Encoder(order="deterministic").encode


def events_of(data: bytes, said: Said) -> tuple[Form, tuple[bytes, ...]]:
    """The bytes of each event, in document order.

    Args:
        data: The document as sent.
        said: What it says.

    Returns:
        In which form, and the events.
    """
    found = slices(data) if said.format == _JSON else None
    if found is not None:
        return Form.RAW, found
    document = said if isinstance(said, Document) else said.document
    return Form.CANONICAL, tuple(map(_encode, document.events if document else ()))


def root(salt: bytes, data: bytes, said: Said) -> str:
    """The root over the salted events of a document, hexadecimal; "" when it has none."""
    form, events = events_of(data, said)
    return root_of(salt, events, form).hex() if events else ""
