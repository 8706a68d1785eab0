"""A query held against an event the plain way: over the event as JSON, without a line of the product.

Values are those of the JSON form that this project writes: canonical codes, bare words. How other
spellings are read is tested elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]
FIELDS = {
    "eventType": "type",
    "EQ_action": "action",
    "EQ_bizStep": "bizStep",
    "EQ_disposition": "disposition",
    "EQ_transformationID": "transformationID",
    "EQ_eventID": "eventID",
}
LISTS = {
    "epc": ("epcList", "childEPCs"),
    "parentID": ("parentID",),
    "inputEPC": ("inputEPCList",),
    "outputEPC": ("outputEPCList",),
    "anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
}
AMOUNTS = {
    "epcClass": ("quantityList", "childQuantityList"),
    "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",),
    "anyEPCClass": (
        *("quantityList", "childQuantityList"),
        *("inputQuantityList", "outputQuantityList"),
    ),
}
TYPED = {
    "bizTransaction": "bizTransactionList",
    "source": "sourceList",
    "destination": "destinationList",
}
SENSED = {
    *("type", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"),
    *("microorganism", "chemicalSubstance", "stringValue", "booleanValue", "hexBinaryValue"),
    *("uriValue", "time", "startTime", "endTime"),
}
FIGURE = re.compile(r"(value|minValue|maxValue|meanValue|sDev|percValue)_([A-Z0-9]+)|percRank")
PATTERN = re.compile(r"urn:epc:idpat:sgtin:(\d+)\.(\d)(\d+)\.(\*|\d+)")


def holds(event: Json, query: Mapping[str, list[Any]], spaces: Json, master: Json) -> bool:
    """Whether every parameter asks for the event.

    Args:
        event: As JSON, with its record time.
        query: Parameter -> values.
        spaces: Prefix -> namespace of the members of the event.
        master: Identifier -> attributes, and under ``children`` what lies within.
    """
    return all(_one(event, name, values, spaces, master) for name, values in query.items())


def _one(event: Json, name: str, values: list[Any], spaces: Json, master: Json) -> bool:
    op, _, rest = name.partition("_")
    if op == "WD":
        return event.get(rest, {}).get("id") in _within(values, master)
    if op in {"HASATTR", "EQATTR"}:
        field, _, attribute = rest.partition("_")
        told = [master.get(key, {}) for key in _keys(event, field)]
        if op == "HASATTR":
            return any(value in said for said in told for value in values)
        return any(value in said.get(attribute, []) for said in told for value in values)
    found = [one for one in _found(event, name, spaces) if one is not None]
    if op == "EXISTS":
        return bool(found)
    return any(_meets(op, one, value) for one in found for value in values)


def _meets(op: str, found: Any, asked: Any) -> bool:
    if op == "MATCH" and isinstance(asked, str) and asked.startswith("urn:epc:idpat:"):
        return _covers(asked, found)
    if op in {"EQ", "MATCH", "eventType"}:
        same_kind = isinstance(found, bool) == isinstance(asked, bool)
        return bool(same_kind and (found == asked or str(found) == str(asked)))
    left, right = _number(found), _number(asked)
    if left is None or type(left) is not type(right):
        return False
    return bool(
        {"GT": left > right, "GE": left >= right, "LT": left < right, "LE": left <= right}[op]
    )


def _number(value: Any) -> Any:
    """A number, a time as its instant; None for any other."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return ("at", datetime.fromisoformat(str(value)).timestamp())
    except ValueError:
        try:
            return float(value)
        except (TypeError, ValueError):
            return None


def _covers(pattern: str, found: Any) -> bool:
    """Of one form of pattern: any serial of a class, or one."""
    match = PATTERN.fullmatch(pattern)
    assert match
    company, indicator, reference, serial = match.groups()
    body = f"{indicator}{company}{reference}"
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(body))
    start = f"https://id.gs1.org/01/{body}{-total % 10}/21/"
    text = str(found)
    return text.startswith(start) and (serial == "*" or text == start + serial)


def _keys(event: Json, field: str) -> list[Any]:
    if field in {"readPoint", "bizLocation"}:
        return [event.get(field, {}).get("id")]
    if field == "epcClass":
        return list(_amounts(event, AMOUNTS["anyEPCClass"], "epcClass"))
    return [one[field] for one in event.get(TYPED[field], [])]


