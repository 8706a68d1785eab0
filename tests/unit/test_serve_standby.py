"""What a standby takes, from whom, and when it may take over; writer and standby in one process."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from guantong.clock import SetClock
from guantong.errors import fault
from guantong.ledger import (
    Disk,
    Fault,
    Ledger,
    LedgerError,
    StatementType,
    Submission,
    SystemEntropy,
)
from guantong.ledger.fence import Fence, Role, read_fence, write_fence
from guantong.ledger.pieces import Piece
from guantong.ledger.signer import Signer, create_key
from guantong.serve.standby.address import listening, place_of
from guantong.serve.standby.channel import Channel
from guantong.serve.standby.config import Config, look, write_config
from guantong.serve.standby.keeper import Keeper
from guantong.serve.standby.link import link_of
from guantong.serve.standby.secret import make_secret, read_secret
from guantong.serve.standby.taking_over import take_over

ORIGIN = "example.org/log"
LARGE = bytes(range(256)) * 5000


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_secret(tmp_path / "shared")
    return tmp_path / "shared"


@contextmanager
def keeping(place: Path, key: Path) -> Iterator[str]:
    """A standby that listens; its address."""
    keeper = Keeper(place, read_secret(key))
    door, address = listening("tcp://127.0.0.1:0")
    threading.Thread(target=keeper.listen, args=(door,), daemon=True).start()
    try:
        yield address
    finally:
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        door.close()
        keeper.close()


def made(place: Path, origin: str = ORIGIN) -> Path:
    Ledger.create(place, origin, clock=SetClock(1), entropy=SystemEntropy(), sealed=True).close()
    create_key(place, origin, entropy=SystemEntropy())
    return place


@contextmanager
def writing(place: Path) -> Iterator[Ledger]:
    clock = SetClock(1)
    with Ledger.open(
        place, clock=clock, entropy=SystemEntropy(), standby=link_of(place, clock)
    ) as ledger:
        yield ledger


def entered(ledger: Ledger, *bodies: bytes) -> None:
    ledger.append([Submission(typ=StatementType.CASE, by="x", body=body) for body in bodies])


def use(place: Path, address: str, key: Path, *, alone: bool = False) -> None:
    write_config(place, Config(address, str(key), 2.0, alone))


def test_all_of_it_is_there_when_it_is_acknowledged(tmp_path: Path, key: Path) -> None:
    """Small bodies, one with a file of its own, keys, an erasure, the signed checkpoint."""
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    with writing(active) as ledger:
        entered(ledger, b"before there was a standby", LARGE)
    with keeping(copy, key) as address:
        use(active, address, key)
        with writing(active) as ledger:
            entered(ledger, b"one", b"two")
            Signer(ledger).sign()
            ledger.append(
                [Submission(typ=StatementType.ERASURE, by="x", body=b"", meta={"erased": 2})]
            )
            read = Ledger.open(copy, clock=SetClock(1), entropy=SystemEntropy(), read_only=True)
            assert (read.size, read.root) == (ledger.size, ledger.root)
            assert [read.body(at) for at in (0, 1, 3)] == [ledger.body(at) for at in (0, 1, 3)]
            with pytest.raises(LedgerError, match=Fault.ERASED):
                read.body(2)
            note = (active / "checkpoint").read_bytes()
            assert (copy / "heard").read_bytes() == note
            assert read.digest_key() == ledger.digest_key()
            read.close()
    shutil.copy2(active / "key", copy / "key")
    begun = take_over(copy, [note])
    assert (begun.epoch, begun.size) == (2, 5)
    with writing(copy) as ledger:
        assert ledger.entry(5).statement.meta == {"epoch": 2}
        assert Signer(ledger).sign().split(b"\n")[1] == b"6"
        entered(ledger, LARGE)


def test_who_is_not_meant_is_refused(tmp_path: Path, key: Path) -> None:
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    with keeping(copy, key) as address:
        use(active, address, key)
        with writing(active) as ledger:
            entered(ledger, b"one")
        other = made(tmp_path / "other", "example.org/other")
        use(other, address, key)
        refused(other, Fault.STANDBY)
        make_secret(tmp_path / "wrong")
        use(active, address, tmp_path / "wrong")
        refused(active, Fault.STANDBY)
        use(active, address, key)
        shutil.copytree(active, tmp_path / "behind")
        shutil.copytree(active, tmp_path / "fork")
        with writing(active) as ledger:
            entered(ledger, b"two")
        refused(tmp_path / "behind", Fault.SHRANK)
        alone = tmp_path / "fork" / "standby.json"
        alone.unlink()
        with writing(tmp_path / "fork") as ledger:
            entered(ledger, b"another", b"and more")
        use(tmp_path / "fork", address, key)
        refused(tmp_path / "fork", Fault.FORK)
        with writing(active) as ledger:
            assert ledger.size == 2


def refused(place: Path, code: Fault) -> None:
    with pytest.raises(LedgerError) as raised, writing(place):
        pass
    assert raised.value.faults[0].code == code


def test_a_writer_of_an_earlier_epoch_is_fenced(tmp_path: Path, key: Path) -> None:
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    with keeping(copy, key) as address:
        use(active, address, key)
        with writing(active) as ledger:
            entered(ledger, b"one")
            write_fence(Disk(), copy, Fence(Role.COPY, 3))
            entered(ledger, b"it hears of it when it calls again")
        refused(active, Fault.FENCED)
    assert read_fence(active) == Fence(Role.FENCED, 3)
    refused(active, Fault.FENCED)


def test_without_the_standby_nothing_is_written_or_shown(tmp_path: Path, key: Path) -> None:
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    with keeping(copy, key) as address:
        use(active, address, key)
        with writing(active) as ledger:
            entered(ledger, b"one")
    refused(active, Fault.STANDBY)
    with Ledger.open(active, clock=SetClock(1), entropy=SystemEntropy(), read_only=True) as ledger:
        assert ledger.size == 1
    with pytest.raises(LedgerError, match=r"the standby that standby\.json names"):
        Ledger.open(active, clock=SetClock(1), entropy=SystemEntropy())


class Mute:
    """A standby that is there at first, and does not answer when it counts."""

    def meet(self, ledger: Ledger) -> None:
        """Has all of it."""

    def carry(self, piece: Piece) -> None:
        raise LedgerError(fault(Fault.STANDBY, expected="an answer", got=piece.segment))

    def close(self) -> None:
        """Nothing to let go of."""


def test_what_the_standby_lacks_is_shown_to_nobody(tmp_path: Path) -> None:
    """A group that is durable here and not there: no reader sees it, no checkpoint says it."""
    active, clock, entropy = made(tmp_path / "active"), SetClock(1), SystemEntropy()
    with writing(active) as ledger:
        entered(ledger, b"one")
    ledger = Ledger.open(active, clock=clock, entropy=entropy, standby=Mute())
    with ledger:
        for code in (Fault.STANDBY, Fault.STOPPED):
            with pytest.raises(LedgerError, match=code):
                entered(ledger, b"two")
        assert ledger.size == 1
    reader = Ledger.open(active, clock=clock, entropy=entropy, read_only=True)
    with reader:
        assert Signer(reader).sign().split(b"\n")[1] == b"1"
    with writing(active) as ledger:
        assert ledger.size == 2, "the next writer finds it, and brings it over first"


def test_who_may_go_on_alone_tells_it_and_catches_up(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guantong.serve.standby.link.AGAIN_SECONDS", 0.0)
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    use(active, "tcp://127.0.0.1:1", key, alone=True)
    with writing(active) as ledger:
        entered(ledger, b"one", b"two")
        entered(ledger, LARGE)
        assert (look(active, ledger.size).alone, look(active, ledger.size).lag) == (True, 3)
    with keeping(copy, key) as address:
        use(active, address, key, alone=True)
        with writing(active) as ledger:
            assert (look(active, ledger.size).alone, look(active, ledger.size).lag) == (False, 0)
            entered(ledger, b"four")
            root = ledger.root
        assert read_fence(copy) == Fence(Role.COPY, 1, alone=True)
    shutil.copy2(active / "key", copy / "key")
    with pytest.raises(LedgerError, match=Fault.BEHIND):
        take_over(copy, [])
    with Ledger.open(active, clock=SetClock(1), entropy=SystemEntropy(), read_only=True) as ledger:
        note = Signer(ledger).sign()
    assert take_over(copy, [note]).root == root.hex()


def test_who_lacks_something_does_not_take_over(tmp_path: Path, key: Path) -> None:
    active, copy = made(tmp_path / "active"), tmp_path / "copy"
    with keeping(copy, key) as address:
        use(active, address, key)
        with writing(active) as ledger:
            entered(ledger, b"one")
    with pytest.raises(LedgerError, match=Fault.KEY):
        take_over(copy, [])
    shutil.copy2(active / "key", copy / "key")
    write_config(active, None)
    with writing(active) as ledger:
        entered(ledger, b"two")
        note = Signer(ledger).sign()
    with pytest.raises(LedgerError, match=Fault.BEHIND):
        take_over(copy, [note])
    assert read_fence(copy).role is Role.COPY
    with pytest.raises(LedgerError, match=Fault.COPY):
        take_over(active, [])
    fork = made(tmp_path / "fork")
    shutil.copy2(active / "key", fork / "key")
    with writing(fork) as ledger:
        entered(ledger, b"another")
        other = Signer(ledger).sign()
    with pytest.raises(LedgerError, match=Fault.FORK):
        take_over(copy, [other])


@pytest.mark.parametrize("address", ["", "host:1", "tcp://host", "tcp://:1", "tcp://h:x", "unix:"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(LedgerError, match=Fault.STANDBY):
        place_of(address)


def test_a_key_that_others_may_read_is_refused(key: Path) -> None:
    with pytest.raises(LedgerError, match=Fault.EXISTS):
        make_secret(key)
    key.chmod(0o640)
    with pytest.raises(LedgerError, match="mode 0600"):
        read_secret(key)
    key.chmod(0o600)
    key.write_text("ab")
    with pytest.raises(LedgerError, match="32 bytes"):
        read_secret(key)
    key.unlink()
    with pytest.raises(LedgerError, match="a shared key"):
        read_secret(key)


def test_nobody_hears_or_changes_what_they_say(key: Path) -> None:
    """Not read on the way, not sent twice, not changed, not longer than it may be."""
    long = (1 << 40).to_bytes(8, "little")
    spoils: tuple[Callable[[bytes], bytes], ...] = (
        lambda sent: sent + sent,
        lambda sent: sent[:-1] + bytes([sent[-1] ^ 1]),
        lambda _: long,
    )
    for spoil in spoils:
        with channels(read_secret(key)) as (one, tap, other):
            one.send(b"body of a document")
            sent = tap.recv(1000)
            assert b"body" not in sent
            near, far = socket.socketpair()
            with near, far:
                near.sendall(spoil(sent))
                other._end = far
                with pytest.raises(LedgerError, match=Fault.STANDBY):
                    assert other.receive() + other.receive() == b""


@contextmanager
def channels(secret: bytes) -> Iterator[tuple[Channel, socket.socket, Channel]]:
    """Two ends that have greeted each other; what the first says arrives at the socket."""
    near, far = socket.socketpair()
    answered: list[Channel] = []
    with near, far:
        thread = threading.Thread(target=lambda: answered.append(Channel.second(far, secret)))
        thread.start()
        one = Channel.first(near, secret)
        thread.join()
        yield one, far, answered[0]
