"""Do the figures agree with each other and with what was published?

One function per rule; each looks at one figure and says what it found about it and its operands.
"""

from collections.abc import Callable
from typing import Final

from guantong.bulletin.changes import change, growth
from guantong.bulletin.figures import Figure
from guantong.bulletin.finding import Found, Page
from guantong.bulletin.levels import mean, restated, said_twice
from guantong.bulletin.shares import bounded, rate, share
from guantong.bulletin.sums import chain, total

RULES: Final[tuple[Callable[[Page, Figure], Found], ...]] = (
    restated, said_twice, share, rate, growth, change, mean, total, chain, bounded,
)  # fmt: skip
