"""What came of some lots or items, and who has it: the scope of a recall over a lake.

The walk is that of one machine (`guantong.trace.closure.Walk`), each of its questions a job. Who has
what is decided where the rows are, group by group (`guantong.lake.task`), and only counted here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from guantong.lake.asked import CUT, LakeStore
from guantong.lake.frames import Frames
from guantong.lake.model import ITEM_BITS, Dataset
from guantong.lake.piece import COLUMNS
from guantong.lake.task import NAMED, OUTER, OWN, TOLD, Deciding
from guantong.store.columns import Flag, Ranges
from guantong.store.door import Role
from guantong.trace.book import LEVELS_MAX
from guantong.trace.closure import EVERYTHING, Bounds, Held, LotBalance, Scope, Stop, Walk
from guantong.trace.downstream import Downstream
from guantong.trace.expanse import Wrappings
from guantong.trace.marks import Sight
from guantong.trace.model import FUTURE_MS, Balance, State
from guantong.trace.tally import Whole

SENT_MAX: Final = 50_000
"""Containers, or events, up to which all tasks get them, instead of all tasks sending each other rows."""
GROUP_ROWS: Final = 200_000
"""Rows of items in one group, about."""
_ALL: Final = ", ".join(COLUMNS)


class Decided(NamedTuple):
    """Who has what."""

    held: tuple[Held, ...]
    amounts: tuple[LotBalance, ...]
    stops: frozenset[Stop]
    gaps: dict[str, int]
    """By code of `guantong.lake.missing.COUNTED`: items that have it, where that was asked."""


def scope(
    frames: Frames, origins: Sequence[str], *, now_ms: int, bounds: Bounds = EVERYTHING
) -> Scope:
    """Everything downstream of some origins, with its present holders.

    Args:
        frames: The lake.
        origins: Canonical URIs of items, logistic units or lots.
        now_ms: The present.
        bounds: How far to go.

    Returns:
        What `guantong.trace.closure.closure` gives for the index that was exported.
    """
    store = LakeStore(frames)
    sight = Sight(now_ms, FUTURE_MS, frames.manifest.entries)
    door = cast("Whole", store)  # all of it that a walk asks
    down = Downstream(door, sight, Wrappings(door, sight.as_of))
    walk = Walk(door, down, sight, bounds)
    walk.go(origins)
    lots = tuple(walk.lots)
    numbers = store.numbers(lots)
    everything = walk.items.joined(Ranges.of_numbers(numbers[numbers >= 0]))
    rows = sum(len(part) for part in walk.told)
    decided = _decided(frames, store, store.frame_in(everything), rows, sight)
    place = {lot: at for at, lot in enumerate(lots)}
    amounts = sorted(decided.amounts, key=lambda one: (place[one.lot], *_account(one)))
    return Scope(
        origins=tuple(origins),
        items=walk.items,
        spans=lambda: store.true_spans(walk.items),
        lots=lots,
        held=decided.held,
        amounts=tuple(amounts),
        hops=walk.hops,
        stops=tuple(sorted(walk.stops | decided.stops)),
        as_of=frames.manifest.entries,
    )


def everyone(frames: Frames, *, now_ms: int, asks_gaps: bool = True) -> Decided:
    """Who has what, of all items and lots there are, and how many items lack a part of their story."""
    store = LakeStore(frames)
    sight = Sight(now_ms, FUTURE_MS, frames.manifest.entries)
    own = frames.ask(f"SELECT {_ALL} FROM rows")
    return _decided(
        frames, store, own, frames.manifest.rows(Dataset.ROWS), sight, asks_gaps=asks_gaps
    )


def _decided(
    frames: Frames,
    store: LakeStore,
    own: Any,
    rows: int,
    sight: Sight,
    *,
    asks_gaps: bool = False,
) -> Decided:
    """Who has these items, decided in groups."""
    parts = max(2 * frames.width, rows // GROUP_ROWS)
    grouped = f"SELECT *, pmod(hash(shiftright(item, {ITEM_BITS})), {parts}) AS grp FROM own"
    tables = _around(frames, frames.ask(grouped, own=own).persist(), rows)
    whole = tables[0]
    for table in tables[1:]:
        whole = whole.unionByName(table)
    who = frames.columns(frames.ask("SELECT key, firm, region FROM parties"), _WHO)
    firms = dict(zip(_plain(who["key"]), _plain(who["firm"]), strict=True))
    regions = dict(zip(_plain(who["key"]), _plain(who["region"]), strict=True))
    deciding = Deciding(
        sight, frames.broadcast(firms), frames.broadcast(tuple(store.gone)), asks_gaps
    )

    def decide(table: Any) -> Any:  # Spark counts the parameters of a plain function only
        return deciding(table)

    told = whole.groupBy("grp").applyInArrow(decide, TOLD)
    found = frames.ask(SUMMED, told=told).collect()
    frames.forget()
    return _read(found, regions)


_WHO: Final = ("key", "firm", "region")
SUMMED: Final = """
SELECT lot, party, state, uom, taker, stop, gap, sum(count) AS count, max(quantity) AS quantity,
  min(exact) AS exact, max(at_ms) AS at_ms
