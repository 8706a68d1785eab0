"""How do many labels come soon? Symbols take most of the time, so that parts of a run are made side by side."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Final

from guantong.coding.labels import Label, Template, labels_of
from guantong.identify.gs1_keys import CANONICAL_HOST

PART: Final = 500
"""Labels of one part."""
APART_MIN: Final = 4_000
"""From so many labels on other processes help: to start them takes half a second."""
AHEAD: Final = 2
"""Parts under way for each process, beside what is drawn."""


def many_labels(
    template: Template,
    uris: Iterable[str],
    words: Mapping[str, str],
    *,
    count: int,
    resolver: str = CANONICAL_HOST,
) -> Iterator[Label]:
    """The same as `labels_of`, on all cores when there are many.

    Args:
        template: How they look.
        uris: Canonical URIs.
        words: As for `labels_of`.
        count: How many there are.
        resolver: As for `labels_of`.

    Yields:
        Labels in the order of the codes.

    Raises:
        CodingError: as `labels_of` does.
    """
    processes = min(os.cpu_count() or 1, 4)
    if count < APART_MIN or processes < 2:
        yield from labels_of(template, uris, words, resolver=resolver)
        return
    rest = iter(uris)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        under_way: deque[Future[list[Label]]] = deque()
        first = 1
        while True:
            while len(under_way) < processes * AHEAD and (part := list(islice(rest, PART))):
                job = (template, part, dict(words), resolver, first)
                under_way.append(pool.submit(_part, *job))
                first += len(part)
            if not under_way:
                return
            yield from under_way.popleft().result()


def _part(
    template: Template, uris: list[str], words: dict[str, str], resolver: str, first: int
) -> list[Label]:
    return list(labels_of(template, uris, words, resolver=resolver, first=first))
