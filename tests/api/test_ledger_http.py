"""The log as outsiders meet it: over HTTP, and with the commands that need no server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.ledger import StatementType, SystemEntropy, leaf_hash
from guantong.ledger.bundle import Proof, verify
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.export import audit
from guantong.ledger.merkle import range_root
from guantong.ledger.note import Note
from guantong.ledger.note_key import KeyType, SignerKey, VerifierKey
from guantong.ledger.signer import create_key
from guantong.ledger.tiles import Tile, nodes_from, tiles_of, unpack_entries
from guantong.serve.app import create_app
from guantong.serve.cli import main
from guantong.serve.keys import new_key
from guantong.serve.ledger_http import routes
from guantong.serve.made import Made
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.conftest import ROOT
from tests.serve_desk import FakeDesk

SIZE = 300


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(Settings(tmp_path_factory.mktemp("log") / "data"), create=True) as opened:
        ledger = opened.ledger
        if not (ledger.directory / "key").exists():
            create_key(ledger.directory, ledger.origin, entropy=SystemEntropy())
        for caller in (
            Caller("firm", Level.PARTY),
            Caller("province", Level.REGULATOR, "44"),
            Caller("nation", Level.REGULATOR),
            OPERATOR,
        ):
            KEYS[caller.party] = opened.add_key(new_key(caller), OPERATOR)
        for n in range(SIZE - ledger.size):
            said_by(opened, "firm" if n == 50 else "other", b"%d" % n)
        yield opened


def said_by(world: World, party: str, body: bytes) -> None:
    """Enter something."""
    made = Made(StatementType.MANIFEST, body, ())
    world.writer().enter(made, Caller(party, Level.PARTY)).result()


KEYS: dict[str, str] = {}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_000_000)


@pytest.fixture
def client(world: World, clock: SetClock) -> Iterator[TestClient]:
    app = create_app(world, world.settings)
    app.app.router.routes[:0] = routes(world, clock=clock)
    with TestClient(app, headers={"Accept": "application/json"}) as made:
        yield made


def trust_in(client: TestClient) -> Trust:
    return Trust(VerifierKey.parse(client.get("/ledger/vkey").text))


def bearer(party: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[party]}"} if party else {}


def test_the_checkpoint_is_signed_text_for_a_few_seconds(client: TestClient) -> None:
    answer = client.get("/ledger/checkpoint")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=2"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert trust_in(client).open(answer.content)[0].size >= SIZE


def test_a_new_checkpoint_is_signed_once_a_second_if_something_changed(
    world: World, client: TestClient, clock: SetClock
) -> None:
    first = client.get("/ledger/checkpoint").content
    said_by(world, "other", b"late")
    clock.at_ms += 999
    assert client.get("/ledger/checkpoint").content == first
    clock.at_ms += 1
    second = client.get("/ledger/checkpoint").content
    assert second != first
    clock.at_ms += 5_000
    assert client.get("/ledger/checkpoint").content == second


def test_the_root_follows_from_the_tiles(client: TestClient) -> None:
    stated, _ = trust_in(client).open(client.get("/ledger/checkpoint").content)

    def fetch(tile: Tile) -> bytes:
        answer = client.get(f"/ledger/{tile.path()}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        return answer.content

    assert range_root(nodes_from(fetch, stated.size), 0, stated.size) == stated.root


def test_full_tiles_are_kept_for_good_and_partial_ones_are_not(client: TestClient) -> None:
    full = client.get("/ledger/tile/0/000").headers["cache-control"]
    partial = client.get("/ledger/tile/0/001.p/3").headers["cache-control"]
    assert (full, partial) == ("public, max-age=31536000, immutable", "public, max-age=60")


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/001.p/200",
        "tile/0/002.p/1",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/entries/0",
        "tile/entries/009",
        "nothing",
        "",
        "key",
        "last_signed",
        "../ledger/key",
        "..%2fledger%2fkey",
        "proof/100000",
        "proof/-1",
        "proof/01",
        "proof/x",
    ],
)
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    for party in ("", "operator"):
        assert client.get(f"/ledger/{path}", headers=bearer(party)).status_code == 404


def test_nothing_is_shown_beyond_the_last_checkpoint(
    world: World, client: TestClient, clock: SetClock
) -> None:
    size = trust_in(client).open(client.get("/ledger/checkpoint").content)[0].size
    said_by(world, "other", b"later")
    tile = Tile(0, size // 256, size % 256 + 1)
    assert client.get(f"/ledger/{tile.path()}").status_code == 404
    assert client.get(f"/ledger/proof/{size}").status_code == 404
    clock.at_ms += 1_000
    assert client.get(f"/ledger/{tile.path()}").status_code == 200
    assert client.get(f"/ledger/proof/{size}").status_code == 200


@pytest.mark.parametrize("party", ["", "firm", "province"])
def test_entries_of_everybody_are_not_for_everybody(client: TestClient, party: str) -> None:
    answer = client.get("/ledger/tile/entries/000", headers=bearer(party))
    assert answer.status_code == 403
    assert answer.json()["type"] == "serve.entries_hidden"
    assert answer.json()["errors"][0]["expected"].startswith("a key of")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("party", ["nation", "operator"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_entries_are_for_those_who_see_everything(
    client: TestClient, party: str, coding: str
) -> None:
    headers = bearer(party) | {"Accept-Encoding": coding}
    answer = client.get("/ledger/tile/entries/000", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "Authorization" in answer.headers["vary"]
    assert answer.headers.get("content-encoding", "identity") == coding
    assert "access-control-allow-origin" not in answer.headers
    leaves = client.get("/ledger/tile/0/000").content
    held = unpack_entries(answer.content, 256)
    assert b"".join(map(leaf_hash, held)) == leaves


def test_a_wrong_key_is_not_the_public(client: TestClient) -> None:
    headers = {"Authorization": "Bearer gt_nobody_secret"}
    assert client.get("/ledger/tile/entries/000", headers=headers).status_code == 401


def owned(world: World) -> int:
    return next(e.index for e in world.ledger.entries(0, SIZE) if e.statement.by == "firm")


@pytest.mark.parametrize(
    ("party", "own", "foreign"),
    [
        ("", False, False),
        ("firm", True, False),
        ("province", False, False),
        ("nation", True, True),
        ("operator", True, True),
    ],
)
def test_a_proof_carries_its_entry_to_whom_it_belongs(
    world: World, client: TestClient, party: str, *, own: bool, foreign: bool
) -> None:
    for index, shown in ((owned(world), own), (0, foreign)):
        answer = client.get(f"/ledger/proof/{index}", headers=bearer(party))
        assert answer.status_code == 200
        proof = Proof.parse(answer.content)
        assert (proof.extra is not None) is shown
        assert answer.headers["cache-control"].startswith("private" if shown else "public")
        entry = world.ledger.entry(index).raw
        assert verify(proof, trust_in(client), entry=entry).index == index


def test_a_log_without_a_key_says_so(world: World, client: TestClient) -> None:
    key, aside = world.ledger.directory / "key", world.ledger.directory / "aside"
    key.rename(aside)
    try:
        for path in ("checkpoint", "vkey", "tile/0/000"):
            answer = client.get(f"/ledger/{path}")
            assert (answer.status_code, answer.json()["type"]) == (503, "ledger.key")
    finally:
        aside.rename(key)


def test_every_installation_has_its_log_outside(world: World) -> None:
    with TestClient(create_app(world, world.settings)) as plain:
        stated, _ = trust_in(plain).open(plain.get("/ledger/checkpoint").content)
        assert stated == Checkpoint(world.ledger.origin, world.ledger.size, world.ledger.root)


def test_a_desk_without_a_ledger_has_none() -> None:
    assert routes(FakeDesk()) == []


def test_only_questions_are_taken(client: TestClient) -> None:
    assert client.post("/ledger/checkpoint").status_code == 405


# The commands


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["ledger", *arguments, "--data", str(world.settings.data)])


def alone(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command in an empty directory, with no installation anywhere near."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(directory),
    }
    command = [sys.executable, "-m", "guantong", "ledger", *arguments]
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


def test_a_proof_is_checked_where_nothing_is_installed(world: World, tmp_path: Path) -> None:
    exported = run(world, "export", str(tmp_path / "out"))
    assert exported.exit_code == 0, exported.output
    assert run(world, "proof", "7", "-o", str(tmp_path / "7.tlog-proof")).exit_code == 0
    done = alone(tmp_path, "verify", "7.tlog-proof", "--vkey", "out/vkey", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["index"], said["origin"]) == (7, world.ledger.origin)
    assert said["entry"].encode() == world.ledger.entry(7).raw
    assert [
        path.name for path in tmp_path.iterdir() if path.name not in {"out", "7.tlog-proof"}
    ] == []
    text = (tmp_path / "7.tlog-proof").read_text("utf-8")
    (tmp_path / "bad.tlog-proof").write_text(text.replace("index 7", "index 8"), "utf-8")
    done = alone(
        tmp_path, "verify", "bad.tlog-proof", "--vkey", (tmp_path / "out/vkey").read_text()
    )
    assert done.returncode == 1
    assert "[ledger.proof]" in done.stderr


def test_a_tree_is_audited_where_nothing_is_installed(world: World, tmp_path: Path) -> None:
    assert run(world, "export", str(tmp_path / "out")).exit_code == 0
    done = alone(tmp_path, "audit-lite", "out", "--vkey", "out/vkey")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: ")
    path = tmp_path / "out/tile/entries/000"
    path.write_bytes(path.read_bytes().replace(b'"by":"other"', b'"by":"OTHER"', 1))
    done = alone(tmp_path, "audit-lite", "out", "--vkey", "out/vkey", "--json")
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert found["code"] == "ledger.damaged"
    assert found["path"].startswith("tile/entries/000: entry ")


def test_hashes_alone_can_leave_the_house(world: World, tmp_path: Path) -> None:
    assert run(world, "export", str(tmp_path / "out"), "--no-entries", "--json").exit_code == 0
    assert not (tmp_path / "out/tile/entries").exists()
    key = VerifierKey.parse((tmp_path / "out/vkey").read_text())
    seen = audit(tmp_path / "out", Trust(key))
    assert (seen.findings, seen.entries) == ((), 0)
    assert seen.tiles == len(list(tiles_of(seen.checkpoint.size)))


def cosigned(path: Path, *witnesses: SignerKey) -> None:
    """Let witnesses sign the checkpoint of a proof, as they would when asked."""
    proof = Proof.parse(path.read_bytes())
    note = Note.parse(proof.checkpoint)
    lines = [witness.sign(note.body, at_s=1_790_000_000) for witness in witnesses]
    signed = Note(note.body, (*note.lines, *lines)).encode()
    path.write_bytes(Proof(proof.index, proof.hashes, signed, proof.extra).encode())


@pytest.mark.parametrize(
    ("signed", "quorum", "code"),
    [(2, None, 0), (1, None, 1), (1, "1", 0), (0, "1", 1), (0, "0", 0)],
)
def test_witnesses_can_be_demanded(
    world: World, tmp_path: Path, signed: int, quorum: str | None, code: int
) -> None:
    witnesses = [SignerKey(f"w{n}.example", bytes([n]) * 32, KeyType.COSIGNATURE) for n in range(2)]
    file = tmp_path / "1.tlog-proof"
    assert run(world, "proof", "1", "-o", str(file)).exit_code == 0
    cosigned(file, *witnesses[:signed])
    asked: list[Any] = ["ledger", "verify", str(file), "--vkey", vkey_of(world)]
    for witness in witnesses:
        asked += ["--witness", witness.verifier().encode()]
    asked += ["--quorum", quorum] if quorum else []
    assert CliRunner().invoke(main, asked).exit_code == code


def vkey_of(world: World) -> str:
    text = (world.ledger.directory / "key").read_text().strip()
    return SignerKey.parse(text).verifier().encode()


def test_the_entry_can_be_kept_back(world: World, tmp_path: Path) -> None:
    shown = run(world, "proof", "3", "--no-entry")
    assert b"extra" not in shown.output.encode()
    (tmp_path / "p").write_text(shown.output, "utf-8")
    (tmp_path / "entry").write_bytes(world.ledger.entry(3).raw)
    asked = ["ledger", "verify", str(tmp_path / "p"), "--vkey", vkey_of(world)]
    assert CliRunner().invoke(main, asked).exit_code == 1
    entry = ["--entry", str(tmp_path / "entry")]
    done = CliRunner().invoke(main, [*asked, *entry])
    assert (done.exit_code, done.output.startswith("ok: entry 3 of ")) == (0, True)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    open_world(Settings(data), create=True).close()
    (data / "ledger" / "key").unlink(missing_ok=True)
    asked = ["ledger", "key", "--data", str(data)]
    first = CliRunner().invoke(main, asked)
    assert VerifierKey.parse(first.output).name == Settings(data).origin
    again = CliRunner().invoke(main, asked)
    assert again.exit_code == 1
    assert "[ledger.exists]" in again.output
