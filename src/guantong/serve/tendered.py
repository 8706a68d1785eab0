"""What does a firm state of some codes, to be handed over whole with its proof?"""

from typing import Final

import msgspec

from guantong.store import Fact
from guantong.verdict.model import Verdict

MEDIA: Final = "application/vnd.guantong.tender+json"
KIND: Final = "tender"
"""Of the facts about statements, by the firm that made them."""


class Line(msgspec.Struct, frozen=True):
    """What a scan told of one code."""

    code: str
    verdict: str
    product: str
    model: str
    standard: str
    producer: str
    uscc: str
    lot: str
    made_on: str
    certificates: tuple[str, ...]
    """Kind, number and how it stood when the thing was made and now."""
    reasons: tuple[str, ...]
    """What speaks against it, in Chinese."""
    entries: tuple[int, ...]
    """Ledger entries it rests on."""


class Statement(msgspec.Struct, frozen=True):
    """The body of the entry."""

    firm: str
    name: str
    purpose: str
    """For whom, for which tender or site."""
    at: str
    ledger_size: int
    """All of it is as of this size."""
    lines: tuple[Line, ...]

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        told: dict[str, object] = {"purpose": self.purpose, "codes": len(self.lines)}
        return (Fact(KIND, self.firm, told),)


def parse(body: bytes) -> Statement:
    """Read the body of an entry about a statement."""
    return msgspec.json.decode(body, type=Statement)


def line_of(told: Verdict) -> Line:
    """What a scan told, in a line."""
    product, producer = told.product, told.producer
    certificates = tuple(
        f"{one.certificate.kind} {one.certificate.number}: "
        f"{one.made.value if one.made else '?'} / {one.now.value}"
        for one in told.certificates
    )
    entries = {line.entry for line in told.history if line.entry >= 0}
    entries |= {fact.entry for one in told.certificates for fact in one.certificate.statements}
    return Line(
        code=told.uri or told.text,
        verdict=told.outcome.value,
        product=product.name if product else "",
        model=product.model if product else "",
        standard=product.standard if product else "",
        producer=producer.name if producer else "",
        uscc=producer.uscc if producer else "",
        lot=told.lot,
        made_on=told.made_on,
        certificates=certificates,
        reasons=tuple(why.zh for why in told.reasons if why.problem),
        entries=tuple(sorted(entry for entry in entries if entry >= 0)),
    )
