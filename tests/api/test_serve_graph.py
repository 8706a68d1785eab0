"""The drawing of a trace: layers, folding, order, and speed."""

import pytest

from guantong.serve import graph
from guantong.serve.pages import clip, joined, short, when
from guantong.trace.model import Edge, Relation, Trail
from tests.serve_desk import GTIN, OK, edge, node, small_trail, wide_trail


def test_layers_stand_from_left_to_right_by_hop() -> None:
    drawing = graph.draw(small_trail())
    columns = {box.group.hop: box.x for box in drawing.boxes}
    assert [columns[hop] for hop in sorted(columns)] == sorted(set(columns.values()))
    assert len(drawing.boxes) == 6
    assert len(drawing.lines) == 5  # a move stays with its item
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - graph.BOX_WIDTH
        assert 0 <= box.y <= drawing.height - graph.BOX_HEIGHT


def test_no_two_boxes_overlap() -> None:
    drawing = graph.draw(wide_trail(16))
    places = {(box.x, box.y) for box in drawing.boxes}
    assert len(places) == len(drawing.boxes) == 17


def test_few_stay_single_and_many_are_folded() -> None:
    assert len(graph.draw(wide_trail(16)).boxes) == 17
    drawing = graph.draw(wide_trail(17))
    assert [len(box.group.nodes) for box in drawing.boxes] == [1, 17]
    assert drawing.lines[0].count == 17


def test_chains_of_siblings_are_folded_along_their_length() -> None:
    """Every item of a lot went into an assembly of its own: three boxes say it all."""
    parts = [f"{GTIN}/21/P{number}" for number in range(40)]
    wholes = [f"https://id.gs1.org/01/06909876543214/21/W{number}" for number in range(40)]
    nodes = (
        node(OK, 0),
        *(node(part, 1) for part in parts),
        *(node(whole, 2) for whole in wholes),
    )
    edges = (
        *(edge(OK, part, Relation.LOT_OF, 0) for part in parts),
        *(
            edge(part, whole, Relation.PART_OF, 1)
            for part, whole in zip(parts, wholes, strict=True)
        ),
    )
    drawing = graph.draw(Trail(OK, nodes, edges, (), complete=True))
    assert [len(box.group.nodes) for box in drawing.boxes] == [1, 40, 40]
    assert [line.count for line in drawing.lines] == [40, 40]


def test_a_small_graph_with_a_tall_column_of_unlike_things_stays_readable() -> None:
    items = [f"https://id.gs1.org/01/{number:014d}" for number in range(100)]
    nodes = (node(OK, 0), *(node(item, 1, class_uri=item) for item in items))
    edges = tuple(edge(OK, item, Relation.MADE_INTO, 0) for item in items)
    drawing = graph.draw(Trail(OK, nodes, edges, (), complete=True))
    assert len(drawing.boxes) == 101  # nothing is alike, so nothing is hidden


def test_the_origin_is_never_folded() -> None:
    items = [f"{GTIN}/21/{number}" for number in range(100)]
    trail = Trail(items[7], tuple(node(item, 0) for item in items), (), (), complete=True)
    groups = graph.folded(trail)
    assert sorted(len(group.nodes) for group in groups) == [1, 99]
    assert next(group for group in groups if not group.folded).key == items[7]


def test_folding_keeps_apart_what_came_another_way() -> None:
    cases = [f"https://id.gs1.org/00/{number:018d}" for number in range(2)]
    items = [f"{GTIN}/21/{number}" for number in range(100)]
    nodes = (node(OK, 0), *(node(case, 1) for case in cases), *(node(item, 2) for item in items))
    edges = (
        *(edge(OK, case, Relation.PACKED_IN, 0) for case in cases),
        *(edge(cases[n % 2], item, Relation.PACKED_IN, 1) for n, item in enumerate(items)),
    )
    groups = graph.folded(Trail(OK, nodes, edges, (), complete=True))
    assert sorted(len(group.nodes) for group in groups) == [1, 1, 1, 50, 50]


