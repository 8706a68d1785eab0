"""How is an answer of several nodes told: what it rests on, and what is missing from it?"""

from collections.abc import Mapping, Sequence
from typing import Final

from guantong.nodes import Across, Fault, NodeEntry
from guantong.serve import words
from guantong.serve.words import Language
from guantong.trace import Trail, to_json

KINDS: Final = {
    Fault.SILENT: "silent",
    Fault.REFUSED: "refused",
    Fault.POSITION: "position",
    Fault.GARBLED: "garbled",
}


def sentences(
    across: Across[object], entries: Sequence[NodeEntry], language: Language
) -> list[str]:
    """What is missing, a sentence for each node; none where all answered whole."""
    names = {entry.name: _name(entry, language) for entry in entries}

    def said(node: str, kind: str) -> str:
        told = words.word("node", kind, language)
        begin = words.word("node", "incomplete", language)
        name = names.get(node, node)
        return f"{begin}：{name}{told}" if language is Language.ZH else f"{begin}: {name} {told}"

    found = [said(one.node, KINDS.get(Fault(one.fault.code), "refused")) for one in across.missing]
    return found + [said(one.node, "veiled") for one in across.stands if one.veiled]


def _name(entry: NodeEntry, language: Language) -> str:
    return (entry.zh if language is Language.ZH else entry.en) or entry.name


def across_json(
    across: Across[object], entries: Sequence[NodeEntry], name: str, found: Mapping[str, object]
) -> dict[str, object]:
    """An answer as a JSON value under a name, with what it rests on; see the reference of JSON."""
    lost = {one.node for one in across.missing}
    return {
        name: found,
        "complete": across.is_all and bool(found.get("complete", True)),
        "nodes": [
            {
                "node": one.node,
                "origin": one.position.origin,
                "size": one.position.size,
                "root": one.position.root,
                "whole": one.node not in lost and not one.veiled,
            }
            for one in across.stands
        ],
        "missing": [
            {"node": one.node, "round": one.round, "code": one.fault.code, "got": one.fault.got}
            for one in across.missing
        ],
        "sentences": {
            language.value: sentences(across, entries, language) for language in Language
        },
        "rounds": across.rounds,
        "bytes_sent": across.sent,
        "bytes_received": across.received,
    }


def trail_json(across: Across[Trail]) -> dict[str, object]:
    """A trail whose events say in which node they are."""
    shown = to_json(across.found)
    nodes = {
        (event.entry, event.position, event.id): across.node_of(event.no)
        for edge in across.found.edges
        for event in (edge.event, edge.other)
        if event is not None
    }
    nodes |= {
        (event.entry, event.position, event.id): across.node_of(event.no)
        for gap in across.found.gaps
        for event in gap.events
    }

    def named(value: object) -> object:
        if isinstance(value, list | tuple):
            return [named(one) for one in value]
        if not isinstance(value, dict):
            return value
        if {"entry", "position", "id"} <= value.keys():
            key = (value["entry"], value["position"], value["id"])
            return {"node": nodes[key], **value} if key in nodes else value
        return {name: named(one) for name, one in value.items()}

    return {name: named(one) for name, one in shown.items()}
