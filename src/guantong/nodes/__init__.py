"""How do several installations answer as one? Rounds of ranges between nodes, each at its position.

A firm's data lie in its home node: a province with a ledger, a writer and an index of its own. Who
asks about an item asks all nodes in rounds, and walks over what they tell with the very functions
that walk over one store. A node that does not answer, or stands elsewhere than it began, is named
in the answer; so is one that may not show everything.
"""

from guantong.nodes.across import Across, Stand, known_at, scope_across, trace_across
from guantong.nodes.answering import Answering
from guantong.nodes.faults import Fault, NodesError
from guantong.nodes.panel import Door, Missing, Panel, Position
from guantong.nodes.table import Home, NodeEntry, homes, read_table
from guantong.nodes.union import Union
from guantong.nodes.wire import Told

__all__ = [
    "Across",
    "Answering",
    "Door",
    "Fault",
    "Home",
    "Missing",
    "NodeEntry",
    "NodesError",
    "Panel",
    "Position",
    "Stand",
    "Told",
    "Union",
    "homes",
    "known_at",
    "read_table",
    "scope_across",
    "trace_across",
]
