"""Do two events say the same, whatever syntax and spelling they came in?

Equal hashes do not tell: the text that is hashed has no marks between its parts, so that two
codes and one code that holds both can give the same text.

References:
    CBV 2.0, section 8.9
"""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from guantong.capture.event_hash import spelled
from guantong.capture.model import Event

Said: TypeAlias = "str | tuple[Said, ...]"
"""Texts in their one spelling, each apart from the others; what has no order is sorted."""

_SAID_LATER: Final = ("id", "error")
"""What is no part of an event's hash."""
_FIELDS: Final = tuple(
    field.name for field in msgspec.structs.fields(Event) if field.name not in _SAID_LATER
)


def says_same(one: Event, other: Event) -> bool:
    """Whether two events say the same; their ids and error declarations do not count."""
    return all(_said(getattr(one, name)) == _said(getattr(other, name)) for name in _FIELDS)


def _said(value: object, name: str = "") -> Said:
    """A value under a name."""
    match value:
        case None:
            return ()
        case Mapping():
            return _members(value)
        case list() | tuple():
            return _sorted(_said(one, name) for one in value)
        case msgspec.Struct():
            return tuple(_said(getattr(value, field)) for field in value.__struct_fields__)
        case _:
            return spelled(name, value)


def _members(raw: Mapping[str, object]) -> Said:
    """Members by name; one value is a list of one."""
    return _sorted(
        (name, _said(value if isinstance(value, list | tuple) else (value,), name))
        for name, value in raw.items()
        if value is not None
    )


def _sorted(parts: Iterable[Said]) -> Said:
    return tuple(sorted(parts, key=repr))
