"""May somebody come in by the word of another house? OpenID Connect, code flow with PKCE.

The operator names one provider in a file. Who comes in still needs an account here: the provider says
who it is, this installation what they may do.

References:
    RFC 7636, section 4
    RFC 9700, section 2.1
"""

import base64
import hashlib
import hmac
import secrets
import sqlite3
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from guantong.clock import Clock
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.ledger import LedgerError
from guantong.serve.outward import Answer, ask

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures that are believed; never "none", never one keyed with the client's secret."""
LIFE_MS: Final = 10 * 60 * 1000
"""Somebody may take so long at the provider."""
SKEW_S: Final = 60
FILE: Final = "sessions.sqlite"
BUSY_SECONDS: Final = 10.0
KEYS_MS: Final = 3_600_000
"""Keys and addresses of the provider are asked for anew after so long."""

Asking = Callable[[str, str, bytes | None, Mapping[str, str] | None], Answer]


class Fault(StrEnum):
    """Why nobody comes in so. Part of the public API: never renamed."""

    PROVIDER = "serve.provider"
    """The provider can not be asked, or says what it may not."""


class ProviderError(Refusal):
    """Nobody comes in so."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator's file says."""

    issuer: str
    """As in the tokens; its ``/.well-known/openid-configuration`` is asked."""
    client_id: str
    client_secret: str
    claim: str = "preferred_username"
    """Which claim is the login here. It must be one that people can not choose themselves."""
    label_zh: str = "统一身份登录"
    label_en: str = "Sign in with your organisation"


class Begun(NamedTuple):
    """Somebody on the way to the provider."""

    state: str
    nonce: str
    verifier: str
    onward: str


@dataclass(slots=True)
class _Told:
    """What the provider says of itself."""

    at_ms: int
    authorization: str
    token: str
    keys: "KeySet"


class Provider:
    """The one provider of an installation."""

    def __init__(self, config: Config, data: Path, clock: Clock, asking: Asking = ask) -> None:
        """Ask nothing yet; several processes share who is on the way, in a file in `data`."""
        self.config = config
        self._clock = clock
        self._ask = asking
        self._told: _Told | None = None
        self._db = sqlite3.connect(
            data / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS begun (state TEXT PRIMARY KEY, nonce TEXT NOT NULL, "
            "verifier TEXT NOT NULL, onward TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID"
        )

    def begin(self, back: str, onward: str) -> tuple[Begun, str]:
        """Send somebody to the provider.

        Args:
            back: The address here to come back to.
            onward: Where they wanted to go.

        Returns:
            What to remember, and the address at the provider.

        Raises:
            ProviderError: if the provider can not be asked.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = Begun(state, nonce, verifier, onward)
        now_ms = self._clock.now_ms()
        self._db.execute("DELETE FROM begun WHERE at < ?", (now_ms - LIFE_MS,))
        self._db.execute("INSERT INTO begun VALUES(?,?,?,?,?)", (*begun, now_ms))
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        there = self._about().authorization
        return begun, f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(asked)}"

    def login_of(self, state: str, kept: str, code: str, back: str) -> tuple[str, str]:
        """Who comes back.

        Args:
            state: As the provider gave it back.
            kept: The same, as the browser kept it.
            code: What the provider gave for the token.
            back: As in `begin`.

        Returns:
            The login, and where they wanted to go.

        Raises:
            ProviderError: if anything does not fit; each way can be gone once.
        """
        row = self._db.execute(
            "DELETE FROM begun WHERE state = ? RETURNING state, nonce, verifier, onward, at",
            (state,),
        ).fetchone()
        now_ms = self._clock.now_ms()
        if not row or not hmac.compare_digest(state, kept) or now_ms - row[4] > LIFE_MS:
            raise ProviderError(_refused("state", "a way that was begun here", "another"))
        begun = Begun(*row[:4])
        claims = self._claims(self._token(code, begun, back), begun, now_ms // 1000)
        login = claims.get(self.config.claim)
        if not isinstance(login, str) or not login:
            raise ProviderError(_refused("token", f"a claim {self.config.claim}", "none"))
        return login, begun.onward

    def _token(self, code: str, begun: Begun, back: str) -> str:
        form = urlencode(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": begun.verifier,
            }
        )
        pair = (
            f"{quote(self.config.client_id, safe='')}:{quote(self.config.client_secret, safe='')}"
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        }
        told = self._json("POST", self._about().token, form.encode(), headers)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise ProviderError(_refused("token", "an id_token", "none"))
        return token

    def _claims(self, token: str, begun: Begun, now_s: int) -> dict[str, Any]:
        # Six megabytes of every process that answers: only who is asked for such a word loads it.
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            claims = jwt.decode(token, self._about().keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError):
            self._told = None  # perhaps the keys were changed: asked for anew next time
            raise ProviderError(_refused("token", "a signature of the provider", "none")) from None
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        until, since = claims.get("exp"), claims.get("iat")
        wanted = (
            ("iss", claims.get("iss") == self.config.issuer),
            ("aud", self.config.client_id in named),
            ("azp", claims.get("azp", self.config.client_id) == self.config.client_id),
            ("nonce", hmac.compare_digest(str(claims.get("nonce", "")), begun.nonce)),
            ("exp", isinstance(until, int | float) and until > now_s - SKEW_S),
            ("iat", isinstance(since, int | float) and since < now_s + SKEW_S),
        )
        if wrong := [name for name, is_right in wanted if not is_right]:
            raise ProviderError(_refused("token", f"a token for us, now: {wrong[0]}", "another"))
        return claims

    def _about(self) -> _Told:
        now_ms = self._clock.now_ms()
        told = self._told
        if told is not None and 0 <= now_ms - told.at_ms < KEYS_MS:
            return told
        config = self._json("GET", f"{self.config.issuer}/.well-known/openid-configuration")
        if config.get("issuer") != self.config.issuer:
            raise ProviderError(_refused("issuer", self.config.issuer, config.get("issuer")))
        there = str(config.get("authorization_endpoint", ""))
        token = str(config.get("token_endpoint", ""))
        keys = self._json("GET", str(config.get("jwks_uri", "")))
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            found = KeySet.import_key_set(keys)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError(_refused("jwks_uri", "keys", error)) from error
        self._told = _Told(now_ms, there, token, found)
        return self._told

    def _json(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            came = self._ask(method, url, body, headers)
            told = msgspec.json.decode(came.body) if came.status == 200 else None
        except (LedgerError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProviderError(_refused(url, "an answer in JSON", error)) from error
        if not isinstance(told, dict):
            raise ProviderError(_refused(url, "200 and an object", came.status))
        return told


def read_config(path: Path) -> Config:
    """Read the operator's file.

    Args:
        path: TOML with the members of `Config`.

    Returns:
        It.

    Raises:
        ProviderError: if it is none, or the issuer is no address with encryption.
    """
    try:
        config = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Config)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ProviderError(_refused(str(path.name), "a provider in TOML", error)) from error
    parts = urlsplit(config.issuer)
    is_near = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if config.issuer.endswith("/") or (parts.scheme != "https" and not is_near):
        expected = "https://…, no slash at its end"
        raise ProviderError(_refused("issuer", expected, config.issuer))
    return config


def _refused(path: str, expected: str, got: object) -> Found:
    return fault(Fault.PROVIDER, expected=expected, got=got, path=path)
