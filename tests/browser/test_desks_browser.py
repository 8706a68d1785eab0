"""Each persona's way in a real browser: no script, keyboard alone, a fake camera, a server that goes away."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import pytest

from guantong.coding import Carrier
from guantong.coding.symbols import modules_of
from tests.browser.desks_server import CLASS, ITEMS
from tests.browser.test_serve_browser import CHROMIUM, FLAGS, SIZES
from tests.conftest import ROOT
from tests.people_small import MAKER, PASSWORD, SHOP

pytestmark = pytest.mark.full

DESKS = {
    "clerk": ("/desk", "/desk/start", "/desk/firm", "/desk/products", "/desk/certificates",
              "/desk/codes", "/desk/labels", "/desk/free", "/desk/moves", "/desk/sheets", "/desk/connections",
              "/desk/keys", "/desk/recalls", "/desk/notices", "/account", "/account/factor"),
    "shop": ("/desk", "/desk/moves", f"/desk/moves?code={quote(ITEMS[0])}", "/desk/matching", "/desk/tenders", "/desk/notices"),
    "inspector": ("/desk", "/desk/register", "/desk/coverage", "/desk/obliged", "/desk/tasks", f"/desk/firms/{MAKER}",
                  f"/desk/firms/{MAKER}/matching", f"/desk/product-file/{CLASS}", "/desk/recalls", "/desk/supply", "/desk/clues", "/desk/hot",
                  "/desk/alerts"),
    "auditor": ("/desk", "/desk/looks"),
    "operator": ("/desk", "/desk/people", "/desk/delegated", "/desk/statuses", "/desk/alerts", "/desk/quotas"),
    "": ("/login", "/", "/search", "/search?q=青山", "/recalls", f"/c/{quote(ITEMS[3], safe='')}"),
}  # fmt: skip


class Server:
    """The installation as a process of its own, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
        port = str(urlsplit(self.url).port or 0)
        command = [sys.executable, "-m", "tests.browser.desks_server", str(self._folder), port]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip().rstrip("/")
        assert self.url

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) == 0
        assert self._process.stdout is not None
        self._process.stdout.close()

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("desks"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def play() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(play: Any) -> Iterator[Any]:
    browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of some size; afterwards nothing may have left the machine."""
    contexts: list[Any] = []
    asked: list[str] = []

    def opened(size: str, *, script: bool = False, browser: Any = None, **options: Any) -> Any:
        width, height = SIZES[size]
        context = (browser or chromium).new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, **options
        )
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert {urlsplit(url).hostname for url in asked if not url.startswith(("blob:", "data:"))} == {
        "127.0.0.1"
    }


def sign_in(page: Any, server: Server, login: str, language: str = "zh") -> None:
    page.goto(f"{server.url}/login?lang={language}")
    if login:
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click(".desk-form button")
        page.wait_for_url("**/desk")


@pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desktop", "en")])
@pytest.mark.parametrize("login", DESKS)
def test_desks_show_without_a_script_and_axe_finds_nothing(
    open_page: Callable[..., Any],
    server: Server,
    tmp_path: Path,
    login: str,
    size: str,
    language: str,
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    plain = open_page(size)
    sign_in(plain, server, login, language)
    # The policy forbids axe's script: it is lifted for this look only.
    page = open_page(size, script=True, bypass_csp=True)
    sign_in(page, server, login, language)
    for path in DESKS[login]:
        plain.goto(server.url + path)
        assert plain.locator("h1").count() == 1, path
        name = re.sub(r"\W+", "-", path)[:40]
        plain.screenshot(path=str(tmp_path / f"{login}{name}.png"), full_page=True)
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], path
        found = axe.run(page).response["violations"]
        told = [
            (path, item["id"], [node["html"][:120] for node in item["nodes"][:3]]) for item in found
        ]
        assert told == []


def test_a_clerks_first_hour_with_the_keyboard_alone(
    open_page: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    page = open_page("desktop")
    page.goto(f"{server.url}/login?lang=zh")
    page.locator("#login:focus").wait_for()
    keys(page, "clerk", "Tab", PASSWORD, "Enter")
    page.wait_for_url("**/desk")
    go(page, "第一个小时", "**/desk/start")
    go(page, "登记企业", "**/desk/firm")
    fill(page, name="良渚车业", region="330110", address="良渚 1 号")
    page.wait_for_url("**/desk/firm?done=1")
    page.goto(f"{server.url}/desk/products")
    fill(page, name="电动自行车", gtin="6901234567908", model="FX-48")
    page.wait_for_url("**/desk/products?done=1")
    page.goto(f"{server.url}/desk/certificates")
    fill(page, number="2024011119123456", products="6901234567908")
    page.wait_for_url("**/desk/certificates?done=1")
    page.goto(f"{server.url}/desk/codes")
    fill(page, lot="B1")
    page.wait_for_url(re.compile(r"/desk/codes/\d+$"))
    first = page.locator("dd a code").nth(1).inner_text()
    page.screenshot(path=str(tmp_path / "codes.png"), full_page=True)
    with page.expect_download() as held:
        press(page, "生成文件")
    assert Path(held.value.path()).read_bytes().startswith(b"%PDF")
    page.goto(f"{server.url}/desk/moves?step=" + quote("销售"))
    page.locator("#codes:focus").wait_for()
    page.keyboard.type(first)
    page.keyboard.press("Enter")  # as a scanner gun ends
    page.locator("#partner").focus()
    page.keyboard.type(SHOP[-18:])
    press(page, "确认登记")
    page.wait_for_url(re.compile(r"/desk/entry/\d+$"))
    assert "电动自行车" in page.locator("main").inner_text()
    page.goto(f"{server.url}/desk/start")
    go(page, "像消费者一样查一个自己的码", "**/c/*")
    assert "电动自行车" in page.locator(".verdict").inner_text()
    page.goto(f"{server.url}/desk/start")
    assert page.locator(".tasks .done").count() == 7
    page.screenshot(path=str(tmp_path / "start.png"), full_page=True)


def keys(page: Any, *texts: str) -> None:
    for text in texts:
        if text in {"Tab", "Enter"}:
            page.keyboard.press(text)
        else:
            page.keyboard.type(text)


def tab_to(page: Any, wanted: str) -> None:
    for _ in range(80):
        if page.locator(f"{wanted}:focus").count():
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")


def go(page: Any, text: str, url: str) -> None:
    tab_to(page, f"main a:has-text('{text}')")
    page.keyboard.press("Enter")
    page.wait_for_url(url)


def press(page: Any, text: str) -> None:
    tab_to(page, f"main button:has-text('{text}')")
    page.keyboard.press("Enter")


def fill(page: Any, **fields: str) -> None:
    for name, text in fields.items():
        tab_to(page, f"#{name}")
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    tab_to(page, ".desk-form .actions button")
    page.keyboard.press("Enter")


def test_a_shop_scans_on_while_the_server_is_away(
    open_page: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    page = open_page("phone", script=True)
    sign_in(page, server, "shop")
    page.goto(f"{server.url}/desk/moves?step=" + quote("进货"))
    page.fill("#partner", "91110000600037341L")
    enter(page, ITEMS[0], ITEMS[1])
    page.get_by_text("已登记 2 个编码").wait_for()
    page.wait_for_function("caches.match('/desk/moves').then(Boolean)")
    server.stop()
    enter(page, ITEMS[2])
    enter(page, ITEMS[3])
    page.get_by_text("2 笔等待发送").wait_for()
    page.goto(f"{server.url}/desk/moves")  # as if the browser had been closed meanwhile
    page.get_by_text("2 笔等待发送").wait_for()
    page.select_option("#step", "进货")
    page.fill("#partner", "91110000600037341L")
    enter(page, ITEMS[4])
    page.get_by_text("3 笔等待发送").wait_for()
    page.screenshot(path=str(tmp_path / "away.png"), full_page=True)
    server.start()
    page.get_by_text("3 笔等待发送").wait_for(state="hidden", timeout=30_000)
    page.get_by_text("2 笔等待发送").wait_for(state="hidden", timeout=30_000)
    page.get_by_text("1 笔等待发送").wait_for(state="hidden", timeout=30_000)
    assert page.get_by_text("已登记 1 个编码").count() == 3
    page.select_option("#step", "零售")
    enter(page, ITEMS[9])
    page.get_by_text("没有登记").wait_for()
    assert "召回" in page.locator("[data-queue] ul").inner_text()
    page.screenshot(path=str(tmp_path / "queue.png"), full_page=True)
    page.goto(f"{server.url}/c/" + quote(ITEMS[3], safe=""))
    assert "收货" in page.locator(".line").inner_text()


def enter(page: Any, *codes: str) -> None:
    page.locator("#codes").focus()
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.click("button[value=enter]")


def frame(symbols: list[tuple[str, Carrier | str]]) -> Any:
    """A picture of symbols side by side, grey and noisy as a camera sees them."""
    import zxingcpp

    image = np.full((720, 1280), 215, np.uint8)
    left = 60
    for text, carrier in symbols:
        if isinstance(carrier, Carrier):
            dots = np.kron(modules_of(text, carrier), np.ones((8, 8), np.uint8))
        else:
            made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.EAN13)
            bars = np.asarray(made.to_image(scale=1, add_quiet_zones=False)) == 0
            dots = np.kron(bars[:1], np.ones((160, 4), np.uint8))
        high, wide = dots.shape
        patch = image[200 - 30 : 200 + high + 30, left - 30 : left + wide + 30]
        patch[:] = 240
        image[200 : 200 + high, left : left + wide][dots > 0] = 30
        left += wide + 90
    noise = np.random.default_rng(7).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera sees: QR Code, GS1 DataMatrix and EAN-13 in one picture."""
    pillow = pytest.importorskip("PIL.Image")
    host = "https://id.gs1.org"
    seen = [
        (f"{host}/01/06901234567892/21/1004", Carrier.QR),
        ("(01)06901234567892(21)1005", Carrier.GS1_DATAMATRIX),
        ("6901234567892", "ean"),
    ]
    held = io.BytesIO()
    pillow.fromarray(frame(seen)).convert("RGB").save(held, "JPEG", quality=92)
    path = tmp_path_factory.mktemp("film") / "camera.mjpeg"
    path.write_bytes(held.getvalue() * 3)
    (path.parent / "picture.jpg").write_bytes(held.getvalue())
    return path


@pytest.fixture(scope="module")
def seeing(play: Any, film: Path) -> Iterator[Any]:
    """A browser with a camera in front of the film."""
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    browser = play.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *camera])
    yield browser
    browser.close()


