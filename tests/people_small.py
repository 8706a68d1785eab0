"""People for tests: accounts with one password, and a browser without a window for each."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from guantong.caller import OPERATOR
from guantong.serve import asked
from guantong.serve.app import create_app
from guantong.serve.people.account import Role, account_of
from guantong.serve.world import World

PASSWORD = "correct horse 电池"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""Made and compared at once: the tests sign in often."""
MAKER = "urn:guantong:uscc:91110000600037341L"
SHOP = "urn:guantong:uscc:92110105MA01NCMJ5Q"
OFFICE = "urn:guantong:opaque:office.33"


def add(world: World, login: str, role: Role, party: str = "", *, region: str = "") -> None:
    """Make an account with `PASSWORD`."""
    account = account_of(login, party, role, region=region)
    world.enter(msgspec.structs.replace(account, password=HASH).made(), OPERATOR)


class Browser:
    """Somebody in front of a page: keeps cookies, and posts the hidden fields of the last page."""

    def __init__(self, world: World) -> None:
        self.client = TestClient(create_app(world, world.settings), follow_redirects=True)
        self.client.headers["accept"] = "text/html"
        self.token = ""

    def get(self, path: str, **how: Any) -> Any:
        """A page; remembers the token of its forms."""
        return self._seen(self.client.get(path, **how))

    def post(self, path: str, fields: Mapping[str, str] | None = None, **how: Any) -> Any:
        """Post a form, with the token unless told otherwise."""
        return self._seen(
            self.client.post(path, data={"csrf": self.token} | dict(fields or {}), **how)
        )

    def sign_in(self, login: str, *, secret: str = PASSWORD, code: str = "", **more: str) -> Any:
        """Sign in."""
        return self.post("/login", {"login": login, "password": secret, "code": code} | more)

    def plant(self, token: str) -> None:
        """Put a session into the browser."""
        self.client.cookies.set(asked.SESSION_COOKIE, token, domain="testserver.local")

    def _seen(self, response: Any) -> Any:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', response.text)
        self.token = found[1] if found else self.token
        return response


def signed_in(
    world: World, login: str, role: Role, party: str = "", *, region: str = ""
) -> Browser:
    """An account, and somebody signed in with it."""
    add(world, login, role, party, region=region)
    browser = Browser(world)
    assert browser.sign_in(login).status_code == 200
    return browser
