"""How are deeds written down as EPCIS documents and records?

Everybody here sends what a real firm's software would: JSON-LD by EPCIS 2.0, XML by EPCIS 2.0
or 1.2, and records in the native JSON.

References:
    EPCIS 2.0, section 9 (XML bindings), section 10 (JSON and JSON-LD bindings)
"""

import hashlib
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

import msgspec

from guantong.market.codes import Amount, Code
from guantong.market.deeds import (
    AGGREGATION,
    ASSOCIATION,
    GS1,
    MDA,
    NAMESPACE,
    OBJECT,
    TRANSACTION,
    TRANSFORMATION,
    Deed,
    Wrong,
)
from guantong.market.hours import OFFSET, stamp

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"gt": NAMESPACE, "gs1": GS1, "cbvmda": MDA},
]
_CBV = "urn:epcglobal:cbv:"
Spell = Callable[[Code], str]
"""Chooses the spelling of a code."""


def identity(seed: int, name: str) -> str:
    """A ``urn:uuid:`` that is the same for the same seed and name.

    Returns:
        A UUID as a URN, lower case.

    References:
        RFC 9562, section 5.5 (version 5), with a name space of our own.
    """
    text = hashlib.sha1(
        f"guantong.market/{seed}/{name}".encode(), usedforsecurity=False
    ).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"urn:uuid:{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def event_id(seed: int, number: int) -> str:
    """The event id of a deed."""
    return identity(seed, f"event/{number}")


# --- JSON-LD ----------------------------------------------------------------------------


def json_document(deeds: Sequence[Deed], *, seed: int, name: str, at_ms: int) -> bytes:
    """An EPCIS 2.0 document in JSON-LD.

    Args:
        deeds: Of one firm, which decides the spelling of codes and whether events have ids.
        seed: Of the market.
        name: Of the document.
        at_ms: Its creation.

    Returns:
        UTF-8 JSON.
    """
    ways = deeds[0].by.ways
    spell: Spell = _link if ways.links else _urn
    events = [_json_event(deed, spell, seed if ways.ids else None) for deed in deeds]
    return msgspec.json.encode(
        {
            "@context": CONTEXT,
            "id": identity(seed, name),
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": stamp(at_ms),
            "epcisBody": {"eventList": events},
        }
    )


def _urn(code: Code) -> str:
    return code[0]


def _link(code: Code) -> str:
    return code[1]


def _json_event(deed: Deed, spell: Spell, seed: int | None) -> dict[str, object]:
    """One event; ids only with a seed."""
    event: dict[str, object] = {"type": deed.type}
    if seed is not None:
        event["eventID"] = event_id(seed, deed.number)
    event["eventTime"] = stamp(deed.at_ms)
    event["eventTimeZoneOffset"] = OFFSET
    if deed.wrong and seed is not None:
        event["errorDeclaration"] = _json_wrong(deed.wrong, seed)
    if deed.certificate:
        event["certificationInfo"] = [deed.certificate]
    _json_what(event, deed, spell)
    if deed.action:
        event["action"] = deed.action
    event["bizStep"] = deed.step
    if deed.disposition:
        event["disposition"] = deed.disposition
    if deed.persistent:
        event["persistentDisposition"] = {"set": [deed.persistent]}
    _json_where(event, deed, spell)
    if deed.ilmd:
        event["ilmd"] = dict(deed.ilmd)
    event.update(deed.extra)
    return event


def _json_wrong(wrong: Wrong, seed: int) -> dict[str, object]:
    return {
        "declarationTime": stamp(wrong.declared_ms),
        "reason": wrong.reason,
        "correctiveEventIDs": [event_id(seed, number) for number in wrong.corrected_by],
    }


_LISTS = {
    OBJECT: ("epcList", "quantityList"),
    TRANSACTION: ("epcList", "quantityList"),
    AGGREGATION: ("childEPCs", "childQuantityList"),
    ASSOCIATION: ("childEPCs", "childQuantityList"),
    TRANSFORMATION: ("outputEPCList", "outputQuantityList"),
}
"""What the lists of codes and amounts are called in each type."""


