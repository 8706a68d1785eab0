"""A backup has all of it, goes on where it stood, and gives any earlier state again."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from guantong.caller import OPERATOR, PUBLIC
from guantong.clock import SetClock
from guantong.ledger import Fault, LedgerError
from guantong.ledger.signer import Signer, signed_mark
from guantong.serve.audit import audit
from guantong.serve.cli import main
from guantong.serve.copying import back_up, restore
from guantong.serve.intake import Offer
from guantong.serve.world import World, open_world, read_world
from guantong.settings import Settings
from guantong.verdict import Outcome
from tests.fault.capture_victim import document

NOON_MS = int(dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Ten documents, one a minute; `note5` and `note10` are what was signed."""
    clock = SetClock(NOON_MS)
    made = open_world(Settings(tmp_path / "data"), create=True, clock=clock)
    for number in range(10):
        clock.at_ms = NOON_MS + number * 60_000
        taken(made, number)
        if number in {4, 9}:
            (tmp_path / f"note{number + 1}").write_bytes(Signer(made.ledger).sign())
    return made


def taken(world: World, number: int) -> None:
    receipt = world.submit(Offer(document(number, 3)), OPERATOR)
    assert world.wait(receipt.ledger_index + 1)


def item(number: int) -> str:
    return f"https://id.gs1.org/01/06901234567892/21/{number * 1000}"


def ran(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output + done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_backup_goes_on_where_it_stood(world: World, tmp_path: Path) -> None:
    data, out = world.settings.data, tmp_path / "backup"
    assert json.loads(ran("backup", out, "--data", data, "--json"))["size"] == 10
    taken(world, 10)
    world.erase(3, "asked by the firm", OPERATOR)
    done = json.loads(ran("backup", out, "--data", data, "--json"))
    root = world.ledger.root.hex()
    assert done == {"size": 12, "before": 10, "root": root}
    world.close()
    ran("restore", out, "--data", tmp_path / "again")
    again = Settings(tmp_path / "again")
    assert audit(again).findings == ()
    with read_world(again) as restored, read_world(Settings(data)) as before:
        for number in range(12):
            asked = (item(number), PUBLIC)
            assert restored.check(*asked) == before.check(*asked)
        with pytest.raises(LedgerError, match=Fault.ERASED):
            restored.body(3)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (("--size", 4), 4),
        (("--time", "2026-03-02T20:03:00+08:00"), 4),
        (("--time", "2026-03-02T12:02:59Z"), 3),
        (("--time", "2026-03-02T11:59:59Z"), 0),
        (("--time", "2027-01-01T00:00:00Z"), 10),
        ((), 10),
    ],
)
def test_any_earlier_state(
    world: World, tmp_path: Path, words: tuple[object, ...], size: int
) -> None:
    back_up(world.settings.data, tmp_path / "backup")
    ran("restore", tmp_path / "backup", "--data", tmp_path / "then", *words)
    with read_world(Settings(tmp_path / "then")) as then:
        assert (then.ledger.size, then.store.projected_size) == (size, size)
        assert then.ledger.root == world.ledger.root_at(size)
        known = [then.check(item(n), PUBLIC).outcome is Outcome.OK for n in range(10)]
        assert known == [n < size for n in range(10)]
    assert "ledger.copy" in ran("hold", item(1), "recalled", "--data", tmp_path / "then", code=1)
    world.close()


def test_a_time_needs_its_zone(tmp_path: Path) -> None:
    for moment in ("2026-03-02T20:03:00", "yesterday"):
        words = ("restore", tmp_path, "--data", tmp_path / "x", "--time", moment)
        assert "--time" in ran(*words, code=2)


def test_what_was_erased_does_not_come_back(world: World, tmp_path: Path) -> None:
    """The state before an erasure can not be had: the index would lack what it kept."""
    world.erase(3, "asked by the firm", OPERATOR)
    back_up(world.settings.data, tmp_path / "backup")
    for size, code in ((10, Fault.ERASED), (4, Fault.ERASED)):
        with pytest.raises(LedgerError, match=code):
            restore(tmp_path / "backup", tmp_path / f"at{size}", size)
    assert restore(tmp_path / "backup", tmp_path / "before", 3).size == 3
    assert restore(tmp_path / "backup", tmp_path / "after", 11).size == 11
    world.close()


