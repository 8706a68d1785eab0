"""Where from, where to, who holds it? Pure functions over the store's door."""

from guantong.trace.custody import balances, holder, moves
from guantong.trace.gaps import gaps
from guantong.trace.life import life
from guantong.trace.model import (
    Code,
    Direction,
    Edge,
    Gap,
    Holder,
    Life,
    Node,
    Relation,
    State,
    Step,
    Trail,
    to_json,
)
from guantong.trace.names import class_of, lot_uri
from guantong.trace.walk import trace

__all__ = [
    "Code",
    "Direction",
    "Edge",
    "Gap",
    "Holder",
    "Life",
    "Node",
    "Relation",
    "State",
    "Step",
    "Trail",
    "balances",
    "class_of",
    "gaps",
    "holder",
    "life",
    "lot_uri",
    "moves",
    "to_json",
    "trace",
]
