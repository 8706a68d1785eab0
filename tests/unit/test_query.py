"""Query parameters are read once, and an event is asked for or not."""

import msgspec
import pytest

from guantong.capture.model import Action, ErrorDeclaration, Event, EventType, Quantity, Typed
from guantong.query import Fault, Query, QueryError, matches, parse

ITEM = "urn:epc:id:sgtin:0614141.107346.2018"
LINK = "https://id.gs1.org/01/10614141073464/21/2018"
PO = "urn:epcglobal:cbv:bt:0614141073467:1152"
EVENT = Event(
    type=EventType.OBJECT,
    time_ms=1_000,
    offset="+08:00",
    id="urn:x:1",
    action=Action.ADD,
    step="shipping",
    epcs=(LINK,),
    quantities=(Quantity("urn:x:class", 5.0),),
    transactions=(Typed("po", PO),),
    error=ErrorDeclaration(2_000, "incorrect_data", ("urn:x:2",)),
)


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("eventType", ["ObjectEvent", "AggregationEvent"], "AggregationEvent"),
        ("EQ_action", "ADD", "DELETE"),
        ("EQ_bizStep", "urn:epcglobal:cbv:bizstep:shipping", "receiving"),
        ("EQ_disposition", None, "in_transit"),
        ("EQ_eventID", "urn:x:1", "urn:x:2"),
        ("EQ_correctiveEventID", "urn:x:2", "urn:x:1"),
        ("EQ_errorReason", "incorrect_data", "did_not_occur"),
        ("MATCH_epc", ITEM, ITEM + "9"),
        ("MATCH_anyEPC", LINK, LINK + "9"),
        ("MATCH_inputEPC", None, LINK),
        ("MATCH_epcClass", "urn:x:class", "urn:x:other"),
        ("EQ_bizTransaction_urn:epcglobal:cbv:btt:po", PO, "urn:x:no"),
        ("GE_quantity", 5, 5.5),
        ("GT_quantity", 4, 5),
        ("LT_quantity", 6, 5),
        ("GE_eventTime", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.001Z"),
        ("LT_eventTime", "1970-01-01T00:00:01.001Z", "1970-01-01T00:00:01Z"),
        ("GE_recordTime", "1970-01-01T00:00:03Z", "1970-01-01T00:00:04Z"),
        ("GE_errorDeclaration_Time", "1970-01-01T00:00:02Z", "1970-01-01T00:00:03Z"),
    ],
)
def test_a_parameter_asks_for_an_event_or_not(name: str, yes: object, no: object) -> None:
    assert yes is None or matches(parse({name: yes}), EVENT, 3_000)
    assert not matches(parse({name: no}), EVENT, 3_000)


def test_all_parameters_must_hold() -> None:
    assert not matches(parse({"EQ_bizStep": "shipping", "EQ_action": "DELETE"}), EVENT, 0)


def test_spellings_of_one_value_are_one_query() -> None:
    forms = (
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
    )
    queries = [parse({"EQ_bizStep": form}) for form in forms]
    assert queries[0] == queries[1] == queries[2]
    assert parse({"MATCH_epc": ITEM}) == parse({"MATCH_epc": LINK})


def test_a_query_survives_json() -> None:
    query = parse({"MATCH_epc": [ITEM], "GE_quantity": 1.5, "EXISTS_errorDeclaration": True})
    assert msgspec.json.decode(msgspec.json.encode(query), type=Query) == query
    assert matches(parse({"EXISTS_errorDeclaration": True}), EVENT, 0)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"EQ_nothing": "x"}, Fault.PARAMETER),
        ({"EQ_source_": "x"}, Fault.PARAMETER),
        ({"GE_quantity": "5"}, Fault.VALUE),
        ({"GE_quantity": True}, Fault.VALUE),
        ({"GE_eventTime": "yesterday"}, Fault.VALUE),
        ({"EQ_action": []}, Fault.VALUE),
        ({"GE_quantity": [1, 2]}, Fault.VALUE),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:0614141.107346.*"}, Fault.VALUE),
        ({"EQ_eventID": [str(n) for n in range(10_001)]}, Fault.COMPLEX),
    ],
)
def test_a_refusal_names_its_parameter(parameters: dict[str, object], code: Fault) -> None:
    with pytest.raises(QueryError) as refused:
        parse(parameters)
    assert refused.value.faults[0].code == code
    assert [refused.value.faults[0].path] == list(parameters)
