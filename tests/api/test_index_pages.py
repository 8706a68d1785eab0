"""The pages of the credit index and of the checker, over a real installation."""

import html
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level
from guantong.serve import bulletin_pages, index_office
from guantong.serve.app import create_app
from guantong.serve.keys import new_key
from guantong.serve.world import World, open_world, rebuild
from guantong.settings import Settings
from tests.index_small import MONTH, computed, issue

PAGES = ["/index", "/index/provinces", "/index/industries", "/index/releases"]
HTML = {"Accept": "text/html"}
WRONG = "查办案件8474件，其中网络案件3547件，占43.16%。"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("office") / "data"
    with open_world(Settings(place), create=True) as opened:
        issue(opened, again=True)
        yield opened


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(create_app(world, world.settings)) as made:  # its own: no language is kept
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), create=True) as opened:
        yield opened


def key(world: World, caller: Caller) -> dict[str, str]:
    return {"X-API-Key": world.add_key(new_key(caller), OPERATOR), "Accept": "text/html"}


@pytest.fixture(scope="module")
def firm(world: World) -> int:
    """A firm of the last release."""
    return int(computed(MONTH, 309, "迟到的数据").panel.firm[3])


# ------------------------------------------------------------------------ the office


def test_a_release_is_three_entries_and_again_the_same_is_none(fresh: World) -> None:
    first = index_office.record(fresh, computed(), OPERATOR)
    kinds = [
        fresh.ledger.entry(number).statement.meta["kind"] for number in range(fresh.ledger.size)
    ]
    assert kinds == ["credit-panel", "credit-annex", "credit-release"]
    statement = fresh.ledger.entry(first.entry).statement
    assert statement.typ == "manifest"
    assert (statement.meta["period"], statement.meta["vintage"]) == (MONTH, 1)
    assert fresh.ledger.body(first.entry) == first.vintage.body()
    again = index_office.record(fresh, computed(), OPERATOR)
    assert (again.entry, again.vintage, fresh.ledger.size) == (first.entry, first.vintage, 3)


def test_other_data_make_a_vintage_beside_the_first(world: World) -> None:
    known = index_office.held(world, MONTH).held[MONTH]
    assert [one.number for one in known] == [1, 2]
    first = index_office.find(world, MONTH, 1)
    last = index_office.find(world, MONTH)
    assert first is not None
    assert last is not None
    assert first.vintage == computed().issue.vintage
    assert (last.vintage.number, last.annex.number) == (2, 2)
    assert "“v2”" in last.annex.text.whole("en")
    assert index_office.find(world, MONTH, 3) is None
    assert index_office.find(world, "2016-12") is None
    (revision,) = index_office.revisions(world, MONTH)
    assert revision.rests_on == ("input",)
    assert revision.reason == "迟到的数据"


