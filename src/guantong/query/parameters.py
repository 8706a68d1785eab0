"""What does each query parameter ask, whichever way its values are written?

References:
    EPCIS 2.0, section 12
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from guantong.capture.model import Action, EventType
from guantong.capture.values import instant
from guantong.capture.vocabulary import DISPOSITION, PARTY, REASON, STEP, TRANSACTION
from guantong.errors import Refusal, fault
from guantong.identify.canonical import canonical
from guantong.query import extensions, sensors
from guantong.query.patterns import is_pattern, read_pattern

VALUES_MAX: Final = 10_000
"""Values of one parameter."""


class Fault(StrEnum):
    """What is wrong with a query. Part of the public API: never renamed."""

    PARAMETER = "query.parameter"
    """A parameter that is not read here."""
    VALUE = "query.value"
    """A value of the wrong kind for its parameter."""
    LARGE = "query.too_large"
    """More events answer it than the client is ready for."""
    COMPLEX = "query.complex"
    """More values than one parameter may have."""


class QueryError(Refusal):
    """A query that can not be understood."""


class Test(msgspec.Struct, frozen=True):
    """One parameter, read."""

    __test__ = False
    name: str
    """The parameter as the standard spells it."""
    values: tuple[str | int | float, ...]
    """Any of them will do: canonical URIs, bare words, milliseconds or numbers."""


class Query(msgspec.Struct, frozen=True):
    """All of the tests must hold; JSON by msgspec and back gives an equal value."""

    tests: tuple[Test, ...] = ()
    """By name, each once."""


Value = str | int | float
Reader = Callable[[object], Value]


def _text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _number(value: object) -> float:
    """A number; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _uri(value: object) -> str:
    """An identifier in its one spelling."""
    return canonical(_text(value))


def _matched(value: object) -> str:
    """An identifier in its one spelling, or a pattern as it is."""
    text = _text(value)
    return read_pattern(text) if is_pattern(text) else canonical(text)


def _said(value: object) -> str | float:
    """A text or a number."""
    return _text(value) if isinstance(value, str) else _number(value)


def _ordered(value: object) -> str | float:
    """A number, or a time as it is written."""
    if isinstance(value, str):
        instant(value)
        return value
    return _number(value)


def _true(value: object) -> int:
    """Only true can be asked of what exists; 1, as JSON must give the value back."""
    if value is not True and value != "true":
        raise TypeError
    return 1


def _truth(value: object) -> int:
    """A truth value as 1 or 0."""
    if value is True or value == "true":
        return 1
    if value is False or value == "false":
        return 0
    raise TypeError


def from_text(name: str, text: str) -> object:
    """A value of a parameter as JSON has it, of its text in an address.

    Args:
        name: The parameter.
        text: As it stands there.

    Returns:
        A number where one is asked for and the text is one; else the text.
    """
    is_time = name.partition("_")[2].replace("_", "") in (*_TIMES, *sensors.TIMES)
    ordered = name[:3] in {"GT_", "GE_", "LT_", "LE_"} and not is_time
    if ordered or name == "EQ_quantity" or sensors.is_figure(name):
        try:
            return float(text)
        except ValueError:
            return text
    return text


