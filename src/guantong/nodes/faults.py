"""Why was something between nodes refused, or a node left out?"""

from enum import StrEnum

from guantong.errors import Refusal


class Fault(StrEnum):
    """Why a node is left out of an answer, or a question refused. Part of the public API: never renamed."""

    SILENT = "nodes.silent"
    """The node did not answer, or not in time."""
    REFUSED = "nodes.refused"
    """The node answered that it does not answer this."""
    POSITION = "nodes.position"
    """The node stands at another position than it began with: another ledger, or one that was rebuilt."""
    GARBLED = "nodes.garbled"
    """What came from the node is no answer to what was asked."""
    TABLE = "nodes.table"
    """The file that names the nodes is not right."""
    QUESTION = "nodes.question"
    """What a node was asked is no question it knows."""
    LOOK = "nodes.look"
    """A question goes on without the look it began with."""


class NodesError(Refusal):
    """Something between nodes is not as it must be."""
