"""How are master data written? Vocabularies in JSON and in XML.

What `guantong.capture` reads from them is the same master data.

References:
    EPCIS 2.0, section 9.4 (master data in the header)
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.json_master import CHILDREN
from guantong.capture.model import MasterItem
from guantong.capture.spellings import Codes, as_kept
from guantong.errors import fault

_ID: Final = "id"


def vocabularies_json(
    items: Iterable[MasterItem], *, codes: Codes = as_kept
) -> list[dict[str, object]]:
    """Master data as a ``vocabularyList``.

    Args:
        items: Vocabulary elements; those of one type stand together.
        codes: How identifiers are written.

    Returns:
        One member for each type, in the order of the items.
    """
    lists: dict[str, list[dict[str, object]]] = {}
    for item in items:
        element: dict[str, object] = {_ID: codes(item.key)}
        said = _attributes(item)
        if said:
            element["attributes"] = [{_ID: name, "attribute": value} for name, value in said]
        children = _children(item, codes)
        if children:
            element[CHILDREN] = children
        lists.setdefault(item.kind, []).append(element)
    return [{"type": kind, "vocabularyElementList": found} for kind, found in lists.items()]


def vocabularies_xml(items: Iterable[MasterItem], *, codes: Codes = as_kept) -> Element:
    """Master data as a ``VocabularyList``, the same in 1.2 and 2.0.

    Args:
        items: Vocabulary elements; those of one type stand together.
        codes: How identifiers are written.

    Returns:
        An element without a namespace.

    Raises:
        CaptureError: if something can not be said in XML.
    """
    listed = etree.Element("VocabularyList")
    lists: dict[str, Element] = {}
    try:
        for item in items:
            if item.kind not in lists:
                made = etree.SubElement(listed, "Vocabulary", {"type": item.kind})
                lists[item.kind] = etree.SubElement(made, "VocabularyElementList")
            _put(lists[item.kind], item, codes)
    except ValueError as error:
        expected = "names and characters that XML has"
        raise CaptureError(fault(Fault.NOT_IN_XML, expected=expected, got=str(error))) from error
    return listed


def _put(listed: Element, item: MasterItem, codes: Codes) -> None:
    element = etree.SubElement(listed, "VocabularyElement", {_ID: codes(item.key)})
    for name, value in _attributes(item):
        _say(etree.SubElement(element, "attribute", {_ID: name}), value)
    children = _children(item, codes)
    if children:
        place = etree.SubElement(element, CHILDREN)
        for child in children:
            etree.SubElement(place, _ID).text = child


def _say(made: Element, value: object) -> None:
    """A text, or members of members as elements."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            for one in inner if isinstance(inner, list | tuple) else [inner]:
                _say(etree.SubElement(made, str(name)), one)
    elif isinstance(value, bool):
        made.text = str(value).lower()
    elif value is not None:
        made.text = str(value)


def _attributes(item: MasterItem) -> list[tuple[str, object]]:
    """What is said of it, an attribute with several values several times."""
    return [
        (name, one)
        for name, value in item.fields.items()
        if name != CHILDREN
        for one in (value if isinstance(value, list | tuple) else [value])
    ]


def _children(item: MasterItem, codes: Codes) -> Sequence[str]:
    listed = item.fields.get(CHILDREN)
    return [codes(str(one)) for one in listed] if isinstance(listed, list | tuple) else []