def _json_what(event: dict[str, object], deed: Deed, spell: Spell) -> None:
    codes, amounts = _LISTS[deed.type]
    if deed.parent:
        event["parentID"] = spell(deed.parent)
    if deed.inputs:
        event["inputEPCList"] = [spell(code) for code in deed.inputs]
    if deed.input_amounts:
        event["inputQuantityList"] = [_json_amount(one, spell) for one in deed.input_amounts]
    if deed.codes:
        event[codes] = [spell(code) for code in deed.codes]
    if deed.amounts:
        event[amounts] = [_json_amount(one, spell) for one in deed.amounts]


def _json_amount(amount: Amount, spell: Spell) -> dict[str, object]:
    found: dict[str, object] = {"epcClass": spell(amount.code), "quantity": amount.quantity}
    if amount.uom:
        found["uom"] = amount.uom
    return found


def _json_where(event: dict[str, object], deed: Deed, spell: Spell) -> None:
    if deed.read_point:
        event["readPoint"] = {"id": spell(deed.read_point)}
    if deed.location:
        event["bizLocation"] = {"id": spell(deed.location)}
    if deed.papers:
        event["bizTransactionList"] = [
            {"type": kind, "bizTransaction": paper} for kind, paper in deed.papers
        ]
    if deed.sources:
        event["sourceList"] = [{"type": kind, "source": spell(code)} for kind, code in deed.sources]
    if deed.destinations:
        event["destinationList"] = [
            {"type": kind, "destination": spell(code)} for kind, code in deed.destinations
        ]


# --- XML --------------------------------------------------------------------------------


def fits_xml1(deed: Deed) -> bool:
    """Whether EPCIS 1.2 can say this."""
    return deed.type != ASSOCIATION and not deed.persistent


def xml_document(deeds: Sequence[Deed], *, seed: int, name: str, at_ms: int, version: int) -> bytes:
    """An EPCIS document in XML.

    Args:
        deeds: Of one firm; for version 1 each must fit (`fits_xml1`).
        seed: Of the market.
        name: Of the document; told in a comment.
        at_ms: Its creation.
        version: 1 for EPCIS 1.2, 2 for EPCIS 2.0.

    Returns:
        UTF-8 XML.
    """
    ways = deeds[0].by.ways
    write = _Xml1 if version == 1 else _Xml2
    writer = write(_link if ways.links else _urn, seed if ways.ids else None)
    number = {1: "1.2", 2: "2.0"}[version]
    events = "\n".join(writer.event(deed) for deed in deeds)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" '
        f'xmlns:cbvmda="{MDA.rstrip(":")}" xmlns:gs1="{GS1}" xmlns:gt="{NAMESPACE}" '
        f'schemaVersion="{number}" creationDate="{stamp(at_ms)}">\n<!-- {name} -->\n'
        f"<EPCISBody><EventList>\n{events}\n</EventList></EPCISBody>\n"
        "</epcis:EPCISDocument>\n"
    ).encode()


