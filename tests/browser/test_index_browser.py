"""The pages of the index and of the checker in a real browser; see test_serve_browser.py."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.browser.test_serve_browser import CHROMIUM, FLAGS
from tests.conftest import ROOT
from tests.index_small import MONTH

pytestmark = pytest.mark.full

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
PAGES = {
    "index": "/index",
    "provinces": "/index/provinces",
    "industries": "/index/industries",
    "releases": "/index/releases",
    "release": f"/index/release/{MONTH}",
    "old": f"/index/release/{MONTH}?vintage=1",
    "firm": "/index/firm/FIRM",
    "bulletin": "/bulletin",
    "home": "/",
    "refused": "/index/release/2030-01",
}
TEXT = """2024年1月至8月，全国查办不正当竞争案件8474件，其中网络案件3547件，占43.16%。
2024年10月，中国企业信用指数为158.83，较9月上升0.47点。<script>alert(1)</script>
另有 12 家企业参加了会议。"""


class Server(NamedTuple):
    """What runs, and who may see a firm."""

    url: str
    key: str
    firm: str

    def at(self, name: str, language: str) -> str:
        """The address of a page."""
        path = PAGES[name].replace("FIRM", self.firm)
        return f"{self.url}{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    place = tmp_path_factory.mktemp("office")
    command = [sys.executable, "-m", "tests.browser.index_server", str(place)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url, key, firm = process.stdout.readline().split()
        yield Server(url.rstrip("/"), key, firm)
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
def open_page(chromium: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """Opens a page of some size, seen by a regulator; nothing may leave the machine."""
    contexts = []
    asked: list[str] = []

    def opened(size: tuple[int, int], *, script: bool = False, **options: Any) -> Any:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, **options
        )
        contexts.append(context)
        context.add_cookies([{"name": "key", "value": server.key, "url": server.url}])
        context.on("request", lambda request: asked.append(request.url))
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert asked
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}


def checked(page: Any, server: Server, language: str) -> None:
    """Fill in the form and send it, as a person does."""
    page.goto(server.at("bulletin", language))
    page.locator("textarea").fill(TEXT)
    page.locator("button.button").first.click()
    page.locator(".paper").wait_for()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_show_without_a_script(
    open_page: Callable[..., Any],
    server: Server,
    tmp_path: Path,
    name: str,
    size: str,
    language: str,
) -> None:
    page = open_page(SIZES[size])
    page.goto(server.at(name, language))
    page.screenshot(path=str(tmp_path / f"{name}-{size}-{language}.png"), full_page=True)
    heading = page.locator("h1")
    assert heading.count() == 1
    assert heading.is_visible()
    if name in {"index", "firm"}:
        assert page.locator(".stat .big").last.bounding_box()["y"] < 400
    if name == "index":
        assert page.locator("svg.chart").bounding_box()["width"] > 300
    if name == "provinces":
        assert page.locator("svg.tiles rect").count() == 34


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_a_bulletin_is_checked_without_a_script(
    open_page: Callable[..., Any], server: Server, tmp_path: Path, size: str, language: str
) -> None:
    page = open_page(SIZES[size])
    checked(page, server, language)
    page.screenshot(path=str(tmp_path / f"result-{size}-{language}.png"), full_page=True)
    assert page.locator("mark.wrong").first.inner_text() == "43.16%"
    assert page.locator("ins.should-be").first.inner_text() == "41.86%"
    assert page.locator("tr.wrong").count() == 1
    assert "<script>alert(1)</script>" in page.locator(".paper").inner_text()
    page.locator("tr.wrong a").click()
    assert page.locator("mark.wrong:target").count() == 1
    for name, wanted in (("xlsx", b"PK"), ("json", b"{")):
        if name == "xlsx":
            with page.expect_download() as waiting:
                page.locator(f"button[value={name}]").click()
            assert Path(waiting.value.path()).read_bytes().startswith(wanted)
    page.locator("textarea").fill(TEXT.replace("43.16", "41.86"))
    page.locator("button.button").first.click()
    page.locator("mark.wrong").wait_for(state="detached")
    assert page.locator("mark.consistent").count() > 0


def test_a_file_is_chosen_and_checked(
    open_page: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "公报.txt"
    file.write_text(TEXT, "utf-8")
    page = open_page(SIZES["phone"])
    page.goto(server.at("bulletin", "zh"))
    page.locator("input[type=file]").set_input_files(str(file))
    page.locator("button.button").click()
    assert page.locator("ins.should-be").first.inner_text() == "41.86%"


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
    open_page: Callable[..., Any], server: Server, size: str, language: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # The policy forbids scripts in the page, axe's own too: it is lifted for this look only.
    page = open_page(SIZES[size], script=True, bypass_csp=True, color_scheme=scheme)

    def look(name: str) -> None:
        found = axe.run(page).response["violations"]
        told = [
            (name, item["id"], [node["html"][:160] for node in item["nodes"][:3]]) for item in found
        ]
        assert told == []

    for name in PAGES:
        page.goto(server.at(name, language))
        look(name)
    checked(page, server, language)
    look("result")


@pytest.mark.parametrize("width", [320, 390, 768])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_wider_than_the_screen(
    open_page: Callable[..., Any], server: Server, width: int, language: str
) -> None:
    page = open_page((width, 800), script=True)
    for name in PAGES:
        page.goto(server.at(name, language))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    checked(page, server, language)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_script_in_a_bulletin_does_nothing(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page(SIZES["phone"], script=True)
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    page.on("console", lambda message: alarms.append(message.text))
    checked(page, server, "zh")
    for name in PAGES:
        if name != "refused":  # Chromium writes to its console of every 404
            page.goto(server.at(name, "zh"))
    assert alarms == []
