"""Which texts does a segment say, beside those that its columns are searched by?

Places, sources and destinations, the names of members and all texts within them: most of them are
in few segments, and a search for one must not decode the others. Each segment keeps a small
sieve of their hashes.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np

from guantong.capture.table import ends_of
from guantong.store.columns import distinct
from guantong.store.hashes import key_of, keys_of
from guantong.store.segment import Segment
from guantong.store.sieve import Mark, mark_of, may_hold, sieve_of

_value_of = msgspec.msgpack.Decoder().decode


def sieved(segment: Segment, text: Callable[[int], str]) -> bytes:
    """The sieve of a segment.

    Args:
        segment: Any.
        text: The text of a term.

    Returns:
        What `Sought` looks into.
    """
    events = segment.events
    places = distinct(np.concatenate((events.read_point, events.biz_location)))
    said = {text(number) for number in places.tolist()}
    for number in distinct(events.ends).tolist():
        said.update(one.value for one in chain.from_iterable(ends_of(text(number))))
    for rest in segment.rests:
        said.update(_texts(_value_of(rest)) if rest else ())
    return sieve_of(distinct(keys_of(sorted(said))))


def _texts(value: object) -> Iterator[str]:
    """Names of members and texts, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_texts, value))


class Sought:
    """For each of some groups of texts: one of them must be said."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        """Hash them once."""
        self._groups: list[list[Mark]] = [
            [mark_of(key_of(text)) for text in group] for group in groups
        ]

    def may_be_in(self, sieve: bytes) -> bool:
        """Whether a segment may say them."""
        return all(any(may_hold(sieve, mark) for mark in group) for group in self._groups)
