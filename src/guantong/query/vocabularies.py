"""Which master data does a client ask for? The elements of vocabularies, as the caller said them.

References:
    EPCIS 1.2, section 8.2 (query control, SimpleMasterDataQuery)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from guantong.caller import Caller
from guantong.capture.json_master import CHILDREN
from guantong.capture.model import Event, MasterItem
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.identify.canonical import canonical
from guantong.parties.facts import VOCABULARY_KINDS, our_name
from guantong.query.fields import keys_of
from guantong.query.master import may_use
from guantong.query.parameters import ATTRIBUTED, VALUES_MAX, Fault, QueryError
from guantong.store.door import VOCABULARY, Fact, Store

EXAMINED_MAX: Final = 200_000
"""Statements looked at for one question that names no element."""
ELEMENTS_MAX: Final = 10_000
"""Elements in one answer."""
PAGE: Final = 1_000
_ATTRIBUTE: Final = "EQATTR_"
_OTHER: Final = "vocabulary:"
"""Before the vocabulary in the kind of a fact of none of ours."""
_TYPE: Final = "urn:epcglobal:epcis:vtype:"
_USUAL: Final = {
    "product": f"{_TYPE}EPCClass",
    "place": f"{_TYPE}BusinessLocation",
    "firm": f"{_TYPE}SourceDest",
}
"""Vocabulary of what was stated in another form."""
_MDA: Final = "urn:epcglobal:cbv:mda#"
_NAMES: Final = {
    "name": "name",
    "address": "streetAddressOne",
    "city": "city",
    "region_name": "state",
    "country": "countryCode",
    "lat": "latitude",
    "lon": "longitude",
}
"""Field of a statement in another form -> attribute of the CBV."""


class Elements(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked."""

    with_attributes: bool
    with_children: bool
    vocabularies: frozenset[str] = frozenset()
    """Types; empty for all."""
    only: frozenset[str] = frozenset()
    """Attributes to be told; empty for all."""
    names: frozenset[str] | None = None
    """Elements; None for all."""
    within: frozenset[str] | None = None
    """Elements with all that lies within them; None for all."""
    has: frozenset[str] = frozenset()
    """One of these attributes must be there."""
    equal: tuple[tuple[str, frozenset[str]], ...] = ()
    """Attributes, and values of which one must be theirs."""
    most: int = ELEMENTS_MAX

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> "Elements":
        """Read the parameters of a query for master data.

        Args:
            given: Name -> a value, or several of which any will do.

        Returns:
            What is asked.

        Raises:
            QueryError: naming the parameter that is missing, is none, or has a wrong value.
        """
        for name in given:
            if name not in _READ and not name.startswith(_ATTRIBUTE):
                expected = "a parameter of SimpleMasterDataQuery"
                raise QueryError(fault(Fault.PARAMETER, expected=expected, got=name, path=name))
        return cls(
            with_attributes=_truth(given, "includeAttributes"),
            with_children=_truth(given, "includeChildren"),
            vocabularies=_texts(given, "vocabularyName"),
            only=_texts(given, "attributeNames"),
            names=_codes(given, "EQ_name"),
            within=_codes(given, "WD_name"),
            has=_texts(given, "HASATTR"),
            equal=tuple(
                (name.removeprefix(_ATTRIBUTE), _texts(given, name))
                for name in sorted(given)
                if name.startswith(_ATTRIBUTE)
            ),
            most=_number(given, "maxElementCount"),
        )


_READ: Final = {
    *("includeAttributes", "includeChildren", "vocabularyName", "attributeNames"),
    *("EQ_name", "WD_name", "HASATTR", "maxElementCount"),
}


def elements_of(store: Store, asked: Elements, caller: Caller, as_of: int) -> list[MasterItem]:
    """The vocabulary elements that a query asks for.

    Args:
        store: Where to look.
        asked: What is asked.
        caller: Only what it said itself is told, unless it sees all.
        as_of: Ledger size.

    Returns:
        Elements by vocabulary and name, with what was said of each last.

    Raises:
        QueryError: if there are more than asked for, or than can be looked through.
    """
    look = _Look(store, caller, as_of)
    found = [
        item
        for kind in look.kinds(asked)
        for item in look.items(kind, asked)
        if _is_asked(item, asked)
    ]
    if len(found) > asked.most:
        expected = f"at most {asked.most} elements"
        raise QueryError(fault(Fault.LARGE, expected=expected, got="more", path="maxElementCount"))
    told = [_told(item, asked) for item in found]
    return sorted(told, key=lambda item: (item.kind, item.key))


def stated_of(
    store: Store, events: Iterable[Event], caller: Caller, as_of: int
) -> list[MasterItem]:
    """What the caller itself said of the places, products and parties of some events.

    Args:
        store: Where to look.
        events: What happened.
        caller: Who asks.
        as_of: Ledger size.

    Returns:
        Elements by vocabulary and name.
    """
    named = (keys_of(field, event) for event in events for field in ATTRIBUTED)
    names = frozenset(str(key) for keys in named for key in keys if key)
    asked = Elements(with_attributes=True, with_children=True, names=names)
    look = _Look(store, caller, as_of)
    found = [item for kind in _USUAL for item in look.items(kind, asked)]
    return sorted(found, key=lambda item: (item.kind, item.key))