def test_linked_boxes_stand_side_by_side() -> None:
    """Pairs given in opposite order are turned so that no line crosses another."""
    sources = [f"{GTIN}/10/S{number}" for number in range(8)]
    targets = [f"{GTIN}/21/T{number}" for number in range(8)]
    nodes = (
        node(OK, 0),
        *(node(item, 1) for item in sources),
        *(node(item, 2) for item in targets),
    )
    pairs = list(zip(sources, reversed(targets), strict=True))
    edges = (
        *(edge(OK, source, Relation.MADE_INTO, 0) for source in sources),
        *(edge(source, target, Relation.MADE_INTO, 1) for source, target in pairs),
    )
    drawing = graph.draw(Trail(OK, nodes, edges, (), complete=True))
    row = {box.group.key: box.y for box in drawing.boxes}
    assert all(row[source] == row[target] for source, target in pairs)


def test_loops_and_strays_are_drawn_too() -> None:
    other = f"{GTIN}/21/X"
    edges = (
        edge(OK, other, Relation.PACKED_IN, 0),
        edge(other, OK, Relation.PACKED_IN, 1),
        edge(OK, "https://nowhere.example/unknown", Relation.PACKED_IN, 2),
    )
    drawing = graph.draw(Trail(OK, (node(OK, 0), node(other, 0)), edges, (), complete=True))
    assert (len(drawing.boxes), len(drawing.lines)) == (2, 2)
    assert graph.draw(Trail(OK, (), (), (), complete=True)).boxes == ()


def test_ten_thousand_nodes_are_drawn_as_two_boxes() -> None:
    drawing = graph.draw(wide_trail(10_000))
    assert len(drawing.boxes) == 2


@pytest.mark.parametrize(
    ("text", "cells", "want"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("中文", 4, "中文"),
        ("中文字", 5, "中文…"),
        ("中文字", 4, "中…"),
        ("", 0, ""),
    ],
)
def test_text_is_cut_to_cells(text: str, cells: int, want: str) -> None:
    assert clip(text, cells) == want


@pytest.mark.parametrize(
    ("uri", "want"),
    [
        ("https://id.gs1.org/01/06901234567892/21/A%2F1", "A/1"),
        ("urn:guantong:ecode:64100001", "64100001"),
        ("urn:epc:id:sgtin:4012345.098765.12", "4012345.098765.12"),
        ("plain", "plain"),
        ("", ""),
        ("https://x/", "x"),
    ],
)
def test_the_short_form_of_a_uri(uri: str, want: str) -> None:
    assert short(uri) == want


@pytest.mark.parametrize(
    ("at_ms", "offset", "want"),
    [
        (1_700_000_000_000, "+08:00", "2023-11-15 06:13"),
        (1_700_000_000_000, "-03:30", "2023-11-14 18:43 (-03:30)"),
        (1_700_000_000_000, "Z", "2023-11-14 22:13 (Z)"),
        (1_700_000_000_000, "", "2023-11-14 22:13 (UTC)"),
        (1_700_000_000_000, "+x", "2023-11-14 22:13 (+x)"),
        (-(10**18), "+08:00", ""),
    ],
)
def test_times_are_told_as_they_were_at_the_place(at_ms: int, offset: str, want: str) -> None:
    assert when(at_ms, offset) == want


def test_edges_of_one_event_are_one_line() -> None:
    case = "https://id.gs1.org/00/106141412345678908"
    packed = [edge(f"{GTIN}/21/{n}", case, Relation.PACKED_IN, 1) for n in range(3)]
    moved = [edge(item, item, Relation.MOVED, 1, giver="a", taker="b") for item in (OK, GTIN)]
    hidden = [Edge(OK, "hidden:1", Relation.PACKED_IN, 0, None)] * 2
    lines = joined([*packed, *moved, *hidden])
    assert [len(line.edges) for line in lines] == [3, 2, 1, 1]
    assert lines[0].targets == (case,)
    assert len(lines[0].sources) == 3
