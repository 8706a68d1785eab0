"""Which facts does a document's master data state?"""

from collections.abc import Iterable

from guantong.capture.model import MasterItem
from guantong.store import Fact
from guantong.store.door import VOCABULARY

VOCABULARY_KINDS = {
    "urn:epcglobal:epcis:vtype:EPCClass": "product",
    "urn:epcglobal:epcis:vtype:Location": "place",
    "urn:epcglobal:epcis:vtype:BusinessLocation": "place",
    "urn:epcglobal:epcis:vtype:ReadPoint": "place",
    "urn:epcglobal:epcis:vtype:SourceDest": "firm",
    "urn:epcglobal:epcis:vtype:Party": "firm",
}
"""EPCIS vocabulary type -> our kind.

References:
    CBV 2.0, section 9 (trading party, location and trade item master data)
"""

RECORD_KINDS = frozenset({"firm", "place", "product", "certificate"})
"""Kinds a document may state. All others (keys, holds, code ranges) come with entries of their
own: a vocabulary that borrows such a name must not become one."""

ATTRIBUTE_NAMES = {
    "descriptionshort": "name",
    "tradeitemdescription": "name",
    "regulatedproductname": "name",
    "name": "name",
    "informationproviderpartyname": "firm_name",
    "manufactureroftradeitempartyname": "firm_name",
    "owning_party": "firm",
    "informationprovider": "firm",
    "streetaddressone": "address",
    "city": "city",
    "state": "region_name",
    "countrycode": "country",
    "latitude": "lat",
    "longitude": "lon",
}
"""Local name of a CBV master data attribute, lower case -> our field."""

LINK_FIELDS = ("firm", "holder")
LINK_LISTS = ("products", "certificates")
GLN_FORMS = ("https://id.gs1.org/417/", "https://id.gs1.org/414/")
"""A firm's GLN is written as a party and as a place: it is found by both."""


def facts_of(master: Iterable[MasterItem]) -> tuple[Fact, ...]:
    """The facts that master data states, in document order.

    An EPCIS vocabulary element becomes the same kind of fact as a native record, or, when it
    is of no such kind, ``vocabulary:`` and its name. Attributes that have one of our names are
    also given under it, and none is dropped.

    Args:
        master: What `guantong.capture` read from a header or a records document.

    Returns:
        One fact for each element.
    """
    return tuple(_fact(item) for item in master)


def our_name(attribute: str) -> str:
    """Our field for what an attribute of an EPCIS vocabulary says, "" when we have none."""
    local = attribute.replace("#", "/").replace(":", "/").rsplit("/", 1)[-1].lower()
    return ATTRIBUTE_NAMES.get(local, "") if local != attribute else ""


def _fact(item: MasterItem) -> Fact:
    kind = VOCABULARY_KINDS.get(item.kind, item.kind)
    if kind not in RECORD_KINDS:
        kind = f"vocabulary:{kind}"
    fields = dict(item.fields)
    for name, value in item.fields.items():
        if ours := our_name(name):
            fields.setdefault(ours, value)
    if item.kind != kind:
        fields[VOCABULARY] = item.kind
    return Fact(kind, item.key, fields, item.since, item.until, _links(kind, fields))


def _links(kind: str, fields: dict[str, object]) -> tuple[str, ...]:
    gln = fields.get("gln")
    links = [form + gln for form in GLN_FORMS if kind == "firm" and isinstance(gln, str)]
    links += [value for name in LINK_FIELDS if isinstance(value := fields.get(name), str)]
    for name in LINK_LISTS:
        values = fields.get(name)
        if isinstance(values, list | tuple):
            links += [value for value in values if isinstance(value, str)]
    return tuple(dict.fromkeys(link for link in links if link))
