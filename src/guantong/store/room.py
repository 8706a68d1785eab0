"""How much of what was read may stay in memory? Less, where the process may have little.

A process whose memory is bounded (RLIMIT_DATA, RLIMIT_AS) is refused memory at some moment, and then
cannot answer; with less kept it answers more slowly. Where nothing is bounded all is kept.
"""

import resource
from typing import Final

FULL_BYTES: Final = 2_560 << 20
"""About what eight handles take that have read everything."""
BASE_BYTES: Final = 128 << 20
"""What a process takes that has read nothing."""


def part_of(most: int) -> int:
    """How much is kept of what would be kept with room for everything.

    Returns:
        As many of `most` as there is room for; at least one.
    """
    bounds = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    finite = [bound for bound in bounds if bound != resource.RLIM_INFINITY]
    if not finite:
        return most
    return max(1, min(most, most * (min(finite) - BASE_BYTES) // FULL_BYTES))
