"""Which repositories does a firm have asked for its events? One entry each; the key stays in the vault."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from guantong.errors import Refusal, fault
from guantong.store import Fact, Store, all_facts

PARTNER: Final = "partner"
"""Of the facts about repositories that are asked, by firm and name."""
MEDIA: Final = "application/vnd.guantong.partner+json"
NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
URL_MAX: Final = 500
TOKEN_MAX: Final = 2_000
EVERY_MIN_S: Final = 5
EVERY_MAX_S: Final = 86_400


class Fault(StrEnum):
    """Why a system can not join so. Part of the public API: never renamed."""

    PARTNER = "connectors.partner"
    """A repository that can not be asked."""
    ANSWER = "connectors.answer"
    """An answer that is none of EPCIS."""
    ECODE = "connectors.ecode"
    """No such submission of an Ecode client."""


class ConnectorError(Refusal):
    """A system that can not join so."""


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A repository that is asked for a firm. The body of an entry; `token` is in no fact."""

    firm: str
    name: str
    """Chosen by the firm."""
    url: str = ""
    """Of its events, such as ``https://epcis.example.com/events``; "" ends it."""
    token: str = ""
    """Sent as ``Authorization: Bearer``."""
    every_s: int = 60
    """Between two questions."""

    @property
    def key(self) -> str:
        """By which it is found."""
        return f"{self.firm} {self.name}"

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store: all but the token."""
        told = {"firm": self.firm, "name": self.name, "url": self.url, "every_s": self.every_s}
        return (Fact(PARTNER, self.key, told, links=(self.firm,)),)


def check_partner(partner: Partner) -> None:
    """Refuse what can not be asked; whether its address may be reached is seen when it is asked.

    Raises:
        ConnectorError: if a member is out of its bounds.
    """
    wanted = (
        ("name", bool(NAME.fullmatch(partner.name)), "letters, digits, . _ -"),
        ("url", len(partner.url) <= URL_MAX, f"at most {URL_MAX} characters"),
        (
            "token",
            len(partner.token) <= TOKEN_MAX
            and partner.token.isascii()
            and partner.token.isprintable(),
            "a token",
        ),
        (
            "every_s",
            EVERY_MIN_S <= partner.every_s <= EVERY_MAX_S,
            f"{EVERY_MIN_S} to {EVERY_MAX_S} seconds",
        ),
    )
    for name, is_right, expected in wanted:
        if not is_right:
            got = "another text" if name == "token" else str(getattr(partner, name))[:100]
            raise ConnectorError(fault(Fault.PARTNER, expected=expected, got=got, path=name))


def parse_partner(body: bytes) -> Partner:
    """Read the body of an entry about a repository."""
    return msgspec.json.decode(body, type=Partner)


def partners(store: Store) -> Iterator[Fact]:
    """The facts of those that are asked, as they were said last."""
    last = {fact.key: fact for fact in all_facts(store, PARTNER)}
    return (fact for fact in last.values() if fact.fields["url"])
