"""Which tables does somebody look at again and again? Saved views: a name for an address."""

from typing import Final

import msgspec

from guantong.errors import fault
from guantong.ledger import StatementType
from guantong.serve.made import Made
from guantong.serve.people.account import AccountError, Fault
from guantong.store import Fact, Store

KIND: Final = "view"
"""Of the facts about saved views, by the login."""
MEDIA: Final = "application/vnd.guantong.view+json"
NAME_MAX: Final = 60
ADDRESS_MAX: Final = 500
VIEWS_MAX: Final = 50


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an entry about a saved view."""

    login: str
    name: str
    address: str = ""
    """Path and query below ``/desk/``; "" drops the view."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(KIND, self.login, msgspec.to_builtins(self)),)

    def made(self) -> Made:
        """The entry that says it."""
        return Made.of(StatementType.SETTING, self, MEDIA)


def parse(body: bytes) -> View:
    """Read the body of an entry about a saved view."""
    return msgspec.json.decode(body, type=View)


def views_of(store: Store, login: str) -> list[View]:
    """Somebody's views, by name."""
    told = (msgspec.convert(fact.fields, View) for fact in store.facts(KIND, (login,)))
    last = {one.name: one for one in told}
    return sorted((one for one in last.values() if one.address), key=lambda one: one.name)


def check_view(view: View, known: list[View]) -> None:
    """Refuse a view that leads out of the desks, or one too many.

    Raises:
        AccountError: if it does.
    """
    is_ours = view.address.startswith("/desk/") and "//" not in view.address.partition("?")[0]
    is_short = 1 <= len(view.name) <= NAME_MAX and len(view.address) <= ADDRESS_MAX
    is_clean = view.name.isprintable() and view.address.isprintable() and "\\" not in view.address
    names = {one.name for one in known} | {view.name}
    if (view.address and not is_ours) or not is_short or not is_clean or len(names) > VIEWS_MAX:
        expected = f"a name, and an address below /desk/; at most {VIEWS_MAX} views"
        raise AccountError(
            fault(Fault.ACCOUNT, expected=expected, got=view.address[:100], path="address")
        )
