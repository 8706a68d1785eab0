"""Queries about what sensors measured."""

import msgspec
import pytest

from guantong.capture import read
from guantong.capture.model import Event, EventType
from guantong.query import QueryError, from_text, matches, parse

SPACE = {"ex": "https://ns.example.com/"}
DEVICE = "urn:epc:id:giai:4000001.111"
BODY = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", SPACE],
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T00:00:00Z",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "epcList": ["https://id.gs1.org/01/06901234567892/21/1"],
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2026-03-01T08:00:00+08:00",
                "deviceID": DEVICE,
                "bizRules": "https://rules.example/1",
                "ex:site": {"ex:hall": "7"},
            },
            "sensorReport": [
                {"type": "Temperature", "value": 26.0, "uom": "CEL", "ex:probe": "a"},
                {"type": "gs1:RelativeHumidity", "minValue": 12.1, "maxValue": 14, "uom": "A93"},
            ],
            "ex:grade": 3,
        },
        {
            "sensorReport": [
                {"type": "Speed", "percRank": 50, "percValue": 12.7, "uom": "KMH"},
                {
                    "type": "Volume",
                    "booleanValue": True,
                    "stringValue": "ok",
                    "uriValue": "urn:x:1",
                },
            ]
        },
    ],
}
PLAIN = Event(type=EventType.OBJECT, time_ms=0, offset="+08:00")


@pytest.fixture(scope="module")
def event() -> Event:
    reading = read(msgspec.json.encode(BODY))
    assert reading.document is not None, reading.faults
    return reading.document.events[0]


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("EXISTS_sensorElementList", "true", None),
        ("EQ_type", "https://gs1.org/voc/Temperature", "Mass"),
        ("EQ_type", ["Mass", "RelativeHumidity"], ["Mass"]),
        ("EQ_deviceID", DEVICE, DEVICE + "2"),
        ("EQ_deviceID", "https://id.gs1.org/8004/4000001111", "https://id.gs1.org/8004/4000001112"),
        ("EQ_bizRules", "https://rules.example/1", "https://rules.example/2"),
        ("EQ_uriValue", "urn:x:1", "urn:x:2"),
        ("EQ_stringValue", "ok", "no"),
        ("EQ_booleanValue", True, False),
        ("EQ_booleanValue", "true", "false"),
        ("GE_time", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00.001Z"),
        ("LT_time", "2026-03-01T00:00:00.001Z", "2026-03-01T00:00:00Z"),
        ("GE_startTime", None, "2026-03-01T00:00:00Z"),
        ("EQ_value_CEL", 26, 27),
        ("EQ_value_CEL", [1, 26], [1, 2]),
        ("GT_value_CEL", 25.9, 26),
        ("GE_value_CEL", 26, 26.1),
        ("LT_value_CEL", 26.1, 26),
        ("LE_value_CEL", 26, 25.9),
        ("EQ_value_FAH", None, 26),
        ("LE_minValue_A93", 12.1, 12),
        ("GE_maxValue_A93", 14, 15),
        ("EQ_percValue_KMH", 12.7, 12.8),
        ("EQ_percRank", 50, 51),
        ("EQ_SENSORELEMENT_ex:grade", "3", "4"),
        ("GE_SENSORELEMENT_ex:grade", 3, 4),
        ("EXISTS_SENSORMETADATA_ex:site", "true", None),
        ("EXISTS_SENSORMETADATA_ex:hall", None, "true"),
        ("EQ_INNER_SENSORMETADATA_ex:hall", "7", "8"),
        ("EQ_SENSORREPORT_ex:probe", "a", "b"),
        ("EXISTS_SENSORELEMENT_ex:probe", None, "true"),
    ],
)
def test_a_parameter_asks_for_an_event_or_not(
    event: Event, name: str, yes: object, no: object
) -> None:
    for value, expected in ((yes, True), (no, False)):
        if value is not None:
            assert matches(parse({name: value}, SPACE), event, 0) is expected
            assert not matches(parse({name: value}, SPACE), PLAIN, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EQ_value", 26),
        ("EQ_value_C", 26),
        ("EQ_value_CEL", "26"),
        ("EQ_value_CEL", True),
        ("GE_percRank_CEL", 26),
        ("EQ_booleanValue", 1),
        ("EQ_booleanValue", "yes"),
        ("GE_time", "noon"),
        ("EXISTS_sensorElementList", "false"),
        ("GT_time", "2026-03-01T00:00:00Z"),
    ],
)
def test_refused(name: str, value: object) -> None:
    with pytest.raises(QueryError):
        parse({name: value}, SPACE)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("EQ_value_CEL", "26", 26.0),
        ("GE_quantity", "5", 5.0),
        ("EQ_quantity", "many", "many"),
        ("GE_percRank", "5e1", 50.0),
        ("GE_eventTime", "2026", "2026"),
        ("LT_startTime", "2026", "2026"),
        ("GE_ILMD_{urn:x}size", "2.5", 2.5),
        ("GE_ILMD_{urn:x}until", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("EQ_ILMD_{urn:x}size", "2.5", "2.5"),
        ("MATCH_epc", "5", "5"),
    ],
)
def test_values_in_an_address(name: str, text: str, value: object) -> None:
    found = from_text(name, text)
    assert (found, type(found)) == (value, type(value))
