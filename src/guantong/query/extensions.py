"""What does a query ask of members that only their sender knows: extensions, ILMD, of sensors too?

`EQ_ILMD_example:grade` asks for a member by prefix and name, `EQ_ILMD_http://example.com#grade` by the
whole name; with `INNER_` for one at any depth below.

References:
    EPCIS 2.0, section 12
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from guantong.capture.model import Event
from guantong.capture.values import instant
from guantong.errors import Refusal
from guantong.query import sensors

ILMD: Final = "ILMD_"
ERROR: Final = "ERROR_DECLARATION_"
SENSORS: Final[Mapping[str, Callable[[Event], Iterator[Mapping[str, object]]]]] = {
    "SENSORELEMENT_": lambda event: iter(event.sensors),
    "SENSORMETADATA_": sensors.metadata,
    "SENSORREPORT_": sensors.reports,
}
"""Where a sender may put members of its own in what sensors measured."""
INNER: Final = "INNER_"
_SHAPE: Final = re.compile(
    rf"(?P<op>EQ|GT|GE|LT|LE|EXISTS)_(?P<inner>{INNER})?(?P<part>{'|'.join((ILMD, ERROR, *SENSORS))})?(?P<name>\S+)"
)
_WHOLE: Final = re.compile(r"\{(?P<uri>[^{}]+)\}[^{}]+")


def name_of(given: str, namespaces: Mapping[str, str]) -> str | None:
    """The parameter with the whole name of its member.

    Args:
        given: As a client wrote it.
        namespaces: Prefix -> URI.

    Returns:
        ``<op>_[INNER_][ILMD_|ERROR_DECLARATION_|SENSORREPORT_ …]{namespace}name``; None when it is no
        such parameter.
    """
    found = _SHAPE.fullmatch(given)
    if found is None:
        return None
    name = _whole_name(found["name"], namespaces)
    return name and f"{found['op']}_{found['inner'] or ''}{found['part'] or ''}{name}"


def _whole_name(text: str, namespaces: Mapping[str, str]) -> str | None:
    if _WHOLE.fullmatch(text):
        return text
    uri, mark, local = text.rpartition("#")
    if mark and uri and local:
        return f"{{{uri}}}{local}"
    prefix, _, local = text.partition(":")
    return f"{{{namespaces[prefix]}}}{local}" if local and prefix in namespaces else None


def values_of(field: str, event: Event) -> Iterator[str | int | float]:
    """What an event has under a parameter that `name_of` gave, without its comparison.

    Yields:
        Texts and numbers; True for a member that holds others.
    """
    is_inner, rest = field.startswith(INNER), field.removeprefix(INNER)
    part, _, name = rest.rpartition("{")
    name = "{" + name
    for members in _members(part, event):
        for place in _below(members) if is_inner else [members]:
            if name in place:
                yield from _plain(place[name])


def _members(part: str, event: Event) -> Iterable[Mapping[str, object]]:
    if part in SENSORS:  # the standard's own members, reports for one, are no extension
        return [
            {name: value for name, value in members.items() if name.startswith("{")}
            for members in SENSORS[part](event)
        ]
    if part == ILMD:
        return [event.ilmd]
    if part == ERROR:
        return [event.error.extensions] if event.error else []
    return [event.extensions]


def _below(value: object) -> Iterator[Mapping[str, object]]:
    """Every map within, without the first."""
    if isinstance(value, Mapping):
        value = list(value.values())
    for one in value if isinstance(value, list | tuple) else ():
        if isinstance(one, Mapping):
            yield one
        yield from _below(one)


def _plain(value: object) -> Iterator[str | int | float]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _plain(one)
    elif isinstance(value, str | int | float):
        yield value
    else:
        yield True


def comparable(found: str | float, asked: str | float) -> tuple[float, float] | None:
    """Both as numbers, when the one asked for is a number or a time and the other says one, too.

    Args:
        found: In the event.
        asked: A number, or a time as it was written.

    Returns:
        Two numbers, of times milliseconds; None when they can not be compared.
    """
    try:
        if isinstance(asked, str):
            return instant(str(found)), instant(asked)
        return float(found), asked
    except (ValueError, Refusal):
        return None