class _Xml2:
    """Writes events as EPCIS 2.0 has them."""

    def __init__(self, spell: Spell, seed: int | None) -> None:
        self.spell = spell
        self.seed = seed

    def event(self, deed: Deed) -> str:
        """One event element."""
        body = [
            _tag("eventTime", stamp(deed.at_ms)),
            _tag("eventTimeZoneOffset", OFFSET),
            self.said(deed),
            *self.what(deed),
            _tag("action", deed.action),
            _tag("bizStep", deed.step and f"{_CBV}bizstep:{deed.step}"),
            _tag("disposition", deed.disposition and f"{_CBV}disp:{deed.disposition}"),
            *self.where(deed),
            *self.rest(deed),
            *(_tag(name, escape(value)) for name, value in deed.extra),
        ]
        return self.outside(deed, f"<{deed.type}>{''.join(body)}</{deed.type}>")

    def outside(self, deed: Deed, event: str) -> str:
        """The event as it stands in the list."""
        return event

    def said(self, deed: Deed) -> str:
        """Id, error declaration and certification."""
        return self.identity(deed) + _tag("certificationInfo", deed.certificate)

    def identity(self, deed: Deed) -> str:
        """Id and error declaration."""
        if self.seed is None:
            return ""
        named = _tag("eventID", event_id(self.seed, deed.number))
        return named + (self.wrong(deed.wrong, self.seed) if deed.wrong else "")

    def wrong(self, wrong: Wrong, seed: int) -> str:
        """An error declaration."""
        ids = "".join(
            _tag("correctiveEventID", event_id(seed, number)) for number in wrong.corrected_by
        )
        return _tag(
            "errorDeclaration",
            _tag("declarationTime", stamp(wrong.declared_ms))
            + _tag("reason", f"{_CBV}er:{wrong.reason}")
            + _tag("correctiveEventIDs", ids),
        )

    def what(self, deed: Deed) -> tuple[str, ...]:
        """The lists before ``action``, but not the quantities of most types."""
        parent = _tag("parentID", self.spell(deed.parent)) if deed.parent else ""
        match deed.type:
            case "TransformationEvent":
                return (
                    self.codes("inputEPCList", deed.inputs),
                    self.amounts("inputQuantityList", deed.input_amounts),
                    self.codes("outputEPCList", deed.codes),
                    self.amounts("outputQuantityList", deed.amounts),
                )
            case "TransactionEvent":
                return self.papers(deed), parent, self.codes("epcList", deed.codes, always=True)
            case "ObjectEvent":
                return (self.codes("epcList", deed.codes, always=True),)
            case _:
                return parent, self.codes("childEPCs", deed.codes, always=True)

    def where(self, deed: Deed) -> tuple[str, ...]:
        """Places and papers."""
        return (
            _tag("readPoint", deed.read_point and _tag("id", self.spell(deed.read_point))),
            _tag("bizLocation", deed.location and _tag("id", self.spell(deed.location))),
            "" if deed.type == TRANSACTION else self.papers(deed),
        )

    def rest(self, deed: Deed) -> tuple[str, ...]:
        """What version 1.2 puts in an extension."""
        name = _LISTS[deed.type][1]
        return (
            "" if deed.type == TRANSFORMATION else self.amounts(name, deed.amounts),
            self.typed("source", deed.sources),
            self.typed("destination", deed.destinations),
            self.persistent(deed),
            _tag("ilmd", "".join(_tag(one, escape(value)) for one, value in deed.ilmd)),
        )

    def persistent(self, deed: Deed) -> str:
        """A disposition that stays."""
        inner = deed.persistent and _tag("set", f"{_CBV}disp:{deed.persistent}")
        return _tag("persistentDisposition", inner)

    def codes(self, name: str, codes: Sequence[Code], *, always: bool = False) -> str:
        """A list of EPCs."""
        inner = "".join([f"<epc>{self.spell(code)}</epc>" for code in codes])
        return f"<{name}/>" if always and not inner else _tag(name, inner)

    def amounts(self, name: str, amounts: Sequence[Amount]) -> str:
        """A list of quantities."""
        return _tag(name, "".join(self.amount(one) for one in amounts))

    def amount(self, one: Amount) -> str:
        """One quantity."""
        inner = _tag("epcClass", self.spell(one.code)) + _tag("quantity", f"{one.quantity}")
        return _tag("quantityElement", inner + _tag("uom", one.uom))

    def papers(self, deed: Deed) -> str:
        """Business transactions."""
        inner = "".join(
            f'<bizTransaction type="{_CBV}btt:{kind}">{paper}</bizTransaction>'
            for kind, paper in deed.papers
        )
        return _tag("bizTransactionList", inner)

    def typed(self, name: str, sides: Sequence[tuple[str, Code]]) -> str:
        """Sources or destinations."""
        inner = "".join(
            f'<{name} type="{_CBV}sdt:{kind}">{self.spell(code)}</{name}>' for kind, code in sides
        )
        return _tag(f"{name}List", inner)


class _Xml1(_Xml2):
    """Writes events as EPCIS 1.2 has them: what came after 1.0 stands in extensions."""

    def outside(self, deed: Deed, event: str) -> str:
        return _tag("extension", event) if deed.type == TRANSFORMATION else event

    def said(self, deed: Deed) -> str:
        return _tag("baseExtension", self.identity(deed))

    def rest(self, deed: Deed) -> tuple[str, ...]:
        inner = "".join(super().rest(deed))
        return (inner if deed.type == TRANSFORMATION else _tag("extension", inner),)


def _tag(name: str, inner: str | None) -> str:
    """An element, or nothing when it would be empty."""
    return f"<{name}>{inner}</{name}>" if inner else ""
