"""Every family of query parameters, alone and together, against a plain evaluation of the same events."""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from guantong.caller import OPERATOR
from guantong.capture import read_table
from guantong.capture.json_write import EventWriter
from guantong.query import MasterData, Query, page_of, parse
from guantong.store import EventFilter, Fact, Indexed, RowStore, SegmentStore, Store
from tests.query_naive import holds

EVENTS, EACH = 240, 6
GTIN = "https://id.gs1.org/01/06901234567892"
ITEMS = [f"{GTIN}/21/{n}" for n in range(1, 7)] + ["https://id.gs1.org/01/06901234000016/21/1"]
LOTS = [f"{GTIN}/10/L{n}" for n in range(1, 4)]
BOXES = ["https://id.gs1.org/00/069012340000000016", "https://id.gs1.org/00/069012340000000023"]
PLACES = [
    *("https://id.gs1.org/414/6901234000016", "https://id.gs1.org/414/6901234000023"),
    *("https://id.gs1.org/414/6901234000030", "https://id.gs1.org/414/6909876543229"),
]
FIRMS = ["https://id.gs1.org/417/6901234000047", "https://id.gs1.org/417/6901234000054"]
STEPS = ["shipping", "receiving", "commissioning", "packing"]
DISPOSITIONS = ["active", "in_transit", "in_progress"]
KEPT = ["completeness_verified", "completeness_inferred"]
TIMES = [f"2026-03-01T00:0{n}:00.000Z" for n in range(6)]
NUMBERS = [2, 5, 7.5, 26, -3]
SCALARS: list[Any] = [*NUMBERS, "5", "red", "blue", TIMES[1], TIMES[3]]
NAMES = [f"{{urn:ex:}}{local}" for local in "abcd"]
URIS = ["urn:x:1", "urn:x:2", "urn:x:3"]
KIND, CITY = "urn:epcglobal:cbv:mda#kind", "urn:epcglobal:cbv:mda#city"
MASTER: dict[str, dict[str, Any]] = {
    PLACES[0]: {CITY: ["Ningbo"], "children": [PLACES[1]]},
    PLACES[1]: {CITY: ["Wuxi", "Suzhou"], "children": [PLACES[2], PLACES[0]]},
    PLACES[3]: {KIND: ["yard"]},
    LOTS[0]: {KIND: ["cable"]},
    FIRMS[0]: {CITY: ["Ningbo"]},
}
OF_KIND = {"place": PLACES, "product": LOTS, "firm": FIRMS}
TYPES = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent"] + [
    "AssociationEvent"
]
FIGURES = ["value", "minValue", "maxValue", "meanValue", "sDev", "percValue"]
MEASURED = ["Temperature", "Humidity"]


