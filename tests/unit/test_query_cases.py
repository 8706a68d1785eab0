"""Every parameter of a query finds what its cases say, in both stores, and none is without cases."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from guantong.caller import OPERATOR
from guantong.capture import read_table
from guantong.query import MasterData, page_of, parse
from guantong.query.parameters import READERS
from guantong.store import Fact, Indexed, RowStore, SegmentStore, Store

CASES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "query.yaml").read_text("utf-8")
)
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", CASES["context"]]
BEGIN_MS = 1_775_001_600_000
FAMILIES = (
    *("EQ_bizTransaction_", "EQ_source_", "EQ_destination_", "HASATTR_", "EQATTR_"),
    *(r"\w\w_value_", r"\w\w_minValue_", r"\w\w_maxValue_", r"\w\w_meanValue_", r"\w\w_sDev_"),
    *(r"\w\w_percValue_", r"\w\w_percRank", r"\w\w_ex:", "EXISTS_ex:", r"\w+_INNER_ex:"),
    *(r"\w\w_ILMD_ex:", r"\w+_INNER_ILMD_", r"\w+_ERROR_DECLARATION_", r"\w+_SENSORELEMENT_"),
    *(r"\w+_SENSORMETADATA_", r"\w+_SENSORREPORT_"),
)


def indexed(entry: int, name: str, event: dict[str, Any]) -> Indexed:
    body = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-20T00:00:00Z",
        "epcisBody": {
            "eventList": [{"eventTimeZoneOffset": "+08:00", "eventID": f"urn:x:{name}", **event}]
        },
    }
    reading = read_table(json.dumps(body).encode(), media="application/json")
    assert reading.table is not None, reading.faults
    facts = [
        Fact(kind, key, said) for kind, of in CASES["master"].items() for key, said in of.items()
    ]
    return Indexed(
        entry=entry,
        by="maker",
        received_ms=BEGIN_MS + 60_000 * entry,
        table=reading.table,
        facts=tuple(facts) if not entry else (),
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, ...]]:
    folder = tmp_path_factory.mktemp("stores")
    rows, segments = RowStore.open(folder / "rows"), SegmentStore.open(folder / "segments")
    for entry, (name, event) in enumerate(CASES["events"].items()):
        for store in (rows, segments):
            store.append([indexed(entry, name, event)])
        if entry == 3:
            segments.compact()
    yield rows, segments
    rows.close()
    segments.close()


IDS = [f"{number} {' '.join(case['asked'])}" for number, case in enumerate(CASES["cases"])]


@pytest.mark.parametrize("case", CASES["cases"], ids=IDS)
def test_what_is_found(stores: tuple[Store, ...], case: dict[str, Any]) -> None:
    query = parse(case["asked"], CASES["context"])
    for store in stores:
        master = MasterData(store, OPERATOR, store.projected_size)
        page = page_of(store, query, seen=lambda _: True, limit=10, master=master)
        assert [one.event.id.removeprefix("urn:x:") for one in page.events] == case["found"]


@pytest.mark.parametrize("name", [*READERS, *FAMILIES])
def test_no_parameter_is_without_cases(name: str) -> None:
    """One that finds, one that does not, and of what has an order one at its bound."""
    mine = [
        case
        for case in CASES["cases"]
        if any(re.match(rf"{name}(?=$|\W|(?<=[_:]))", asked) for asked in case["asked"])
    ]
    assert any(case["found"] for case in mine)
    assert any(len(case["found"]) < len(CASES["events"]) for case in mine)
    assert len(mine) > 1
    if name[:3] in {"GE_", "GT_", "LT_", "LE_"}:
        assert sum(bool(case.get("edge")) for case in mine) > 1