_TIMES: Final = ("eventTime", "recordTime", "errorDeclarationTime")
_MATCHED: Final = (
    "MATCH_parentID",
    *(f"MATCH_{side}{kind}" for side in ("input", "output", "any") for kind in ("EPC", "EPCClass")),
    *("MATCH_epc", "MATCH_epcClass"),
)
READERS: Final[dict[str, Reader]] = {
    "eventType": lambda value: EventType(_text(value)).value,
    "EQ_action": lambda value: Action(_text(value)).value,
    "EQ_bizStep": lambda value: STEP.bare(_text(value)),
    "EQ_disposition": lambda value: DISPOSITION.bare(_text(value)),
    "EQ_persistentDisposition_set": lambda value: DISPOSITION.bare(_text(value)),
    "EQ_persistentDisposition_unset": lambda value: DISPOSITION.bare(_text(value)),
    "EQ_errorReason": lambda value: REASON.bare(_text(value)),
    "EQ_eventID": _text,
    "EQ_correctiveEventID": _text,
    "EXISTS_errorDeclaration": _true,
    "EXISTS_sensorElementList": _true,
    "EQ_type": lambda value: sensors.measured(_text(value)),
    "EQ_booleanValue": _truth,
    **{f"EQ_{name}": _text for name in sensors.TEXTS},
    **{f"EQ_{name}": _uri for name in sensors.CODES},
    **{
        f"{op}_{name}": lambda v: instant(_text(v))
        for op in ("GE", "LT")
        for name in (*_TIMES, *sensors.TIMES)
    },
    **{f"{op}_quantity": _number for op in ("EQ", "GT", "GE", "LT", "LE")},
    **dict.fromkeys(("EQ_readPoint", "EQ_bizLocation", "EQ_transformationID"), _uri),
    **dict.fromkeys(("WD_readPoint", "WD_bizLocation"), _uri),
    **dict.fromkeys(_MATCHED, _matched),
}
"""Parameter -> what reads one of its values."""
FAMILIES: Final = {
    "EQ_bizTransaction_": TRANSACTION,
    "EQ_source_": PARTY,
    "EQ_destination_": PARTY,
}
"""Parameters that end in a type, with the vocabulary of the type."""
ATTRIBUTED: Final = {
    "readPoint": "place",
    "bizLocation": "place",
    "epcClass": "product",
    "source": "firm",
    "destination": "firm",
}
"""Field of an event whose master data may be asked about -> kind of fact."""
_FIELD: Final = f"(?:{'|'.join(ATTRIBUTED)})"
_ATTRIBUTE: Final = re.compile(rf"HASATTR_{_FIELD}|(?:EQATTR|EQ_ATTR)_{_FIELD}_\S+")
_EXTENSION: Final[dict[str, Reader]] = {"EQ": _said, "EXISTS": _true}
_PUBLISHED: Final = {"errorDeclaration_Time": "errorDeclarationTime"}


def parse(parameters: Mapping[str, object], namespaces: Mapping[str, str] | None = None) -> Query:
    """Read the parameters of a query, all of its values once.

    Args:
        parameters: Name -> a value, or several of which any will do.
        namespaces: Prefixes that names of extensions may use, with their URIs.

    Returns:
        The query; equal for values that say the same in other spellings.

    Raises:
        QueryError: naming the first parameter that is not read here, or whose value is wrong.
    """
    tests: dict[str, Test] = {}
    for given, value in parameters.items():
        test = _test(given, value, namespaces or {})
        if test.name in tests:
            raise QueryError(fault(Fault.PARAMETER, expected="a name once", got=given, path=given))
        tests[test.name] = test
    return Query(tuple(tests[name] for name in sorted(tests)))


def _test(given: str, value: object, namespaces: Mapping[str, str]) -> Test:
    """One parameter."""
    listed = value if isinstance(value, list | tuple) else [value]
    if len(listed) > VALUES_MAX:
        expected = f"at most {VALUES_MAX} values"
        raise QueryError(fault(Fault.COMPLEX, expected=expected, got=len(listed), path=given))
    try:
        name, reader = _reader(given, namespaces)
        read = {reader(one) for one in listed}
    except (TypeError, ValueError, Refusal) as error:
        if isinstance(error, QueryError):
            raise
        raise QueryError(
            fault(Fault.VALUE, expected="values of its kind", got=value, path=given)
        ) from error
    single = name.startswith(("GE_", "GT_", "LT_", "LE_", "EXISTS_"))
    if not read or (single and len(read) > 1):
        raise QueryError(fault(Fault.VALUE, expected="a value", got=value, path=given))
    return Test(name, tuple(sorted(read, key=str)))


def _reader(given: str, namespaces: Mapping[str, str]) -> tuple[str, Reader]:
    """The standard's spelling of a parameter, and what reads its values."""
    name = given
    for published, plain in _PUBLISHED.items():
        name = name.replace(published, plain)
    if name in READERS:
        return name, READERS[name]
    for start, vocabulary in FAMILIES.items():
        if name.startswith(start) and name != start:
            return start + vocabulary.bare(name.removeprefix(start)), _uri
    if sensors.is_figure(name):
        return name, _number
    if _ATTRIBUTE.fullmatch(name):
        return name.replace("EQ_ATTR_", "EQATTR_", 1), _text
    extension = extensions.name_of(given, namespaces)
    if extension is not None:
        return extension, _EXTENSION.get(extension.partition("_")[0], _ordered)
    raise QueryError(fault(Fault.PARAMETER, expected="a query parameter", got=given, path=given))
