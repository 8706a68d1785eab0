"""How is a bundle made of what an installation holds?"""

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
from guantong.serve.events import events_of
from guantong.store import Store


def make_bundle(
    ledger: Ledger, store: Store, index: int, note: bytes, *, event: int | None = None
) -> Bundle:
    """The bundle of an entry.

    Args:
        ledger: Where it stands.
        store: The index, which knows where keys were registered.
        index: Of the entry.
        note: A checkpoint this ledger signed.
        event: Which event of its document to show, counted from 0; None for none.

    Returns:
        The bundle.

    Raises:
        LedgerError: if the checkpoint's tree has no such entry, the document no such event, its
            body was erased, or its entry has no root.
    """
    proof, entry = make_proof(ledger, index, note), ledger.entry(index)
    shown = None if event is None else _disclosed(ledger, entry, event)
    return Bundle(proof, shown, _key(ledger, store, entry, note))


def _disclosed(ledger: Ledger, entry: Entry, at: int) -> Disclosed:
    said, opening = entry.statement, ledger.opening(entry.index)
    # Mostly the bytes of the event are enough; then the document need not be understood.
    cut = slices(opening.body) or ()
    if at < len(cut):
        shown = disclose(opening.salt, cut, Form.RAW, at)
        if _leads(shown, said.root):
            return shown
    reading = capture.read(
        opening.body,
        media=said.media,
        name=str(said.meta.get("name", "")),
        limits=projector.UNBOUNDED,
        proceed=True,
    )
    document = projector.identified(reading.document or Document(format="none"))
    form, events = events_of(opening.body, document)
    if form is Form.CANONICAL and at in document.positions:
        at = document.positions.index(at)  # what could not be read has no place among these
    shown = disclose(opening.salt, events, form, at)
    if not _leads(shown, said.root):
        expected, got = "an entry with a root over these events", said.root or "none"
        raise LedgerError(fault(Fault.DISCLOSURE, expected=expected, got=got, path="event"))
    return shown


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