def test_a_shorter_log_never_signs_again(world: World, tmp_path: Path) -> None:
    """It can take over only with all that was signed; else another log follows it."""
    data, backup, name = world.settings.data, tmp_path / "backup", "guantong.local/second"
    back_up(data, backup)
    old_note = world.ledger.directory / "checkpoint"
    taken(world, 10)
    Signer(world.ledger).sign()
    shutil.copy2(old_note, tmp_path / "note11")
    world.close()
    for out, size in (("all", 10), ("cut", 9)):
        ran("restore", backup, "--data", tmp_path / out, "--size", size)
        shutil.copy2(data / "ledger" / "key", tmp_path / out / "ledger" / "key")
    promote = ("standby", "promote", "--data")
    assert "ledger.behind" in ran(*promote, tmp_path / "all", code=1)
    for out, note in (("all", "note11"), ("cut", "note10"), ("cut", "note5")):
        words = (*promote, tmp_path / out, "--checkpoint", tmp_path / note)
        assert "ledger.behind" in ran(*words, code=1)
    lost = ("ledger", "succeed", tmp_path / "all", "--data", tmp_path / "next", "--lost", name)
    ran(*lost, code=2)
    assert "ledger.copy" in ran(
        *lost[:2], data, *lost[3:], "--checkpoint", tmp_path / "note11", code=1
    )
    ran(*lost, "--checkpoint", tmp_path / "note11")
    with open_world(Settings(tmp_path / "next")) as successor:
        assert successor.ledger.origin == name
        assert successor.ledger.entry(0).statement.meta["size"] == 11
    ran(*promote, tmp_path / "all", "--checkpoint", tmp_path / "note10")
    signed = signed_mark(tmp_path / "all" / "ledger")
    assert signed is not None
    assert signed.size == 10
    with open_world(Settings(tmp_path / "all")) as whole:
        assert whole.ledger.size == 11
        taken(whole, 11)
        Signer(whole.ledger).sign()
    assert audit(Settings(tmp_path / "all")).findings == ()


def test_a_backup_of_another_log_is_not_gone_on_with(world: World, tmp_path: Path) -> None:
    back_up(world.settings.data, tmp_path / "backup")
    world.close()
    with open_world(Settings(tmp_path / "other"), create=True) as other:
        taken(other, 1)
        with pytest.raises(LedgerError, match=Fault.FORK):
            back_up(other.settings.data, tmp_path / "backup")
    with pytest.raises(LedgerError, match=Fault.EXISTS):
        restore(tmp_path / "backup", tmp_path / "other", 1)
    with pytest.raises(LedgerError, match=Fault.RANGE):
        restore(tmp_path / "backup", tmp_path / "more", 11)


def test_an_erasure_while_a_backup_is_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is gone although the entry that says so is none of those that were to be copied."""
    sizes = iter([10, 11])
    data = world.settings.data
    from guantong.serve import copying

    source = copying.reading(data)
    world.erase(3, "asked by the firm", OPERATOR)
    refresh = source.refresh
    monkeypatch.setattr(source, "refresh", lambda: min(refresh(), next(sizes)))
    monkeypatch.setattr(copying, "reading", lambda _: source)
    assert back_up(data, tmp_path / "backup").size == 11
    world.close()


def test_a_copy_has_an_index_of_its_own(world: World, tmp_path: Path) -> None:
    """Gone on with, as the copy is; and it answers before anybody takes over."""
    copy = Settings(tmp_path / "copy")
    for number in (10, 11):
        back_up(world.settings.data, copy.data)
        ran("standby", "index", "--once", "--data", copy.data)
        with read_world(copy) as read:
            assert read.store.projected_size == number
            assert read.check(item(number - 1), PUBLIC).outcome is Outcome.OK
        taken(world, number)
    told = json.loads(ran("standby", "status", "--json", "--data", copy.data))
    assert (told["role"], told["size"], told["epoch"]) == ("copy", 11, 1)
    world.close()


def test_a_standby_is_used_from_the_next_start_until_it_is_not(
    world: World, tmp_path: Path
) -> None:
    data, key = world.settings.data, tmp_path / "key"
    world.close()
    ran("standby", "key", key)
    assert "ledger.standby" in ran(
        "standby", "use", "nowhere", "--data", data, "--key", key, code=1
    )
    ran("standby", "use", "tcp://127.0.0.1:1", "--data", data, "--key", key)
    assert "ledger.standby" in ran("hold", item(1), "recalled", "--data", data, code=1)
    assert "ledger.standby" in ran("rebuild", "--data", data, code=1)
    ran("check", item(1), "--data", data)
    ran("standby", "none", "--data", data)
    ran("hold", item(1), "recalled", "--data", data)
