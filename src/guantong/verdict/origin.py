"""Who made it, when, in which lot, and as what product?"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from guantong import coding, parties
from guantong.caller import OPERATOR
from guantong.capture.lots import class_of
from guantong.clock import CHINA
from guantong.coding import CodeRange
from guantong.identify import Kind, Reading
from guantong.parties import Firm, Product
from guantong.store import Fact, Store
from guantong.trace import Life, Step
from guantong.trace.model import Bond

MAKING = frozenset({"commissioning", "creating_class_instance", "transforming"})
"""Business steps by which an item comes into being."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item comes from, as far as anyone has filed it."""

    class_uri: str
    """Class of the item: as its spelling tells, else as it was issued, else as what it is fixed to."""
    bound_to: str
    """For a code that only leads to another item (a vehicle code): that item, else ""."""
    issue: CodeRange | None
    """The code range its code was issued in."""
    issue_fact: Fact | None
    """The fact that says so."""
    issued_by: str
    """The party that issued it, when it is none that speaks for the product; else ""."""
    product: Product | None
    producer: Firm | None
    lot: str
    """As printed, "" when not known."""
    made_on: str
    """Production day (ISO), "" when not known."""
    class_is_coded: bool
    """Whether any codes of its class were issued here."""


def origin_of(store: Store, reading: Reading, life: Life, *, as_of: int | None = None) -> Origin:
    """Gather what is filed about the origin of one item.

    Args:
        store: What is known.
        reading: The code.
        life: What happened to it.
        as_of: Ledger size, None for now.

    Returns:
        The origin; members nobody filed are empty.
    """
    value = reading.value
    own_class = value.class_uri or (value.uri if value.kind is Kind.CLASS else "")
    issue, fact = coding.issued(store, own_class, value.uri, as_of=as_of) or (None, None)
    life = heard_first(store, own_class, life, as_of=as_of)
    making = _making(life)
    class_uri = issue.class_uri if issue else own_class
    product = parties.product(store, class_uri, as_of=as_of) if class_uri else None
    bound_to = "" if product else _bound_to(life)
    if bound_to:
        class_uri = class_of(bound_to)
        product = parties.product(store, class_uri, as_of=as_of)
    producer = _producer(store, reading, product, fact, making, as_of=as_of)
    return Origin(
        class_uri=class_uri,
        bound_to=bound_to,
        issue=issue,
        issue_fact=fact,
        issued_by=_stranger(store, fact, as_of=as_of),
        product=product,
        producer=producer,
        lot=_lot(life) or (issue.lot if issue else "") or _lot_of(reading),
        made_on=_made_on(life, making) or (issue.day if issue else ""),
        class_is_coded=bool(own_class and store.facts("code_range", (own_class,), as_of=as_of)),
    )


def heard_first(store: Store, class_uri: str, life: Life, *, as_of: int | None) -> Life:
    """A life in which those who speak for the product are heard before all others.

    Args:
        store: What is known.
        class_uri: Class of the item, "" when not known.
        life: Steps by event time.
        as_of: Ledger size, None for now.

    Returns:
        The same steps, so ordered that a stranger who dates his word back does not come first.
    """
    if not class_uri or len({step.stored.by for step in life.steps}) < 2:
        return life
    facts = store.facts("product", (class_uri,), as_of=as_of)
    heard = parties.speakers_of(facts, class_uri) | {OPERATOR.party}
    steps = sorted(life.steps, key=lambda step: step.stored.by not in heard)
    return replace(life, steps=tuple(steps))


def _stranger(store: Store, issued: Fact | None, *, as_of: int | None) -> str:
    """Who issued the code, if it is nobody who speaks for the class; else ""."""
    if issued is None or coding.speaks_for(store, issued.key, issued.by, as_of=as_of):
        return ""
    return issued.by


def _bound_to(life: Life) -> str:
    """What it is fixed to now, "" when nothing."""
    fixed = [stay for stay in life.stays if stay.bond is Bond.FITTED and stay.until is None]
    return fixed[-1].parent if fixed else ""


def _making(life: Life) -> Step | None:
    """The first standing step that brought it into being."""
    return next((step for step in life.standing if step.stored.event.step in MAKING), None)


def _producer(
    store: Store,
    reading: Reading,
    product: Product | None,
    issued: Fact | None,
    making: Step | None,
    *,
    as_of: int | None,
) -> Firm | None:
    """The firm the product names, else who issued the code, else who filed its making."""
    keys = [
        product.firm if product else "",
        issued.by if issued else "",
        making.stored.by if making else "",
        product.stated_by if product else "",
        reading.value.uri if reading.value.kind is Kind.PARTY else "",
    ]
    found = (parties.firm(store, key, as_of=as_of) for key in keys if key)
    return next((firm for firm in found if firm is not None), None)


def master_values(life: Life, names: frozenset[str]) -> Iterator[str]:
    """Values of instance/lot master data whose local name is one of `names`, in order."""
    for step in life.standing:
        for name, value in step.stored.event.ilmd.items():
            if name.rpartition("}")[2] in names and isinstance(value, str | int):
                yield str(value)


def _lot(life: Life) -> str:
    return next(master_values(life, frozenset({"lotNumber", "lot", "batch"})), "")


def _lot_of(reading: Reading) -> str:
    batch = reading.batch or (reading.value.uri if reading.value.kind is Kind.BATCH else "")
    return batch.partition("/10/")[2].partition("/")[0]


def _made_on(life: Life, making: Step | None) -> str:
    names = frozenset({"productionDate", "productionDateTime", "manufacturingDate"})
    stated = next(master_values(life, names), "")[:10]
    if is_day(stated):
        return stated
    if making is None:
        return ""
    return dt.datetime.fromtimestamp(making.at_ms / 1000, CHINA).date().isoformat()


def is_day(text: str) -> bool:
    """Whether a text is an ISO day."""
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