class _Look:
    """One question under way."""

    def __init__(self, store: Store, caller: Caller, as_of: int) -> None:
        self._store = store
        self._caller = caller
        self._as_of = as_of
        self._examined = 0

    def kinds(self, asked: Elements) -> list[str]:
        """Kinds of facts among which elements of the vocabularies are."""
        wanted = {VOCABULARY_KINDS.get(one, _OTHER + one) for one in asked.vocabularies}
        known = [one for one in self._store.fact_kinds() if one in _USUAL or one.startswith(_OTHER)]
        return [one for one in known if not wanted or one in wanted]

    def items(self, kind: str, asked: Elements) -> Iterator[MasterItem]:
        """What is said of the elements of a kind that are named, or of all."""
        if asked.within is not None:
            keys: Iterable[str] = self._within(kind, asked.within)
        elif asked.names is not None:
            keys = asked.names
        else:
            keys = self._all(kind)
        listed = sorted(keys)
        for at in range(0, len(listed), PAGE):
            part = listed[at : at + PAGE]
            facts = self._store.facts(kind, part, as_of=self._as_of)
            yield from _items(
                fact for fact in facts if fact.key in part and may_use(fact, self._caller)
            )

    def _all(self, kind: str) -> set[str]:
        """Elements of a kind of which the caller may have said something."""
        found: set[str] = set()
        after = ""
        while page := self._store.scan_facts(kind, after=after, limit=PAGE, as_of=self._as_of):
            self._count(len(page))
            after = page[-1].key
            found |= {fact.key for fact in page if may_use(fact, self._caller)} | {after}
        return found

    def _within(self, kind: str, begin: frozenset[str]) -> set[str]:
        """Elements and all that lies within them, at any depth."""
        found, todo = set(begin), set(begin)
        while todo:
            facts = self._store.facts(kind, todo, as_of=self._as_of)
            self._count(len(facts))
            said = _items(
                fact for fact in facts if fact.key in todo and may_use(fact, self._caller)
            )
            todo = {child for item in said for child in _children(item)} - found
            found |= todo
        return found

    def _count(self, facts: int) -> None:
        self._examined += facts
        if self._examined > EXAMINED_MAX:
            expected = f"at most {EXAMINED_MAX} statements to look through: name the elements"
            raise QueryError(fault(Fault.COMPLEX, expected=expected, got="more"))


def _items(facts: Iterable[Fact]) -> list[MasterItem]:
    """One element for each vocabulary and key; what was said later stands."""
    said: dict[tuple[str, str], dict[str, object]] = {}
    for fact in facts:
        other = fact.kind.removeprefix(_OTHER)
        kind = str(fact.fields.get(VOCABULARY, "")) or _USUAL.get(fact.kind, other)
        fields = said.setdefault((kind, fact.key), {})
        fields |= _as_attributes(fact)
    return [MasterItem(kind, key, fields) for (kind, key), fields in said.items()]


def _as_attributes(fact: Fact) -> dict[str, object]:
    """What a fact says, as attributes of a vocabulary."""
    if VOCABULARY in fact.fields:
        ours = {VOCABULARY, *map(our_name, fact.fields)}
        return {name: one for name, one in fact.fields.items() if name not in ours}
    return {
        _MDA + _NAMES[name]: one
        for name, one in fact.fields.items()
        if name in _NAMES and one not in ("", None)
    }


def _is_asked(item: MasterItem, asked: Elements) -> bool:
    if asked.vocabularies and item.kind not in asked.vocabularies:
        return False
    if asked.names is not None and item.key not in asked.names:
        return False
    if asked.has and asked.has.isdisjoint(item.fields):
        return False
    return all(values & _values(item, name) for name, values in asked.equal)


def _told(item: MasterItem, asked: Elements) -> MasterItem:
    """An element with what is to be told of it."""
    kept = {
        name: one
        for name, one in item.fields.items()
        if (asked.with_children if name == CHILDREN else asked.with_attributes)
        and (name == CHILDREN or not asked.only or name in asked.only)
    }
    return MasterItem(item.kind, item.key, kept)


def _values(item: MasterItem, name: str) -> set[str]:
    value = item.fields.get(name)
    listed = value if isinstance(value, list | tuple) else [value]
    return {str(one) for one in listed if one is not None}


def _children(item: MasterItem) -> list[str]:
    value = item.fields.get(CHILDREN)
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _listed(given: Mapping[str, object], name: str) -> list[str]:
    """The values of a parameter; [] when it is not there."""
    if name not in given:
        return []
    value = given[name]
    listed = value if isinstance(value, list | tuple) else [value]
    if (
        not listed
        or len(listed) > VALUES_MAX
        or not all(isinstance(one, str) and one for one in listed)
    ):
        raise QueryError(_wrong(name, f"1 to {VALUES_MAX} texts", value))
    return [str(one) for one in listed]


def _texts(given: Mapping[str, object], name: str) -> frozenset[str]:
    return frozenset(_listed(given, name))


def _codes(given: Mapping[str, object], name: str) -> frozenset[str] | None:
    if name not in given:
        return None
    try:
        return frozenset(canonical(one) for one in _listed(given, name))
    except QueryError:
        raise
    except Refusal as error:
        raise QueryError(_wrong(name, "identifiers", given[name])) from error


def _truth(given: Mapping[str, object], name: str) -> bool:
    if given.get(name) not in (True, False, "true", "false"):
        raise QueryError(_wrong(name, "true | false", given.get(name, "nothing")))
    return given[name] in (True, "true")


def _number(given: Mapping[str, object], name: str) -> int:
    if name not in given:
        return ELEMENTS_MAX
    text = str(given[name])
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10):
        raise QueryError(_wrong(name, "a number", text))
    return min(int(text), ELEMENTS_MAX)


def _wrong(name: str, expected: str, got: object) -> Found:
    return fault(Fault.VALUE, expected=expected, got=got, path=name)
