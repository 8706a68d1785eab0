"""Names, regions and owners of places and parties, each asked for once."""

from typing import Final

from guantong.parties.registry import Firm, Place, firm, place
from guantong.store import Filed

FACT_KINDS: Final = ("firm", "place")
"""Kinds of facts that a register reads."""
PARTY_FORMS = ("https://id.gs1.org/417/", "urn:guantong:uscc:")
"""How the keys of firms begin."""


class Register:
    """A reader's view of all firms and places, for one ledger size.

    Keep one for a question, not longer: it does not see what is filed later.
    """

    def __init__(self, store: Filed, *, as_of: int | None = None) -> None:
        """Start with nothing asked."""
        self._store = store
        self._as_of = as_of
        self._known: dict[str, Place | Firm | None] = {}

    def find(self, key: str) -> Place | Firm | None:
        """The place or firm with this key or GLN, None if nobody filed it."""
        if key not in self._known:
            found = None if _is_party(key) else place(self._store, key, as_of=self._as_of)
            self._known[key] = found or firm(self._store, key, as_of=self._as_of)
        return self._known[key]

    def name_of(self, key: str) -> str:
        """Its name, its key when nobody named it."""
        found = self.find(key) if key else None
        return found.name if found and found.name else key

    def region_of(self, key: str) -> str:
        """Its GB/T 2260 code, "" when nobody filed it."""
        found = self.find(key) if key else None
        return found.region if found else ""

    def firm_of(self, key: str) -> str:
        """Key of the firm behind a place or a party GLN; the key itself when not known."""
        found = self.find(key) if key else None
        if isinstance(found, Place) and found.firm:
            return found.firm
        return found.key if isinstance(found, Firm) else key


def _is_party(key: str) -> bool:
    """Whether a key can only be a firm's; a place record with it would take the firm over."""
    return key.startswith(PARTY_FORMS)
