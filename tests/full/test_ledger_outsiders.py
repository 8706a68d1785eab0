"""Programs that nobody here wrote verify our log, and refuse it when it was changed.

Go's golang.org/x/mod/sumdb (signed notes, tiles, inclusion, consistency), npm's
@sigstore/verify and PyPI's sigstore (checkpoint signature, inclusion). Only the few lines that
hand our files to them are ours: ``go/verify.go``, ``js/verify.js`` and `python_says`.
"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guantong.clock import SetClock
from guantong.ledger import Ledger, SeededEntropy, StatementType, Submission
from guantong.ledger.bundle import Proof, make_proof
from guantong.ledger.checkpoint import Checkpoint
from guantong.ledger.export import export
from guantong.ledger.merkle import HASH_BYTES
from guantong.ledger.note import Note, sign
from guantong.ledger.note_key import KeyType, Line, SignerKey, VerifierKey
from guantong.ledger.signer import Signer, create_key, read_key
from guantong.ledger.tiles import pack_entries, read_tile, tiles_of, unpack_entries

pytestmark = pytest.mark.full

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
GO_PATH = "/usr/share/gocode"
ORIGIN = "ledger.example/outsiders"
OLD, SIZE = 300, 700
PLACES = [0, 1, 255, 256, 299, 511, 512, 640, 698, 699]


@dataclass(frozen=True)
class Answer:
    """What a program of others said."""

    accepted: bool
    text: str


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Answer]:
    """Our few lines around Go's packages, built from what Debian ships."""
    if not shutil.which("go") or not Path(GO_PATH, "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("Go is not here: apt-get install golang-go golang-golang-x-mod-dev")
    built = tmp_path_factory.mktemp("go")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": GO_PATH,
        "GOCACHE": str(built / "cache"),
        "GOFLAGS": "",
    }
    command = ["go", "build", "-o", str(built / "verify"), "."]
    subprocess.run(command, cwd=HERE / "go", env=environment, check=True)

    def ask(*arguments: object, stdin: str = "") -> Answer:
        done = subprocess.run(
            [str(built / "verify"), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == ""
        return Answer(done.returncode == 0, done.stdout.strip())

    return ask


@pytest.fixture(scope="session")
def sigstore(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Answer]]:
    """npm's @sigstore/verify, of the version and digest in js/package-lock.json."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm is not here: apt-get install nodejs npm")
    place = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "js" / name, place)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    installed = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"npm could not install @sigstore/verify: {installed.stderr[:200]}")

    def ask(vkey: str, *files: Path, program: str = "verify.js") -> list[Answer]:
        command = ["node", str(HERE / "js" / program), str(place / "node_modules"), vkey]
        done = subprocess.run(
            [*command, *map(str, files)], capture_output=True, text=True, check=True, timeout=60
        )
        lines = done.stdout.splitlines()
        assert len(lines) == len(files)
        return [Answer(line.startswith("ok: "), line) for line in lines]

    return ask


def append(ledger: Ledger, count: int, word: str = "") -> None:
    ledger.append(
        [
            Submission(typ=StatementType.CAPTURE, by=f"firm {n % 7}{word}", body=b"%d" % n, n=1)
            for n in range(count)
        ]
    )


def created(directory: Path, seed: str = "outsiders") -> Ledger:
    ledger = Ledger.create(
        directory, ORIGIN, clock=SetClock(1_790_000_000_000), entropy=SeededEntropy(seed)
    )
    create_key(directory, ORIGIN, entropy=SeededEntropy("one key"))
    return ledger


def exported(ledger: Ledger, directory: Path) -> None:
    signer = Signer(ledger)
    export(ledger, signer.sign(), signer.trust.log, directory)


@dataclass(frozen=True)
class House:
    """A log in two states, and what left the house."""

    ledger: Ledger
    rival: Ledger
    """The same log after its history was rewritten: as large, signed by the same key."""
    vkey: str
    out: Path
    """Its static tree."""
    old: Path
    """A checkpoint of when it had fewer entries."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("house")
    with created(place / "ledger") as ledger, created(place / "rival", "rewritten") as rival:
        append(ledger, OLD)
        (place / "old").write_bytes(Signer(ledger).sign())
        append(ledger, SIZE - OLD)
        append(rival, SIZE, " of another name")
        exported(ledger, place / "out")
        vkey = (place / "out" / "vkey").read_text().strip()
        yield House(ledger, rival, vkey, place / "out", place / "old")


# Accepted


def test_go_verifies_the_tree_every_entry_and_its_growth(
    house: House, go: Callable[..., Answer]
) -> None:
    tiles = len(list(tiles_of(SIZE)))
    answer = go("tree", house.out, house.vkey, house.old)
    way = len(house.ledger.consistency_proof(OLD, SIZE))
    want = f"ok: size {SIZE}, entries {SIZE}, tiles {tiles}, consistency hashes {way}"
    assert answer == Answer(accepted=True, text=want)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 513])
