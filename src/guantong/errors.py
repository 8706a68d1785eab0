"""How this project says no: one fault, one shape, in every room.

A refusal is an answer. It carries a stable code, what was expected, what was found and where;
the sentence a person reads is derived from those, in Chinese and English, by ``serve``.

Every room has one subclass of `Refusal` and a closed enumeration of fault codes. Only
``serve`` knows about HTTP or exit codes.
"""

from dataclasses import dataclass, replace
from typing import Self

GOT_MAX = 120
"""Characters of the offending value that a fault repeats; the rest is cut."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, as data."""

    code: str
    """Stable and dotted by room, such as ``identify.check``. Part of the public API."""
    path: str
    """Where inside the input, such as ``epcisBody.eventList[3].epcList[1]``; "" for the whole."""
    expected: str
    """What would have been accepted."""
    got: str
    """What was found, at most `GOT_MAX` characters."""

    def under(self, prefix: str) -> Self:
        """The same fault seen from outside: `prefix` is put before its path."""
        if not prefix:
            return self
        glue = "" if not self.path or self.path.startswith("[") else "."
        return replace(self, path=f"{prefix}{glue}{self.path}")


class Refusal(Exception):
    """Base of every refusal: carries all the faults that were found, at least one."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        where = f" at {first.path}" if first.path else ""
        super().__init__(f"{first.code}{where}: expected {first.expected}, got {first.got}{more}")

    def __reduce__(self) -> tuple[type[Self], tuple[Fault, ...]]:
        # A refusal crosses from one process to another with its faults, not with its text.
        return type(self), self.faults

    @classmethod
    def of(cls, code: str, *, expected: str, got: object, path: str = "") -> Self:
        """A refusal with one fault; `got` is turned to text and cut to `GOT_MAX`."""
        return cls(fault(code, expected=expected, got=got, path=path))


def fault(code: str, *, expected: str, got: object, path: str = "") -> Fault:
    """Build a `Fault`, cutting what was found to a length that is safe to show."""
    text = str(got)
    if len(text) > GOT_MAX:
        text = f"{text[: GOT_MAX - 1]}…"
    return Fault(str(code), path, expected, text)
