"""What does a records document say about firms, places, products and certificates?

The native JSON for master data, for firms that send no EPCIS vocabulary:
``{"guantong": "records", "firms": […], "places": […], "products": […], "certificates": […]}``.
Every member is described in ``docs/reference/records.md``.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from guantong import errors, identify
from guantong.capture.faults import Fault, Limits, Reading
from guantong.capture.model import Document, MasterItem
from guantong.identify import IdentifierError

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
"""Free text; an empty member is left out instead."""
Region = Annotated[str, Meta(pattern=r"^[1-9][0-9]{5}$")]
"""GB/T 2260 code, 6 digits."""
Codes = Annotated[tuple[Text, ...], Meta(max_length=1000)]
"""Several codes."""


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


class Firm(Struct, frozen=True, kw_only=True):
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
    since: dt.date | None = None
    until: dt.date | None = None


class Place(Struct, frozen=True, kw_only=True):
    """One place, named by its GLN, else by the operator's own URN."""

    name: Text
    gln: Text | None = None
    id: Text | None = None
    firm: Text | None = None
    address: Text | None = None
    region: Region | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    kind: Text | None = None
    since: dt.date | None = None
    until: dt.date | None = None


class Product(Struct, frozen=True, kw_only=True):
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
    since: dt.date | None = None
    until: dt.date | None = None


class Certificate(Struct, frozen=True, kw_only=True):
    """One certificate in one status; a change of status is another record."""

    kind: CertificateKind
    number: Text
    status: Status
    holder: Text | None = None
    products: Codes | None = None
    body: Text | None = None
    issued: dt.date | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    status_since: dt.date | None = None
    reason: Text | None = None


class Section(NamedTuple):
    """One list of a records document and how its items are read."""

    member: str
    kind: str
    struct: type[Struct]
    named: Callable[["Item"], str]
    links: dict[str, Callable[[str], str]]


class Item:
    """One record being read: its values so far and what is wrong with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.faults: list[errors.Fault] = []

    def blame(self, code: Fault, name: str, *, expected: str, got: object) -> None:
        """Note a fault of one member."""
        where = f"{self.path}.{name}" if name else self.path
        self.faults.append(errors.fault(code, expected=expected, got=got, path=where))

    def canonical(self, name: str, text: str, spell: Callable[[str], str]) -> str:
        """The canonical spelling of a code in member `name`; "" and a fault when it has none."""
        try:
            return identify.canonical(spell(text.strip()))
        except IdentifierError as refusal:
            where = f"{self.path}.{name}"
            self.faults += [one.under(where) for one in refusal.faults]
            return ""


def read_records(data: bytes, *, limits: Limits, proceed: bool) -> Reading:
    """Read a records document.

    Args:
        data: UTF-8 JSON.
        limits: Largest document in bytes, and most records.
        proceed: Keep the records without a fault although others have one.

    Returns:
        The document as master data, all faults with paths such as ``products[2].gtin``; without
        `proceed` any fault leaves no document.
    """
    refused = limits.refuse_size(data)
    if refused:
        return Reading(None, (refused,))
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return _nothing(Fault.SYNTAX, "", expected="JSON in UTF-8", got=problem)
    if not isinstance(raw, dict) or raw.get("guantong") != "records":
        return _nothing(Fault.FORMAT, "guantong", expected="records", got=_shape(raw))
    return _read(raw, limits=limits, proceed=proceed)