def test_go_verifies_trees_of_many_sizes(
    tmp_path: Path, go: Callable[..., Answer], size: int
) -> None:
    with created(tmp_path / "ledger") as ledger:
        append(ledger, size)
        exported(ledger, tmp_path / "out")
        answer = go("tree", tmp_path / "out", Signer(ledger).trust.log.encode())
    assert answer.accepted, answer.text


def test_go_verifies_a_tree_that_grew_by_many_exports(
    tmp_path: Path, go: Callable[..., Answer]
) -> None:
    with created(tmp_path / "ledger") as ledger:
        vkey = Signer(ledger).trust.log.encode()
        for count in (1, 100, 155, 1, 255, 300, 77):
            append(ledger, count)
            exported(ledger, tmp_path / "out")
            answer = go("tree", tmp_path / "out", vkey, *sorted(tmp_path.glob("old"))[:1])
            assert answer.accepted, answer.text
            shutil.copy(tmp_path / "out" / "checkpoint", tmp_path / "old")


def proofs(house: House, place: Path) -> list[Path]:
    note = (house.out / "checkpoint").read_bytes()
    files = []
    for index in PLACES:
        files.append(place / f"{index}.tlog-proof")
        files[-1].write_bytes(make_proof(house.ledger, index, note).encode())
    return files


def test_go_verifies_offline_proofs(
    house: House, tmp_path: Path, go: Callable[..., Answer]
) -> None:
    for file in proofs(house, tmp_path):
        answer = go("proof", file, house.vkey)
        assert answer == Answer(accepted=True, text=f"ok: entry {file.stem} of {SIZE}")


def test_sigstore_verifies_offline_proofs(
    house: House, tmp_path: Path, sigstore: Callable[..., list[Answer]]
) -> None:
    files = proofs(house, tmp_path)
    want = [Answer(accepted=True, text=f"ok: entry {file.stem} of {SIZE}") for file in files]
    assert sigstore(house.vkey, *files) == want


# Refused: trees


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def entry_bit(out: Path, house: House) -> None:
    flip(out / "tile/entries/001", 5_000)


def entry_bit_at_the_edge(out: Path, house: House) -> None:
    flip(out / "tile/entries/002.p/188", 9)


def tile_bit(out: Path, house: House) -> None:
    flip(out / "tile/0/001", 77 * HASH_BYTES)


def tile_bit_at_the_edge(out: Path, house: House) -> None:
    flip(out / "tile/0/002.p/188", 5)


def tile_bit_above(out: Path, house: House) -> None:
    flip(out / "tile/1/000.p/2", HASH_BYTES)


def size_edited(out: Path, house: House) -> None:
    path = out / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n700\n", b"\n699\n"))


def root_edited(out: Path, house: House) -> None:
    path = out / "checkpoint"
    stated = Checkpoint.parse(Note.parse(path.read_bytes()).body)
    rewritten = Checkpoint(ORIGIN, SIZE, house.rival.root)
    text = path.read_bytes().decode().replace(stated.encode(), rewritten.encode())
    path.write_text(text, "utf-8")


def history_rewritten(out: Path, house: House) -> None:
    """The old checkpoint over other entries."""
    for tile in tiles_of(SIZE, entries=True):
        (out / tile.path()).write_bytes(read_tile(house.rival, tile))


def history_rewritten_and_signed(out: Path, house: House) -> None:
    """By the log itself: only who kept an older checkpoint can know."""
    history_rewritten(out, house)
    (out / "checkpoint").write_bytes(Signer(house.rival).sign())


def entries_swapped(out: Path, house: House) -> None:
    path = out / "tile/entries/000"
    entries = unpack_entries(path.read_bytes(), 256)
    entries[10], entries[11] = entries[11], entries[10]
    path.write_bytes(pack_entries(iter(entries)))


def entry_left_out(out: Path, house: House) -> None:
    path = out / "tile/entries/002.p/188"
    path.write_bytes(pack_entries(iter(unpack_entries(path.read_bytes(), 188)[:-1])))


