"""What does a records document say about firms, places, products and certificates?

The native JSON for master data, for those who send no EPCIS vocabulary:
``{"guantong": "records", "firms": […], "places": […], "products": […], "certificates": […]}``.
Every member is described in ``docs/reference/records.md``.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from guantong.capture import codes
from guantong.capture.faults import CaptureError, Fault, Limits
from guantong.capture.json_keys import marks, repeated
from guantong.capture.model import Document, MasterItem
from guantong.capture.reading import Collector, Reading

FORMAT: Final = "records-json"
"""Of the documents read here."""

Text = Annotated[str, Meta(min_length=1, max_length=4000)]
"""Free text; what is not known is left out instead of left empty."""
Region = Annotated[str, Meta(pattern=r"^[1-9][0-9]{5}$")]
"""GB/T 2260 code, 6 digits."""
Codes = Annotated[tuple[Text, ...], Meta(max_length=1000)]
"""Several codes."""
Spell = Callable[[str], str]
"""Gives the canonical URI of a typed code; see `guantong.capture.codes`."""


class FirmKind(StrEnum):
    """What a firm does in the chain."""

    PRODUCER = "producer"
    ENTRUSTED = "entrusted"
    IMPORTER = "importer"
    DISTRIBUTOR = "distributor"
    RETAILER = "retailer"
    SITE = "site"
    BODY = "body"


class CertificateKind(StrEnum):
    """What sort of certificate it is."""

    CCC = "ccc"
    XK = "xk"
    REPORT = "report"
    OTHER = "other"


class Status(StrEnum):
    """How a certificate stands."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Record(Struct, frozen=True, kw_only=True):
    """What every record has: the days it holds."""

    since: dt.date | None = None
    """First day."""
    until: dt.date | None = None
    """Last day."""


class Firm(Record, frozen=True, kw_only=True):
    """One firm, named by its USCC, else by its party GLN."""

    name: Text
    name_en: Text | None = None
    uscc: Text | None = None
    gln: Text | None = None
    address: Text | None = None
    contact: Text | None = None
    kind: FirmKind | None = None
    region: Region | None = None
    industry: Text | None = None
    role: Text | None = None


class Place(Record, frozen=True, kw_only=True):
    """One place, named by its location GLN, else by the operator's own URI."""

    name: Text
    gln: Text | None = None
    id: Text | None = None
    firm: Text | None = None
    address: Text | None = None
    region: Region | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    kind: Text | None = None


class Product(Record, frozen=True, kw_only=True):
    """One product class, named by its GTIN, else by another class code."""

    name: Text
    name_en: Text | None = None
    brand: Text | None = None
    model: Text | None = None
    specification: Text | None = None
    standard: Text | None = None
    category: Text | None = None
    gtin: Text | None = None
    class_code: Text | None = None
    firm: Text | None = None
    certificate: Text | None = None
    certificates: Codes | None = None
    list: Text | None = None
    image: Text | None = None
    unit: Text | None = None


class Certificate(Record, frozen=True, kw_only=True):
    """One certificate in one status; a change of status is another record."""

    kind: CertificateKind
    number: Text
    status: Status
    holder: Text | None = None
    products: Codes | None = None
    body: Text | None = None
    issued: dt.date | None = None
    status_since: dt.date | None = None
    reason: Text | None = None


_WORDS: Final[tuple[type[StrEnum], ...]] = (FirmKind, CertificateKind, Status)


@dataclass(slots=True)
class Item:
    """One record being read."""

    path: str
    """Where it stands, such as ``products[2]``."""
    faults: Collector
    """Of the whole document."""
    values: dict[str, object] = field(default_factory=dict)
    """Members that were right, by name."""

    def blame(self, code: Fault, member: str, *, expected: str, got: object) -> None:
        """Note a fault of one member."""
        self.faults.say(code, f"{self.path}.{member}", expected=expected, got=got)

    def code(self, member: str, spell: Spell) -> str:
        """The canonical URI of the code in a member, put in its place; "" when there is none."""
        text = self.values.get(member)
        if not isinstance(text, str):
            return ""
        uri = self.spelled(member, text, spell)
        self.values[member] = uri
        return uri

    def number(self, member: str, spell: Spell) -> str:
        """The same for a member that keeps the bare number, in its canonical form."""
        uri = self.code(member, spell)
        if uri:
            self.values[member] = unquote(uri.replace(":", "/").rpartition("/")[2])
        return uri

    def spelled(self, member: str, text: str, spell: Spell) -> str:
        """The canonical URI of a text that stands in a member; "" when at fault."""
        try:
            return spell(text)
        except CaptureError as refusal:
            self.faults.take(refusal, f"{self.path}.{member}")
            return ""


