"""Coming in by the word of another house, and everything that must not let anybody in."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from guantong.clock import SetClock
from guantong.serve.people.account import Role
from guantong.serve.people.provider import ProviderError, read_config
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, Browser, add

NOW = 1_772_500_000_000
KEY = ECKey.generate_key("P-256", {"kid": "1", "use": "sig", "alg": "ES256"})
OTHER = ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"})


class House:
    """A provider: gives a code for whoever comes, and what a test wants for the code."""

    def __init__(self) -> None:
        self.url = ""
        self.claims: dict[str, Any] = {}
        self.key: Any = KEY
        self.algorithm = "ES256"
        self.token: str | None = None
        self.asked: dict[str, str] = {}
        self.form: dict[str, str] = {}

    def answer(self, path: str) -> Any:
        if path.endswith("openid-configuration"):
            told = {
                name: f"{self.url}/{name}" for name in ("authorization_endpoint", "token_endpoint")
            }
            return told | {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [KEY.as_dict(private=False)]}

    def signed(self) -> str:
        claims = {
            "iss": self.url,
            "aud": "guantong",
            "nonce": self.asked["nonce"],
            "iat": NOW // 1000,
            "exp": NOW // 1000 + 300,
            "preferred_username": "clerk",
        }
        header = {"alg": self.algorithm, "kid": "1"}
        algorithms = [self.algorithm]
        return self.token or jwt.encode(
            header, claims | self.claims, self.key, algorithms=algorithms
        )


@pytest.fixture
def house() -> Iterator[House]:
    made = House()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.tell(made.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.form = {name: values[0] for name, values in parse_qs(body).items()}
            made.form["authorization"] = self.headers["Authorization"]
            self.tell({"access_token": "x", "id_token": made.signed()})

        def tell(self, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *given: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def world(tmp_path: Path, house: House) -> Iterator[World]:
    file = tmp_path / "provider.toml"
    file.write_text(
        f'issuer = "{house.url}"\nclient_id = "guantong"\nclient_secret = "s/é+"\n', "utf-8"
    )
    settings = Settings(tmp_path / "data", provider=file)
    with open_world(settings, clock=SetClock(NOW), create=True) as opened:
        add(opened, "clerk", Role.PRODUCER, MAKER)
        yield opened


def go(browser: Browser, house: House, onward: str = "/desk/codes") -> str:
    """To the provider; gives the state that comes back."""
    browser.client.follow_redirects = False
    there = browser.client.get("/login/provider", params={"next": onward}).headers["location"]
    browser.client.follow_redirects = True
    assert there.startswith(f"{house.url}/authorization_endpoint?")
    house.asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    return house.asked["state"]


def come(browser: Browser, state: str) -> Any:
    return browser.get("/login/provider/back", params={"state": state, "code": "c0de"})


def test_who_has_an_account_comes_in(world: World, house: House) -> None:
    browser = Browser(world)
    assert "/login/provider" in browser.get("/login").text
    page = come(browser, go(browser, house))
    assert page.url.path == "/desk/codes"
    assert page.status_code == 200
    verifier = house.form["code_verifier"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    assert house.asked["code_challenge"] == challenge.rstrip(b"=").decode()
    assert house.form["redirect_uri"] == house.asked["redirect_uri"]
    pair = base64.b64decode(house.form["authorization"].removeprefix("Basic ")).decode()
    assert pair == "guantong:s%2F%C3%A9%2B"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["guantong"], "azp": "another"},
        {"nonce": "another"},
        {"exp": NOW // 1000 - 3_600},
        {"exp": None},
        {"iat": NOW // 1000 + 3_600},
        {"preferred_username": None},
        {"preferred_username": "nobody-here"},
        {"preferred_username": "../x"},
    ],
)
def test_a_token_that_is_not_for_this_lets_nobody_in(
    world: World, house: House, claims: dict[str, Any]
) -> None:
    browser = Browser(world)
    house.claims = claims
    assert come(browser, go(browser, house)).status_code in {400, 401}
    assert browser.get("/desk").url.path == "/login"


def test_a_token_of_another_key_or_none_lets_nobody_in(world: World, house: House) -> None:
    body = "e30"
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)).encode())
    for key, algorithm, token in (
        (OTHER, "ES256", None),
        (public, "HS256", None),
        (RSAKey.generate_key(2048, {"kid": "1"}), "RS256", None),
        (KEY, "ES256", f"{none}.{body}."),
        (KEY, "ES256", "no token"),
    ):
        house.key, house.algorithm, house.token = key, algorithm, token
        browser = Browser(world)
        assert come(browser, go(browser, house)).status_code == 400
        assert browser.get("/desk").url.path == "/login"


def test_a_way_is_gone_once_by_the_browser_that_began_it(world: World, house: House) -> None:
    browser, other = Browser(world), Browser(world)
    state = go(browser, house)
    assert come(other, state).status_code == 400
    assert come(browser, state).status_code == 400  # somebody has tried it
    state = go(browser, house)
    assert come(browser, state).url.path == "/desk/codes"
    assert come(browser, state).status_code == 400
    assert come(browser, "").status_code == 400


def test_a_way_is_over_after_ten_minutes(world: World, house: House) -> None:
    browser = Browser(world)
    state = go(browser, house)
    assert isinstance(world.clock, SetClock)
    world.clock.at_ms += 11 * 60_000
    assert come(browser, state).status_code == 400


def test_nobody_is_led_out_of_here(world: World, house: House) -> None:
    browser = Browser(world)
    page = come(browser, go(browser, house, "https://evil.example/"))
    assert page.url.path == "/desk"


def test_a_closed_account_stays_closed(world: World, house: House) -> None:
    import msgspec

    from guantong.caller import OPERATOR

    account = world.account("clerk")
    assert account is not None
    world.enter(msgspec.structs.replace(account, closed=True).made(), OPERATOR)
    browser = Browser(world)
    assert come(browser, go(browser, house)).status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        "",
        'issuer = "http://id.example.com"\nclient_id = "a"\nclient_secret = "b"',
        'issuer = "https://id.example.com/"\nclient_id = "a"\nclient_secret = "b"',
        'issuer = "https://id.example.com"\nclient_id = "a"\nclient_secret = "b"\nx = 1',
    ],
)
def test_a_file_that_names_no_provider_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.toml").write_text(text, "utf-8")
    with pytest.raises(ProviderError):
        read_config(tmp_path / "p.toml")
