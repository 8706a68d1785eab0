"""The pages in a real browser: looks, keyboard, accessibility, and nothing from elsewhere.

Screenshots are written to the test's temporary directory, to be looked at.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.conftest import ROOT
from tests.serve_desk import BAD, HOSTILE, OK, PRIVATE, RECALLED, UNKNOWN

pytestmark = pytest.mark.full

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
PAGES = {
    "home": "/",
    "ok": "/c/" + quote(OK, safe=""),
    "problem": "/c/" + quote(RECALLED, safe=""),
    "unknown": "/c/" + quote(UNKNOWN, safe=""),
    "malformed": f"/check?q={BAD}",
    "not_shared": "/c/" + quote(PRIVATE, safe=""),
    "trace": "/trace/" + quote(OK, safe=""),
    "refused": "/nowhere",
    "key": "/key",
}


def at(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.fixture(scope="module", params=["", "wide"])
def any_server(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from running(request.param)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    yield from running("")


def running(argument: str) -> Iterator[str]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    command = [sys.executable, "-m", "tests.browser.desk_server", *argument.split()]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip().rstrip("/")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout.read().strip() == "closed"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of some size; afterwards nothing may have left the machine."""
    contexts = []
    asked: list[str] = []

    def opened(size: tuple[int, int], *, script: bool = False, **options: Any) -> Any:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, **options
        )
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert asked
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_show_without_a_script(
    open_page: Callable[..., Any], server: str, tmp_path: Path, name: str, size: str, language: str
) -> None:
    page = open_page(SIZES[size])
    page.goto(server + at(PAGES[name], language))
    page.screenshot(path=str(tmp_path / f"{name}-{size}-{language}.png"), full_page=True)
    heading = page.locator("h1")
    assert heading.count() == 1
    assert heading.is_visible()
    if name in {"ok", "problem", "unknown", "malformed", "not_shared"}:
        box = heading.bounding_box()
        assert box["y"] < 300  # the verdict is seen before anything is scrolled
        assert page.locator(f".verdict.{name} svg.icon").is_visible()
    assert page.locator("a.switch").inner_text() == ("English" if language == "zh" else "中文")


# Each language with each size, each scheme with each of both: colours are the same in every language.
@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [
        ("zh", "phone", "light"),
        ("zh", "desktop", "dark"),
        ("en", "phone", "dark"),
        ("en", "desktop", "light"),
    ],
)
def test_axe_finds_nothing(
    open_page: Callable[..., Any], any_server: str, size: str, language: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # The policy forbids scripts in the page, axe's own too: it is lifted for this look only.
    page = open_page(SIZES[size], script=True, bypass_csp=True, color_scheme=scheme)
    for name, path in PAGES.items():
        page.goto(any_server + at(path, language))
        found = axe.run(page).response["violations"]
        told = [
            (name, item["id"], [node["html"][:120] for node in item["nodes"][:3]]) for item in found
        ]
        assert told == []


@pytest.mark.parametrize("width", [320, 360, 430, 768])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_wider_than_the_screen(
    open_page: Callable[..., Any], any_server: str, width: int, language: str
) -> None:
    page = open_page((width, 800), script=True)
    for path in [*PAGES.values(), "/check?q=" + "9" * 2_000]:
        page.goto(any_server + at(path, language))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_is_enough(open_page: Callable[..., Any], server: str) -> None:
    """A scanner gun is a keyboard: the box has the focus, the code comes, Enter ends."""
    page = open_page(SIZES["desktop"])
    page.goto(server + "/?lang=zh")
    # The focus comes with the first drawing, which a busy machine does after the page is there.
    page.locator("#q:focus").wait_for()
    page.keyboard.type(RECALLED)
    page.keyboard.press("Enter")
    page.wait_for_url("**/check?q=*")
    assert page.locator("h1").inner_text() == "已登记，但有问题"
    page.keyboard.press("Tab")
    assert page.locator("a.skip:focus").count() == 1
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("main a:focus, main input:focus").count() == 1
    for _ in range(20):
        if page.locator(".trace-link a:focus").count():
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace/*")
    for _ in range(20):
        if page.locator("svg a.box:focus").count():
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*")


def test_a_code_with_a_script_in_it_does_nothing(
    open_page: Callable[..., Any], server: str, tmp_path: Path
) -> None:
    page = open_page(SIZES["phone"], script=True)
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    page.on("console", lambda message: alarms.append(message.text))
    page.goto(server + "/check?q=" + quote(HOSTILE))
    page.screenshot(path=str(tmp_path / "hostile.png"), full_page=True)
    assert "<script>alert(1)</script>" in page.locator(".scanned").inner_text()
    assert alarms == []


def test_the_page_prints(open_page: Callable[..., Any], server: str, tmp_path: Path) -> None:
    page = open_page(SIZES["desktop"])
    page.goto(server + at(PAGES["problem"], "zh"))
    page.emulate_media(media="print")
    assert not page.locator(".again").is_visible() or not page.locator(".again form").is_visible()
    page.screenshot(path=str(tmp_path / "print.png"), full_page=True)
    assert page.pdf(path=str(tmp_path / "print.pdf"), format="A4").startswith(b"%PDF")


def test_the_graph_scrolls_inside_its_frame(open_page: Callable[..., Any], server: str) -> None:
    page = open_page(SIZES["phone"])
    page.goto(server + at(PAGES["trace"], "zh"))
    frame = page.locator(".graph")
    assert frame.get_attribute("tabindex") == "0"
    assert re.fullmatch(r"\d+(\.\d+)?", page.locator(".graph svg").get_attribute("width"))
    assert page.locator(".graph svg a.box").count() == 5
