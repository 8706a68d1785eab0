"""How many items lack a part of their story? Gaps of `guantong.trace.gaps`, counted in families.

Only those gaps are counted that follow from what happened in which order and by whom: they are the
same for all items of one shape. What hangs on how long something took is asked item by item.
"""

from collections import Counter
from typing import Final, cast

import numpy as np

from guantong.store.columns import Rows
from guantong.trace import Code, gaps, lives
from guantong.trace.book import Book
from guantong.trace.families import families
from guantong.trace.marks import Sight
from guantong.trace.model import FirmOf
from guantong.trace.tally import Whole

COUNTED: Final = frozenset(
    {
        Code.RECEIPT_MISSING,
        Code.RECEIVED_NOT_SHIPPED,
        Code.ORIGIN_UNKNOWN,
        Code.TWO_PARENTS,
        Code.OBSERVED_INSIDE,
        Code.REMOVED_NOT_PUT,
    }
)
AT_ONCE: Final = 500
"""Lives read together."""


def missing(store: object, own: Rows, sight: Sight, firm_of: FirmOf) -> Counter[str]:
    """By code of a gap: how many items have it.

    Args:
        store: Where to read.
        own: All rows of some single items, no lots and no logistic units.
        sight: The present, and as of when.
        firm_of: The firm behind a party or place.

    Returns:
        Counts; a code that no item has is left out.
    """
    whole = cast("Whole", store)  # all of it that lives are read from
    made = families(whole, own, sight, firm_of)
    sizes = np.bincount(made.shape, made.size, len(made.shapes)).astype(np.int64).tolist()
    examples = whole.texts(made.example[made.shapes])
    found: Counter[str] = Counter()
    for low in range(0, len(examples), AT_ONCE):
        part = examples[low : low + AT_ONCE]
        read = lives(Book(whole, now_ms=sight.now_ms, as_of=sight.as_of), part)
        for at, item in enumerate(part, low):
            told = gaps(read[item], now_ms=sight.now_ms, firm_of=firm_of)
            for code in {gap.code for gap in told} & COUNTED:
                found[code.value] += sizes[at]
    return found