def signed_by_a_stranger(out: Path, house: House) -> None:
    path = out / "checkpoint"
    stranger = SignerKey(ORIGIN, bytes(32))
    path.write_bytes(sign(Note.parse(path.read_bytes()).body, [stranger]))


TREES: list[Callable[[Path, House], None]] = [
    entry_bit,
    entry_bit_at_the_edge,
    tile_bit,
    tile_bit_at_the_edge,
    tile_bit_above,
    size_edited,
    root_edited,
    history_rewritten,
    history_rewritten_and_signed,
    entries_swapped,
    entry_left_out,
    signed_by_a_stranger,
]


@pytest.mark.parametrize("change", TREES)
def test_go_refuses_a_tree_that_was_changed(
    house: House, tmp_path: Path, go: Callable[..., Answer], change: Callable[[Path, House], None]
) -> None:
    shutil.copytree(house.out, tmp_path / "out")
    change(tmp_path / "out", house)
    answer = go("tree", tmp_path / "out", house.vkey, house.old)
    assert not answer.accepted
    assert answer.text.startswith("refused: ")


def test_a_history_rewritten_by_the_log_itself_passes_without_an_older_checkpoint(
    house: House, tmp_path: Path, go: Callable[..., Answer]
) -> None:
    """What one checkpoint cannot show: the reason why outsiders keep them, and witnesses sign."""
    shutil.copytree(house.out, tmp_path / "out")
    history_rewritten_and_signed(tmp_path / "out", house)
    assert go("tree", tmp_path / "out", house.vkey).accepted


# Refused: proofs


def changed_proofs(house: House) -> dict[str, Proof]:
    note = (house.out / "checkpoint").read_bytes()
    good = make_proof(house.ledger, 299, note)
    entry, first = good.extra or b"", good.hashes[0]
    flipped = bytes([first[0] ^ 1]) + first[1:]
    elsewhere = make_proof(house.rival, 299, Signer(house.rival).sign())
    edited = note.replace(b"\n700\n", b"\n701\n")
    stranger = sign(Note.parse(note).body, [SignerKey(ORIGIN, bytes(32))])
    return {
        "an entry's bit": Proof(299, good.hashes, note, entry[:-1] + b"|"),
        "a tile's bit": Proof(299, (flipped, *good.hashes[1:]), note, entry),
        "the size": Proof(299, good.hashes, edited, entry),
        "the history": Proof(299, elsewhere.hashes, note, elsewhere.extra),
        "the index": Proof(298, good.hashes, note, entry),
        "a hash left out": Proof(299, good.hashes[:-1], note, entry),
        "a hash too many": Proof(299, (*good.hashes, bytes(32)), note, entry),
        "the signer": Proof(299, good.hashes, stranger, entry),
    }


def test_go_refuses_proofs_that_were_changed(
    house: House, tmp_path: Path, go: Callable[..., Answer]
) -> None:
    for what, proof in changed_proofs(house).items():
        (tmp_path / "p").write_bytes(proof.encode())
        assert not go("proof", tmp_path / "p", house.vkey).accepted, what


def test_sigstore_refuses_proofs_that_were_changed(
    house: House, tmp_path: Path, sigstore: Callable[..., list[Answer]]
) -> None:
    changed = changed_proofs(house)
    files = []
    for number, proof in enumerate(changed.values()):
        files.append(tmp_path / f"{number}.tlog-proof")
        files[-1].write_bytes(proof.encode())
    answers = dict(zip(changed, sigstore(house.vkey, *files), strict=True))
    assert [what for what, answer in answers.items() if answer.accepted] == []


# The same with PyPI's sigstore


def python_says(vkey: str, file: Path) -> Answer:
    """What PyPI's sigstore says: the log's signature, its root, and the way of the entry."""
    errors = pytest.importorskip("sigstore.errors")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    merkle = import_module("sigstore._internal.merkle")
    rekor = import_module("sigstore._internal.rekor.checkpoint")
    trust = import_module("sigstore._internal.trust")
    v1 = import_module("sigstore_models.common.v1")
    known = VerifierKey.parse(vkey)
    public = Ed25519PublicKey.from_public_bytes(known.public)
    raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    details = v1.PublicKeyDetails.PKIX_ED25519
    keyring = trust.Keyring([v1.PublicKey(raw_bytes=b64encode(raw), key_details=details)])
    proof = Proof.parse(file.read_bytes())
    note = proof.checkpoint.decode()
    stated = rekor.SignedCheckpoint.from_text(note).checkpoint
    inclusion = SimpleNamespace(
        checkpoint=SimpleNamespace(envelope=note),
        log_index=proof.index,
        tree_size=stated.log_size,
        root_hash=bytes.fromhex(stated.log_hash),
        hashes=list(proof.hashes),
    )
    inner = SimpleNamespace(
        inclusion_proof=inclusion,
        log_id=SimpleNamespace(key_id=known.id),
        canonicalized_body=proof.extra,
    )
    entry = SimpleNamespace(_inner=inner)
    try:
        rekor.verify_checkpoint(keyring, entry)
        merkle.verify_merkle_inclusion(entry)
    except errors.VerificationError as error:
        return Answer(accepted=False, text=str(error))
    return Answer(accepted=True, text=f"ok: entry {proof.index} of {stated.log_size}")


