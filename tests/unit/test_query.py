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
        ({"MATCH_epc": "urn:epc:idpat:sgtin:0614141.*.2018"}, Fault.VALUE),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:06x4141.107346.*"}, Fault.VALUE),
        ({"MATCH_epc": "urn:epc:idpat:nothing:0614141.*"}, Fault.VALUE),
        ({"EQ_ex:grade": "A"}, Fault.PARAMETER),
        ({"EQ_ILMD_grade": "A"}, Fault.PARAMETER),
        ({"EQ_ILMD_http://x.example#": "A"}, Fault.PARAMETER),
        ({"GE_{http://x.example}grade": "much"}, Fault.VALUE),
        ({"EQ_{http://x.example}grade": {"A": 1}}, Fault.VALUE),
        ({"EXISTS_{http://x.example}grade": False}, Fault.VALUE),
        ({"EQ_eventID": [str(n) for n in range(10_001)]}, Fault.COMPLEX),
    ],
)
def test_a_refusal_names_its_parameter(parameters: dict[str, object], code: Fault) -> None:
    with pytest.raises(QueryError) as refused:
        parse(parameters)
    assert refused.value.faults[0].code == code
    assert [refused.value.faults[0].path] == list(parameters)


ITEM_OF = "https://id.gs1.org/01/10614141073464/21/2018"
PATTERNS = [
    ("urn:epc:idpat:sgtin:0614141.107346.*", ITEM_OF, True),
    ("urn:epc:idpat:sgtin:0614141.*.*", ITEM_OF, True),
    ("urn:epc:idpat:sgtin:*.*.*", ITEM_OF, True),
    ("urn:epc:idpat:sgtin:0614141.107347.*", ITEM_OF, False),
    ("urn:epc:idpat:sgtin:061414.1107346.*", ITEM_OF, True),
    ("urn:epc:idpat:sgtin:061414.*.*", ITEM_OF, True),
    ("urn:epc:idpat:sgtin:0614142.*.*", ITEM_OF, False),
    ("urn:epc:idpat:sgtin:0614141.107346.*", "https://id.gs1.org/01/10614141073464/21/a.b.c", True),
    ("urn:epc:idpat:sgtin:0614141.107346.*", "https://id.gs1.org/01/10614141073464", True),
    ("urn:epc:idpat:sgtin:0614141.107346.*", "https://id.gs1.org/01/10614141073464/10/L", False),
    ("urn:epc:idpat:lgtin:0614141.107346.*", "https://id.gs1.org/01/10614141073464/10/L.7", True),
    ("urn:epc:idpat:lgtin:0614141.*.*", ITEM_OF, False),
    ("urn:epc:idpat:sscc:0614141.*", "https://id.gs1.org/00/106141412345678908", True),
    ("urn:epc:idpat:sscc:0614142.*", "https://id.gs1.org/00/106141412345678908", False),
    ("urn:epc:idpat:sscc:*.*", "https://id.gs1.org/00/106141412345678908", True),
    ("urn:epc:idpat:sgtin:*.*.*", "https://id.gs1.org/00/106141412345678908", False),
    ("urn:epc:idpat:sgtin:*.*.*", "urn:x:1", False),
    ("urn:epc:idpat:giai:0614141.*", "https://id.gs1.org/8004/0614141a.b", True),
    ("urn:epc:idpat:giai:06141412.*", "https://id.gs1.org/8004/0614141ab", False),
]


@pytest.mark.parametrize(("pattern", "uri", "want"), PATTERNS)
def test_a_pattern_covers_what_its_fields_say(pattern: str, uri: str, *, want: bool) -> None:
    event = Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", epcs=(uri,))
    assert matches(parse({"MATCH_epc": pattern}), event, 0) is want


def test_a_class_pattern_asks_for_the_class() -> None:
    amounts = (Quantity("https://id.gs1.org/01/10614141073464", 5.0),)
    event = Event(type=EventType.OBJECT, time_ms=1, offset="+08:00", quantities=amounts)
    assert matches(parse({"MATCH_epcClass": "urn:epc:idpat:sgtin:0614141.107346.*"}), event, 0)
    assert not matches(parse({"MATCH_epcClass": "urn:epc:idpat:sgtin:0614141.107347.*"}), event, 0)


EX = {"ex": "http://x.example"}
TOLD = Event(
    type=EventType.OBJECT,
    time_ms=1,
    offset="+08:00",
    ilmd={"{http://x.example}grade": "A", "{http://x.example}made": "2026-03-01T00:00:00Z"},
    error=ErrorDeclaration(2, extensions={"{http://x.example}why": "typo"}),
    extensions={
        "{http://x.example}heat": 12.5,
        "{http://x.example}text": "12.5",
        "{http://x.example}many": ["a", "b"],
        "{http://x.example}box": {
            "{http://x.example}depth": {"{http://x.example}deep": "3"},
            "{http://y.example}flat": [{"{http://x.example}inner": "x"}, "y"],
        },
    },
)


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("EQ_ILMD_ex:grade", ["B", "A"], "B"),
        ("EQ_ILMD_http://x.example#grade", "A", "a"),
        ("EQ_ILMD_{http://x.example}grade", "A", "AA"),
        ("GE_ILMD_ex:made", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00.001Z"),
        ("LT_ILMD_ex:made", "2026-03-01T08:00:00.001+08:00", "2026-03-01T08:00:00+08:00"),
        ("EQ_ERROR_DECLARATION_ex:why", "typo", "other"),
        ("EQ_ex:heat", 12.5, 12),
        ("EQ_ex:heat", "12.5", "12.50"),
        ("EQ_ex:text", 12.5, 12),
        ("GT_ex:heat", 12, 12.5),
        ("GE_ex:text", 12.5, 12.6),
        ("LE_ex:heat", 12.5, 12.4),
        ("LT_ex:heat", 13, 12.5),
        ("EQ_ex:many", "b", "c"),
        ("EQ_INNER_ex:deep", "3", "4"),
        ("GE_INNER_ex:deep", 3, 4),
        ("EQ_INNER_ex:inner", "x", "y"),
        ("EXISTS_ex:box", True, None),
        ("EXISTS_INNER_ex:depth", True, None),
        ("EQ_ex:deep", None, "3"),
        ("EQ_INNER_ex:heat", None, 12.5),
        ("EQ_INNER_ILMD_ex:grade", None, "A"),
        ("EXISTS_ILMD_ex:heat", None, True),
        ("GE_ex:many", None, 1),
        ("EXISTS_ERROR_DECLARATION_ex:grade", None, True),
    ],
)
def test_a_member_only_its_sender_knows_is_asked_for(name: str, yes: object, no: object) -> None:
    assert yes is None or matches(parse({name: yes}, EX), TOLD, 0)
    assert no is None or not matches(parse({name: no}, EX), TOLD, 0)


def test_three_spellings_of_a_member_are_one_query() -> None:
    forms = (
        "EQ_ILMD_ex:grade",
        "EQ_ILMD_http://x.example#grade",
        "EQ_ILMD_{http://x.example}grade",
    )
    queries = [parse({form: "A"}, EX) for form in forms]
    assert queries[0] == queries[1] == queries[2]
    with pytest.raises(QueryError):
        parse(dict.fromkeys(forms, "A"), EX)