FROM told GROUP BY lot, party, state, uom, taker, stop, gap
"""
"""All rows of a lot are in one group: of those nothing is summed."""


def _around(frames: Frames, own: Any, rows: int) -> list[Any]:
    """Own rows, and for each group whatever its items were inside of, level by level."""
    tables = [frames.ask(f"SELECT grp, {OWN} AS part, {_ALL} FROM level", level=own)]
    known = None
    level = own
    for _ in range(LEVELS_MAX):
        named = frames.ask(NAMES.format(all=_r(), way=_way(rows)), level=level).persist()
        tables.append(frames.ask(f"SELECT grp, {NAMED} AS part, {_ALL} FROM named", named=named))
        new = frames.ask("SELECT DISTINCT grp, item FROM named", named=named)
        if known is not None:
            new = new.join(known, ["grp", "item"], "left_anti")
        new = new.persist()
        rows = new.count()
        if not rows:
            break
        known = new if known is None else known.unionByName(new)
        level = frames.ask(_rows_around(_way(rows)), units=new).persist()
        tables.append(frames.ask(f"SELECT grp, {OUTER} AS part, {_ALL} FROM level", level=level))
    return tables


NAMES: Final = f"""
SELECT /*+ {{way}}(e) */ e.grp, {{all}} FROM rows r JOIN (
  SELECT DISTINCT grp, event FROM level
  WHERE role = {Role.CHILD.value} AND (flags & {Flag.HAS_PARENT}) > 0) e
ON r.event = e.event WHERE r.role = {Role.PARENT.value}
"""
"""Which containers the events of a level name."""


def _r() -> str:
    return ", ".join(f"r.{name}" for name in COLUMNS)


def _way(many: int) -> str:
    """How Spark should join so many with the rows of the lake."""
    return "BROADCAST" if many <= SENT_MAX else "SHUFFLE_HASH"


def _rows_around(way: str) -> str:
    pieces = f"(SELECT grp, item AS low, item + 1 AS high, shiftright(item, {ITEM_BITS}) AS bucket FROM units)"
    return CUT.format(pieces=pieces, where="TRUE", more=", p.grp").replace("BROADCAST", way)


def _account(one: LotBalance) -> tuple[str, str, str]:
    return one.balance.party, one.balance.state.value, one.balance.uom


def _plain(column: Any) -> list[str]:
    return [column.texts[code] for code in column.codes.tolist()]


def _read(found: Sequence[Any], regions: Mapping[str, str]) -> Decided:
    held, gaps = Counter[tuple[str, str, str]](), dict[str, int]()
    amounts, stops = [], set()
    for one in found:
        if one.stop is not None:
            stops.add(Stop(one.stop))
        elif one.gap is not None:
            gaps[one.gap] = one["count"]
        elif one.lot is None:
            held[one.party, one.state, one.taker] += one["count"]
        else:
            said = (one.party, State(one.state), one.uom, one.quantity, one.exact, one.at_ms)
            amounts.append(LotBalance(one.lot, regions.get(one.party, ""), Balance(*said)))
    made = [
        Held(party, regions.get(party, "") if party else "", State(state), taker, count)
        for (party, state, taker), count in held.items()
    ]
    made.sort(key=lambda one: (-one.count, one.party, one.state, one.taker))
    return Decided(tuple(made), tuple(amounts), frozenset(stops), gaps)
