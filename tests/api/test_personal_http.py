"""Over HTTP, through front and writer, and through a capture job: what says something of a person leaves."""

import json
from pathlib import Path

from guantong.serve.personal import WITHHELD
from guantong.serve.world import read_world
from guantong.settings import Settings
from tests.fault.serving import serving, until
from tests.fault.test_epcis_jobs import ended, promised
from tests.walk.test_personal import found_in, sale
from tests.walk.test_walk import epcis


def test_by_every_door(tmp_path: Path) -> None:
    first, second = epcis(sale()), epcis(sale(eventTime="2026-03-14T10:00:00+08:00"))
    with serving(tmp_path / "d") as here:
        index = here.capture(first)
        assert here.capture(first) == index, "the same bytes are known by every front"
        place = promised(here, second)
        until(lambda: ended(here, place))
        again = json.loads(here.ask("POST", "/capture", second)[1])
        assert again["repeated"]
        assert here.ends()[0] == 0
    with read_world(Settings(tmp_path / "d")) as world:
        said = [world.ledger.entry(at).statement.meta for at in range(1, world.ledger.size)]
    assert [meta[WITHHELD] for meta in said] == [3, 3]
    assert found_in(tmp_path / "d") == []
