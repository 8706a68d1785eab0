"""A small world for tests of `trace`: one line of text is one event.

    1 cellco makes cell.1,cell.2 lot=L7         day 1; kind.serial is an item
    2 packco turns cell.1,cell.2 into bat.1     tid=… joins several lines
    3 bikeco fits bat.1 into bike.1             unfits … from …
    4 bikeco packs bike.1 into case:1           kind:number is a logistic unit
    5 bikeco ships case:1 to shop               from=… names a giver
    6 shop receives case:1 from bikeco
    6 shop unpacks * from case:1                * names no child
    7 shop sells bike.1
    8 bikeco declares e4 wrong                  lines are e1, e2 …, or id=…
    1 wireco makes cable#A*500MTR               kind#lot*amount unit

Days may have decimals. ``got=9`` is the day of receipt; without it a line is received at its
own time or just after the line before it, whichever is later.
"""

from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from guantong.capture.model import (
    Action,
    ErrorDeclaration,
    Event,
    EventType,
    Quantity,
    Typed,
)
from guantong.identify.check_digits import check_digit
from guantong.store.door import Indexed
from guantong.store.rows import RowStore
from guantong.store.segments import SegmentStore

DAY_MS = 86_400_000
START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z is day 0."""

LOT_NUMBER = "{urn:epcglobal:cbv:mda}lotNumber"

OBJECTS: dict[str, tuple[Action, str, str]] = {
    "makes": (Action.ADD, "commissioning", "active"),
    "marks": (Action.ADD, "encoding", ""),
    "ships": (Action.OBSERVE, "shipping", "in_transit"),
    "departs": (Action.OBSERVE, "departing", "in_transit"),
    "voids": (Action.OBSERVE, "void_shipping", ""),
    "receives": (Action.OBSERVE, "receiving", "in_progress"),
    "accepts": (Action.OBSERVE, "accepting", ""),
    "returns": (Action.OBSERVE, "receiving", "returned"),
    "stores": (Action.OBSERVE, "storing", ""),
    "inspects": (Action.OBSERVE, "inspecting", ""),
    "sells": (Action.OBSERVE, "retail_selling", "retail_sold"),
    "destroys": (Action.DELETE, "destroying", "destroyed"),
    "retires": (Action.DELETE, "decommissioning", "inactive"),
    "loses": (Action.OBSERVE, "", "stolen"),
}
RELATIONS: dict[str, tuple[EventType, Action, str]] = {
    "packs": (EventType.AGGREGATION, Action.ADD, "packing"),
    "unpacks": (EventType.AGGREGATION, Action.DELETE, "unpacking"),
    "sees": (EventType.AGGREGATION, Action.OBSERVE, "inspecting"),
    "fits": (EventType.ASSOCIATION, Action.ADD, "assembling"),
    "unfits": (EventType.ASSOCIATION, Action.DELETE, "disassembling"),
}


@dataclass
class World:
    """Names, events in order of receipt, and the store they are in."""

    store: RowStore | SegmentStore
    uris: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    events: dict[str, tuple[str, Event]] = field(default_factory=dict)
    """By event id: who captured it, and the event."""
    captured: list[tuple[str, Event]] = field(default_factory=list)
    """All of them in order of receipt, withdrawals too."""
    received_ms: int = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        lines: list[str] | None = None,
        *,
        engine: type[RowStore] | type[SegmentStore] = RowStore,
    ) -> "World":
        world = cls(engine.open(folder / "index.db"))
        for line in lines or []:
            world.tell(line)
        return world

    def tell(self, line: str) -> None:
        """Capture the event of one line as a document of its own."""
        words = line.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        day, by, verb, what, *rest = (word for word in words if "=" not in word)
        time_ms = START_MS + round(float(day) * DAY_MS)
        received_ms = max(self.received_ms + 1, time_ms)
        if "got" in options:
            received_ms = START_MS + round(float(options["got"]) * DAY_MS)
        if verb == "declares":
            wrong = self.events[what][1]
            event = replace(wrong, error=ErrorDeclaration(received_ms, "incorrect_data"))
        else:
            links = dict(zip(rest[::2], rest[1::2], strict=True))
            number = f"e{self.store.projected_size + 1}"
            event = self._event(verb, what, links, options, time_ms)
            event = replace(event, id=options.get("id", number))
        self._append(by, event, received_ms)

    def _append(self, by: str, event: Event, received_ms: int) -> None:
        self.received_ms = max(self.received_ms, received_ms)
        self.events[event.id] = (by, event)
        self.captured.append((by, event))
        entry = self.store.projected_size
        self.store.append([Indexed(entry=entry, by=by, received_ms=received_ms, events=(event,))])

    def _event(
        self,
        verb: str,
        what: str,
        links: dict[str, str],
        options: dict[str, str],
        time_ms: int,
    ) -> Event:
        lot = {LOT_NUMBER: options["lot"]} if "lot" in options else {}
        at = Event(
            type=EventType.OBJECT,
            time_ms=time_ms,
            offset="+08:00",
            ilmd=dict(lot),
            read_point=options.get("at", ""),
            disposition=options.get("disp", ""),
            transformation_id=options.get("tid", ""),
            sources=self._party(links.get("from", "") if verb in OBJECTS else ""),
            destinations=self._party(links.get("to", "")),
        )
        epcs, quantities = self._items(what)
        if verb == "turns":
            made, amounts = self._items(links["into"])
            return replace(
                at,
                type=EventType.TRANSFORMATION,
                input_epcs=epcs,
                input_quantities=quantities,
                output_epcs=made,
                output_quantities=amounts,
            )
        if verb in RELATIONS:
            kind, action, step = RELATIONS[verb]
            parent = links.get("into") or links.get("from") or links.get("in") or "-"
            return replace(
                at,
                type=kind,
                action=action,
                step=options.get("step", step),
                parent="" if parent == "-" else self.uri(parent),
                child_epcs=epcs,
                child_quantities=quantities,
            )
        action, step, disposition = OBJECTS[verb]
        return replace(
            at,
            action=action,
            step=step,
            disposition=at.disposition or disposition,
            epcs=epcs,
            quantities=quantities,
        )

    def _party(self, name: str) -> tuple[Typed, ...]:
        return (Typed("possessing_party", name),) if name else ()

    def _items(self, names: str) -> tuple[tuple[str, ...], tuple[Quantity, ...]]:
        epcs: list[str] = []
        quantities: list[Quantity] = []
        for name in names.split(",") if names not in ("*", "-") else []:
            item, _, amount = name.partition("*")
            if "#" in item or not set(item) & set(".:"):
                digits = amount.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                some = float(digits) if digits else None
                quantities.append(Quantity(self.uri(item), some, amount[len(digits) :]))
            else:
                epcs.append(self.uri(item))
        return tuple(epcs), tuple(quantities)

    def uri(self, name: str) -> str:
        """The canonical URI behind a short name."""
        if name not in self.uris:
            self.uris[name] = self._make_uri(name)
            self.names[self.uris[name]] = name
        return self.uris[name]

    def name(self, uri: str) -> str:
        """The short name of a URI; the URI itself when it has none (a party, a lot of ILMD)."""
        if uri in self.names or "/10/" not in uri:
            return self.names.get(uri, uri)
        of_class, lot = uri.split("/10/")
        return f"{self.names[of_class]}#{lot}"

    def _make_uri(self, name: str) -> str:
        if ":" in name:
            body = f"0690000{sum(':' in known for known in self.uris):010d}"
            return f"https://id.gs1.org/00/{body}{check_digit(body)}"
        for sign, qualifier in (("#", "10"), (".", "21")):
            if sign in name:
                kind, _, rest = name.partition(sign)
                return f"{self.uri(kind)}/{qualifier}/{rest}"
        kinds = sum(not set(known) & set(".:#") for known in self.uris)
        body = f"0690000{kinds:06d}"
        return f"https://id.gs1.org/01/{body}{check_digit(body)}"


def at_day(day: float) -> int:
    """The instant a day of the lines begins, in milliseconds."""
    return START_MS + round(day * DAY_MS)
