"""What did somebody do, before it is written down in any syntax?

A `Deed` becomes one event of a document. Codes keep both spellings; names of steps,
dispositions and types are bare CBV words.
"""

from typing import NamedTuple

import msgspec

from guantong.market.codes import Amount, Code
from guantong.market.firms import Firm

NAMESPACE = "urn:guantong:vocab:"
"""Of our own event members; prefix ``gt`` in documents."""
MDA = "urn:epcglobal:cbv:mda:"
"""Of CBV master data members such as the lot; prefix ``cbvmda``."""
GS1 = "https://gs1.org/voc/"
"""Of GS1 web vocabulary members such as the production date; prefix ``gs1``."""

OBJECT = "ObjectEvent"
AGGREGATION = "AggregationEvent"
ASSOCIATION = "AssociationEvent"
TRANSFORMATION = "TransformationEvent"
TRANSACTION = "TransactionEvent"


class Wrong(NamedTuple):
    """Says that the event of the same number was wrong."""

    declared_ms: int
    reason: str
    """``did_not_occur`` or ``incorrect_data``."""
    corrected_by: tuple[int, ...]
    """Numbers of the deeds that hold instead."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing done."""

    number: int
    """Unique in the market; gives the event id."""
    by: Firm
    """Who tells of it."""
    type: str
    at_ms: int
    """When it was done."""
    said_ms: int = 0
    """When it was known to be so, for corrections; 0 means at once."""
    action: str = ""
    step: str
    disposition: str = ""
    read_point: Code | None = None
    location: Code | None = None
    codes: tuple[Code, ...] = ()
    """EPCs; of an aggregation or association the children, of a transformation the outputs."""
    amounts: tuple[Amount, ...] = ()
    """The same for quantities."""
    parent: Code | None = None
    inputs: tuple[Code, ...] = ()
    input_amounts: tuple[Amount, ...] = ()
    transformation: str = ""
    papers: tuple[tuple[str, str], ...] = ()
    """Business transactions: type and identifier."""
    sources: tuple[tuple[str, Code], ...] = ()
    destinations: tuple[tuple[str, Code], ...] = ()
    certificate: str = ""
    persistent: str = ""
    """A disposition that is set and stays."""
    ilmd: tuple[tuple[str, str], ...] = ()
    """Instance and lot master data: prefixed name, value."""
    extra: tuple[tuple[str, str], ...] = ()
    """Members of our own: prefixed name, value."""
    wrong: Wrong | None = None

    @property
    def known_ms(self) -> int:
        """When it could first be told."""
        return self.said_ms or self.at_ms


class Stop(NamedTuple):
    """An order of the market's regulator against a lot."""

    by: str
    """Canonical key of who orders."""
    at_ms: int
    target: str
    """Canonical URI of the lot."""
    kind: str
    """``recalled``."""
    reason_zh: str
    reason_en: str


class Issue(NamedTuple):
    """A range of codes given out before they are used (源头赋码)."""

    by: str
    """Canonical key of the firm that issues."""
    at_ms: int
    class_uri: str
    """Canonical class the codes belong to."""
    first: int
    last: int
    """Inclusive."""
    lot: str
    day: str
    """Production day planned, ISO."""
    stem: str = ""
    """What stands before the serial in the item's URI; "" means class + ``/21/``."""
    width: int = 0
    """Digits of the serial, zero-padded; 0 means a canonical decimal."""
