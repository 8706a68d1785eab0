"""How is a recall put on paper? The plan form, the report of now or of its end, the notice to a holder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from guantong import parties, recall
from guantong.clock import day_in_china
from guantong.parties import Firm, Product
from guantong.recall import Act, Fixed, Holding, Progress, Running
from guantong.recall.origins import MADE
from guantong.serve.desks.recall_ground import Ground, View, first_items, when
from guantong.serve.pages import label
from guantong.serve.paper import Block, Heading, Table, Text, paper
from guantong.serve.words import Language, region, say, word
from guantong.store import Store

ORIGINS_SHOWN: Final = 200
SELLERS_SHOWN: Final = 20
COUNTED: Final = ("found", "quarantined", "returned", "repaired", "destroyed")
PAIRS: Final = (1.0, 3.0)
"""Columns of what is named and what it is."""

_t = partial(say, language=Language.ZH)
_w = partial(word, language=Language.ZH)
_r = partial(region, language=Language.ZH)


class Known(NamedTuple):
    """What papers stand on besides the recall itself."""

    firm: Firm | None
    products: Sequence[Product]
    names: Mapping[str, str]
    """Of firms."""
    shown: Collection[str] | None
    """Firms that may be told by name; None for all."""
    days: tuple[str, str, int]
    """First and last day of making, and of how many items."""
    now_ms: int
    size: int
    """Of the ledger."""
    root: str


def products_of(store: Store, running: Running) -> list[Product]:
    """The products a recall begins with, as far as they are filed."""
    classes = dict.fromkeys(map(recall.class_of, running.origins))
    found = (parties.product(store, one) for one in classes)
    return [one for one in found if one is not None]


def days_made(store: Store, running: Running, fixed: Fixed | None) -> tuple[str, str, int]:
    """The first and last day of making of the first items of a scope, and how many those are."""
    classes = set(map(recall.class_of, running.origins))
    items = [one for one in first_items(fixed) if recall.class_of(one) in classes]
    rows = store.rows_of(items).values()
    times = [
        row.stored.event.time_ms for some in rows for row in some if row.stored.event.step in MADE
    ]
    if not times:
        return "", "", 0
    first, last = (day_in_china(one).isoformat() for one in (min(times), max(times)))
    return first, last, len(times)


def areas_of(progress: Progress | None) -> list[tuple[str, int]]:
    """Provinces, and how many items are there, the most first."""
    found: dict[str, int] = {}
    for one in progress.holders if progress else ():
        found[one.region[:2]] = found.get(one.region[:2], 0) + one.items
    return sorted(found.items(), key=lambda one: -one[1])


def known_of(ground: Ground, view: View, shown: Collection[str] | None) -> Known:
    """What a paper about a recall stands on, as of now.

    Args:
        ground: Where recalls are read.
        view: The recall.
        shown: Firms that may be told by name; None for all.

    Returns:
        What is known.
    """
    desk, running = ground.office.desk, view.running
    holders = view.progress.holders if view.progress else ()
    told = desk.status()
    names = desk.names({one.party for one in holders} | {running.recall.firm})
    with desk.readers.lend() as store:
        return Known(
            firm=parties.firm(store, running.recall.firm),
            products=products_of(store, running),
            names=names,
            shown=shown,
            days=days_made(store, running, view.fixed),
            now_ms=desk.clock.now_ms(),
            size=int(str(told["ledger_size"])),
            root=str(told["ledger_root"]),
        )


def plan_paper(view: View, known: Known) -> bytes:
    """The plan form, what only the firm knows left open."""
    running, fixed, progress = view.running, view.fixed, view.progress
    told = running.recall
    blocks = [
        *_section(f"1 {_t('producer')}", _firm_rows(known, is_form=True)),
        *_section(f"2 {_t('product')}", _product_rows(view, known)),
        Heading(f"3 {_t('dk_rc_areas')}"),
        _areas(progress),
        Heading(_t("dk_rc_sellers")),
        *_sellers(progress, known),
        *_section(
            f"4 {_t('dk_rc_defect')}",
            [
                *_told(running),
                *((_t(key), _t("dk_rc_hand")) for key in
                  ("dk_rc_tests", "dk_rc_accidents", "dk_rc_part_maker")),
            ],
        ),
        *_section(f"5 {_t('dk_rc_remedy')}", [(_t("dk_rc_remedy"), told.remedy), _stop(running)]),
        *(() if fixed is None else _proof(view, known)),
    ]  # fmt: skip
    return paper(f"{_t('dk_rc_plan')} {told.title}", blocks, _foot(running, known))


def report_paper(view: View, known: Known) -> bytes:
    """How far a recall is; after its end the closing report."""
    running, progress = view.running, view.progress
    closed = running.last(Act.CLOSED)
    blocks = [
        *_section(_t("producer"), _firm_rows(known, is_form=False)),
        *_section(_t("product"), _product_rows(view, known)),
        *_section(_t("dk_rc_defect"), [*_told(running), (_t("dk_rc_remedy"), running.recall.remedy)]),
        *_section(_t("dk_rc_state"), [_stop(running), *_ended(running)]),
        *(() if view.fixed is None or progress is None else _account(view.fixed, progress)),
        Heading(_t("dk_rc_areas")),
        _areas(progress),
        Heading(_t("dk_rc_holders")),
        _holders(progress.holders if progress else (), known),
        Heading(_t("dk_rc_steps")),
        _steps(running, known),
        *_proof(view, known),
    ]  # fmt: skip
    title = _t("dk_rc_summary") if closed else _t("dk_rc_report")
    return paper(f"{title} {running.recall.title}", blocks, _foot(running, known))


def notice_paper(
    running: Running, part: Holding | None, party: str, known: Known, own: list[str] | None
) -> bytes:
    """What one holder is told, and what it answered.

    Args:
        running: The recall.
        part: The holder's part of it.
        party: The holder.
        known: What the paper stands on.
        own: Ranges of its items, None when they are too many to tell.

    Returns:
        A PDF.
    """
    told = running.recall
    steps = [one for one in running.steps if one[0].party == party]
    note = next((step.note for step, _ in reversed(steps) if step.act is Act.NOTIFIED), "")
    rows = [
        (_t("dk_rc_to_you"), known.names.get(party) or party),
        *_told(running),
        (_t("dk_rc_remedy"), told.remedy),
        (_t("dk_rc_note"), note),
        (_t("dk_rc_scope"), _origins(running)),
        *(() if part is None else _part(part)),
        (_t("dk_rc_own"), "；".join(map(label, own or ()))),
    ]
    blocks = [
        Table(PAIRS, [row for row in rows if row[1]]),
        *_section(_t("producer"), _firm_rows(known, is_form=False)),
        Heading(_t("dk_rc_proof")),
        Table(
            (3, 3, 2), [_step_row(step.act, fact.received_ms, fact.entry) for step, fact in steps]
        ),
        Text(_t("dk_rc_tree", size=known.size, root=known.root)),
    ]
    return paper(f"{_t('dk_rc_notice')} {told.title}", blocks, _foot(running, known))


def _section(name: str, rows: Iterable[tuple[str, str]]) -> list[Block]:
    return [Heading(name), Table(PAIRS, [row for row in rows if row[1]])]


def _foot(running: Running, known: Known) -> str:
    made = _t("dk_rc_printed", when=when(known.now_ms))
    return f"{_w('recall_kind', running.recall.kind.value)} {running.recall.id} · {made} ·"


def _part(part: Holding) -> list[tuple[str, str]]:
    counts = part.counts
    numbers = ((name, getattr(counts, name)) for name in COUNTED) if part.answered_ms else ()
    return [
        (_t("dk_rc_items"), f"{part.items:,}"),
        *((label(lot), f"{quantity:g} {uom}") for lot, uom, quantity in part.lots),
        (_t("dk_deadline"), part.deadline),
        (_w("recall_act", "answered"), when(part.answered_ms)),
        *((_w("recall_count", name), f"{count:,}") for name, count in numbers),
        (_t("dk_rc_evidence"), part.evidence),
    ]


def _firm_rows(known: Known, *, is_form: bool) -> list[tuple[str, str]]:
    firm = known.firm
    filed = (
        [
            (_t("name"), firm.name),
            (_t("uscc"), firm.uscc),
            (_t("address"), firm.address),
            (_t("contact"), firm.contact),
        ]
        if firm
        else []
    )
    open_fields = ("dk_rc_legal", "dk_rc_head", "dk_rc_person") if is_form else ()
    return [*filed, *((_t(key), _t("dk_rc_hand")) for key in open_fields)]


def _product_rows(view: View, known: Known) -> list[tuple[str, str]]:
    rows = []
    for one in known.products:
        rows += [
            (_t("name"), one.name),
            (_t("brand_name"), one.brand),
            (_t("model"), one.model),
            (_t("specification"), one.specification),
            (_t("standard"), one.standard),
            ("GTIN", one.key.rpartition("/")[2]),
        ]
    first, last, count = known.days
    days = _t("dk_rc_days_text", first=first, last=last, count=count) if count else ""
    rows += [
        (_t("dk_rc_type"), _t("dk_rc_hand")),
        (_t("dk_rc_scope"), _origins(view.running)),
        (_t("dk_rc_days"), days or _t("dk_rc_hand")),
    ]
    if view.fixed is not None and view.progress is not None:
        rows += [
            (_t("dk_rc_made_n"), f"{view.fixed.made:,}"),
            (_t("dk_rc_quantity"), f"{view.progress.quantity:,}"),
        ]
    return rows


def _origins(running: Running) -> str:
    named = "；".join(map(label, running.origins[:ORIGINS_SHOWN]))
    return f"{named} …" if len(running.origins) > ORIGINS_SHOWN else named


def _told(running: Running) -> list[tuple[str, str]]:
    told = running.recall
    return [
        (_t("dk_rc_number"), told.id),
        (_t("dk_rc_kind"), _w("recall_kind", told.kind.value)),
        (_t("dk_rc_hazard"), told.hazard),
        (_t("dk_rc_defect"), told.defect),
        (_t("dk_rc_risk"), _w("risk", told.risk) if told.risk else ""),
        (_t("dk_rc_known"), told.known_on),
    ]


def _stop(running: Running) -> tuple[str, str]:
    last = running.last(Act.HELD, Act.RELEASED)
    if last is None:
        return _t("dk_rc_stopped"), _t("dk_rc_not_held")
    return _t("dk_rc_stopped"), f"{_w('recall_act', last[0].act.value)} {when(last[1].received_ms)}"


def _ended(running: Running) -> list[tuple[str, str]]:
    closed = running.last(Act.CLOSED)
    if closed is None:
        return []
    step, fact = closed
    return [(_t("dk_rc_closed"), when(fact.received_ms)), (_t("dk_rc_reason"), step.note)]


def _areas(progress: Progress | None) -> Table:
    rows = [(_r(code) or code or "–", f"{count:,}") for code, count in areas_of(progress)]
    if progress is not None:
        rows += [
            (_w("account", "sold"), f"{progress.sold:,}"),
            (_w("account", "unknown"), f"{progress.unknown:,}"),
        ]
    return Table(PAIRS, rows, (_t("dk_region"), _t("dk_rc_items")))


def _sellers(progress: Progress | None, known: Known) -> list[Block]:
    holders = progress.holders if progress else ()
    rows = [
        (_name(one.party, known), _r(one.region) or one.region, f"{one.items:,}")
        for one in holders[:SELLERS_SHOWN]
    ]
    found: list[Block] = [
        Table((3, 1, 1), rows, (_t("dk_party"), _t("dk_region"), _t("dk_rc_items")))
    ]
    if len(holders) > SELLERS_SHOWN:
        found.append(Text(_t("dk_rc_more", count=len(holders) - SELLERS_SHOWN)))
    return found


def _account(fixed: Fixed, progress: Progress) -> list[Block]:
    rows = [(_w("account", name), f"{count:,}") for name, count in fixed.account.items()]
    done = f"{progress.handled:,} / {progress.in_trade:,}（{progress.share:.1f} %）"
    rows += [
        (_t("dk_rc_made_n"), f"{fixed.made:,}"),
        (_t("dk_rc_quantity"), f"{progress.quantity:,}"),
        (_t("dk_rc_handled"), done),
    ]
    found: list[Block] = [Heading(_t("dk_rc_account")), Table(PAIRS, rows)]
    if not fixed.complete:
        found.append(Text(_t("dk_rc_cut", why="、".join(fixed.stops))))
    return found


def _name(party: str, known: Known) -> str:
    if known.shown is not None and party not in known.shown:
        return _t("dk_rc_unnamed")
    return known.names.get(party) or party


def _holders(holders: Sequence[Holding], known: Known) -> Table:
    head = (
        _t("dk_party"),
        _t("dk_region"),
        _t("dk_rc_items"),
        _w("recall_act", "notified"),
        _t("dk_deadline"),
        _w("recall_act", "answered"),
        *(_w("recall_count", name) for name in COUNTED),
        _w("recall_act", "checked"),
    )
    rows = [_holder_row(one, known) for one in holders]
    return Table((5, 2, 2, 3, 3, 3, 2, 2, 2, 2, 2, 3), rows, head)


def _holder_row(one: Holding, known: Known) -> tuple[str, ...]:
    numbers = [f"{getattr(one.counts, name):,}" if one.answered_ms else "" for name in COUNTED]
    lots = "".join(f"；{label(lot)} {quantity:g} {uom}" for lot, uom, quantity in one.lots)
    return (
        _name(one.party, known),
        _r(one.region) or one.region,
        f"{one.items:,}{lots}",
        when(one.notified_ms)[:16],
        one.deadline,
        f"{when(one.answered_ms)[:16]} {one.evidence}".strip(),
        *numbers,
        one.checked,
    )


def _step_row(act: Act, at_ms: int, entry: int) -> tuple[str, str, str]:
    return when(at_ms), _w("recall_act", act.value), f"{_t('dk_entry')} {entry}"


def _steps(running: Running, known: Known) -> Table:
    """All steps but those of single holders, which stand in their table."""
    rows = [
        (*_step_row(step.act, fact.received_ms, fact.entry), step.by, step.note)
        for step, fact in running.steps
        if not step.party
    ]
    return Table((4, 3, 3, 3, 5), rows)


def _proof(view: View, known: Known) -> list[Block]:
    running = view.running
    entries = [f"{_t('dk_rc_open')} {running.opened.entry}"]
    entries += [
        f"{_w('recall_act', step.act.value)} {fact.entry}"
        for step, fact in running.steps
        if not step.party
    ]
    found: list[Block] = [
        Heading(_t("dk_rc_proof")),
        Text(f"{_t('dk_entry')}：{'；'.join(entries)}"),
        Text(_t("dk_rc_tree", size=known.size, root=known.root)),
    ]
    if view.fixed is not None:
        found.append(Text(_t("dk_rc_as_of", size=view.fixed.as_of)))
    if running.report_entry >= 0:
        found.append(Text(_t("dk_rc_how", entry=running.report_entry)))
    return found
