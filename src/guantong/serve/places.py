"""How many documents may be under way at once? So many, of so many bytes, and no sender has all places."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from guantong.errors import fault
from guantong.serve.job import Fault, IntakeError

DOCUMENTS_MAX: Final = 800
"""Documents of a front that are not answered yet."""
SHARE: Final = 0.75
"""How much of the places one sender may have."""


class Places:
    """What is under way, in documents and in bytes, over all senders and for each."""

    def __init__(self, *, bytes_max: int, documents_max: int = DOCUMENTS_MAX) -> None:
        self._documents_max = documents_max
        self._each_max = max(1, int(documents_max * SHARE))
        self._bytes_max = bytes_max
        self._bytes = 0
        self._documents = 0
        self._each: Counter[str] = Counter()

    def take(self, by: str, size: int) -> None:
        """Count a document of a sender.

        Raises:
            IntakeError: if too much is under way.
        """
        if self._each[by] >= self._each_max:
            expected = f"at most {self._each_max} documents of one sender under way"
            raise IntakeError(fault(Fault.TOO_MANY, expected=expected, got="more"))
        has_room = not self._documents or self._bytes + size <= self._bytes_max
        if self._documents >= self._documents_max or not has_room:
            raise IntakeError(fault(Fault.BUSY, expected="fewer documents under way", got="more"))
        self._documents += 1
        self._each[by] += 1
        self._bytes += size

    def give_back(self, by: str, size: int) -> None:
        """Count a document no more."""
        self._documents -= 1
        self._bytes -= size
        self._each[by] -= 1
        if not self._each[by]:
            del self._each[by]

    @contextmanager
    def taken(self, by: str, size: int) -> Iterator[None]:
        """A document is under way meanwhile; see `take`.

        Yields:
            Once.
        """
        self.take(by, size)
        try:
            yield
        finally:
            self.give_back(by, size)
