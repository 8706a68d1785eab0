"""The pages and the JSON beside them, through the ASGI application."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from guantong.caller import PUBLIC
from guantong.errors import fault
from guantong.serve.app import create_app
from guantong.serve.intake import Fault as IntakeFault
from guantong.serve.intake import IntakeError
from guantong.settings import Settings
from tests.serve_desk import (
    BAD,
    GTIN,
    HOSTILE,
    KEY,
    MAKER,
    OK,
    PRIVATE,
    RECALLED,
    UNKNOWN,
    FakeDesk,
    wide_trail,
)

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
OUTCOMES = {
    OK: ("ok", "已登记，未见异常", "Registered, nothing against it"),
    RECALLED: ("problem", "已登记，但有问题", "Registered, but there is a problem"),
    UNKNOWN: ("unknown", "这里没有这个码的记录", "No record of this code here"),
    BAD: ("malformed", "码的格式不对", "Not a valid code"),
    PRIVATE: ("not_shared", "发码方没有公开这个码的信息", "The issuer does not share this code"),
}


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def client(desk: FakeDesk, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(desk, Settings(tmp_path))
    with TestClient(app, headers=HTML, follow_redirects=False) as made:
        yield made


class Tags(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def code_path(code: str) -> str:
    return "/c/" + quote(code, safe="")


@pytest.mark.parametrize("code", OUTCOMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_outcome_has_a_page_in_both_languages(
    client: TestClient, code: str, language: str
) -> None:
    outcome, zh, en = OUTCOMES[code]
    answer = client.get(code_path(code), params={"lang": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Tags(answer.text)
    assert (zh if language == "zh" else en) in page.text()
    assert (en if language == "zh" else zh) not in page.text()
    assert f'class="verdict {outcome}"' in answer.text
    assert page.all("html")[0]["lang"] == ("zh-Hans" if language == "zh" else "en")
    assert len(page.all("h1")) == 1
    assert not page.all("script")
    assert "12315" in page.text()


@pytest.mark.parametrize("code", OUTCOMES)
def test_the_same_answer_as_json(client: TestClient, code: str) -> None:
    by_accept = client.get(code_path(code), headers={"Accept": "application/json"})
    by_query = client.get(code_path(code), params={"format": "json"})
    by_suffix = client.get(code_path(code) + ".json")
    by_check = client.get("/check.json", params={"q": code})
    assert by_accept.json() == by_query.json() == by_suffix.json() == by_check.json()
    assert by_accept.headers["content-type"] == "application/json"
    answer = by_accept.json()
    assert answer["verdict"] == OUTCOMES[code][0]
    wanted = {
        "verdict", "reasons", "product", "producer", "certificates", "history", "ledger_size",
        "uri", "scheme", "kind", "lot", "made_on", "holder", "state", "unproven", "faults",
    }  # fmt: skip
    assert wanted <= answer.keys()


def test_json_says_why_with_rule_and_standing(client: TestClient) -> None:
    answer = client.get(code_path(RECALLED), params={"format": "json"}).json()
    assert answer["reasons"][0]["code"] == "verdict.recalled"
    assert answer["reasons"][0]["rule"] == "recall/2026-014"
    certificate = answer["certificates"][0]
    assert (certificate["standing_when_made"], certificate["standing_now"]) == (
        "valid",
        "suspended",
    )
    assert certificate["entries"] == [3]
    assert answer["history"][0]["at"] == "2026-03-05T09:30:00+08:00"
    malformed = client.get("/check", params={"q": BAD, "format": "json"}).json()
    found = malformed["faults"][0]
    assert found["code"] == "identify.check"
    assert found["expected"] == "check digit 2 in (01)"
    assert found["zh"].startswith("校验位不对")
    assert found["en"].startswith("The check digit is wrong")


def test_the_page_shows_the_certificate_then_and_now_and_what_is_hidden(
    client: TestClient,
) -> None:
    text = Tags(client.get(code_path(RECALLED), params={"lang": "zh"}).text).text()
    assert "生产当日 ✓ 有效" in text
    assert "现在 ! 暂停" in text
    assert "带虚线圈的环节有一部分未显示：交易信息只向交易双方和监管部门开放。" in text
    assert text.count("单位和地点未显示") == 2
    assert "91330100MA2AXXXX6X" in text
    assert "浙江省杭州市余杭区" in text
    assert "后来声明有误" in text
    assert "12\u2009345" in client.get(code_path(RECALLED)).text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/01/06901234567892/21/A1001", OK),
        ("/01/6901234567892/21/A1001", "https://id.gs1.org/01/6901234567892/21/A1001"),
        ("/gtin/06901234567892/ser/A1", "https://id.gs1.org/gtin/06901234567892/ser/A1"),
        ("/01/06901234567892/22/V1/10/L1/21/A1", f"{GTIN}/22/V1/10/L1/21/A1"),
        ("/01/06901234567892/21/A%2F1", f"{GTIN}/21/A%2F1"),
        ("/01/06901234567892/21/A%2f%22%3C1", f"{GTIN}/21/A%2f%22%3C1"),
        ("/00/106141412345678908", "https://id.gs1.org/00/106141412345678908"),
        ("/414/9506000134352", "https://id.gs1.org/414/9506000134352"),
        ("/8004/9506000134352A", "https://id.gs1.org/8004/9506000134352A"),
        ("/01/06901234567892?17=301231&lang=en&utm=x", f"{GTIN}?17=301231&utm=x"),
        ("/01/06901234567892.json", GTIN),
        ("/01/6901234567893", "https://id.gs1.org/01/6901234567893"),
    ],
)
def test_digital_links_are_checked_as_they_were_sent(
    client: TestClient, desk: FakeDesk, path: str, text: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert desk.asked == [(text, PUBLIC, None)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/c/6901234567892", "6901234567892"),
        ("/c/https%3A%2F%2Fid.gs1.org%2F01%2F06901234567892%2F21%2FA%252F1", f"{GTIN}/21/A%2F1"),
        (
            "/c/https://id.gs1.org/01/06901234567892/21/A%2F1?17=301231",
            f"{GTIN}/21/A%2F1?17=301231",
        ),
        ("/c/https:/id.gs1.org/01/06901234567892", GTIN),
        ("/c/%5D d2 01069".replace(" ", ""), "]d201069"),
        ("/c/%1D0106901234567892", "\x1d0106901234567892"),
        ("/c/urn%3Aepc%3Aid%3Asgtin%3A4012345.098765.12", "urn:epc:id:sgtin:4012345.098765.12"),
        ("/c/(01)06901234567892(21)A.json?format=html", "(01)06901234567892(21)A.json"),
        ("/c/%E4%B8%AD%FF", "中\ufffd"),
        ("/c/%zz", "%zz"),
        ("/check?q=%206901234567892%0A", "6901234567892"),
        ("/check?q=%00", "\x00"),
        ("/check?q=%ff%fe", "\ufffd\ufffd"),
    ],
)
def test_any_text_reaches_the_desk_as_it_was_sent(
    client: TestClient, desk: FakeDesk, path: str, text: str
) -> None:
    assert client.get(path).status_code == 200
    assert [asked[0] for asked in desk.asked] == [text]


@pytest.mark.parametrize("place", ["/c/{}", "/check?q={}", "/trace/{}"])
def test_a_hostile_code_stays_inert(client: TestClient, desk: FakeDesk, place: str) -> None:
    hostile = HOSTILE
    desk.trail = wide_trail(2)
    answer = client.get(place.format(quote(hostile, safe="")))
    page = Tags(answer.text)
    assert not page.all("script")
    assert [image for image in page.all("img") if "onerror" in image] == []
    assert "<script" not in answer.text
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
    if not place.startswith("/trace"):
        assert hostile in "".join(page.words)


def test_nothing_comes_from_elsewhere_and_nothing_runs(client: TestClient) -> None:
    answer = client.get(code_path(RECALLED))
    policy = answer.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Tags(answer.text)
    links = [link.get("href") or "" for link in page.all("link")]
    assert links
    assert all(link.startswith("/") for link in links)
    assert not [attributes for _, attributes in page.tags if "style" in attributes]
    loaded = len(answer.content) + sum(len(client.get(link).content) for link in links[:2])
    assert loaded < 60_000


def test_static_files_are_kept_only_by_their_hash(client: TestClient) -> None:
    page = Tags(client.get("/").text)
    for link in page.all("link")[:2]:
        answer = client.get(link["href"] or "")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/page.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/page.css").headers["content-type"].startswith("text/css")
    for name in ("..%2fpages.py", "%2e%2e%2fpages.py", "pages.py", ".", "..%5cpages.py"):
        assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "cookie", "query", "language"),
    [
        ({}, "", "", "zh"),
        ({"Accept-Language": "en-GB,en;q=0.9,zh;q=0.8"}, "", "", "en"),
        ({"Accept-Language": "fr, zh-TW;q=0.3, en;q=0.2"}, "", "", "zh"),
        ({"Accept-Language": "en;q=0, de"}, "", "", "zh"),
        ({"Accept-Language": "en;q=x;;,,,=;"}, "", "", "zh"),
        ({"Accept-Language": "en"}, "zh", "", "zh"),
        ({"Accept-Language": "zh"}, "zh", "en", "en"),
        ({}, "<x>", "fr", "zh"),
    ],
)
def test_the_language_is_chosen_by_query_then_cookie_then_header(
    client: TestClient, headers: dict[str, str], cookie: str, query: str, language: str
) -> None:
    given = headers | ({"Cookie": f"lang={cookie}"} if cookie else {})
    answer = client.get("/", params={"lang": query} if query else {}, headers=given)
    assert Tags(answer.text).all("html")[0]["lang"] == ("zh-Hans" if language == "zh" else "en")
    assert ("set-cookie" in answer.headers) == (query in {"zh", "en"})
    assert "Accept-Language" in answer.headers["vary"]


def test_the_switch_leads_to_the_same_page_in_the_other_language(client: TestClient) -> None:
    first = client.get("/check", params={"q": "(01)06901234567892&x", "lang": "zh"})
    link = next(a for a in Tags(first.text).all("a") if a.get("class") == "switch")
    second = client.get(link["href"] or "")
    assert Tags(second.text).all("html")[0]["lang"] == "en"
    assert "(01)06901234567892&x" in Tags(second.text).text()
    cookie = second.headers["set-cookie"]
    assert "lang=en" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_first_page_has_the_box_and_examples(client: TestClient) -> None:
    page = Tags(client.get("/", params={"lang": "zh"}).text)
    form = page.all("form")[0]
    box = page.all("input")[0]
    assert (form["action"], form["method"]) == ("/check", "get")
    assert "autofocus" in box
    assert box["name"] == "q"
    assert "一辆被召回的" in page.text()
    assert code_path(RECALLED) in [a.get("href") for a in page.all("a")]
    assert client.get("/", params={"format": "json"}).json()["ledger_size"] == 12_345


def test_check_without_a_text_leads_to_the_box(client: TestClient) -> None:
    assert client.get("/check").headers["location"] == "/"
    answer = client.get("/check", params={"q": "  "})
    assert answer.status_code == 400
    assert "<h1>" in answer.text
    problem = client.get("/check.json")
    assert problem.status_code == 400
    assert problem.json()["type"] == "serve.query"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/check?q=" + "9" * 8_001, 414, "serve.too_long"),
        ("/c/" + "9" * 8_001, 414, "serve.too_long"),
        ("/check?q=1&as_of=-1", 400, "serve.query"),
        ("/check?q=1&as_of=1e3", 400, "serve.query"),
        ("/check?q=1&as_of=" + "9" * 5_000, 400, "serve.query"),
        ("/check?q=1&as_of=%D9%A1", 400, "serve.query"),
        ("/trace/1?direction=sideways", 400, "serve.query"),
        (f"/trace/{BAD}", 400, "serve.unreadable"),
        ("/c/", 400, "serve.query"),
        ("/nowhere", 404, "serve.not_found"),
        ("/02/123", 404, "serve.not_found"),
        ("/01", 404, "serve.not_found"),
        ("/static/none.css", 404, "serve.not_found"),
        ("/check?q=1&at_least=99999999", 400, "serve.query"),
    ],
)
def test_what_gets_no_answer_says_why(
    client: TestClient, path: str, status: int, code: str
) -> None:
    page = client.get(path)
    assert page.status_code == status
    assert code in Tags(page.text).text()
    document = client.get(path, headers={"Accept": "application/json"})
    assert document.status_code == status
    assert document.headers["content-type"] == "application/problem+json"
    problem = document.json()
    assert (problem["type"], problem["status"]) == (code, status)
    assert problem["errors"][0]["zh"]
    assert problem["errors"][0]["en"]
    if status == 503:
        assert page.headers["retry-after"]
        assert document.headers["retry-after"]
    assert page.headers["content-security-policy"]


def test_other_methods_are_refused(client: TestClient) -> None:
    assert client.post("/check").status_code == 405
    answer = client.get("/capture")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert client.head(code_path(OK)).status_code == 200


def test_a_key_decides_who_asks_and_a_wrong_one_is_never_the_public(
    client: TestClient, desk: FakeDesk
) -> None:
    client.get("/check", params={"q": OK}, headers={"Authorization": f"Bearer {KEY}"})
    client.get("/check", params={"q": OK}, headers={"X-API-Key": KEY})
    client.get("/check", params={"q": OK}, headers={"Authorization": "Basic eDp5"})
    assert [asked[1] for asked in desk.asked] == [MAKER, MAKER, PUBLIC]
    answer = client.get("/check", params={"q": OK}, headers={"X-API-Key": "gt_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len(desk.asked) == 3


def test_as_of_passes_through_and_is_said(client: TestClient, desk: FakeDesk) -> None:
    answer = client.get("/check", params={"q": OK, "as_of": "77", "lang": "zh"})
    assert desk.asked[-1] == (OK, PUBLIC, 77)
    assert "按账本前 77 条" in answer.text
    client.get("/trace/" + quote(OK, safe=""), params={"as_of": "78"})
    assert desk.asked[-1] == (OK, PUBLIC, 78)


def test_the_permanent_link_gives_the_same_answer(client: TestClient, desk: FakeDesk) -> None:
    page = Tags(client.get(code_path(OK)).text)
    link = next(a["href"] or "" for a in page.all("a") if "as_of" in (a.get("href") or ""))
    assert client.get(link).status_code == 200
    assert desk.asked[-1] == (OK, PUBLIC, 12_345)


def test_a_trace_is_drawn_listed_and_told(client: TestClient) -> None:
    answer = client.get("/trace/" + quote(OK, safe=""), params={"lang": "zh"})
    page = Tags(answer.text)
    text = page.text()
    assert len([t for t in page.all("title")]) > 6  # one for the page, one for every box
    assert "动力电池组 48 V" in text
    assert "磷酸铁锂电芯 <b>18650</b>" in text
    assert "<b>18650" not in answer.text
    assert "已发货，没有收货记录" in text
    assert "杭州风行车业有限公司 → 武汉江汉自行车商行" in text
    assert "有一部分没有显示：流向信息不向公众开放。这不等于没有数据。" in text
    current = [a for a in page.all("a") if a.get("aria-current") == "page"]
    assert [a["href"] for a in current] == [f"/trace/{quote(OK, safe='')}?direction=both"]
    assert page.all("svg")[-1]["role"] == "group"


def test_a_trace_as_json(client: TestClient, desk: FakeDesk) -> None:
    answer = client.get(f"/trace/{quote(OK, safe='')}.json", params={"direction": "up"}).json()
    assert {"origin", "nodes", "edges", "gaps", "complete"} <= answer.keys()
    assert desk.asked[-1][0] == OK
    assert answer["gaps"][0]["code"] == "trace.shipped_not_received"


def test_a_wide_trace_is_folded_and_says_that_it_was_cut(
    client: TestClient, desk: FakeDesk
) -> None:
    desk.trail = wide_trail(2_000)
    answer = client.get("/trace/x", params={"lang": "zh"})
    text = Tags(answer.text).text()
    assert "2000 个同类 · 37 家持有" in text
    assert "等 2000 个" in text
    assert "共 2001 行" in text
    assert "追溯没有走完" in text
    assert len(re.findall('class="box', answer.text)) == 2
    assert len(answer.content) < 200_000


def test_identify_lists_the_readings(client: TestClient) -> None:
    answer = client.get("/identify", params={"q": "6901234567892"}).json()
    assert answer["readings"] == [
        {
            "uri": GTIN,
            "scheme": "gs1",
            "kind": "class",
            "class": GTIN,
            "serial": "",
            "batch": "",
            "checked": True,
            "notes": [],
        }
    ]
    assert client.get("/identify.json", params={"q": "?"}).json() == {"readings": []}
    assert client.get("/identify").status_code == 400


def test_health_and_status(client: TestClient, desk: FakeDesk) -> None:
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").json() == {
        "ready": True,
        "ledger_size": 12_345,
        "projected_size": 12_345,
    }
    assert client.get("/status").json()["ledger_root"] == "00" * 32
    assert client.get("/status", params={"at_least": "12345"}).status_code == 200


def test_our_own_mistake_is_a_500_that_tells_nothing(desk: FakeDesk, tmp_path: Path) -> None:
    desk.refusal = ZeroDivisionError("secret detail")
    app = create_app(desk, Settings(tmp_path))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/check", params={"q": OK})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["type"] == "serve.failure"
    assert answer.headers["content-security-policy"]


def test_no_memory_for_an_answer_is_a_reason_to_come_again(desk: FakeDesk, tmp_path: Path) -> None:
    desk.refusal = MemoryError("secret detail")
    with TestClient(create_app(desk, Settings(tmp_path)), raise_server_exceptions=False) as client:
        answer = client.get("/check", params={"q": OK})
    assert (answer.status_code, answer.json()["type"]) == (503, "serve.crowded")
    assert answer.headers["retry-after"] == "2"
    assert "secret" not in answer.text


def test_a_stopped_writer_is_unavailable_not_broken(client: TestClient, desk: FakeDesk) -> None:
    desk.refusal = IntakeError(fault(IntakeFault.CLOSED, expected="a writer", got="stopped"))
    answer = client.get("/check", params={"q": OK}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_answers_are_not_kept_by_caches(client: TestClient) -> None:
    for path in ("/", code_path(OK), "/check?q=1", "/status", "/nowhere"):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/linkset+json", True),
        ("text/html", False),
        ("*/*", False),
        ("application/json;q=0.5, text/html;q=0.4", True),
        ("application/json;q=0.4, text/html", False),
        ("application/json;q=nan", False),
        ("", False),
        (";;,,q=", False),
    ],
)
def test_programs_are_told_from_people(client: TestClient, accept: str, is_json: bool) -> None:
    answer = client.get(code_path(OK), headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/json") is is_json
    if is_json:
        assert json.loads(answer.content)["verdict"] == "ok"


def test_a_key_may_be_kept_by_the_browser_for_questions_only(
    client: TestClient, desk: FakeDesk
) -> None:
    assert 'type="password"' in client.get("/key", params={"lang": "zh"}).text
    taken = client.post("/key", data={"key": KEY})
    assert (taken.status_code, taken.headers["location"]) == (303, "/")
    cookie = taken.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age" not in cookie
    seen = client.get("/check", params={"q": OK})
    assert desk.asked[-1][1] == MAKER
    assert "以 企业 · 91330100MA2AXXXX6X 的身份查看" in Tags(seen.text).text()
    assert KEY not in seen.text
    assert client.post("/capture", content=b"{}").status_code == 401
    ended = client.post("/key", data={"key": ""})
    assert 'key="";' in ended.headers["set-cookie"]
    client.get("/check", params={"q": OK})
    assert desk.asked[-1][1] == PUBLIC


def test_a_wrong_key_is_not_kept(client: TestClient, desk: FakeDesk) -> None:
    answer = client.post("/key", data={"key": "gt_wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert 'type="password"' in answer.text
    assert "gt_wrong" not in answer.text
    assert client.post("/key", content=b"key=" + b"x" * 5_000).status_code == 400
    assert client.post("/key", content=b"\xff=%ff&&&;=").status_code == 303
    stale = client.get("/check", params={"q": OK}, headers={"Cookie": "key=gt_revoked"})
    assert stale.status_code == 401
    assert 'action="/key"' in stale.text
    assert not desk.asked


def test_an_index_that_does_not_come_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = FakeDesk()
    monkeypatch.setattr(desk, "wait", lambda size: False)
    with TestClient(create_app(desk, Settings(tmp_path))) as client:
        for name in ("at_least", "as_of"):
            answer = client.get("/check.json", params={"q": "1", name: "12345"})
            assert (answer.status_code, answer.json()["type"]) == (503, "serve.behind")
            assert answer.headers["retry-after"]
