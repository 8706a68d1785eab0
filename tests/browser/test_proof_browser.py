"""The page that checks a bundle, in a real browser: served, saved, and shown what is forged."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from starlette.testclient import TestClient

from guantong.ledger import LedgerError, leaf_hash
from guantong.ledger.checkpoint import Checkpoint, Trust
from guantong.ledger.disclosure import Bundle, check
from guantong.ledger.merkle import node_hash
from guantong.ledger.note import Note, sign
from guantong.ledger.note_key import KeyType, SignerKey, VerifierKey
from guantong.ledger.signer import read_key
from guantong.serve.app import create_app
from guantong.settings import Settings
from tests.browser.test_serve_browser import SIZES, chromium, open_page
from tests.conftest import ROOT
from tests.proof_small import ALONE, BY_P256, TWIN, UNSIGNED, opened

pytestmark = pytest.mark.full
__all__ = ["chromium", "open_page"]

ANSWERS = {
    ("signed", "zh"): "核验通过，有提交方签名",
    ("signed", "en"): "It holds, and its party signed it",
    ("gateway", "zh"): "核验通过，但提交方没有签名",
    ("gateway", "en"): "It holds, but its party did not sign it",
}
CODES = {"alone": ALONE, "p256": BY_P256, "unsigned": UNSIGNED, "twin": TWIN}
WITNESS = SignerKey("witness.example/w", bytes(range(32)), KeyType.COSIGNATURE)


class Saved:
    """What somebody took home: pages and bundles as files, and the log's key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with opened(Settings(folder / "data")) as (world, _):
            self.log = read_key(world.ledger.directory, world.ledger.origin)
            with TestClient(create_app(world, world.settings)) as client:
                for name, code in CODES.items():
                    path = f"/ledger/bundle/{quote(code, safe='')}"
                    raw = client.get(path, params={"format": "json"}).content
                    (folder / f"{name}.bundle.json").write_bytes(raw)
                    for language in ("zh", "en"):
                        page = client.get(path, params={"format": "html", "lang": language})
                        (folder / f"{name}-{language}.html").write_bytes(page.content)
                empty = client.get("/ledger/verify", params={"lang": "en"})
                (folder / "verify.html").write_bytes(empty.content)
                self.vkey = client.get("/ledger/vkey").text.strip()

    def bundle(self, name: str = "alone") -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / f"{name}.bundle.json").read_bytes())
        return read

    def page(self, name: str) -> str:
        return (self.folder / f"{name}.html").as_uri()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    return Saved(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def offline(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page without a network; afterwards nothing may have been asked of anybody."""
    contexts = []
    asked: list[str] = []
    errors: list[str] = []

    def opened_page(size: tuple[int, int] = SIZES["phone"], **options: Any) -> Any:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, offline=True, **options
        )
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        return page

    yield opened_page
    for context in contexts:
        context.close()
    assert {urlsplit(url).scheme for url in asked} == {"file"}
    assert errors == []


def answered(page: Any) -> str:
    page.locator("#result:not([hidden])").wait_for()
    return str(page.locator("#result").get_attribute("data-answer"))


def asked(page: Any, bundle: str, vkey: str, witnesses: str = "") -> tuple[str, str]:
    """The answer about a bundle, and which part of it does not hold."""
    page.evaluate("document.getElementById('result').hidden = true")
    for name, text in (("bundle", bundle), ("vkey", vkey), ("witnesses", witnesses)):
        page.evaluate(
            "([name, text]) => { document.getElementById(name).value = text }", [name, text]
        )
    page.locator("#form button").click()
    answer = answered(page)
    parts = page.locator("#why > :not([hidden])")
    return answer, str(parts.first.get_attribute("data-part")) if parts.count() else ""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "answer"),
    [("alone", "signed"), ("p256", "signed"), ("unsigned", "gateway"), ("twin", "signed")],
)
def test_a_saved_page_checks_its_bundle_without_any_network(
    offline: Callable[..., Any], saved: Saved, name: str, answer: str, size: str, language: str
) -> None:
    page = offline(SIZES[size])
    page.goto(saved.page(f"{name}-{language}"))
    assert answered(page) == answer
    page.screenshot(path=str(saved.folder / f"{name}-{size}-{language}.png"), full_page=True)
    assert page.locator(".answer:not([hidden]) strong").inner_text() == ANSWERS[answer, language]
    assert saved.bundle(name)["bundle"] == "guantong.bundle/v1"
    assert page.locator("#codes code").all_inner_texts() == [CODES[name]]
    box = page.locator(".answer:not([hidden])").bounding_box()
    assert box["y"] < 500
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert not page.locator("#switch").is_visible()


def test_a_file_is_chosen(offline: Callable[..., Any], saved: Saved) -> None:
    page = offline()
    page.goto(saved.page("verify"))
    assert page.locator("#result").is_hidden()
    page.locator("#file").set_input_files(str(saved.folder / "alone.bundle.json"))
    assert answered(page) == "signed"


# What is forged. Each change is refused by the page and by the program alike.


def flipped(coded: str, at: int = 0) -> str:
    raw = bytearray(b64decode(coded))
    raw[at] ^= 1
    return b64encode(bytes(raw)).decode()


def in_proof(
    bundle: dict[str, Any], change: Callable[[str, bytes], str], part: str = "entry"
) -> None:
    """Change the line with the entry of a proof."""
    lines = bundle[part].split("\n")
    lines[1] = change(lines[1], b64decode(lines[1].removeprefix("extra ")))
    bundle[part] = "\n".join(lines)


def said(old: bytes, new: bytes) -> Callable[[str, bytes], str]:
    def change(line: str, raw: bytes) -> str:
        assert old in raw
        return "extra " + b64encode(raw.replace(old, new)).decode()

    return change


def event_changed(bundle: dict[str, Any]) -> None:
    raw = b64decode(bundle["event"]["bytes"])
    assert b"ALONE" in raw
    bundle["event"]["bytes"] = b64encode(raw.replace(b"ALONE", b"ALONF")).decode()


def event_moved(bundle: dict[str, Any]) -> None:
    bundle["event"]["index"] = 0


def event_beyond(bundle: dict[str, Any]) -> None:
    bundle["event"]["index"] = 3


def event_counted_otherwise(bundle: dict[str, Any]) -> None:
    bundle["event"]["size"] = 4


def event_salt(bundle: dict[str, Any]) -> None:
    bundle["event"]["salt"] = flipped(bundle["event"]["salt"])


def event_hash(bundle: dict[str, Any]) -> None:
    bundle["event"]["hashes"][0] = flipped(bundle["event"]["hashes"][0])


def event_of_a_longer_way(bundle: dict[str, Any]) -> None:
    bundle["event"]["hashes"].append(bundle["event"]["hashes"][0])


def event_form(bundle: dict[str, Any]) -> None:
    bundle["event"]["form"] = "canonical"


def event_member_more(bundle: dict[str, Any]) -> None:
    bundle["event"]["more"] = 1


def entry_changed(bundle: dict[str, Any]) -> None:
    in_proof(bundle, said(b'"seq":1', b'"seq":2'))


def entry_index(bundle: dict[str, Any]) -> None:
    bundle["entry"] = bundle["entry"].replace("\nindex ", "\nindex 1")


def entry_hash(bundle: dict[str, Any]) -> None:
    lines = bundle["entry"].split("\n")
    lines[3] = flipped(lines[3])
    bundle["entry"] = "\n".join(lines)


def entry_hash_missing(bundle: dict[str, Any]) -> None:
    lines = bundle["entry"].split("\n")
    del lines[3]
    bundle["entry"] = "\n".join(lines)


def checkpoint_size(bundle: dict[str, Any]) -> None:
    head, _, note = bundle["entry"].partition("\n\n")
    lines = note.split("\n")
    lines[1] = str(int(lines[1]) + 1)
    bundle["entry"] = head + "\n\n" + "\n".join(lines)


def checkpoint_signature(bundle: dict[str, Any]) -> None:
    start, _, coded = bundle["entry"].rstrip("\n").rpartition(" ")
    bundle["entry"] = f"{start} {flipped(coded, 20)}\n"


def checkpoint_unsigned(bundle: dict[str, Any]) -> None:
    start, _, coded = bundle["entry"].rstrip("\n").rpartition(" ")
    bundle["entry"] = f"{start} {flipped(coded, 0)}\n"


def key_missing(bundle: dict[str, Any]) -> None:
    del bundle["key"]


def key_of_another_entry(bundle: dict[str, Any]) -> None:
    bundle["key"] = bundle["entry"]


def key_entry_changed(bundle: dict[str, Any]) -> None:
    in_proof(bundle, said(b'"party"', b'"pasty"'), "key")


def head_changed(bundle: dict[str, Any]) -> None:
    bundle["bundle"] = "guantong.bundle/v2"


def member_more(bundle: dict[str, Any]) -> None:
    bundle["more"] = ""


FORGED: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (event_changed, "event"),
    (event_moved, "event"),
    (event_beyond, "event"),
    (event_counted_otherwise, "event"),
    (event_salt, "event"),
    (event_hash, "event"),
    (event_of_a_longer_way, "event"),
    (event_form, "event"),
    (event_member_more, "event"),
    (entry_changed, "inclusion"),
    (entry_index, "inclusion"),
    (entry_hash, "inclusion"),
    (entry_hash_missing, "inclusion"),
    (checkpoint_size, "log"),
    (checkpoint_signature, "log"),
    (checkpoint_unsigned, "log"),
    (key_missing, "bundle"),
    (key_of_another_entry, "signer"),
    (key_entry_changed, "inclusion"),
    (head_changed, "bundle"),
    (member_more, "bundle"),
]


def test_what_is_forged_is_refused_by_page_and_program(
    offline: Callable[..., Any], saved: Saved
) -> None:
    page = offline()
    page.goto(saved.page("verify"))
    trust = Trust(VerifierKey.parse(saved.vkey))
    assert asked(page, json.dumps(saved.bundle()), saved.vkey) == ("signed", "")
    for change, part in FORGED:
        bundle = saved.bundle()
        change(bundle)
        assert bundle != saved.bundle(), change.__name__
        raw = json.dumps(bundle, separators=(",", ":"))
        assert asked(page, raw, saved.vkey) == ("refused", part), change.__name__
        assert page.locator("#found").is_hidden()
        with pytest.raises(LedgerError):
            check(Bundle.parse(raw.encode()), trust)
    for raw in ("", "{", "[]", "null", '"x"', "x" * 5_000_001):
        assert asked(page, raw, saved.vkey) == ("refused", "bundle")


def resigned(
    saved: Saved,
    bundle: dict[str, Any],
    other: Callable[[bytes], bytes],
    *,
    key_first: bool = True,
) -> str:
    """A bundle of a log of two entries, rightly signed by it: only the party's word is wrong."""
    lines = bundle["entry"].split("\n")
    key_entry = b64decode(bundle["key"].split("\n")[1].removeprefix("extra "))
    entry = other(b64decode(lines[1].removeprefix("extra ")))
    leaves = leaf_hash(key_entry), leaf_hash(entry)
    root = node_hash(*(leaves if key_first else reversed(leaves)))
    note = sign(Checkpoint(saved.log.name, 2, root).encode(), [saved.log]).decode()

    def proof(index: int, raw: bytes, beside: bytes) -> str:
        head = f"c2sp.org/tlog-proof@v1\nextra {b64encode(raw).decode()}\nindex {index}\n"
        return f"{head}{b64encode(beside).decode()}\n\n{note}"

    bundle["key"] = proof(0 if key_first else 1, key_entry, leaves[1])
    bundle["entry"] = proof(1 if key_first else 0, entry, leaves[0])
    return json.dumps(bundle)


@pytest.mark.parametrize("name", ["alone", "p256"])
def test_a_log_can_not_put_words_into_a_partys_mouth(
    offline: Callable[..., Any], saved: Saved, name: str
) -> None:
    """The log's own key signs the change; the party's does not."""
    page = offline()
    page.goto(saved.page("verify"))
    same = resigned(saved, saved.bundle(name), lambda raw: raw)
    assert asked(page, same, saved.vkey) == ("signed", "")
    later = resigned(saved, saved.bundle(name), lambda raw: raw, key_first=False)
    assert asked(page, later, saved.vkey) == ("refused", "signer")
    for old, new in (
        (b'"seq":1', b'"seq":2'),
        (b'"typ":"capture"', b'"typ":"recall"'),
        (b'"doc":"', b'"doc":"0'),
        (b'"by":"', b'"by":"x'),
        (b'"sig":"', b'"sig":"AAAA'),
        (b'"key":"', b'"key":"0'),
    ):
        raw = resigned(saved, saved.bundle(name), lambda raw: raw.replace(old, new))  # noqa: B023
        assert asked(page, raw, saved.vkey) == ("refused", "signer"), old
        with pytest.raises(LedgerError):
            check(Bundle.parse(raw.encode()), Trust(VerifierKey.parse(saved.vkey)))


def test_keys_of_log_and_witnesses(offline: Callable[..., Any], saved: Saved) -> None:
    page = offline()
    page.goto(saved.page("verify"))
    raw = json.dumps(saved.bundle())
    stranger = SignerKey(saved.log.name, bytes(32)).verifier().encode()
    name, number, coded = saved.vkey.split("+", 2)
    other_id = f"{name}+{number[:-1]}{'0' if number[-1] != '0' else '1'}+{coded}"
    witness = WITNESS.verifier().encode()
    assert asked(page, raw, stranger) == ("refused", "log")
    assert asked(page, raw, other_id) == ("refused", "vkey")
    assert asked(page, raw, "") == ("refused", "vkey")
    assert asked(page, raw, saved.vkey, witness) == ("refused", "witness")
    assert asked(page, raw, saved.vkey, saved.vkey) == ("refused", "vkey")
    assert asked(page, cosigned(saved), saved.vkey, witness) == ("signed", "")
    wrong = cosigned(saved).replace("witness.example/w ", "witness.example/v ")
    assert asked(page, wrong, saved.vkey, witness) == ("refused", "witness")


def cosigned(saved: Saved) -> str:
    bundle = saved.bundle()
    for part in ("entry", "key"):
        head, _, text = bundle[part].partition("\n\n")
        note = Note.parse(text.encode())
        both = Note(note.body, (*note.lines, WITNESS.sign(note.body, at_s=1_772_000_000)))
        bundle[part] = f"{head}\n\n{both.encode().decode()}"
    return json.dumps(bundle, ensure_ascii=False)


@pytest.mark.parametrize(
    "less",
    [
        "crypto.subtle.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))",
        "Object.defineProperty(crypto, 'subtle', {value: undefined})",
    ],
    ids=["no Ed25519", "no secure context"],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_browser_that_can_not_says_so_and_nothing_of_the_proof(
    offline: Callable[..., Any], saved: Saved, less: str, language: str
) -> None:
    page = offline()
    page.add_init_script(less)
    page.goto(saved.page(f"alone-{language}"))
    assert answered(page) == "unable"
    assert page.locator("#found").is_hidden()
    told = page.locator(".answer:not([hidden]) strong").inner_text()
    assert told == {"zh": "此浏览器无法核验", "en": "This browser can not check it"}[language]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing(
    offline: Callable[..., Any], saved: Saved, language: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = offline(bypass_csp=True, color_scheme=scheme)
    for name in ("alone", "unsigned"):
        page.goto(saved.page(f"{name}-{language}"))
        answered(page)
        found = axe.run(page).response["violations"]
        told = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
        assert told == []
    asked(page, "{}", saved.vkey)
    assert axe.run(page).response["violations"] == []


def test_the_served_page_checks_too(open_page: Callable[..., Any], tmp_path: Path) -> None:
    """Under the policy of the header, and reached from the scan."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    command = [sys.executable, "-m", "tests.browser.proof_server", str(tmp_path)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip().rstrip("/")
        page = open_page(SIZES["phone"], script=True)
        page.goto(f"{url}/c/{quote(ALONE, safe='')}?lang=zh")
        page.locator("#proof ~ p a[href^='/ledger/bundle/']").click()
        assert answered(page) == "signed"
        assert page.locator("#switch a").inner_text() == "English"
        page.locator("#switch a").click()
        assert answered(page) == "signed"
        assert page.locator("h1").inner_text() == "Check a proof offline"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
