"""What a node answers to an office: under a look that was entered, at a position it has, to nobody else."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.ledger import StatementType
from guantong.nodes import NodeEntry, NodesError, Told
from guantong.nodes.numbers import Runs
from guantong.nodes.wire import RowsIn, decoded, encode, packed_runs, read_rows
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.nodes.far import Far
from guantong.serve.people import looks
from guantong.serve.world import World
from tests.access_small import ITEM, NOW, Trade, opened
from tests.people_small import MAKER, OFFICE

NATION = Caller("urn:guantong:opaque:nation", Level.REGULATOR)


class Node:
    """A node with a trade in it, asked over HTTP."""

    def __init__(self, trade: Trade) -> None:
        self.world: World = trade.world
        self.http = TestClient(create_app(trade.world, trade.world.settings))
        self.keys = {
            name: trade.world.add_key(new_key(caller), OPERATOR)
            for name, caller in {
                "nation": NATION,
                "office": Caller(OFFICE, Level.REGULATOR, "33"),
                "maker": Caller(MAKER, Level.PARTY),
                "operator": OPERATOR,
            }.items()
        }

    def begin(self, who: str = "nation") -> tuple[Told, int]:
        came = self.http.post("/nodes/begin", params={"about": ITEM}, headers=self.by(who))
        assert came.status_code == 200, came.text
        told: Told = decoded(came.content, Told)
        return told, decoded(told.body, int)

    def ask(
        self, told: Told, look: int, *, who: str = "nation", size: int = -1, root: str = ""
    ) -> tuple[int, bytes]:
        at: dict[str, str | int] = {
            "look": look,
            "size": told.size if size < 0 else size,
            "root": root or told.root,
        }
        question = encode(RowsIn(packed_runs(Runs.of_texts([ITEM]))))
        came = self.http.post("/nodes/ask", params=at, content=question, headers=self.by(who))
        return came.status_code, came.content

    def by(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with opened(tmp_path) as trade:
        yield Node(trade)


def test_a_look_is_entered_before_the_answer(node: Node) -> None:
    told, look = node.begin()
    entry = node.world.ledger.entry(look)
    assert (entry.statement.typ, entry.statement.by) == (StatementType.LOOK, NATION.party)
    assert "06901234567892" in looks.parse(node.world.body(look)).what
    assert told.root == node.world.ledger.root_at(told.size).hex()
    assert told.origin == node.world.ledger.origin
    before = node.world.ledger.size
    status, data = node.ask(told, look)
    assert status == 200
    answer: Told = decoded(data, Told)
    assert (answer.origin, answer.size, answer.root) == (told.origin, told.size, told.root)
    assert len(read_rows(answer.body).event) > 0
    assert node.world.ledger.size == before, "one look for a question, whatever its rounds"


def test_without_a_look_nothing_is_told(node: Node) -> None:
    told, look = node.begin()
    other = node.http.get("/check", params={"q": ITEM}, headers=node.by("nation"))
    assert other.status_code == 200
    elsewhere = node.world.ledger.size - 1
    for number in (0, elsewhere, 10**9):
        status, data = node.ask(told, number)
        assert (status, b"nodes.look" in data) == (403, True), number
    status, data = node.ask(told, look, who="office")
    assert (status, b"nodes.look" in data) == (403, True)


def test_a_look_grows_old(node: Node) -> None:
    told, look = node.begin()
    assert isinstance(node.world.clock, SetClock)
    assert node.world.clock.at_ms == NOW
    node.world.clock.at_ms += 20 * 60_000
    status, data = node.ask(told, look)
    assert (status, b"nodes.look" in data) == (403, True)


def test_a_position_it_never_had(node: Node) -> None:
    told, look = node.begin()
    for size, root in ((told.size - 1, told.root), (told.size, "0" * 64), (10**9, told.root)):
        status, data = node.ask(told, look, size=size, root=root)
        assert (status, b"nodes.position" in data) == (409, True)


def test_an_office_elsewhere_is_told_that_there_is_more(node: Node) -> None:
    told, look = node.begin("office")
    status, data = node.ask(told, look, who="office")
    answer: Told = decoded(data, Told)
    assert (status, answer.hidden) == (200, True)
    assert len(read_rows(answer.body).event) == 0


@pytest.mark.parametrize(("who", "status"), [("", 401), ("maker", 403), ("operator", 403)])
def test_only_offices_ask(node: Node, who: str, status: int) -> None:
    told, look = node.begin()
    assert node.ask(told, look, who=who)[0] == status
    assert node.http.post("/nodes/begin", headers=node.by(who)).status_code == status


def test_a_question_has_an_end() -> None:
    """A node that answers, each time just in time: nothing more is asked after a while."""
    with closing(Far(NodeEntry("slow", "http://127.0.0.1:1", ""), "", whole=-1.0)) as far:
        with pytest.raises(NodesError) as refused:
            far.begin([ITEM])
        assert "too long" in refused.value.faults[0].got


def test_what_is_no_question(node: Node) -> None:
    told, look = node.begin()
    at: dict[str, str | int] = {"look": look, "size": told.size, "root": told.root}
    came = node.http.post("/nodes/ask", params=at, content=b"?", headers=node.by("nation"))
    assert (came.status_code, "nodes.question" in came.text) == (400, True)
    bare = node.http.post("/nodes/ask", content=b"?", headers=node.by("nation"))
    assert bare.status_code == 400
