"""Provinces carry their logs and what was submitted to each other and to the nation; nobody is believed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from guantong.caller import Caller, Level
from guantong.ledger.signer import Signer
from guantong.serve.cli import main
from guantong.serve.intake import Offer
from guantong.serve.stream.place import Place
from guantong.serve.world import open_world, read_world
from guantong.settings import Settings
from tests.conftest import ROOT
from tests.fault.capture_victim import document
from tests.fault.serving import until
from tests.nats_small import Cluster, cluster

pytestmark = pytest.mark.full

MAKER = Caller("maker", Level.PARTY)


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("nats")) as found:
        yield found


class Province:
    """An installation whose log is carried, and whoever holds a copy of it."""

    def __init__(self, place: Path, name: str, nats: Cluster) -> None:
        self.data, self.copy, self.urls = place / name, place / f"{name}-held", nats.urls
        self.origin = f"{name}.example/ledger"
        with open_world(Settings(self.data, origin=self.origin), create=True) as world:
            self.key = Signer(world.ledger).trust.log.encode()
        ran("ledger", "mirror", "new", str(self.copy), "nation.example")

    def capture(self, *numbers: int, events: int = 1) -> None:
        with open_world(Settings(self.data)) as world:
            for number in numbers:
                assert world.submit(Offer(document(number, events)), MAKER).accepted

    def carry(self) -> Result:
        return asked("ledger", "carry", self.urls, "--data", str(self.data), "--bodies")

    def pull(self) -> Result:
        words = ("ledger", "mirror", "pull", str(self.copy), self.urls, "--vkey", self.key)
        return asked(*words, "--bodies")

    def bodies(self) -> dict[int, bytes]:
        """What the copy holds of submissions, without their salts."""
        files = (self.copy / "bodies").iterdir()
        return {int(one.name): one.read_bytes()[32:] for one in files if one.name != "size"}


def asked(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def ran(*words: str) -> Result:
    done = asked(*words)
    assert done.exit_code == 0, done.output
    return done


def refused(done: Result) -> str:
    """The code of a refusal."""
    assert done.exit_code == 1, done.output
    return done.output.strip().rpartition("[")[2].rstrip("]")


def test_three_provinces_are_held_by_the_nation_as_they_stand(
    nats: Cluster, tmp_path: Path
) -> None:
    provinces = [Province(tmp_path, name, nats) for name in ("north", "south", "west")]
    for number, province in enumerate(provinces):
        province.capture(*range(number * 100, number * 100 + 3))
        assert province.carry().exit_code == 0
    provinces[0].capture(50, events=4_000)  # in more than one part
    assert "4 entries, 3 before" in provinces[0].carry().output
    for province in provinces:
        assert province.pull().exit_code == 0
        with read_world(Settings(province.data)) as world:
            size = world.ledger.size
            assert province.bodies() == {index: world.body(index) for index in range(size)}
    provinces[0].capture(51)
    assert "ok: 5 entries" in provinces[0].carry().output
    assert "5 entries held and signed for, 4 before" in provinces[0].pull().output
    assert "5 entries held and signed for, 5 before" in provinces[0].pull().output
    assert sorted(provinces[0].bodies()) == [0, 1, 2, 3, 4]


def test_who_follows_hears_of_each_checkpoint(nats: Cluster, tmp_path: Path) -> None:
    province = Province(tmp_path, "followed", nats)
    province.capture(1)
    province.carry()
    command = [sys.executable, "-m", "guantong", "ledger", "mirror", "pull", str(province.copy)]
    with subprocess.Popen(
        [*command, province.urls, "--vkey", province.key, "--bodies", "--follow"],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            until((province.copy / "bodies" / "size").exists)
            province.capture(2, 3)
            assert "3 entries" in province.carry().output
            until(lambda: (province.copy / "bodies" / "size").read_text() == "3")
        finally:
            process.terminate()
    assert sorted(province.bodies()) == [0, 1, 2]


def test_what_is_erased_goes_everywhere_it_was_carried_to(nats: Cluster, tmp_path: Path) -> None:
    province, late = (Province(tmp_path, name, nats) for name in ("erasing", "late"))
    province.capture(1, 2, 3)
    province.carry()
    province.pull()
    assert sorted(province.bodies()) == [0, 1, 2]
    ran("ledger", "erase", "1", "--data", str(province.data), "--ground", "PIPL art. 47")
    assert province.carry().exit_code == 0
    place = Place.of(province.origin)
    assert nats.ask(lambda js: subjects(js, place.tree, f"{place.files}.bodies.1.>")) == 0
    late.data, late.origin, late.key = province.data, province.origin, province.key
    for holder in (province, late):
        assert holder.pull().exit_code == 0
        assert sorted(holder.bodies()) == [0, 2, 3]


async def subjects(js: Any, stream: str, under: str) -> int:
    info = await js.stream_info(stream, subjects_filter=under)
    return len(info.state.subjects or {})


def test_a_fork_is_refused_and_its_evidence_kept(nats: Cluster, tmp_path: Path) -> None:
    province = Province(tmp_path, "forked", nats)
    province.capture(1, 2)
    shutil.copytree(province.data, tmp_path / "other")
    province.capture(3, 4)
    province.carry()
    province.pull()
    province.data = tmp_path / "other"
    province.capture(5, 6, 7)
    assert refused(province.carry()) == "ledger.export", "it does not contradict what is there"
    nats.ask(lambda js: js.purge_stream(Place.of(province.origin).tree))
    assert province.carry().exit_code == 0, "unless nothing is there any more"
    assert refused(province.pull()) == "ledger.split"
    assert list((province.copy / "evidence").glob("*.split.json"))
    assert sorted(province.bodies()) == [0, 1, 2, 3]


def test_what_was_changed_on_the_way_is_refused(nats: Cluster, tmp_path: Path) -> None:
    province = Province(tmp_path, "changed", nats)
    province.capture(1, 2)
    province.carry()
    place = Place.of(province.origin)

    async def change(js: Any, path: str, data: bytes) -> None:
        await js.publish(f"{place.files}.{path}", data)

    whole = nats.ask(lambda js: js.get_last_msg(place.tree, f"{place.files}.bodies.1.0")).data
    nats.ask(lambda js: change(js, "bodies.1.0", whole[:-1] + b" "))
    assert refused(province.pull()) == "ledger.damaged"
    assert sorted(province.bodies()) == [0]
    nats.ask(lambda js: change(js, "bodies.1.0", whole))
    assert province.pull().exit_code == 0
    assert sorted(province.bodies()) == [0, 1]

    province.capture(3)
    province.carry()
    path = "tile.entries.000.p.3"
    whole = nats.ask(lambda js: js.get_last_msg(place.tree, f"{place.files}.{path}")).data
    nats.ask(lambda js: change(js, path, whole[:-1] + b" "))
    assert refused(province.pull()) == "ledger.inconsistent"
    other = Province(tmp_path, "another", nats)
    note = nats.ask(lambda js: js.get_last_msg(place.tree, f"{place.files}.checkpoint")).data
    other.capture(1)
    other.carry()
    theirs = Place.of(other.origin)
    nats.ask(lambda js: js.publish(f"{theirs.files}.checkpoint", note))
    assert refused(other.pull()).startswith("ledger.note"), "another log's checkpoint"
