"""Which events does an EPCIS query ask for?

Parameters become one typed `Query` at the door, or a refusal that names the parameter; `matches`
tells of one event whether it is asked for. A parameter not read yet is refused, never ignored.
"""

from guantong.query.asking import Key, Page, page_of
from guantong.query.master import MasterData
from guantong.query.matching import matches
from guantong.query.ordering import in_order, order_of
from guantong.query.parameters import Fault, Query, QueryError, Test, from_text, parse
from guantong.query.since import Place, came, placed
from guantong.query.values import Cursor, Values, values_of
from guantong.query.vocabularies import Elements, elements_of, stated_of

__all__ = [
    "Cursor",
    "Elements",
    "Fault",
    "Key",
    "MasterData",
    "Page",
    "Place",
    "Query",
    "QueryError",
    "Test",
    "Values",
    "came",
    "elements_of",
    "from_text",
    "in_order",
    "matches",
    "order_of",
    "page_of",
    "parse",
    "placed",
    "stated_of",
    "values_of",
]
