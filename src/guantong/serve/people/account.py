"""Who may act for whom? Accounts of people, each statement of one an entry of the ledger.

The last statement about a login counts. One that is closed signs in no more; its entries stay.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from guantong.caller import OPERATOR, Caller, Level
from guantong.errors import Refusal, fault
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.store import Fact, Store

KIND: Final = "account"
"""Of the facts about accounts, by login."""
MEDIA: Final = "application/vnd.guantong.account+json"
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}[a-z0-9]")


class Role(StrEnum):
    """What a person does here. Closed: a new role is a decision, not a string."""

    PRODUCER = "producer"
    SELLER = "seller"
    USER = "user"
    """Who uses, installs or repairs: a site, a gas company, a repairer."""
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    """Looks who looked, and checks the proofs; sees of trade what the public sees."""
    OPERATOR = "operator"
    """Runs this installation."""


LEVELS: Final = {
    Role.PRODUCER: Level.PARTY,
    Role.SELLER: Level.PARTY,
    Role.USER: Level.PARTY,
    Role.REGULATOR: Level.REGULATOR,
    Role.AUDITOR: Level.PUBLIC,
    Role.OPERATOR: Level.OPERATOR,
}
"""How much each role sees."""


class Fault(StrEnum):
    """Why there is no such account. Part of the public API: never renamed."""

    LOGIN = "serve.login"
    """Not a login."""
    ACCOUNT = "serve.account"
    """No such account, or its members do not fit together."""


class AccountError(Refusal):
    """Not an account."""


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about an account."""

    login: str
    """Chosen by the operator: no name of a person needs to stand in it."""
    party: str
    """The firm or office it acts for."""
    role: Role
    password: str = ""
    """Its argon2id hash; "" when nobody can sign in."""
    region: str = ""
    """For a regulator: GB/T 2260 prefix, "" for the whole country."""
    totp: str = ""
    """Secret of the second factor in base32; "" when there is none."""
    closed: bool = False
    entry: int = -1
    """Where its last statement stands; not part of the statement."""

    def caller(self) -> Caller:
        """On whose behalf the person asks."""
        return Caller(self.party, LEVELS[self.role], self.region)

    def made(self) -> Made:
        """The entry that says it."""
        stated = msgspec.structs.replace(self, entry=-1)
        return Made(StatementType.ROLE, msgspec.json.encode(stated), facts_of(stated), MEDIA)


def account_of(login: str, party: str, role: Role, *, region: str = "") -> Account:
    """A new account, without a password yet.

    Args:
        login: As the person will type it; upper case is made lower.
        party: The firm or office; of the operator it is the operator's own.
        role: What the person does.
        region: For a regulator: GB/T 2260 prefix.

    Returns:
        The account.

    Raises:
        AccountError: if the login is none, a party is missing, or the region is not a
            regulator's or is no prefix.
    """
    party = OPERATOR.party if role is Role.OPERATOR else party.strip()
    if not party or not party.isprintable():
        raise AccountError(fault(Fault.ACCOUNT, expected="a party", got=ascii(party), path="party"))
    if region and (role is not Role.REGULATOR or not re.fullmatch(r"\d{2}|\d{4}|\d{6}", region)):
        expected = "2, 4 or 6 digits of GB/T 2260, for a regulator"
        raise AccountError(fault(Fault.ACCOUNT, expected=expected, got=region, path="region"))
    return Account(login_of(login), party, role, region=region)


def login_of(text: str) -> str:
    """Read a login.

    Returns:
        In lower case.

    Raises:
        AccountError: if it is none.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        expected = "3 to 64 letters, digits, dots, hyphens, @ or _"
        raise AccountError(fault(Fault.LOGIN, expected=expected, got=text[:100], path="login"))
    return login


def parse(body: bytes) -> Account:
    """Read the body of an entry about an account."""
    return msgspec.json.decode(body, type=Account)


def facts_of(account: Account) -> tuple[Fact, ...]:
    """What such an entry leaves in the store."""
    return (Fact(KIND, account.login, msgspec.to_builtins(account)),)


def find(store: Store, login: str) -> Account | None:
    """The account of a login as it stands, None when there is none or it is closed."""
    facts = store.facts(KIND, (login,))
    if not facts:
        return None
    last = msgspec.convert(facts[-1].fields | {"entry": facts[-1].entry}, Account)
    return None if last.closed else last