def test_python_sigstore_verifies_offline_proofs(house: House, tmp_path: Path) -> None:
    for file in proofs(house, tmp_path):
        want = Answer(accepted=True, text=f"ok: entry {file.stem} of {SIZE}")
        assert python_says(house.vkey, file) == want


def test_python_sigstore_refuses_proofs_that_were_changed(house: House, tmp_path: Path) -> None:
    for what, proof in changed_proofs(house).items():
        (tmp_path / "p").write_bytes(proof.encode())
        assert not python_says(house.vkey, tmp_path / "p").accepted, what


# Our vectors of notes, beside Go

LENIENT = {
    "spare bits of the base64 are set",
    "the second of two signatures of one key is wrong",
    "base64 without padding",
}
"""What we refuse and Go's package may take: it reads one signature of each key."""


def notes(name: str) -> list[dict[str, Any]]:
    """Those of our vectors that concern Ed25519 keys alone, the only ones Go's package knows."""
    rows = json.loads((VECTORS / name).read_text("utf-8"))
    return [
        row for row in rows if row["input"]["keys"] and all(map(is_plain, row["input"]["keys"]))
    ]


def is_plain(key: str) -> bool:
    return VerifierKey.parse(key).type == 1


def go_says(go: Callable[..., Answer], rows: list[dict[str, Any]]) -> dict[str, bool]:
    lines = "".join(json.dumps(row["input"]) + "\n" for row in rows)
    answers = go("notes", stdin=lines).text.splitlines()
    return {row["desc"]: said == "true" for row, said in zip(rows, answers, strict=True)}


def test_go_takes_the_notes_that_we_take(go: Callable[..., Answer]) -> None:
    said = go_says(go, notes("note_accepted.json"))
    assert len(said) >= 14
    assert [desc for desc, taken in said.items() if not taken] == []


def test_go_refuses_the_notes_that_we_refuse(go: Callable[..., Answer]) -> None:
    said = go_says(go, notes("note_refused.json"))
    assert len(said) >= 25
    assert {desc for desc, taken in said.items() if taken} <= LENIENT


def test_go_reads_our_secret_key_as_its_own_kind(house: House) -> None:
    text = read_key(house.ledger.directory, ORIGIN).encode()
    assert text.startswith(f"PRIVATE+KEY+{ORIGIN}+")


# Signatures with ML-DSA-44, by npm's @noble/post-quantum


def test_noble_verifies_cosignatures_with_ml_dsa(
    tmp_path: Path, sigstore: Callable[..., list[Answer]]
) -> None:
    key = SignerKey("witness.example/w", bytes(range(32)), KeyType.ML_DSA_44)
    log = SignerKey(ORIGIN, bytes(32))
    good = Checkpoint(ORIGIN, 12, bytes(range(32)))
    bodies = {
        "good": good.encode(),
        "size": Checkpoint(ORIGIN, 13, good.root).encode(),
        "root": Checkpoint(ORIGIN, 12, bytes(32)).encode(),
        "origin": Checkpoint("other.example", 12, good.root).encode(),
    }
    line, files = key.sign(good.encode(), at_s=1_790_000_000), []
    flipped = Line(line.name, line.id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    notes = {name: Note(body, (log.sign(body), line)) for name, body in bodies.items()}
    notes["bit"] = Note(good.encode(), (log.sign(good.encode()), flipped))
    for name, note in notes.items():
        files.append(tmp_path / name)
        files[-1].write_bytes(note.encode())
    told = sigstore(key.verifier().encode(), *files, program="cosigned.mjs")
    refused = Answer(accepted=False, text="refused: signature")
    assert told == [Answer(accepted=True, text="ok: 1790000000"), *[refused] * 4]
