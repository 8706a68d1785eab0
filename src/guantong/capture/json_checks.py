"""What kind of JSON value is this, and what do the names in an extension mean?

What is wrong is noted and replaced by `BAD` (or left out), so that the rest of an event is
still looked at and every fault is told.
"""

from collections.abc import Callable, Mapping
from typing import Final, Self

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.meaning import BAD, Meaning
from guantong.capture.namespaces import COMMENTS, Context
from guantong.capture.values import number

Members = dict[str, object]

_WHOLE: Final = range(-(2**63), 2**64)
"""Whole numbers an extension may hold: those that every reader after us can hold too."""


class Checks:
    """Looks at values under one context and notes what is wrong with them."""

    __slots__ = ("context", "depth_max", "meaning")

    def __init__(self, meaning: Meaning, depth_max: int) -> None:
        """For one event.

        Args:
            meaning: Notes the faults, and knows the context.
            depth_max: Levels an extension may have.
        """
        self.meaning = meaning
        self.context: Context = meaning.context
        self.depth_max = depth_max

    def say(self, path: str, expected: str, got: object, code: Fault = Fault.UNEXPECTED) -> None:
        """Note a fault."""
        self.meaning.say(code, path, expected=expected, got=got)

    def wrong(self, path: str, expected: str, got: object) -> None:
        """Note a value of the wrong type."""
        self.say(path, expected, told(got), Fault.TYPE)

    def extension(self, name: str, value: object, into: Members, path: str) -> None:
        """Put an extension member under its full name, or note that the name means nothing."""
        where = f"{path}.{name}" if path else name
        if ":" not in name and not path and not self.context.knows(name):
            self.say(where, "a member of EPCIS, or an extension with a prefix", name)
            return
        context = self.context
        if isinstance(value, dict):
            context = context.with_xmlns(value)
        full = context.name(name)
        if full in COMMENTS:
            return
        if full in into:
            self.say(where, "each name once", full, Fault.DUPLICATE)
            return
        into[full] = self.nested(value, where, context, 1)

    def nested(self, value: object, path: str, context: Context, depth: int) -> object:
        """An extension value with the names inside written out."""
        if depth > self.depth_max:
            self.say(path, f"at most {self.depth_max} levels", "deeper", Fault.TOO_DEEP)
            return None
        if isinstance(value, list):
            return [
                self.nested(part, f"{path}[{i}]", context, depth + 1)
                for i, part in enumerate(value)
            ]
        if isinstance(value, dict):
            return self._object(value, path, context, depth)
        if isinstance(value, int) and value not in _WHOLE:
            self.say(path, "a number that fits in 64 bits", value, Fault.NUMBER)
            return None
        return value

    def _object(self, value: Members, path: str, outer: Context, depth: int) -> object:
        """An object inside an extension, under the context it may bring."""
        context = self._inner(value, path, outer)
        if "#text" in value:
            return self.nested(value["#text"], path, context, depth + 1)
        made: Members = {}
        for name, part in value.items():
            beside = context.with_xmlns(part) if isinstance(part, dict) else context
            full = beside.name(name)
            if full in COMMENTS or name == "@context" or name.startswith("@xmlns"):
                continue
            if full in made:
                self.say(f"{path}.{name}", "each name once", full, Fault.DUPLICATE)
            made[full] = self.nested(part, f"{path}.{name}", context, depth + 1)
        return made

    def _inner(self, value: Members, path: str, outer: Context) -> Context:
        """The context inside an object."""
        context = outer.with_xmlns(value)
        if "@context" not in value:
            return context
        try:
            return context.under(value["@context"])
        except CaptureError as refusal:
            self.meaning.found.extend(found.under(path) for found in refusal.faults)
            return context

    def text(self, value: object, path: str) -> str:
        """A text."""
        if isinstance(value, str):
            return value
        self.wrong(path, "a text", value)
        return BAD

    def texts(self, value: object, path: str) -> list[str]:
        """A list of texts; one alone counts as a list."""
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            self.wrong(path, "a list of texts", value)
            return [BAD]
        return [self.text(part, f"{path}[{i}]") for i, part in enumerate(value)]

    def number(self, value: object, path: str) -> float:
        """A number; a text that is one counts, since XML knows no other."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._float(value, path)
        if isinstance(value, str):
            try:
                return number(value, path)
            except CaptureError as refusal:
                self.meaning.found.extend(refusal.faults)
                return 0.0
        self.wrong(path, "a number", value)
        return 0.0

    def _float(self, value: float, path: str) -> float:
        """A number as decoded; a whole one may be too large."""
        try:
            return float(value)
        except OverflowError:
            self.say(path, "a number that fits in 64 bits", "a larger one", Fault.NUMBER)
            return 0.0

    def listed(
        self, value: object, path: str, one: Callable[[object, str], Members]
    ) -> list[Members]:
        """A list, each part cleaned; an object alone counts as a list of one."""
        if isinstance(value, dict):
            return [one(value, path)]
        if not isinstance(value, list):
            self.wrong(path, "a list", value)
            return []
        return [one(part, f"{path}[{i}]") for i, part in enumerate(value)]

    def known(
        self,
        value: object,
        path: str,
        known: Mapping[str, Callable[[Self, object, str], object]],
        extras: Members | None = None,
    ) -> Members | None:
        """An object with known members; others are extensions where `extras` is given."""
        if not isinstance(value, dict):
            self.wrong(path, "an object", value)
            return None
        clean: Members = {}
        for name, part in value.items():
            cleaner = known.get(name)
            if cleaner is not None:
                if part is not None:
                    clean[name] = cleaner(self, part, f"{path}.{name}")
            elif name in COMMENTS or name.startswith("@"):
                continue
            elif extras is not None and (":" in name or self.context.knows(name)):
                self.extension(name, part, extras, path)
            else:
                self.say(f"{path}.{name}", f"one of {', '.join(known)}", name)
        return clean


def told(value: object) -> str:
    """What kind of JSON value was found, with the value where it is short."""
    kinds = {dict: "an object", list: "a list", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value)) or f"{value!r}"