class Section(NamedTuple):
    """One list of a records document and how its items are read."""

    kind: str
    """Of the master items."""
    struct: type[Record]
    """Members, types and bounds."""
    key: Callable[[Item], str]
    """Names the record; "" when nothing names it or that is at fault."""
    links: Mapping[str, Spell]
    """Members that point at other records, and how their codes are read."""


def _firm_key(item: Item) -> str:
    """The USCC where there is one, else the party GLN."""
    uscc = item.number("uscc", codes.uscc)
    gln = item.number("gln", codes.party)
    return uscc or gln


def _place_key(item: Item) -> str:
    """The location GLN where there is one, else the operator's own URI."""
    gln = item.number("gln", codes.location)
    own = item.code("id", codes.place)
    return gln or own


def _product_key(item: Item) -> str:
    """The GTIN where there is one, else the other class code."""
    gtin = item.number("gtin", codes.gtin)
    other = item.code("class_code", codes.product)
    return gtin or other


def _certificate_key(item: Item) -> str:
    """The number, read by its kind."""
    match item.values.get("kind"):
        case CertificateKind.CCC:
            return item.number("number", codes.ccc)
        case CertificateKind.XK:
            return item.number("number", codes.licence)
        case CertificateKind():
            return codes.report(str(item.values.get("number", "")))
        case _:
            return ""


_NAMED_BY: Final = {
    "firm": "uscc or gln",
    "place": "gln or id",
    "product": "gtin or class_code",
    "certificate": "kind and number",
}

SECTIONS: Final = {
    "firms": Section("firm", Firm, _firm_key, {}),
    "places": Section("place", Place, _place_key, {"firm": codes.firm}),
    "products": Section(
        "product",
        Product,
        _product_key,
        {
            "firm": codes.firm,
            "certificate": codes.certificate,
            "certificates": codes.certificate,
        },
    ),
    "certificates": Section(
        "certificate",
        Certificate,
        _certificate_key,
        {"holder": codes.firm, "products": codes.product},
    ),
}
"""The lists a records document may have."""


def read_records(data: bytes, *, limits: Limits, proceed: bool) -> Reading:
    """Read a records document.

    Args:
        data: UTF-8 JSON.
        limits: `Limits.events_max` bounds the number of records.
        proceed: Give the records without a fault although others have one.

    Returns:
        The document, its master data in document order; faults with paths such as
        ``products[2].gtin``.
    """
    faults = Collector(limits)
    document = _document(data, faults)
    return faults.finish(document, proceed=proceed)


def _document(data: bytes, faults: Collector) -> Document | None:
    """The document, or None with a fault when it is no records document at all."""
    if data.count(b",") > faults.limits.values_max:
        most = f"at most {faults.limits.values_max} values"
        faults.say(Fault.TOO_LARGE, "", expected=most, got="more")
        return None
    try:
        raw = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError:
        faults.say(Fault.ENCODING, "", expected="text in UTF-8", got=ascii(data[:40]))
        return None
    except RecursionError:
        faults.say(Fault.TOO_DEEP, "", expected="records of three levels", got="far more levels")
        return None
    except msgspec.DecodeError as problem:
        faults.say(Fault.SYNTAX, "", expected="JSON", got=problem)
        return None
    if marks(data) != marks(msgspec.json.encode(raw)):
        faults.say(Fault.DUPLICATE, "", expected="each member once", got=repeated(data))
        return None
    if not isinstance(raw, dict) or raw.get("guantong") != "records":
        faults.say(Fault.FORMAT, "guantong", expected='"records"', got=_shown(raw))
        return None
    return _members(raw, faults)


