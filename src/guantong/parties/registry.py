"""What is known about this firm, place or product?

Each question merges the facts about one key that count (see `guantong.parties.authority`) in
ledger order: a later statement of a field replaces an earlier one, and a field nobody stated
stays empty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from guantong.caller import OPERATOR
from guantong.parties.authority import weighed
from guantong.store import Fact, Filed


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm as it stated itself."""

    key: str
    """Canonical party URI."""
    name: str = ""
    name_en: str = ""
    uscc: str = ""
    """Unified social credit code, 18 characters."""
    address: str = ""
    contact: str = ""
    kind: str = ""
    """``producer``, ``distributor``, ``retailer``, ``site``, ``body`` …"""
    region: str = ""
    """GB/T 2260, six digits."""
    industry: str = ""
    """GB/T 4754 code."""


@dataclass(frozen=True, slots=True)
class Place:
    """A location."""

    key: str
    """Canonical location URI."""
    name: str = ""
    firm: str = ""
    """Key of the firm it belongs to."""
    address: str = ""
    region: str = ""
    """GB/T 2260, six digits."""
    lat: float | None = None
    """Degrees north, WGS 84."""
    lon: float | None = None
    """Degrees east, WGS 84."""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A product class (model)."""

    key: str
    """Canonical class URI."""
    name: str = ""
    name_en: str = ""
    brand: str = ""
    model: str = ""
    specification: str = ""
    standard: str = ""
    """Number of the standard it is made to."""
    category: str = ""
    firm: str = ""
    """Key of the producer."""
    unit: str = ""
    stated_by: str = ""
    """The party whose statement counted last."""
    certificates: tuple[str, ...] = ()
    """Keys of the certificates it was filed with."""


def firm(store: Filed, key: str, *, as_of: int | None = None) -> Firm | None:
    """The firm with this key (or this party GLN), or None if nobody has filed it."""
    facts = store.facts("firm", (key,), as_of=as_of)
    if facts and all(fact.key != key for fact in facts):
        # By its GLN: the word of its holder or the operator, else who first said to have it.
        heard = {key, OPERATOR.party}
        key = next((fact.key for fact in facts if fact.by in heard), facts[0].key)
        facts = store.facts("firm", (key,), as_of=as_of)
    fields = merged(facts, key)
    if fields is None:
        return None
    names = ("name", "name_en", "uscc", "address", "contact", "kind", "region", "industry")
    return Firm(key, **texts_of(fields, names))


def place(store: Filed, key: str, *, as_of: int | None = None) -> Place | None:
    """The place with this key, or None if nobody has filed it."""
    fields = merged(store.facts("place", (key,), as_of=as_of), key)
    if fields is None:
        return None
    texts = texts_of(fields, ("name", "firm", "address", "region", "kind"))
    found = Place(key, **texts)
    lat, lon = (_degrees(fields.get(name)) for name in ("lat", "lon"))
    return replace(found, lat=lat, lon=lon)


def product(store: Filed, key: str, *, as_of: int | None = None) -> Product | None:
    """The product class with this key, or None if nobody has filed it."""
    facts = [fact for fact in store.facts("product", (key,), as_of=as_of) if fact.key == key]
    fields = merged(facts, key)
    if fields is None:
        return None
    names = (
        "name",
        "name_en",
        "brand",
        "model",
        "specification",
        "standard",
        "category",
        "firm",
        "unit",
    )
    listed = fields.get("certificates")
    held = tuple(str(one) for one in listed) if isinstance(listed, list | tuple) else ()
    counting, _ = weighed(facts, key)
    made = Product(key, **texts_of(fields, names))
    return replace(made, stated_by=counting[-1].by, certificates=held)


def merged(facts: list[Fact], key: str) -> dict[str, object] | None:
    """All fields that count about `key`, later over earlier; None if there is no fact."""
    own = [fact.fields for fact in weighed(facts, key)[0]]
    if not own:
        return None
    fields: dict[str, object] = {}
    for stated in own:
        fields |= stated
    return fields


def texts_of(fields: Mapping[str, object], names: Iterable[str]) -> Any:
    """Several fields as text, by name, to be spread into a value's constructor."""
    return {name: text_of(fields, name) for name in names}


def text_of(fields: Mapping[str, object], name: str) -> str:
    """A field as text, "" when nobody stated it."""
    value = fields.get(name)
    return "" if value is None else str(value)


def _degrees(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
