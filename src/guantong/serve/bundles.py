"""How is a bundle made of what an installation holds?"""

from collections.abc import Sequence

from guantong import capture
from guantong.capture import Document
from guantong.capture.slices import slices
from guantong.errors import fault
from guantong.ledger import Entry, Ledger, LedgerError
from guantong.ledger.bundle import Proof, make_proof
from guantong.ledger.disclosure import Bundle
from guantong.ledger.faults import Fault
from guantong.ledger.inner import Disclosed, Form, disclose
from guantong.serve import party_keys, projector
from guantong.serve.events import events_of, made_in, with_made
from guantong.store import Store
from guantong.verdict.history import MADE


def make_bundle(
    ledger: Ledger,
    store: Store,
    index: int,
    note: bytes,
    *,
    event: int | None = None,
    made: str = "",
) -> Bundle:
    """The bundle of an entry.

    Args:
        ledger: Where it stands.
        store: The index, which knows where keys were registered.
        index: Of the entry.
        note: A checkpoint this ledger signed.
        event: Which event of its document to show, counted from 0; None for none.
        made: Show not the event but that it made this thing, and nothing else of it.

    Returns:
        The bundle.

    Raises:
        LedgerError: if the checkpoint's tree has no such entry, the document no such event, its
            body was erased, or its entry has no root over it.
    """
    proof, entry = make_proof(ledger, index, note), ledger.entry(index)
    shown = None if event is None else _disclosed(ledger, entry, event, made)
    return Bundle(proof, shown, _key(ledger, store, entry, note))


def _disclosed(ledger: Ledger, entry: Entry, event: int, made: str) -> Disclosed:
    said, opening = entry.statement, ledger.opening(entry.index)
    if not said.n and said.root:
        return disclose(opening.salt, [opening.body], Form.RAW, event)
    # Mostly the bytes of the event are enough; then the document need not be understood.
    cut = slices(opening.body) or ()
    if event < len(cut) and not made and MADE not in said.meta:
        shown = disclose(opening.salt, cut, Form.RAW, event)
        if _leads(shown, said.root):
            return shown
    document = _read(entry, opening.body)
    form, leaves = (with_made if MADE in said.meta else events_of)(opening.body, document)
    at = _place(form, leaves, document, event, made)
    if at is not None:
        shown = disclose(opening.salt, leaves, form, at)
        if _leads(shown, said.root):
            return shown
    expected, got = "an entry with a root over what is to be shown", said.root or "none"
    raise LedgerError(fault(Fault.DISCLOSURE, expected=expected, got=got, path="event"))


def _read(entry: Entry, body: bytes) -> Document:
    said = entry.statement
    reading = capture.read(
        body,
        media=said.media,
        name=str(said.meta.get("name", "")),
        limits=projector.UNBOUNDED,
        proceed=True,
    )
    return projector.identified(reading.document or Document(format="none"))


def _place(
    form: Form, leaves: Sequence[bytes], document: Document, event: int, made: str
) -> int | None:
    """Where among the leaves stands what is to be shown; None when it does not."""
    if made:
        if form not in {Form.RAW_MADE, Form.CANONICAL_MADE}:
            return None
        things = made_in(document)
        first = len(leaves) - len(things)
        same = (n for n, it in enumerate(things) if (it.event, it.made) == (event, made))
        found = next(same, None)
        return None if found is None else first + found
    if form in {Form.CANONICAL, Form.CANONICAL_MADE} and event in document.positions:
        return document.positions.index(event)  # what could not be read has no place there
    return event


def _leads(shown: Disclosed, root: str) -> bool:
    reached = shown.root()
    return reached is not None and reached.hex() == root


def _key(ledger: Ledger, store: Store, entry: Entry, note: bytes) -> Proof | None:
    """The proof of the entry that registered the signer's key; None when nobody signed."""
    said = entry.statement
    if not said.sig:
        return None
    name = party_keys.name(said.by, said.key)
    facts = [fact for fact in store.facts(party_keys.KIND, (name,)) if fact.fields.get("public")]
    if not facts:
        raise LedgerError(fault(Fault.DISCLOSURE, expected="a key", got=said.key, path="key"))
    return make_proof(ledger, facts[-1].entry, note)