def _members(raw: dict[str, object], faults: Collector) -> Document | None:
    """All lists of a records document."""
    count = sum(len(value) for value in raw.values() if isinstance(value, list))
    if count > faults.limits.events_max:
        most = f"at most {faults.limits.events_max} records"
        faults.say(Fault.TOO_MANY_EVENTS, "", expected=most, got=f"{count} records")
        return None
    master: list[MasterItem] = []
    for member, value in raw.items():
        if member in SECTIONS:
            master += _section(member, value, faults)
        elif member != "guantong":
            faults.say(
                Fault.UNEXPECTED, member, expected=f"one of {', '.join(SECTIONS)}", got=member
            )
    return Document(format=FORMAT, master=tuple(master))


def _section(member: str, value: object, faults: Collector) -> list[MasterItem]:
    """The records of one list that have no fault."""
    if not isinstance(value, list):
        faults.say(Fault.TYPE, member, expected="a list of objects", got=_shown(value))
        return []
    found = (
        _record(SECTIONS[member], raw, Item(f"{member}[{index}]", faults))
        for index, raw in enumerate(value)
    )
    return [record for record in found if record]


def _record(section: Section, raw: object, item: Item) -> MasterItem | None:
    """One record, or None when it has a fault."""
    if not isinstance(raw, dict):
        item.faults.say(Fault.TYPE, item.path, expected="an object", got=_shown(raw))
        return None
    before = item.faults.count
    _check_members(section.struct, raw, item)
    key = section.key(item)
    _resolve_links(section, item)
    if item.faults.count == before and not key:
        want = _NAMED_BY[section.kind]
        item.faults.say(Fault.MISSING, item.path, expected=want, got="none of them")
    if item.faults.count > before:
        return None
    return _master(section.kind, key, item.values)


def _check_members(struct: type[Record], raw: dict[str, object], item: Item) -> None:
    """Take over every member that has the right type; blame the others, the unknown, the absent."""
    known = {one.name: one for one in msgspec.structs.fields(struct)}
    for name, value in raw.items():
        if name not in known:
            item.blame(Fault.UNEXPECTED, name, expected=f"one of {', '.join(known)}", got=name)
        elif value not in (None, "") or known[name].required:
            _check_value(known[name].type, name, value, item)
    for name, one in known.items():
        if one.required and name not in raw:
            item.blame(Fault.MISSING, name, expected="a value", got="nothing")


def _check_value(want: object, name: str, value: object, item: Item) -> None:
    """Take over one member, or say what is wrong with it."""
    try:
        item.values[name] = msgspec.convert(value, type=want)
    except msgspec.ValidationError as problem:
        message, _, inside = str(problem).partition(" - at `$")
        code, expected = _wanted(want, message)
        item.blame(code, f"{name}{inside.rstrip('`')}", expected=expected, got=_shown(value))


def _wanted(want: object, message: str) -> tuple[Fault, str]:
    """Which fault a value of the wrong kind is, and what would have been right."""
    for word in _WORDS:
        if "enum" in message and word in getattr(want, "__args__", (want,)):
            return Fault.VOCABULARY, f"one of {', '.join(word)}"
    if "RFC3339" in message:
        return Fault.TIME, "a day such as 2026-03-01"
    return Fault.TYPE, message.removeprefix("Expected ").partition(", got")[0]


def _resolve_links(section: Section, item: Item) -> None:
    """Replace the codes of other records by their canonical URIs."""
    for member, spell in section.links.items():
        value = item.values.get(member)
        if isinstance(value, str):
            item.values[member] = item.spelled(member, value, spell)
        elif isinstance(value, tuple):
            item.values[member] = [
                item.spelled(f"{member}[{at}]", text, spell) for at, text in enumerate(value)
            ]


def _master(kind: str, key: str, values: dict[str, object]) -> MasterItem:
    """The record as a master item; `fields` hold every member, dates as ISO text."""
    fields = {name: _plain(value) for name, value in values.items()}
    single = fields.pop("certificate", None) if kind == "product" else None
    if single:
        several = fields.get("certificates", [])
        fields["certificates"] = [single, *(several if isinstance(several, list) else [])]
    since = fields.get("status_since") or fields.get("since") or fields.get("issued") or ""
    return MasterItem(kind, key, fields, since=str(since), until=str(fields.get("until", "")))


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def _shown(value: object) -> str:
    """A value from the document, fit to be shown."""
    return msgspec.json.encode(value).decode()[:200]
