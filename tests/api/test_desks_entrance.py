"""People come in, go, and nobody comes in for them."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from guantong.caller import OPERATOR, Caller, Level, Scope
from guantong.clock import SetClock
from guantong.errors import fault
from guantong.serve import asked, keys
from guantong.serve.app import create_app
from guantong.serve.desks.entrance import next_of
from guantong.serve.job import Fault as IntakeFault
from guantong.serve.job import Receipt
from guantong.serve.people import password, totp
from guantong.serve.people.account import AccountError, Role, account_of, login_of
from guantong.serve.people.sessions import FAILURES_MAX, FAILURES_MS, IDLE_MS, LIFE_MS
from guantong.serve.upload import Uploads
from guantong.serve.world import World, is_there, open_world, rebuild
from guantong.settings import Settings
from tests.people_small import MAKER, OFFICE, PASSWORD, Browser, add, signed_in

NOW = 1_800_000_000_000


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def world(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as opened:
        yield opened


def test_a_clerk_signs_in_sees_the_desk_and_goes(world: World) -> None:
    add(world, "clerk", Role.PRODUCER, MAKER)
    browser = Browser(world)
    came = browser.get("/desk")
    assert came.url.path == "/login"
    assert came.url.params["next"] == "/desk?"
    desk = browser.sign_in("Clerk ", next="/desk")
    assert (desk.status_code, desk.url.path) == (200, "/desk")
    assert "生产者" in desk.text
    assert "企业" in browser.get("/").text
    token = browser.client.cookies[asked.SESSION_COOKIE]
    assert browser.post("/logout").url.path == "/login"
    browser.plant(token)
    assert browser.get("/desk").url.path == "/login", "the session is over, not only the cookie"


@pytest.mark.parametrize(
    ("login", "secret"),
    [("clerk", "wrong horse 电池"), ("nobody", PASSWORD), ("not a login", PASSWORD), ("", "")],
)
def test_wrong_words_do_not_open_and_do_not_say_which_was_wrong(
    world: World, login: str, secret: str
) -> None:
    add(world, "clerk", Role.PRODUCER, MAKER)
    browser = Browser(world)
    refused = browser.sign_in(login, secret=secret)
    assert refused.status_code == 401
    assert "登录名、密码或验证码不对" in refused.text
    assert asked.SESSION_COOKIE not in browser.client.cookies
    assert secret == "" or secret not in refused.text


def test_who_fails_often_waits_and_comes_in_again_later(world: World, clock: SetClock) -> None:
    add(world, "clerk", Role.PRODUCER, MAKER)
    browser = Browser(world)
    for _ in range(FAILURES_MAX):
        assert browser.sign_in("clerk", secret="no").status_code == 401
    locked = browser.sign_in("clerk")
    assert locked.status_code == 429
    clock.at_ms += FAILURES_MS + 1
    assert browser.sign_in("clerk").url.path == "/desk"


def test_a_session_is_new_at_each_sign_in(world: World) -> None:
    """Session fixation: what another has put into the browser counts for nothing."""
    add(world, "clerk", Role.PRODUCER, MAKER)
    browser = Browser(world)
    browser.plant("planted-by-another")
    browser.sign_in("clerk")
    first = browser.client.cookies[asked.SESSION_COOKIE]
    assert first != "planted-by-another"
    browser.sign_in("clerk")
    assert browser.client.cookies[asked.SESSION_COOKIE] != first
    assert world.person(first) is None


@pytest.mark.parametrize(("passed", "lives"), [(IDLE_MS, True), (IDLE_MS + 1, False)])
def test_an_idle_session_ends(world: World, clock: SetClock, passed: int, lives: bool) -> None:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    clock.at_ms += passed
    assert (browser.get("/desk").url.path == "/desk") is lives


def test_a_busy_session_ends_after_a_working_day(world: World, clock: SetClock) -> None:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    while clock.at_ms + IDLE_MS <= NOW + LIFE_MS:
        clock.at_ms += IDLE_MS
        assert browser.get("/desk").url.path == "/desk"
    clock.at_ms = NOW + LIFE_MS + 1
    assert browser.get("/desk").url.path == "/login"


def test_an_expired_session_is_never_silently_the_public(world: World) -> None:
    browser = Browser(world)
    browser.plant("over")
    shown = browser.client.get("/check?q=x", follow_redirects=False)
    assert (shown.status_code, shown.headers["location"][:6]) == (303, "/login")
    browser.plant("over")
    told = browser.client.get("/check.json?q=x", headers={"accept": "application/json"})
    assert told.status_code == 401
    assert told.json()["type"] == "serve.sign_in"


@pytest.mark.parametrize("given", ["", "0" * 64, "\u00e4"], ids=["none", "another", "no-ascii"])
def test_a_form_needs_the_token_of_its_session(world: World, given: str) -> None:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    refused = browser.post("/logout", {"csrf": given})
    assert refused.status_code == 403
    assert "表单不是从本站" in refused.text
    assert browser.get("/desk").url.path == "/desk"


@pytest.mark.parametrize(
    "header",
    [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    ids=["origin", "null", "fetch"],
)
def test_a_form_of_another_site_is_refused(world: World, header: dict[str, str]) -> None:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    assert browser.post("/logout", headers=header).status_code == 403
    assert browser.sign_in("clerk").status_code == 200
    assert browser.post("/login", {"login": "clerk"}, headers=header).status_code == 403


def test_a_session_submits_nothing_to_a_programs_door(world: World) -> None:
    """The cookie counts for questions and forms; `/capture` and `/codes` want a key in a header."""
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    for path in ("/capture", "/codes", "/signing-keys", "/epcis/capture"):
        assert browser.client.post(path, content=b"{}").status_code == 401, path


def test_another_password_ends_all_sessions(world: World) -> None:
    here, there = signed_in(world, "clerk", Role.PRODUCER, MAKER), Browser(world)
    there.sign_in("clerk")
    here.get("/account")
    wrong = here.post("/account/password", {"old": "no", "new": "another horse 电池"})
    assert wrong.status_code == 400
    poor = here.post("/account/password", {"old": PASSWORD, "new": "clerk12345678"})
    assert poor.status_code == 400
    assert (
        here.post("/account/password", {"old": PASSWORD, "new": "another horse 电池"}).url.path
        == "/account"
    )
    assert here.get("/desk").url.path == "/desk"
    assert there.get("/desk").url.path == "/login"
    assert there.sign_in("clerk").status_code == 401
    assert there.sign_in("clerk", secret="another horse 电池").status_code == 200


def test_a_second_factor_is_set_up_used_once_and_ended(world: World, clock: SetClock) -> None:
    browser = signed_in(world, "clerk", Role.PRODUCER, MAKER)
    page = browser.get("/account/factor")
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', page.text)
    assert secret is not None

    def code() -> str:
        return totp.code_at(secret[1], clock.now_ms() // totp.STEP_MS)

    assert (
        browser.post("/account/factor", {"secret": secret[1], "code": "000000"}).status_code == 400
    )
    assert browser.post("/account/factor", {"secret": "x", "code": code()}).status_code == 400
    assert (
        browser.post("/account/factor", {"secret": secret[1], "code": code()}).url.path
        == "/account"
    )
    other = Browser(world)
    assert other.sign_in("clerk").status_code == 401
    used = code()
    assert other.sign_in("clerk", code=used).status_code == 200
    again = Browser(world)
    assert again.sign_in("clerk", code=used).status_code == 401, "a code counts once"
    clock.at_ms += totp.STEP_MS
    assert browser.post("/account/factor", {"present": "000000"}).status_code == 400
    assert browser.post("/account/factor", {"present": code()}).url.path == "/account"
    assert again.sign_in("clerk").status_code == 200


@pytest.mark.parametrize(
    ("step", "code"),
    [(1, "287082"), (0x23523EC, "081804"), (0x23523ED, "050471"), (0x273EF07, "005924")],
)
def test_codes_are_those_of_the_standard(step: int, code: str) -> None:
    assert totp.code_at("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", step) == code


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/desk/people?x=1", "/desk/people?x=1"),
        ("", "/desk"),
        ("https://elsewhere.example/", "/desk"),
        ("//elsewhere.example/", "/desk"),
        ("/\\elsewhere.example", "/desk"),
        ("desk", "/desk"),
        ("/desk\r\nset-cookie: a=b", "/desk"),
    ],
)
def test_signing_in_leads_to_this_site_only(given: str, path: str) -> None:
    assert next_of(given) == path


def test_the_operator_lets_people_in_and_out(world: World) -> None:
    browser = signed_in(world, "boss", Role.OPERATOR)
    browser.get("/desk/people")
    new = {"login": "inspector", "role": "regulator", "party": OFFICE, "region": "33"}
    made = browser.post("/desk/people", new | {"what": "new"})
    secret = re.search(r'class="secret">([^<]+)<', made.text)
    assert secret is not None
    assert browser.post("/desk/people", new | {"what": "new"}).status_code == 400
    inspector = Browser(world)
    assert inspector.sign_in("inspector", secret=secret[1]).status_code == 200
    assert "浙江" in inspector.get("/desk").text
    assert inspector.get("/desk/people").status_code == 403
    assert browser.post("/desk/people", {"login": "inspector", "what": "close"}).status_code == 200
    assert inspector.get("/desk").url.path == "/login"
    assert inspector.sign_in("inspector", secret=secret[1]).status_code == 401
    assert secret[1] not in browser.get("/desk/people").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "x"},
        {"login": "a b"},
        {"role": "king"},
        {"party": ""},
        {"party": "\u202e"},
        {"region": "x"},
        {"region": "33", "role": "seller"},
        {"what": "password"},
        {"what": "?"},
    ],
    ids=str,
)
def test_an_account_that_can_not_be_is_refused(world: World, wrong: dict[str, str]) -> None:
    browser = signed_in(world, "boss", Role.OPERATOR)
    browser.get("/desk/people")
    size = world.ledger.size
    right = {"login": "someone", "role": "regulator", "party": OFFICE, "region": "", "what": "new"}
    assert browser.post("/desk/people", right | wrong).status_code == 400
    assert world.ledger.size == size


def test_a_look_of_a_regulator_is_in_the_ledger_before_its_answer(world: World) -> None:
    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    auditor = signed_in(world, "auditor", Role.AUDITOR, "urn:guantong:opaque:auditor")
    size = world.ledger.size
    inspector.get("/check?q=6901234567892")
    assert world.ledger.size == size + 1
    assert world.ledger.entry(size).statement.typ == "look"
    inspector.get("/static/page.css")
    assert world.ledger.size == size + 1
    shown = auditor.get("/desk/looks")
    assert "/check?q=6901234567892" in shown.text
    assert "inspector" in shown.text
    told = auditor.client.get("/desk/looks.json").json()
    assert [look["what"] for look in told["looks"]] == ["/check?q=6901234567892", "/desk?"]
    assert inspector.get("/desk/looks").status_code == 403
    assert auditor.get("/desk/looks?day=2026-01-01").status_code == 200
    assert auditor.get("/desk/looks?day=x").status_code == 400


def test_a_look_by_key_is_entered_too_and_one_that_can_not_be_gets_no_answer(
    world: World,
) -> None:
    made = keys.new_key(Caller(OFFICE, Level.REGULATOR))
    world.add_key(made, OPERATOR)
    head = {"authorization": f"Bearer {made.text}"}
    client = TestClient(create_app(world, world.settings))
    size = world.ledger.size
    assert client.get("/epcis/events", headers=head).status_code == 200
    assert world.ledger.size == size + 1
    assert world.intake is not None
    world.intake.close()
    assert client.get("/epcis/events", headers=head).status_code == 503
    assert client.get("/check.json?q=x").status_code == 200, "the public's answers need no entry"


def test_a_look_the_writer_refuses_gets_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Receipt(accepted=False, faults=(fault(IntakeFault.BUSY, expected="room", got="none"),))

    async def refusing(*_: object) -> Receipt:
        return busy

    inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE)
    monkeypatch.setattr(Uploads, "enter", refusing)
    refused = inspector.get("/check?q=x")
    assert refused.status_code == 503
    assert "没有这个码" not in refused.text


def test_accounts_and_looks_come_again_from_the_ledger(tmp_path: Path, clock: SetClock) -> None:
    settings = Settings(tmp_path / "data")
    with open_world(settings, clock=clock, create=True) as world:
        inspector = signed_in(world, "inspector", Role.REGULATOR, OFFICE, region="33")
        inspector.get("/check?q=x")
        before = [world.all_facts(kind) for kind in ("account", "look")]
    list(rebuild(settings))
    assert is_there(settings)
    with open_world(settings, clock=clock) as world:
        assert [world.all_facts(kind) for kind in ("account", "look")] == before
        assert Browser(world).sign_in("inspector").status_code == 200


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        (Scope.READ, "/capture", 403),
        (Scope.CAPTURE, "/capture", 400),
        (Scope.CAPTURE, "/codes", 403),
        (Scope.CODES, "/codes", 400),
        (Scope.CODES, "/signing-keys", 403),
        (Scope.KEYS, "/signing-keys", 400),
        (Scope.READ, "/epcis/capture", 403),
        (Scope.CAPTURE, "/epcis/capture", 415),
    ],
)
def test_a_key_is_good_for_what_it_was_made_for(
    world: World, scope: Scope, path: str, status: int
) -> None:
    made = keys.new_key(Caller(MAKER, Level.PARTY, scopes=(scope,)))
    world.add_key(made, OPERATOR)
    client = TestClient(create_app(world, world.settings))
    head = {"authorization": f"Bearer {made.text}", "content-type": "text/plain"}
    posted = client.post(path, content=b"x", headers=head)
    assert posted.status_code == status, posted.text
    asks = client.get("/epcis/events", headers=head | {"content-type": ""})
    assert asks.status_code == (200 if scope is Scope.READ else 403)


def test_a_login_is_read_at_the_door() -> None:
    assert login_of(" Li.Wei@Firm-1 ") == "li.wei@firm-1"
    with pytest.raises(AccountError):
        account_of("x", MAKER, Role.SELLER)


def test_the_hash_for_nobody_takes_the_same_way() -> None:
    assert not password.fits("", "anything")
    assert not password.fits("no hash", "anything")
    assert password.fits(password.hashed("a", salt=b"8 bytes!"), "a")


def test_a_password_stands_in_no_statement(world: World) -> None:
    add(world, "clerk", Role.PRODUCER, MAKER)
    statement = world.ledger.entry(world.ledger.size - 1).statement
    assert "clerk" not in msgspec.json.encode(statement).decode()