def _within(values: list[Any], master: Json) -> set[Any]:
    found, todo = set(values), list(values)
    while todo:
        for child in master.get(todo.pop(), {}).get("children", []):
            if child not in found:
                found.add(child)
                todo.append(child)
    return found


def _found(event: Json, name: str, spaces: Json) -> Iterator[Any]:
    """What the event has of the field that a parameter is about."""
    op, _, field = name.partition("_")
    if "{" in field:
        yield from _extensions(event, field, spaces)
    elif name in FIELDS:
        yield event.get(FIELDS[name])
    elif op == "MATCH":
        yield from _matched(event, field)
    elif field in {"readPoint", "bizLocation"}:
        yield event.get(field, {}).get("id")
    elif field.startswith("persistentDisposition_"):
        yield from event.get("persistentDisposition", {}).get(field.partition("_")[2], [])
    elif field in {"eventTime", "recordTime"}:
        yield event.get(field)
    elif field == "quantity":
        yield from _amounts(event, AMOUNTS["anyEPCClass"], "quantity")
    elif field.partition("_")[0] in TYPED:
        kind, _, of = field.partition("_")
        yield from (one[kind] for one in event.get(TYPED[kind], []) if one.get("type") == of)
    elif field in ERRORS:
        yield from _error(event, field)
    else:
        yield from _sensed(event, field)


ERRORS = {"errorDeclaration", "errorDeclarationTime", "errorReason", "correctiveEventID"}


def _error(event: Json, field: str) -> Iterator[Any]:
    said = event.get("errorDeclaration")
    if said is not None:
        yield from {
            "errorDeclaration": [True],
            "errorDeclarationTime": [said["declarationTime"]],
            "errorReason": [said.get("reason")],
            "correctiveEventID": said.get("correctiveEventIDs", []),
        }[field]


def _matched(event: Json, field: str) -> Iterator[Any]:
    for member in LISTS.get(field, ()):
        value = event.get(member)
        yield from value if isinstance(value, list) else [value]
    yield from _amounts(event, AMOUNTS.get(field, ()), "epcClass")


def _amounts(event: Json, members: tuple[str, ...], part: str) -> Iterator[Any]:
    for member in members:
        yield from (one.get(part) for one in event.get(member, []))


def _sensed(event: Json, field: str) -> Iterator[Any]:
    elements = event.get("sensorElementList", [])
    if field == "sensorElementList":
        yield from ([True] if elements else [])
        return
    places = [one.get("sensorMetadata", {}) for one in elements]
    places += [report for one in elements for report in one.get("sensorReport", [])]
    match = FIGURE.fullmatch(field)
    assert match or field in SENSED, field
    name, unit = (match[1] or field, match[2]) if match else (field, None)
    for place in places:
        if name in place and (unit is None or place.get("uom") == unit):
            yield place[name]


def _extensions(event: Json, field: str, spaces: Json) -> Iterator[Any]:
    inner = field.startswith("INNER_")
    part, _, name = field.removeprefix("INNER_").rpartition("{")
    wanted = "{" + name
    elements = event.get("sensorElementList", [])
    places: list[Any] = {
        "": [event],
        "ILMD_": [event.get("ilmd", {})],
        "ERROR_DECLARATION_": [event.get("errorDeclaration", {})],
        "SENSORELEMENT_": elements,
        "SENSORMETADATA_": [one.get("sensorMetadata", {}) for one in elements],
        "SENSORREPORT_": [report for one in elements for report in one.get("sensorReport", [])],
    }[part]
    for place in places:
        own = {key: one for key, one in place.items() if ":" in key}
        for members in list(_below(own)) if inner else [own]:
            for key, value in members.items():
                prefix, _, local = key.partition(":")
                if prefix in spaces and f"{{{spaces[prefix]}}}{local}" == wanted:
                    yield from _plain(value)


def _below(value: Any) -> Iterator[Json]:
    for one in value.values() if isinstance(value, Mapping) else value:
        if isinstance(one, Mapping):
            yield one
        if isinstance(one, Mapping | list):
            yield from _below(one)


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _plain(one)
    else:
        yield True if isinstance(value, Mapping) or value is None else value