class Maker:
    """Makes events in which many share much."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def maybe(self, chance: float) -> bool:
        return self.dice.random() < chance

    def some(self, pool: list[Any], most: int = 2) -> list[Any]:
        return self.dice.sample(pool, self.dice.randint(1, most))

    def extensions(self, depth: int = 2) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for local in self.some(list("abcd")):
            pick = self.dice.random()
            if depth and pick < 0.3:
                made[f"ex:{local}"] = self.extensions(depth - 1)
            elif depth and pick < 0.4:
                made[f"ex:{local}"] = [self.extensions(depth - 1), self.dice.choice(SCALARS)]
            else:
                made[f"ex:{local}"] = self.dice.choice(SCALARS)
        return made

    def amounts(self) -> list[dict[str, Any]]:
        return [
            {"epcClass": lot, "quantity": self.dice.choice([2, 5, 7.5])} for lot in self.some(LOTS)
        ]

    def report(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": self.dice.choice(MEASURED)}
        for name in self.some(FIGURES, 3):
            made[name] = self.dice.choice(NUMBERS)
            made["uom"] = "CEL" if made["type"] == "Temperature" else "A93"
        texts = ["deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "uriValue"]
        for name in self.some([*texts, "microorganism", "chemicalSubstance"]):
            made[name] = self.dice.choice(URIS)
        if self.maybe(0.3):
            made |= {"stringValue": self.dice.choice(["red", "blue"])}
        if self.maybe(0.3):
            made |= {"booleanValue": self.maybe(0.5), "hexBinaryValue": "F0"}
        if self.maybe(0.3):
            made |= {"percRank": self.dice.choice([5, 26]), "time": self.dice.choice(TIMES)}
        return made | (self.extensions() if self.maybe(0.3) else {})

    def sensors(self) -> list[dict[str, Any]]:
        made: dict[str, Any] = {
            "sensorReport": [self.report() for _ in range(self.dice.randint(1, 2))]
        }
        if self.maybe(0.7):
            told = {name: self.dice.choice(TIMES) for name in ("time", "startTime", "endTime")}
            told |= {"bizRules": self.dice.choice(URIS), "deviceID": self.dice.choice(URIS)}
            made["sensorMetadata"] = told | (self.extensions() if self.maybe(0.3) else {})
        return [made | (self.extensions() if self.maybe(0.3) else {})]

    def things(self, kind: str) -> dict[str, Any]:
        if kind in {"AggregationEvent", "AssociationEvent"}:
            made = {"parentID": self.dice.choice(BOXES), "childEPCs": self.some(ITEMS, 3)}
            return made | ({"childQuantityList": self.amounts()} if self.maybe(0.4) else {})
        if kind == "TransformationEvent":
            made = {"inputEPCList": self.some(ITEMS), "outputEPCList": self.some(ITEMS)}
            made |= {"inputQuantityList": self.amounts(), "outputQuantityList": self.amounts()}
            return made | ({"transformationID": self.dice.choice(URIS)} if self.maybe(0.5) else {})
        made = {"epcList": self.some(ITEMS, 3)}
        if self.maybe(0.4):
            made["quantityList"] = self.amounts()
        if kind == "TransactionEvent" and self.maybe(0.5):
            return made | {"parentID": self.dice.choice(BOXES)}
        return made

    def event(self, number: int) -> dict[str, Any]:
        kind = self.dice.choice(TYPES)
        made: dict[str, Any] = {
            "type": kind,
            "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
            "eventTime": self.dice.choice(TIMES),
            "eventTimeZoneOffset": "+08:00",
            **self.things(kind),
        }
        if kind != "TransformationEvent":
            made["action"] = self.dice.choice(["ADD", "OBSERVE", "DELETE"])
        trade = [{"type": t, "bizTransaction": v} for t in ("po", "inv") for v in self.some(URIS)]
        more: list[tuple[float, str, Callable[[], Any]]] = [
            (0.8, "bizStep", lambda: self.dice.choice(STEPS)),
            (0.7, "disposition", lambda: self.dice.choice(DISPOSITIONS)),
            (0.8, "readPoint", lambda: {"id": self.dice.choice(PLACES)}),
            (0.6, "bizLocation", lambda: {"id": self.dice.choice(PLACES)}),
            (0.3, "persistentDisposition", lambda: {"set": [KEPT[0]], "unset": [KEPT[1]]}),
            (
                0.3,
                "sourceList",
                lambda: [{"type": "owning_party", "source": self.dice.choice(FIRMS)}],
            ),
            (
                0.3,
                "destinationList",
                lambda: [{"type": "possessing_party", "destination": self.dice.choice(FIRMS)}],
            ),
            (0.3, "sensorElementList", self.sensors),
            (0.3, "errorDeclaration", self.error),
        ]
        made |= {name: make() for chance, name, make in more if self.maybe(chance)}
        if kind == "TransactionEvent" or self.maybe(0.2):
            made["bizTransactionList"] = trade
        begins = kind == "TransformationEvent" or (kind, made.get("action")) == (
            "ObjectEvent",
            "ADD",
        )
        if begins and self.maybe(0.7):
            made["ilmd"] = self.extensions()
        return made | (self.extensions() if self.maybe(0.5) else {})

    def error(self) -> dict[str, Any]:
        made: dict[str, Any] = {"declarationTime": self.dice.choice(TIMES)}
        if self.maybe(0.7):
            made["reason"] = self.dice.choice(["incorrect_data", "did_not_occur"])
        if self.maybe(0.7):
            made["correctiveEventIDs"] = self.some(URIS)
        return made | (self.extensions() if self.maybe(0.5) else {})


def catalogue() -> dict[str, list[Any]]:
    """Every parameter there is, with values to choose from."""
    none = ["urn:x:none"]
    found: dict[str, list[Any]] = {
        "eventType": TYPES,
        "EQ_action": ["ADD", "OBSERVE", "DELETE"],
        "EQ_bizStep": [*STEPS, "storing"],
        "EQ_disposition": [*DISPOSITIONS, "destroyed"],
        "EQ_persistentDisposition_set": KEPT,
        "EQ_persistentDisposition_unset": KEPT,
        "EQ_transformationID": URIS + none,
        "EQ_eventID": [f"urn:uuid:00000000-0000-4000-8000-{n:012d}" for n in range(0, 300, 7)],
        "EXISTS_errorDeclaration": [True],
        "EQ_errorReason": ["incorrect_data", "did_not_occur"],
        "EQ_correctiveEventID": URIS + none,
        "EXISTS_sensorElementList": [True],
        "EQ_type": MEASURED,
        "EQ_stringValue": ["red", "blue", "green"],
        "EQ_booleanValue": [True, False],
        "EQ_hexBinaryValue": ["F0", "0F"],
    }
    found |= {
        f"{op}_{place}": PLACES + none
        for op in ("EQ", "WD")
        for place in ("readPoint", "bizLocation")
    }
    pattern = "urn:epc:idpat:sgtin:6901234.056789."
    for name in ("epc", "inputEPC", "outputEPC", "anyEPC"):
        found[f"MATCH_{name}"] = [*ITEMS, *BOXES, f"{pattern}*", f"{pattern}3"]
    found["MATCH_parentID"] = BOXES + none
    for name in ("epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass"):
        found[f"MATCH_{name}"] = LOTS + none
    for op in ("GE", "LT"):
        times = ("eventTime", "errorDeclarationTime", "time", "startTime", "endTime")
        found |= {f"{op}_{name}": TIMES for name in times}
        found[f"{op}_recordTime"] = [f"2026-04-01T00:00:{n:02d}.000Z" for n in range(0, 45, 4)]
    for op in ("EQ", "GT", "GE", "LT", "LE"):
        found[f"{op}_quantity"] = [2, 5, 7.5, 9]
        found |= {f"{op}_{name}_{unit}": NUMBERS for name in FIGURES for unit in ("CEL", "A93")}
        found[f"{op}_percRank"] = [5, 26, 30]
    found |= {f"EQ_bizTransaction_{kind}": URIS + none for kind in ("po", "inv", "bol")}
    found["EQ_source_owning_party"] = found["EQ_destination_possessing_party"] = FIRMS + none
    found["EQ_source_possessing_party"] = FIRMS
    codes = (
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "bizRules",
        "uriValue",
    )
    found |= {f"EQ_{name}": URIS + none for name in (*codes, "microorganism", "chemicalSubstance")}
    parts = (
        "",
        "ILMD_",
        "ERROR_DECLARATION_",
        "SENSORELEMENT_",
        "SENSORMETADATA_",
        "SENSORREPORT_",
    )
    for part in parts:
        for inner in ("", "INNER_"):
            for name in [*NAMES, "{urn:ex:}none"]:
                found[f"EQ_{inner}{part}{name}"] = [*SCALARS, "green"]
                found[f"EXISTS_{inner}{part}{name}"] = [True]
                for op in ("GT", "GE", "LT", "LE"):
                    found[f"{op}_{inner}{part}{name}"] = [*NUMBERS, TIMES[1], TIMES[2]]
    for field in ("readPoint", "bizLocation", "epcClass", "source", "destination"):
        found[f"HASATTR_{field}"] = [CITY, KIND, "urn:x:none"]
        found |= {
            f"EQATTR_{field}_{name}": ["Ningbo", "Suzhou", "cable", "yard"] for name in (CITY, KIND)
        }
    return found


@dataclass
class Shelf:
    """The same events twice in stores, and as JSON."""

    stores: tuple[Store, Store]
    told: list[dict[str, Any]]
    spaces: dict[str, str]

    def naive(self, query: dict[str, list[Any]]) -> list[int]:
        return [n for n, one in enumerate(self.told) if holds(one, query, self.spaces, MASTER)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("stores")
    rows, segments = RowStore.open(folder / "rows"), SegmentStore.open(folder / "segments")
    maker = Maker(5)
    facts = tuple(
        Fact(kind, key, {**MASTER[key]})
        for kind, keys in OF_KIND.items()
        for key in keys
        if key in MASTER
    )
    for entry in range(EVENTS // EACH):
        listed = [maker.event(entry * EACH + n) for n in range(EACH)]
        body = {
            "@context": [
                "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                {"ex": "urn:ex:"},
            ],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-20T00:00:00Z",
            "epcisBody": {"eventList": listed},
        }
        reading = read_table(json.dumps(body).encode(), media="application/json")
        assert reading.table is not None, reading.faults
        at_ms = 1_775_001_600_000 + 1_000 * entry
        one = Indexed(
            entry=entry,
            by="maker",
            received_ms=at_ms,
            table=reading.table,
            facts=facts if not entry else (),
        )
        for store in (rows, segments):
            store.append([one])
        if entry % 7 == 3:
            segments.compact()
    writer = EventWriter()
    stored = rows.scan_events(EventFilter(), limit=10**6)
    told = [writer.write(one.event, record_ms=one.record_ms) for one in stored]
    yield Shelf((rows, segments), told, writer.prefixes)
    rows.close()
    segments.close()


CATALOGUE = catalogue()


def question(dice: random.Random, told: list[dict[str, Any]], shelf: Shelf) -> dict[str, list[Any]]:
    """One to three parameters; often such as one event meets, so that not all answers are empty."""
    count, asked = dice.choice((1, 1, 2, 2, 3)), dict[str, list[Any]]()
    event = dice.choice(told)
    for _ in range(200):
        if len(asked) == count:
            break
        name = dice.choice(NAMES_OF_ALL)
        single = name.startswith(("GE_", "GT_", "LT_", "LE_", "EXISTS_"))
        pool = CATALOGUE[name]
        values = dice.sample(pool, 1 if single else dice.randint(1, min(3, len(pool))))
        if dice.random() < 0.15 or holds(event, {name: values}, shelf.spaces, MASTER):
            asked.setdefault(name, values)
    return asked


NAMES_OF_ALL = sorted(CATALOGUE)


def found_by(store: Store, query: Query, limit: int) -> list[int]:
    master = MasterData(store, OPERATOR, store.projected_size)
    found: list[int] = []
    after = None
    while True:
        page = page_of(store, query, seen=lambda _: True, after=after, limit=limit, master=master)
        found += [int(one.event.id[-12:]) for one in page.events]
        after = page.after
        if after is None:
            return found


def hold(shelf: Shelf, seed: int, rounds: int) -> tuple[int, set[str]]:
    """How many had an answer, and which parameters had some."""
    dice, some, met = random.Random(seed), 0, set[str]()
    for _ in range(rounds):
        asked = question(dice, shelf.told, shelf)
        naive = shelf.naive(asked)
        query = parse(asked)
        for store in shelf.stores:
            assert found_by(store, query, dice.choice((1, 7, 1_000))) == naive, asked
        some += bool(naive)
        met |= set(asked) if naive else set()
    return some, met


def test_random_queries(shelf: Shelf) -> None:
    some, _ = hold(shelf, 1, 150)
    assert some > 60


@pytest.mark.soak
def test_ten_thousand_queries(shelf: Shelf) -> None:
    """Each parameter that finds something at all does in some. GUANTONG_SEED: where they begin."""
    some, met = hold(shelf, int(os.environ.get("GUANTONG_SEED", "2000")), 10_000)
    assert some > 4_000
    never = set(CATALOGUE) - met
    assert not any(shelf.naive({name: [one]}) for name in never for one in CATALOGUE[name]), never


@pytest.mark.parametrize("name", NAMES_OF_ALL)
def test_each_parameter_alone(shelf: Shelf, name: str) -> None:
    """With each value, and with all of them: positive, negative and at the bounds."""
    pool = CATALOGUE[name]
    single = name.startswith(("GE_", "GT_", "LT_", "LE_", "EXISTS_"))
    asked = [[value] for value in pool] + ([] if single else [pool])
    for values in asked:
        query = {name: values}
        assert found_by(shelf.stores[1], parse(query), 1_000) == shelf.naive(query), query