def test_the_camera_reads_three_kinds_of_symbols(
    open_page: Callable[..., Any], server: Server, seeing: Any, tmp_path: Path
) -> None:
    page = open_page("phone", script=True, browser=seeing)
    sign_in(page, server, "shop")
    page.goto(f"{server.url}/desk/moves")
    page.click("[data-camera]")
    for _ in range(200):  # the policy forbids the function that would wait in the page
        if len(page.input_value("#codes").split()) == 3:
            break
        page.wait_for_timeout(100)
    page.screenshot(path=str(tmp_path / "camera.png"), full_page=True)
    assert set(page.input_value("#codes").split()) == {
        "https://id.gs1.org/01/06901234567892/21/1004",
        "(01)06901234567892(21)1005",
        "6901234567892",
    }
    page.click("[data-camera]")
    assert page.locator("video").is_hidden()


def test_a_drill_from_lot_to_closed_with_the_stop_watch(
    open_page: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    page, buyer, shop = open_page("desktop"), open_page("phone"), open_page("phone")
    sign_in(page, server, "inspector")
    page.goto(f"{server.url}/desk/recalls")
    page.select_option("#kind", "drill")
    for name, text in (
        ("title", "电芯演练"),
        ("hazard", "起火"),
        ("remedy", "退回"),
        ("target_s", "60"),
    ):
        page.fill(f"#{name}", text)
    page.fill("#codes", f"{CLASS}/10/L7")
    page.click(".desk-form .actions button")
    page.wait_for_url("**/desk/recalls/*")
    address = page.url
    with page.expect_navigation():
        page.click("text=立即封存")
    buyer.goto(f"{server.url}/c/" + quote(ITEMS[11], safe="") + "?lang=zh")
    assert "召回演练" in buyer.locator("main").inner_text()
    with page.expect_navigation():
        page.click("text=通知全部持有人")
    assert "秒表" in page.locator("main").inner_text()
    page.screenshot(path=str(tmp_path / "drill.png"), full_page=True)
    sign_in(shop, server, "shop")
    shop.goto(f"{server.url}/desk/notices")
    shop.click("text=电芯演练")
    shop.fill("#found", "20")
    shop.fill("#quarantined", "20")
    shop.click(".desk-form .actions button")
    shop.wait_for_selector("[role=status]")
    shop.screenshot(path=str(tmp_path / "notice.png"), full_page=True)
    page.goto(address)
    assert "100.0 %" in page.locator("main").inner_text()
    page.click("summary:has-text('结案')")
    page.click("details[open] button")
    page.wait_for_selector("text=已结案")
    page.screenshot(path=str(tmp_path / "closed.png"), full_page=True)


def test_a_label_is_drawn_while_it_is_typed(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page("desktop", script=True)
    sign_in(page, server, "works")
    page.goto(f"{server.url}/desk/labels")
    page.wait_for_selector("#drawing:not([hidden])")
    before = page.get_attribute("#drawing", "src")
    page.fill("#width_mm", "60")
    page.locator(f'#drawing:not([src="{before}"])').wait_for()
    page.fill("#symbol_mm", "1")
    page.locator("#drawing-wrong").filter(has_text="symbol_mm").wait_for()


def test_a_buyers_camera_and_picture_lead_to_the_answer(
    open_page: Callable[..., Any], server: Server, seeing: Any, film: Path
) -> None:
    page = open_page("phone", script=True, browser=seeing)
    page.goto(f"{server.url}/?lang=zh")
    page.click("[data-camera]")
    page.wait_for_url("**/check?q=*")
    assert page.locator("h1").inner_text()
    page.goto(f"{server.url}/?lang=zh")
    page.set_input_files("[data-picture]", str(film.with_name("picture.jpg")))
    page.wait_for_url("**/check?q=*")


def test_the_first_load_of_the_scan_page_is_small(
    open_page: Callable[..., Any], server: Server
) -> None:
    page = open_page("phone", script=True)
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(f"{server.url}/", wait_until="networkidle")
    page.goto(f"{server.url}/c/" + quote(ITEMS[0], safe=""), wait_until="networkidle")
    assert sum(sizes.values()) < 60_000, sizes
    assert not [url for url in sizes if "wasm" in url or "reader" in url]