def test_a_rebuild_finds_the_same_releases(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    kinds = ("credit_release", "credit_annex", "credit_panel")
    with open_world(settings, create=True) as opened:
        issue(opened)
        before = {kind: opened.all_facts(kind) for kind in kinds}
    assert [len(facts) for facts in before.values()] == [2, 2, 2]
    for _ in rebuild(settings):
        pass
    with open_world(settings) as opened:
        assert {kind: opened.all_facts(kind) for kind in kinds} == before


def test_the_parts_of_a_change_add_up(world: World) -> None:
    told = index_office.find(world, MONTH)
    assert told is not None
    assert told.annex.before is not None
    change = told.release.national - told.annex.before.national
    for parts in (told.annex.by_sub, told.annex.by_province, told.annex.by_section):
        assert math.isclose(math.fsum(parts.values()), change, abs_tol=1e-9)
    assert math.isclose(math.fsum(told.annex.turnover.values()), change, abs_tol=1e-9)
    assert told.annex.low < told.release.national < told.annex.high


# ------------------------------------------------------------------------ the index


@pytest.mark.parametrize("path", [*PAGES, f"/index/release/{MONTH}", "/bulletin"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_in_both_languages(client: TestClient, path: str, language: str) -> None:
    page = client.get(path, params={"lang": language}, headers=HTML)
    assert page.status_code == 200
    assert page.text.rstrip().endswith("</html>")
    assert page.text.count("<h1") == 1
    assert "<script" not in page.text
    assert "style=" not in page.text  # the policy forbids it
    assert ("企业信用指数" if language == "zh" else "Credit index") in page.text


@pytest.mark.parametrize("path", [*PAGES[:3], f"/index/release/{MONTH}"])
def test_every_page_says_that_the_weights_are_an_example(client: TestClient, path: str) -> None:
    assert "示例方法" in client.get(path, params={"lang": "zh"}, headers=HTML).text
    english = client.get(path, params={"lang": "en"}, headers=HTML).text
    assert "are not the published index" in english


def test_the_index_shows_what_was_issued(client: TestClient, world: World) -> None:
    told = client.get("/index.json").json()
    stored = index_office.find(world)
    assert stored is not None
    assert (told["period"], told["vintage"]) == (MONTH, 2)
    assert told["national"]["value"] == stored.release.national
    assert len(told["sub_indices"]) == 6
    assert {row["way"] for row in told["sub_indices"]} <= {"up", "steady", "down"}
    assert (len(told["provinces"]), len(told["sections"])) == (32, 20)
    assert told["series"]["months"][-1] == MONTH
    assert told["series"]["adjusted"][-1] == told["national"]["adjusted"]
    assert told["method"]["provenance"] == "example"
    page = client.get("/index", headers=HTML).text
    assert f"{stored.release.national:.2f}" in page
    assert f"{stored.annex.low:.2f}" in page
    old = client.get("/index.json", params={"period": "2017-01"}).json()
    assert old["period"] == "2017-01"


def test_ranks_come_with_their_bands(client: TestClient) -> None:
    told = client.get("/index/provinces.json").json()
    ranks = [row["rank"] for row in told["rows"] if row["rank"]]
    assert ranks == sorted(ranks)
    assert all(row["low"] <= row["high"] for row in told["rows"] if row["rank"])
    page = client.get("/index/provinces", params={"lang": "zh"}, headers=HTML).text
    assert page.count("<rect") >= 34
    for row in told["rows"]:
        assert f'<th scope="row">{row["zh"]}</th>' in page
    industries = client.get("/index/industries.json").json()["rows"]
    assert {row["key"] for row in industries} == set("ABCDEFGHIJKLMNOPQRST")


def test_a_release_by_vintage_and_what_changed(client: TestClient) -> None:
    path = f"/index/release/{MONTH}"
    last, first = client.get(path, headers=HTML).text, client.get(
        path, params={"vintage": "1"}, headers=HTML
    ).text  # fmt: skip
    assert "迟到的数据" in last
    assert "这是旧版" in first
    assert "第 2 版改了什么" in last
    assert "第 2 版改了什么" not in first
    told = client.get(f"{path}.json").json()
    (revision,) = told["revisions"]
    assert revision["changes"]
    assert told["text"]["zh"].startswith("2017年2月")
    listed = client.get("/index/releases.json").json()["releases"]
    assert [(one["period"], one["vintage"]) for one in listed] == [
        (MONTH, 1), (MONTH, 2), ("2017-01", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/index/release/2017-13", 400),
        ("/index/release/now", 400),
        ("/index?period=2017-1", 400),
        ("/index/release/2030-01", 404),
        (f"/index/release/{MONTH}?vintage=9", 404),
        (f"/index/release/{MONTH}?vintage=x", 400),
        (f"/index/release/{MONTH}?vintage=-1", 400),
        (f"/index/release/{MONTH}?vintage={'9' * 30}", 400),
        ("/index/nowhere", 404),
    ],
)
def test_what_is_refused(client: TestClient, path: str, status: int) -> None:
    for form in ("text/html", "application/json"):
        answer = client.get(path, headers={"Accept": form})
        assert answer.status_code == status, answer.text
    assert answer.json()["errors"]


def test_the_first_page_leads_there_once_something_is_issued(
    client: TestClient, fresh: World
) -> None:
    assert 'href="/index"' in client.get("/", headers=HTML).text
    with TestClient(create_app(fresh, fresh.settings)) as empty:
        assert 'href="/index"' not in empty.get("/", headers=HTML).text
        assert empty.get("/index", headers=HTML).status_code == 404
        assert empty.get("/index/releases", headers=HTML).status_code == 200
        assert 'href="/index"' not in empty.get("/bulletin", headers=HTML).text


# ------------------------------------------------------------------------ one firm


def test_a_firm_is_not_for_everybody(client: TestClient, world: World, firm: int) -> None:
    path = f"/index/firm/{firm}"
    nobody = client.get(path, headers=HTML)
    assert nobody.status_code == 401
    other = client.get(path, headers=key(world, Caller("urn:guantong:opaque:999", Level.PARTY)))
    assert other.status_code == 403
    assert "这不表示没有数据" in other.text
    # Whether a firm is there is told to nobody who may not see it.
    for absent in ("/index/firm/987654321", "/index/firm/x"):
        assert client.get(absent, headers=HTML).status_code == 401
        there = key(world, Caller("urn:guantong:opaque:999", Level.PARTY))
        assert client.get(absent, headers=there).status_code == 403


def test_a_firm_sees_itself_and_so_do_those_who_supervise_it(
    client: TestClient, world: World, firm: int
) -> None:
    path = f"/index/firm/{firm}"
    told = client.get(f"{path}.json", headers=key(world, Caller(str(firm), Level.PARTY))).json()
    assert told["firm"] == firm
    assert told["grade"] in {"A", "B", "C", "D"}
    assert len(told["grounds"]) == 24
    assert told["contest"]["fields"]
    panel = computed(MONTH, 309, "迟到的数据").panel
    province = str(panel.province[3])
    elsewhere = "11" if province != "11" else "12"
    for caller, status in (
        (Caller("office", Level.REGULATOR), 200),
        (Caller("office", Level.REGULATOR, province), 200),
        (Caller("office", Level.REGULATOR, f"{province}0100"), 200),
        (Caller("office", Level.REGULATOR, elsewhere), 403),
        (OPERATOR, 200),
    ):
        assert client.get(path, headers=key(world, caller)).status_code == status, caller
    gone = client.get("/index/firm/987654321", headers=key(world, OPERATOR))
    assert gone.status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_firms_page(client: TestClient, world: World, firm: int, language: str) -> None:
    page = client.get(
        f"/index/firm/{firm}", params={"lang": language}, headers=key(world, OPERATOR)
    ).text
    for heading in ("reasons", "steps", "contest", "grounds"):
        assert f'<h2 id="{heading}">' in page
    assert ("示例方法" if language == "zh" else "not the published index") in page


# ------------------------------------------------------------------------ the checker


def posted(client: TestClient, text: str, accept: str = "text/html", **fields: str) -> str:
    answer = client.post("/bulletin", data={"text": text, **fields}, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_text_is_marked_up(client: TestClient) -> None:
    page = posted(client, WRONG)
    assert re.search(r'<mark id="claim-\d+" class="wrong"[^>]*>43\.16%</mark>', page)
    assert '<ins class="should-be">41.86%</ins>' in page
    assert "有 1 处有误" in page
    # The form on the page holds the text again, so that it can be mended.
    (box,) = re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)
    assert html.unescape(box).strip() == WRONG


def test_a_text_with_a_script_in_it_stays_text(client: TestClient) -> None:
    for text in (HOSTILE + WRONG, f'{WRONG}</textarea>{HOSTILE}"><img src=x onerror=alert(2)>'):
        page = posted(client, text)
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert page.count("</textarea>") == 1


def test_a_file_is_read_and_goes_before_the_box(client: TestClient) -> None:
    for name in ("公报.txt", "a.md", 'b";.txt'):
        file = {"file": (name, WRONG.encode(), "application/octet-stream")}
        page = client.post("/bulletin", data={"text": ""}, files=file, headers=HTML)
        assert page.status_code == 200, page.text
        assert "41.86%" in page.text
    web = f"<html><body><p>{WRONG}</p>{HOSTILE}</body></html>".encode()
    page = client.post("/bulletin", files={"file": ("a.html", web)}, headers=HTML)
    assert "41.86%" in page.text


def test_the_answer_as_json_and_as_a_sheet(client: TestClient) -> None:
    told = json.loads(posted(client, WRONG, "application/json"))
    assert told["counts"]["wrong"] == 1
    (wrong,) = [one for one in told["claims"] if one["verdict"] == "wrong"]
    assert wrong["should_be"] == "41.86%"
    assert json.loads(posted(client, WRONG, format="json")) == told
    plain = client.post(
        "/bulletin.json", content=WRONG.encode(), headers={"Content-Type": "text/plain"}
    )
    assert plain.json() == told
    sheet = client.post("/bulletin", data={"text": "=1+1 " + WRONG, "format": "xlsx"}, headers=HTML)
    assert "attachment" in sheet.headers["content-disposition"]
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(sheet.content)).get_sheet_by_index(0).to_python()
    )
    assert rows[0][0] == "text"
    assert any("41.86%" in row for row in rows)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": {"text": " \n"}}, 400, "serve.query"),
        ({"data": {}}, 400, "serve.query"),
        ({"data": {"text": "一" * (bulletin_pages.TEXT_MAX + 1)}}, 413, "capture.too_large"),
        ({"data": {"text": "1" * 300}}, 413, "capture.too_large"),
        ({"data": {"text": WRONG, "format": "pdf"}}, 400, "serve.query"),
        ({"files": {"file": ("a.xlsx", b"PK\x03\x04")}}, 400, "bulletin.file"),
        ({"files": {"file": ("a.exe", b"MZ")}}, 400, "bulletin.file"),
        ({"files": {"file": ("a.pdf", b"%PDF-1.7 broken")}}, 400, "bulletin.file"),
        ({"files": {"file": ("a.docx", b"PK\x03\x04broken")}}, 400, "bulletin.file"),
        ({"content": b"x", "headers": {"Content-Type": "image/png"}}, 400, "serve.query"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "serve.query"),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
            400,
            "serve.query",
        ),
        ({"content": b"x" * (bulletin_pages.BYTES_MAX + 1)}, 413, "capture.too_large"),
    ],
)
def test_what_the_checker_refuses(
    client: TestClient, sent: dict[str, object], status: int, code: str
) -> None:
    answer = client.post("/bulletin.json", **sent)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["code"] == code


def test_a_person_is_refused_with_a_page(client: TestClient) -> None:
    answer = client.post("/bulletin", data={"text": ""}, headers=HTML)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_a_body_that_does_not_tell_its_size_is_cut_off(client: TestClient) -> None:
    chunks = (b"x" * 65_536 for _ in range(bulletin_pages.BYTES_MAX // 65_536 + 1))
    answer = client.post("/bulletin.json", content=chunks)
    assert answer.status_code == 413
