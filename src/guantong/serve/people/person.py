"""Who is signed in: an account, and the session by which it is known."""

from typing import NamedTuple

from guantong.serve.people import account as accounts
from guantong.serve.people.account import Account
from guantong.serve.people.sessions import Session, Sessions
from guantong.store import Store


class Person(NamedTuple):
    """Somebody who is signed in."""

    account: Account
    session: Session


def find(store: Store, sessions: Sessions, token: str) -> Person | None:
    """Who is signed in by a token.

    Returns:
        The person; None when the session is over, also because the account said something new
            since (another password, another role, its end).
    """
    session = sessions.find(token)
    if session is None:
        return None
    account = accounts.find(store, session.login)
    if account is None or account.entry != session.entry:
        sessions.end(token)
        return None
    return Person(account, session)
