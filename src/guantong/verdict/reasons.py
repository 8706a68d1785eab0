"""What speaks against an item, as reasons with their codes."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import unquote

from guantong import parties, trace
from guantong.caller import Caller, Level
from guantong.capture import Event
from guantong.capture.lots import class_of, lot_uri
from guantong.capture.serials import first_of
from guantong.clock import day_in_china
from guantong.parties import Register, Standing
from guantong.store import Store
from guantong.trace import Book, Code, Custody, Gap, Holder, Life, State
from guantong.verdict.holds import DRILL, is_about, standing_holds
from guantong.verdict.model import CertificateView, Reason, Verdict
from guantong.verdict.origin import Origin, is_day, master_values
from guantong.verdict.words import STANDINGS, reason

HOPS_MAX = 8
"""How far up a scan looks for parts with an order against them."""
NODES_MAX = 300
"""How many parts and materials a scan looks at."""
EXPIRY = frozenset({"itemExpirationDate", "expirationDate", "sellByDate"})


def of_holds(store: Store, book: Book, item: str, origin: Origin) -> Iterator[Reason]:
    """Recalls and stops on the item, its lot, its class, or anything built into it."""
    as_of, about = book.as_of, origin.bound_to or item
    parts = trace.parts(book, about, hops_max=HOPS_MAX, nodes_max=NODES_MAX)
    own = {item, origin.class_uri, *_lots(item, origin.lot)}
    targets = own | set(parts) | {class_of(part) for part in parts}
    for hold in standing_holds(store, (target for target in targets if target), as_of=as_of):
        inside = "" if is_about(hold.target, own) else "component_"
        yield reason(
            f"verdict.{inside}{hold.kind}",
            problem=hold.kind != DRILL,
            rule=hold.rule,
            what=_named(store, hold.target, as_of=as_of),
            why_zh=hold.reason_zh,
            why_en=hold.reason_en,
        )


def _named(store: Store, target: str, *, as_of: int | None) -> str:
    """An item, range, lot or class in words: its product and what tells it apart."""
    class_uri = class_of(first_of(target)) or target
    product = parties.product(store, class_uri, as_of=as_of)
    if product is None or not product.name:
        return target
    apart = target.removeprefix(class_uri).strip("/").partition("/")[2]
    return f"{product.name} {unquote(apart)}".strip()


def _lots(item: str, lot: str) -> tuple[str, ...]:
    return (lot_uri(item, lot),) if lot else ()


def of_certificates(seen: Verdict, register: Register) -> Iterator[Reason]:
    """Certificates that did not hold on the production day, or do not hold now.

    What others than its filers say of a certificate, or who claims that it is the product's, is
    told with the name of who says so, and makes no problem of the product.

    Yields:
        Problems, and notices of what others say.
    """
    for view in seen.certificates:
        yield from _disputes(view, register)
        if not view.confirmed:
            yield from _claimed(view, register)
            continue
        if view.made not in {None, Standing.VALID, Standing.UNKNOWN}:
            yield _certificate("verdict.certificate_production", view, view.made, seen.made_on)
        if view.now not in {Standing.VALID, Standing.UNKNOWN}:
            yield _certificate("verdict.certificate_now", view, view.now, "")


def _disputes(view: CertificateView, register: Register) -> Iterator[Reason]:
    for fact in view.certificate.disputes:
        status = str(fact.fields.get("status", ""))
        if status in STANDINGS and status != view.now.value:
            yield _said(view, register, fact.by, status)


def _claimed(view: CertificateView, register: Register) -> Iterator[Reason]:
    if view.now not in {Standing.VALID, Standing.UNKNOWN}:
        yield _said(view, register, view.certificate.statements[-1].by, view.now.value)


def _said(view: CertificateView, register: Register, party: str, status: str) -> Reason:
    zh, en = STANDINGS[status]
    number = view.certificate.number or view.certificate.key
    return reason(
        "verdict.certificate_said",
        problem=False,
        number=number,
        who=register.name_of(party),
        standing_zh=zh,
        standing_en=en,
    )


def _certificate(code: str, view: CertificateView, standing: Standing | None, day: str) -> Reason:
    zh, en = STANDINGS[standing or Standing.UNKNOWN]
    number = view.certificate.number or view.certificate.key
    return reason(code, day=day, number=number, standing_zh=zh, standing_en=en)


def of_dates(life: Life, today: dt.date) -> Iterator[Reason]:
    """Whether it is past its last day, the first that is told."""
    for stated in master_values(life, EXPIRY):
        day = stated[:10]
        if is_day(day):
            if day < today.isoformat():
                yield reason("verdict.expired", day=day)
            return


ENDED = {
    State.SCRAPPED: "verdict.destroyed",
    State.CONSUMED: "verdict.consumed",
    State.RETIRED: "verdict.retired",
    State.STOLEN: "verdict.stolen",
}
GAPS = {
    Code.COMMISSIONED_TWICE: ("verdict.commissioned_twice", True),
    Code.USED_AFTER_END: ("verdict.used_after_end", True),
    Code.SHIPPED_NOT_RECEIVED: ("verdict.shipped_not_received", False),
}
"""Gap -> reason, and whether it is a problem of the item (else a notice about the records)."""


def of_life(
    life: Life, held: Custody, caller: Caller, register: Register, *, now_ms: int
) -> Iterator[Reason]:
    """What its own history says against it."""
    hand = held.holder
    if hand.state in ENDED:
        yield reason(ENDED[hand.state])
    gaps = trace.gaps(life, now_ms=now_ms, firm_of=register.firm_of, held=held)
    sales = [gap for gap in gaps if gap.code is Code.SOLD_TWICE]
    if sales:
        times = 1 + len(sales)
        yield reason("verdict.clone_suspected", times=str(times), events=_events(*sales))
    elif hand.state is State.SOLD:
        yield _sold(hand, caller)
    for gap in gaps:
        if gap.code in GAPS:
            code, problem = GAPS[gap.code]
            day = day_in_china(gap.at_ms).isoformat()
            yield reason(code, problem=problem, day=day, events=_events(gap))
    if any(_is_return(step.stored.event) for step in life.standing):
        yield reason("verdict.returned", problem=False)


def _is_return(event: Event) -> bool:
    return event.step == "returning" or event.disposition == "returned"


def _sold(hand: Holder, caller: Caller) -> Reason:
    """To a trader a sold item is a problem; to its buyer it is how things should be."""
    day = day_in_china(hand.since_ms).isoformat()
    if caller.level is Level.PARTY:
        return reason("verdict.sold_already", day=day)
    return reason("verdict.sold", problem=False, day=day)


def _events(*gaps: Gap) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event.id for gap in gaps for event in gap.events))
