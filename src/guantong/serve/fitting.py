"""What does a document say, in the shape in which the writer takes it?

Events as columns, an id on each of them. What the index could not hold is refused here: once it
is in the ledger it would be too late to say so.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import msgspec

from guantong import capture
from guantong.capture import Document, Limits, TableReading
from guantong.capture.faults import Fault
from guantong.capture.table_hash import identified
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.serve.job import Offer

_UNFIT: Final = (OverflowError, UnicodeEncodeError)
_encoded = msgspec.msgpack.Encoder().encode


def read_offer(offer: Offer, limits: Limits) -> TableReading:
    """What a document says; event ids are filled in. Needs no intake: any process may."""
    try:
        reading = capture.read_table(
            offer.data,
            media=offer.media,
            name=offer.name,
            limits=limits,
            proceed=offer.proceed,
            told=offer.told,
        )
        if reading.table is None:
            return reading
        table = identified(reading.table)
        texts = (table.terms, table.heads, table.ids, table.transformation)
        _encoded((texts, reading.master))
    except _UNFIT:
        return _refused(offer, limits)
    return replace(reading, table=table)


def _refused(offer: Offer, limits: Limits) -> TableReading:
    """A document that holds what the index could not."""
    reading = capture.read(
        offer.data, media=offer.media, name=offer.name, limits=limits, proceed=offer.proceed
    )
    said = unfit(reading.document) if reading.document else ()
    return TableReading(None, (*reading.faults, *said))


def unfit(document: Document) -> Iterable[Found]:
    """What the index could not hold; once in the ledger it would be too late to say so."""
    parts = [(f"eventList[{n}]", event) for n, event in enumerate(document.events)]
    for path, part in (*parts, ("master", document.master)):
        try:
            _encoded(part)
        except OverflowError as error:
            expected = "numbers that fit in 64 bits"
            yield fault(Fault.NUMBER, expected=expected, got=error, path=path)
        except UnicodeEncodeError as error:
            expected = "text that UTF-8 can hold"
            yield fault(Fault.ENCODING, expected=expected, got=error.reason, path=path)


_encoded = msgspec.msgpack.Encoder().encode
