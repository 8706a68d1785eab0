"""Which master data does a header carry? EPCIS vocabularies as `MasterItem`.

References:
    EPCIS 2.0, section 9.4 (master data in the header); CBV 2.0, section 9 (attributes)
"""

from collections.abc import Iterator

from guantong.capture.faults import Fault
from guantong.capture.meaning import Meaning
from guantong.capture.model import MasterItem

CHILDREN = "children"
"""The field under which the ids of an element's children stand."""


def read_master(raw: object, path: str, meaning: Meaning) -> Iterator[MasterItem]:
    """Read a vocabularyList.

    Args:
        raw: The list as decoded, None when there is none.
        path: Where it stands.
        meaning: Gives keys their canonical spelling, and notes what is wrong.

    Yields:
        One item for each vocabulary element.
    """
    for vocabulary, where in _objects(raw, path, meaning):
        kind = meaning.context.value(_text(vocabulary, "type", where, meaning))
        elements = vocabulary.get("vocabularyElementList")
        for element, at in _objects(elements, f"{where}.vocabularyElementList", meaning):
            key = meaning.code(_text(element, "id", at, meaning) or None, f"{at}.id")
            yield MasterItem(kind, key, _fields(element, at, meaning))


def _objects(raw: object, path: str, meaning: Meaning) -> Iterator[tuple[dict[str, object], str]]:
    """The objects of a list and where each stands."""
    if raw is None:
        return
    if not isinstance(raw, list):
        meaning.say(Fault.TYPE, path, expected="a list", got=type(raw).__name__)
        return
    for i, one in enumerate(raw):
        if isinstance(one, dict):
            yield one, f"{path}[{i}]"
        else:
            meaning.say(Fault.TYPE, f"{path}[{i}]", expected="an object", got=one)


def _text(raw: dict[str, object], name: str, path: str, meaning: Meaning) -> str:
    """A text that must be there; "" when it is not, which is noted."""
    value = raw.get(name)
    if isinstance(value, str) and value:
        return value
    code = Fault.MISSING if value is None or value == "" else Fault.TYPE
    meaning.say(code, f"{path}.{name}", expected="a URI", got=value or "nothing")
    return ""


def _fields(element: dict[str, object], path: str, meaning: Meaning) -> dict[str, object]:
    """The attributes of an element; one that is said twice becomes a list."""
    fields: dict[str, object] = {}
    for attribute, at in _objects(element.get("attributes"), f"{path}.attributes", meaning):
        name = meaning.context.value(_text(attribute, "id", at, meaning))
        value = attribute.get("attribute")
        if name in fields:
            known = fields[name]
            fields[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            fields[name] = value
    children = element.get("children")
    if isinstance(children, list) and children:
        texts = [child for child in children if isinstance(child, str)]
        fields[CHILDREN] = list(meaning.codes(texts, f"{path}.children"))
    return fields
