"""Which nodes are there, and which of them is the home of this code on this day?

A file in TOML names the nodes. The home of a code follows from its company prefix: dated data, since
a firm may move and a prefix may change hands.
"""

import datetime as dt
import tomllib
from collections.abc import Sequence
from typing import Final

import msgspec

from guantong.errors import fault
from guantong.nodes.faults import Fault, NodesError

GS1: Final = "https://id.gs1.org/"
LED: Final = frozenset({"00", "01"})
"""Keys whose first digit is not of the company prefix (extension digit, indicator)."""


class Home(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes that begin so are issued by firms of a node, as long as that holds."""

    prefix: str
    """A GS1 company prefix, or how a canonical URI of another scheme begins."""
    since: dt.date = dt.date.min
    """First day."""
    until: dt.date = dt.date.max
    """Last day."""


class NodeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node, as the file names it."""

    name: str
    url: str
    """Where its outside is, without a slash at the end."""
    key_file: str
    """The file with the API key of the office that asks; from the directory of this file."""
    zh: str = ""
    """What it is called in Chinese."""
    en: str = ""
    region: str = ""
    """GB/T 2260 prefix."""
    origin: str = ""
    """The name its ledger must have; "" for any."""
    home: tuple[Home, ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    node: tuple[NodeEntry, ...]


def read_table(data: bytes) -> tuple[NodeEntry, ...]:
    """The nodes in a file.

    Args:
        data: TOML.

    Returns:
        They, in their order.

    Raises:
        NodesError: if it is not such a file, or two have one name.
    """
    try:
        nodes = msgspec.convert(tomllib.loads(data.decode()), _Table).node
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        expected = "nodes with name, url and key_file"
        raise NodesError(fault(Fault.TABLE, expected=expected, got=error)) from error
    names = [node.name for node in nodes]
    if len(set(names)) < len(names) or not names:
        raise NodesError(fault(Fault.TABLE, expected="nodes with a name each", got=names))
    return nodes


def homes(nodes: Sequence[NodeEntry], uri: str, day: dt.date) -> tuple[str, ...]:
    """The nodes in which the firm that issued a code is at home.

    Args:
        nodes: All of them.
        uri: Canonical URI.
        day: On which day.

    Returns:
        Their names: those with the longest prefix; none where no prefix fits.
    """
    fitting = [
        (len(home.prefix), node.name)
        for node in nodes
        for home in node.home
        if home.since <= day <= home.until and _begins(uri, home.prefix)
    ]
    longest = max((length for length, _ in fitting), default=0)
    return tuple(dict.fromkeys(name for length, name in fitting if length == longest))


def _begins(uri: str, prefix: str) -> bool:
    if not prefix.isdecimal():
        return bool(prefix) and uri.startswith(prefix)
    key, _, value = uri.removeprefix(GS1).partition("/")
    return uri.startswith(GS1) and value[key in LED :].startswith(prefix)
