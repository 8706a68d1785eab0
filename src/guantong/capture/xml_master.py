"""How do vocabularies in XML read in the JSON form of EPCIS 2.0?

References:
    EPCIS 2.0, section 9.4 (master data in the header)
"""

from lxml.etree import _Element as Element

from guantong.capture.xml_event import Members, Rewriter
from guantong.capture.xml_names import without_marks


def vocabularies(element: Element, rewriter: Rewriter) -> list[Members]:
    """The ``vocabularyList`` that a VocabularyList is."""
    return [_vocabulary(one, rewriter) for one in element]


def _vocabulary(element: Element, rewriter: Rewriter) -> Members:
    """One vocabulary."""
    found = [
        _element(one, rewriter)
        for group in element
        if rewriter.names.of(group.tag) == "VocabularyElementList"
        for one in group
    ]
    return {"type": element.get("type"), "vocabularyElementList": found}


def _element(element: Element, rewriter: Rewriter) -> Members:
    """One vocabulary element with its attributes and children."""
    made: Members = {"id": element.get("id")}
    attributes: list[Members] = []
    for part in element:
        match rewriter.names.of(part.tag):
            case "attribute":
                attributes.append({"id": part.get("id"), "attribute": _value(part, rewriter)})
            case "children":
                made["children"] = [(one.text or "").strip() for one in part]
            case _:
                pass
    return {**made, "attributes": attributes}


def _value(attribute: Element, rewriter: Rewriter) -> object:
    """The value of an attribute: text, or its members with their names written out."""
    if not len(attribute):
        return (attribute.text or "").strip()
    members: Members = {}
    for child in attribute:
        name = rewriter.names.context.name(rewriter.names.of(child.tag))
        value = _value(child, rewriter)
        known = members.get(name)
        if name not in members:
            members[name] = value
        else:
            members[name] = [*known, value] if isinstance(known, list) else [known, value]
    return without_marks(members)
