"""docs/reference/ledger-format.md, read literally; shares no code with the ledger."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import zstandard

from guantong.clock import SetClock
from guantong.ledger import Ledger, SeededEntropy, StatementType, Submission

ORIGIN = "format.example/log"
BODIES = [[b"one"], [b"two", b"x" * 2_000, b""], [bytes(range(256)) * 8_000], [b"four"] * 5]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ledger-format.md"
WORDS = Path(__file__).parents[2] / "src" / "guantong" / "ledger" / "data" / "words-1.txt"


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01", root_of(leaves[:half]), root_of(leaves[half:]))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with Ledger.create(
        tmp_path / "ledger",
        ORIGIN,
        clock=SetClock(1_790_000_000_000),
        entropy=SeededEntropy("format"),
        segment_bytes=400,
    ) as ledger:
        for number, bodies in enumerate(BODIES):
            ledger.append(
                [
                    Submission(typ=StatementType.CAPTURE, by=f"p{number}", body=body, n=number)
                    for body in bodies
                ]
            )
    return tmp_path / "ledger"


def read_segment(path: Path) -> tuple[int, list[dict[str, Any]]]:
    """The first index and the frames of a segment."""
    raw = path.read_bytes()
    magic, version, zero, first, origin, nonce = struct.unpack_from("<8sIIQ32s32s", raw)
    assert (magic, version, zero, origin) == (b"GTLEDGER", 1, 0, sha(ORIGIN.encode()))
    assert raw[88:96] == sha(raw[:88])[:8]
    frames, at = [], 96
    while at < len(raw):
        frames.append(read_frame(raw, at, nonce))
        at = frames[-1]["end"]
    return first, frames


def read_frame(raw: bytes, at: int, nonce: bytes) -> dict[str, Any]:
    head = raw[at : at + 144]
    magic, count, first, time, s, b, root, blobs_hash = struct.unpack_from("<4sIQQQQ32s32s", head)
    statements, blobs = raw[at + 144 : at + 144 + s], raw[at + 144 + s : at + 144 + s + b]
    assert magic == b"GTFR"
    assert blobs_hash == sha(blobs)
    assert head[104:136] == sha(nonce, head[:104], statements)
    assert head[136:] == sha(nonce, head[:136])[:8]
    lengths = struct.unpack_from(f"<{count}H", statements)
    sizes = struct.unpack_from(f"<{count}I", blobs)
    return {
        "first": first,
        "time": time,
        "root": root,
        "at": at,
        "end": at + 144 + s + b,
        "statements": cut(statements[2 * count :], lengths),
        "flags": list(blobs[4 * count : 5 * count]),
        "blobs": cut(blobs[5 * count :], sizes),
    }


def cut(raw: bytes, lengths: tuple[int, ...]) -> list[bytes]:
    parts, at = [], 0
    for length in lengths:
        parts.append(raw[at : at + length])
        at += length
    assert at == len(raw)
    return parts


def frames_of(directory: Path) -> list[dict[str, Any]]:
    frames = []
    for path in sorted((directory / "journal").glob("*.frames")):
        first, found = read_segment(path)
        assert path.stem == f"{first:016}"
        assert found[0]["first"] == first
        frames += found
    return frames


def open_blob(directory: Path, index: int, flag: int, blob: bytes) -> bytes:
    """salt || body"""
    if flag & 4:
        assert blob == b""
        blob = (directory / "vault" / f"{index // 1000:013}" / f"{index:016}.blob").read_bytes()
    if flag & 1:
        words = zstandard.ZstdCompressionDict(WORDS.read_bytes()) if flag & 8 else None
        return blob[:32] + zstandard.ZstdDecompressor(dict_data=words).decompress(blob[32:])
    return blob


def test_frames(directory: Path) -> None:
    leaves: list[bytes] = []
    for frame, bodies in zip(frames_of(directory), BODIES, strict=True):
        assert frame["first"] == len(leaves)
        rows = zip(frame["statements"], frame["flags"], frame["blobs"], bodies, strict=True)
        for raw, flag, blob, body in rows:
            plain = open_blob(directory, len(leaves), flag, blob)
            statement = json.loads(raw)
            assert plain[32:] == body
            assert statement["doc"] == sha(plain).hex()
            assert statement["received"] == frame["time"] == 1_790_000_000_000
            assert json.dumps(statement, sort_keys=True, separators=(",", ":")).encode() == raw
            leaves.append(sha(b"\x00", raw))
        assert frame["root"] == root_of(leaves)


def test_a_short_document_is_kept_without_the_words_all_of_them_use(tmp_path: Path) -> None:
    body = json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-02T09:00:00.000+08:00",
            "epcisBody": {
                "eventList": [
                    {
                        "type": "ObjectEvent",
                        "eventID": "urn:uuid:f9c32756-4002-4206-9a8e-06d66322cf14",
                        "eventTime": "2026-03-02T08:11:07.800+08:00",
                        "eventTimeZoneOffset": "+08:00",
                        "epcList": ["https://id.gs1.org/01/06901234567892/21/4389"],
                        "action": "OBSERVE",
                        "bizStep": "receiving",
                        "disposition": "in_progress",
                        "readPoint": {"id": "https://id.gs1.org/414/6901234000030"},
                        "bizLocation": {"id": "https://id.gs1.org/414/6901234000030"},
                    }
                ]
            },
        },
        separators=(",", ":"),
    ).encode()
    directory = tmp_path / "ledger"
    with Ledger.create(
        directory, ORIGIN, clock=SetClock(1), entropy=SeededEntropy("short")
    ) as ledger:
        ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=body)])
        assert ledger.body(0) == body
    (frame,) = frames_of(directory)
    assert frame["flags"] == [9]
    (blob,) = frame["blobs"]
    assert open_blob(directory, 0, 9, blob)[32:] == body
    assert len(blob) - 32 < len(zstandard.ZstdCompressor(level=1).compress(body)) / 2


def test_the_words_never_change() -> None:
    """Bodies are kept that can not be read with any other list."""
    assert (
        sha(WORDS.read_bytes()).hex()
        == "a565aa3a765ca119725c559911418cf6f93019bcdcd7803c6da95a7807a67664"
    )


def test_large_bodies(tmp_path: Path) -> None:
    body = hashlib.shake_128(b"large").digest(1_048_577)
    directory = tmp_path / "ledger"
    with Ledger.create(
        directory, ORIGIN, clock=SetClock(1), entropy=SeededEntropy("large")
    ) as ledger:
        ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=body)])
    (frame,) = frames_of(directory)
    assert frame["flags"] == [4]
    assert open_blob(directory, 0, 4, frame["blobs"][0])[32:] == body


def test_high_water(directory: Path) -> None:
    raw = (directory / "high_water").read_bytes()
    last = frames_of(directory)[-1]
    found = []
    for at in (0, 512):
        magic, size, root = struct.unpack_from("<8sQ32s", raw, at)
        assert magic == b"GTHIGHWM"
        assert raw[at + 48 : at + 64] == sha(raw[at : at + 48])[:16]
        found.append((size, root))
    assert max(found) == (last["first"] + len(last["statements"]), last["root"])


def test_nodes(directory: Path) -> None:
    leaves = [sha(b"\x00", raw) for frame in frames_of(directory) for raw in frame["statements"]]
    segments = sorted((directory / "journal").glob("*.frames"))
    assert len(segments) >= 3
    for path in segments[:-1]:
        raw = path.with_suffix(".nodes").read_bytes()
        first, frames = read_segment(path)
        magic, start, stop, size, time, f, levels, before, after = struct.unpack_from(
            "<8sQQQQII32s32s", raw
        )
        assert (magic, start, size, f) == (b"GTNODES1", first, path.stat().st_size, len(frames))
        assert (before, after) == (root_of(leaves[:start]), root_of(leaves[:stop]))
        assert time == frames[-1]["time"]
        numbers = struct.unpack_from(f"<{2 * f}Q", raw, 112)
        assert numbers == (*(it["first"] for it in frames), *(it["at"] for it in frames))
        at = 112 + 16 * f
        shapes = [struct.unpack_from("<QQ", raw, at + 16 * level) for level in range(levels)]
        at += 16 * levels
        for level, (begin, count) in enumerate(shapes):
            for index in range(begin, begin + count):
                assert raw[at : at + 32] == root_of(leaves[index << level : (index + 1) << level])
                at += 32
            assert begin + count == stop >> level
        assert raw[at:] == sha(raw[:at])


def test_description(directory: Path) -> None:
    assert json.loads((directory / "ledger.json").read_bytes()) == {
        "created_ms": 1_790_000_000_000,
        "format": 1,
        "origin": ORIGIN,
        "seeded": True,
    }


def test_the_page_names_every_type_and_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `typ`"))
    assert [f"`{kind}`" in row for kind in StatementType] == [True] * len(StatementType)


class Known:
    """Gives known salts as the system's would be: unlike a seed's, they leave no mark."""

    def __init__(self) -> None:
        self._of = SeededEntropy("pinned")

    def salts(self, count: int) -> list[bytes]:
        return self._of.salts(count)

    def apart(self, name: str) -> "Known":
        return Known() if name == "digest key" else self


def test_the_format_has_not_changed_by_accident(tmp_path: Path) -> None:
    """A ledger that was written stays readable: whoever changes these bytes changes `format`."""
    clock, entropy = SetClock(1_790_000_000_000), Known()
    with Ledger.create(tmp_path / "ledger", ORIGIN, clock=clock, entropy=entropy) as ledger:
        for body in (b"one", b"two"):
            ledger.append([Submission(typ=StatementType.CAPTURE, by="p", body=body)] * 2)
    digest = hashlib.sha256()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    (key,) = [path for path in files if path.name == "digest_key"]  # no reader needs it
    assert key.stat().st_size == 32
    for path in files:
        if path != key:
            digest.update(path.relative_to(tmp_path).as_posix().encode() + path.read_bytes())
    assert digest.hexdigest()[:16] == "93dec4ff0d20faa7"
