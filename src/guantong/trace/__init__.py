"""Where from, where to, who holds it? Pure functions over the store's door.

`life` tells everything that happened to one item, with whatever it was inside of; `holder`,
`moves` and `balances` read custody off a life; `gaps` names what is missing or contradictory;
`trace` walks up to what something was made of and down to what it went into. `visible`,
`visible_life` and `visible_holder` leave a caller what it may see and mark the rest.

Nothing here keeps state, reads a clock or touches a disk. Every answer carries the events that
prove it, and says whether it is complete.
"""

from guantong.trace.book import Book
from guantong.trace.custody import Custody, balances, custody, holder, moves
from guantong.trace.gaps import gaps
from guantong.trace.life import life, lives
from guantong.trace.model import (
    Balance,
    Code,
    Direction,
    Edge,
    EventRef,
    Gap,
    Holder,
    Life,
    Move,
    Node,
    NodeKind,
    Relation,
    State,
    Stay,
    Step,
    Trail,
    Why,
    to_json,
)
from guantong.trace.sight import visible, visible_holder, visible_life
from guantong.trace.standing import Rule, Standings, marks_of
from guantong.trace.walk import parts, trace

__all__ = [
    "Balance",
    "Book",
    "Code",
    "Custody",
    "Direction",
    "Edge",
    "EventRef",
    "Gap",
    "Holder",
    "Life",
    "Move",
    "Node",
    "NodeKind",
    "Relation",
    "Rule",
    "Standings",
    "State",
    "Stay",
    "Step",
    "Trail",
    "Why",
    "balances",
    "custody",
    "gaps",
    "holder",
    "life",
    "lives",
    "marks_of",
    "moves",
    "parts",
    "to_json",
    "trace",
    "visible",
    "visible_holder",
    "visible_life",
]
