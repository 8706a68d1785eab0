"""EPCIS 1.2 in SOAP: its seven operations, each refusal as the standard's exception, and whose is what."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from guantong.capture import read
from guantong.capture.spellings import as_urn
from guantong.serve.epcis import soap
from guantong.serve.intake import Offer
from guantong.settings import Settings
from tests.api.test_epcis_capture import PEOPLE, House, house, housed
from tests.api.test_epcis_events import GTIN, SHOP, YARD, event, put
from tests.api.test_epcis_master import CITY, FIRM, LOT, ROOM, SHELF, VTYPE, element, say
from tests.api.test_epcis_subscriptions import until
from tests.receiver import Receiver, receiver

__all__ = ["house"]

URN = "urn:epc:id:sgln:6901234.00001.0"
"""`SHOP` as EPC writes it."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """With a post that looks often and may send to this machine."""
    monkeypatch.setattr("guantong.serve.outbox.post.LOOK_SECONDS", 0.01)
    with housed(Settings(tmp_path / "data", private_destinations=True)) as found:
        yield found


def envelope(inner: str, space: str = soap.V11) -> bytes:
    return (
        f'<e:Envelope xmlns:e="{space}" xmlns:q="{soap.QUERY}"><e:Header/>'
        f"<e:Body>{inner}</e:Body></e:Envelope>"
    ).encode()


def ask(house: House, inner: str, *, who: str = "maker", space: str = soap.V11) -> Any:
    return house.ask("POST", "/soap", envelope(inner, space), who=who, Content_Type="text/xml")


def result(answer: Any, space: str = soap.V11) -> Any:
    """What stands in the body."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == soap.MEDIA[space]
    ((inner,),) = etree.fromstring(answer.content)
    return inner


def exception(answer: Any, status: int = 500) -> str:
    """Which exception a fault holds."""
    assert answer.status_code == status, answer.text
    (body,) = etree.fromstring(answer.content)
    assert etree.QName(body[0]).localname == "Fault"
    (found,) = body[0][-1]
    assert found.findtext("reason")
    return str(etree.QName(found).localname)


def params(**given: Any) -> str:
    def value(one: Any) -> str:
        if isinstance(one, list):
            return "".join(f"<string>{part}</string>" for part in one)
        return str(one)

    listed = (
        f"<param><name>{name}</name><value>{value(one)}</value></param>"
        for name, one in given.items()
    )
    return f"<params>{''.join(listed)}</params>"


def poll(house: House, *, name: str = "SimpleEventQuery", who: str = "maker", **given: Any) -> Any:
    return ask(house, f"<q:Poll><queryName>{name}</queryName>{params(**given)}</q:Poll>", who=who)


def document_of(results: Any) -> bytes:
    """The results in a document of their own."""
    root = etree.Element(
        f"{{{soap.QUERY}}}EPCISQueryDocument",
        {"schemaVersion": "1.2", "creationDate": "2026-03-20T00:00:00Z"},
    )
    etree.SubElement(root, "EPCISBody").append(results)
    return etree.tostring(root)


def numbers(answer: Any) -> list[int]:
    results = result(answer)
    assert results.tag == f"{{{soap.QUERY}}}QueryResults"
    reading = read(document_of(results), name="x.xml")
    assert reading.document or not len(results.find("resultsBody/EventList"))
    return [int(one.id[-12:]) for one in reading.document.events] if reading.document else []


def subscribe(house: House, to: str, called: str = "mine", **more: str) -> Any:
    controls = more.get("controls", "<schedule><second>[0-59]</second></schedule>")
    return ask(
        house,
        f"<q:Subscribe><queryName>{more.get('name', 'SimpleEventQuery')}</queryName>"
        f"{more.get('params', '<params/>')}<dest>{to}</dest>"
        f"<controls>{controls}<reportIfEmpty>false</reportIfEmpty></controls>"
        f"<subscriptionID>{called}</subscriptionID></q:Subscribe>",
        who=more.get("who", "maker"),
    )


def ids(house: House, name: str = "SimpleEventQuery", who: str = "maker") -> list[str]:
    inner = f"<q:GetSubscriptionIDs><queryName>{name}</queryName></q:GetSubscriptionIDs>"
    return [one.text for one in result(ask(house, inner, who=who))]


def test_what_this_is(house: House) -> None:
    body = json.dumps({"name": "mine", "query": {"EQ_bizStep": ["shipping"]}}).encode()
    assert house.ask("POST", "/queries", body).status_code == 201
    names = [one.text for one in result(ask(house, "<q:GetQueryNames/>"))]
    assert names == ["SimpleEventQuery", "SimpleMasterDataQuery", "mine"]
    names = [one.text for one in result(ask(house, "<q:GetQueryNames/>", who="other"))]
    assert names == ["SimpleEventQuery", "SimpleMasterDataQuery"]
    assert result(ask(house, "<q:GetStandardVersion/>")).text == "1.2"
    assert result(ask(house, "<q:GetVendorVersion/>")).text is None
    answer = ask(house, "<q:GetStandardVersion/>", space=soap.V12)
    assert result(answer, soap.V12).text == "1.2"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"EQ_bizStep": ["urn:epcglobal:cbv:bizstep:shipping"]}, [1, 3, 5]),
        ({"EQ_bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, [1, 3, 5]),
        ({"EQ_bizStep": ["urn:epcglobal:cbv:bizstep:shipping"], "EQ_readPoint": [YARD]}, [3]),
        ({"EQ_readPoint": [URN, YARD]}, [0, 1, 2, 3, 4, 5]),
        ({"MATCH_epc": [f"{GTIN}/21/2", "urn:epc:id:sgtin:6901234.056789.4"]}, [2, 4]),
        ({"MATCH_epc": ["urn:epc:idpat:sgtin:6901234.056789.*"]}, [0, 1, 2, 3, 4, 5]),
        ({"GE_eventTime": "2026-03-01T00:04:00Z"}, [4, 5]),
        ({"eventType": ["AggregationEvent"]}, []),
        ({"EXISTS_errorDeclaration": ""}, []),
        ({"orderBy": "eventTime", "orderDirection": "DESC", "eventCountLimit": "2"}, [5, 4]),
        ({"maxEventCount": "6"}, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_events(house: House, given: dict[str, Any], found: list[int]) -> None:
    put(house, *map(event, range(6)))
    put(house, event(9), who="other")
    assert numbers(poll(house, **given)) == found


def test_a_query_with_a_name(house: House) -> None:
    put(house, *map(event, range(6)))
    body = json.dumps({"name": "mine", "query": {"EQ_bizStep": ["shipping"]}}).encode()
    assert house.ask("POST", "/queries", body).status_code == 201
    assert numbers(poll(house, name="mine")) == [1, 3, 5]
    assert exception(poll(house, name="mine", EQ_bizStep="x")) == "QueryParameterException"
    assert exception(poll(house, name="mine", who="other")) == "NoSuchNameException"


@pytest.mark.parametrize("name", ["SimpleEventQuery", "SimpleMasterDataQuery"])
def test_a_name_of_the_standard_is_nobodys(house: House, name: str) -> None:
    answer = house.ask("POST", "/queries", json.dumps({"name": name, "query": {}}).encode())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        409,
        "serve.query_name_taken",
    )


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"EQ_nothing": "x"}, "QueryParameterException"),
        ({"GE_eventTime": "yesterday"}, "QueryParameterException"),
        ({"eventCountLimit": "5"}, "QueryParameterException"),
        ({"orderBy": "eventTime", "eventCountLimit": "5", "maxEventCount": "5"},)
        + ("QueryParameterException",),
        ({"maxEventCount": "5"}, "QueryTooLargeException"),
        ({"name": "Simple"}, "NoSuchNameException"),
        ({"name": "SimpleMasterDataQuery"}, "QueryParameterException"),
        (
            {"name": "SimpleMasterDataQuery", "includeAttributes": "true"},
            "QueryParameterException",
        ),
    ],
)
def test_what_is_refused(house: House, given: dict[str, Any], refusal: str) -> None:
    put(house, *map(event, range(6)))
    assert exception(poll(house, **given)) == refusal


@pytest.mark.parametrize(
    "inner",
    [
        "<q:Forget/>",
        "<Poll/>",
        "",
        "<q:GetQueryNames/><q:GetQueryNames/>",
        "<q:Poll><queryName>SimpleEventQuery</queryName><params><param/></params></q:Poll>",
    ],
)
def test_what_is_no_question(house: House, inner: str) -> None:
    assert exception(ask(house, inner)) in {"ValidationException", "QueryParameterException"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        envelope("<q:GetQueryNames/>", "urn:another"),
        envelope("<q:GetQueryNames/>")[:-9],
    ],
)
def test_what_is_no_envelope(house: House, body: bytes) -> None:
    assert exception(house.ask("POST", "/soap", body)) == "ValidationException"


def test_who_asks(house: House) -> None:
    inner = envelope("<q:GetStandardVersion/>")
    assert exception(house.ask("POST", "/soap", inner, who=""), 401) == "SecurityException"

    def basic(text: str) -> Any:
        token = base64.b64encode(text.encode()).decode()
        return house.ask("POST", "/soap", inner, who="", Authorization=f"Basic {token}")

    assert result(basic(f"anybody:{house.keys['maker']}")).text == "1.2"
    assert exception(basic("anybody:nothing"), 401) == "SecurityException"
    assert exception(basic("anybody"), 401) == "SecurityException"
    answer = house.ask("POST", "/soap", inner, who="", Authorization="Basic %%%")
    assert exception(answer, 401) == "SecurityException"


def test_more_than_can_be_told_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guantong.serve.epcis.events.COUNT_MAX", 5)
    put(house, *map(event, range(6)))
    assert exception(poll(house)) == "QueryTooLargeException"
    assert numbers(poll(house, MATCH_epc=[f"{GTIN}/21/2"])) == [2]


# ---------------------------------------------------------------- master data


def told(answer: Any) -> dict[str, dict[str, Any]]:
    """Vocabulary -> element -> attributes, children as a list."""
    listed = result(answer).find("resultsBody/VocabularyList")
    found: dict[str, dict[str, Any]] = {}
    for vocabulary in listed:
        elements = found.setdefault(vocabulary.get("type").removeprefix(VTYPE), {})
        for one in vocabulary.find("VocabularyElementList"):
            said: dict[str, Any] = {}
            for attribute in one.findall("attribute"):
                said.setdefault(attribute.get("id").rpartition("#")[2], []).append(attribute.text)
            if one.find("children") is not None:
                said["children"] = [child.text for child in one.find("children")]
            elements[one.get("id")] = said
    return found


def about(house: House, *, who: str = "maker", **given: Any) -> dict[str, dict[str, Any]]:
    asked = {"includeAttributes": "true", "includeChildren": "true", **given}
    return told(poll(house, name="SimpleMasterDataQuery", who=who, **asked))


@pytest.fixture
def stated(house: House) -> House:
    say(house, "BusinessLocation", element(SHOP, ROOM, city="Ningbo", name="shop"))
    say(house, "BusinessLocation", element(ROOM, SHELF, city=["Wuxi", "Suzhou"]))
    say(house, "ReadPoint", element(SHELF, name="shelf"))
    say(house, "EPCClass", element(LOT, descriptionShort="cable"))
    say(house, "SourceDest", element(FIRM, name="firm"))
    say(house, "Colour", element("urn:x:red", name="red"))
    say(house, "BusinessLocation", element(YARD, city="Ningbo"), who="other")
    return house


def test_master_data(stated: House) -> None:
    """What the caller said, as it said it, vocabulary by vocabulary; nothing of another's."""
    everything = about(stated)
    assert everything == {
        "BusinessLocation": {
            as_urn(SHOP): {"city": ["Ningbo"], "name": ["shop"], "children": [as_urn(ROOM)]},
            as_urn(ROOM): {"city": ["Wuxi", "Suzhou"], "children": [as_urn(SHELF)]},
        },
        "ReadPoint": {as_urn(SHELF): {"name": ["shelf"]}},
        "EPCClass": {as_urn(LOT): {"descriptionShort": ["cable"]}},
        "SourceDest": {as_urn(FIRM): {"name": ["firm"]}},
        "Colour": {"urn:x:red": {"name": ["red"]}},
    }
    assert as_urn(SHOP) == URN
    assert about(stated, who="other") == {"BusinessLocation": {as_urn(YARD): {"city": ["Ningbo"]}}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"vocabularyName": [f"{VTYPE}ReadPoint"]}, {SHELF}),
        ({"vocabularyName": [f"{VTYPE}Colour", f"{VTYPE}EPCClass"]}, {"urn:x:red", LOT}),
        ({"vocabularyName": ["urn:none"]}, set()),
        ({"EQ_name": [SHOP, "urn:x:red"]}, {SHOP, "urn:x:red"}),
        ({"EQ_name": [URN]}, {SHOP}),
        ({"WD_name": [SHOP]}, {SHOP, ROOM, SHELF}),
        ({"WD_name": [ROOM], "EQ_name": [ROOM]}, {ROOM}),
        ({"HASATTR": [CITY]}, {SHOP, ROOM}),
        ({f"EQATTR_{CITY}": ["Suzhou"]}, {ROOM}),
        ({f"EQATTR_{CITY}": ["Ningbo", "Wuxi"]}, {SHOP, ROOM}),
        ({f"EQATTR_{CITY}": ["Ningbo"], "WD_name": [ROOM]}, set()),
        ({"EQ_name": [YARD]}, set()),
    ],
)
def test_master_data_that_are_asked_for(
    stated: House, given: dict[str, Any], found: set[str]
) -> None:
    listed = about(stated, **given)
    assert {key for elements in listed.values() for key in elements} == set(map(as_urn, found))


def test_what_is_told_of_them(stated: House) -> None:
    asked: dict[str, Any] = {"EQ_name": [SHOP]}
    assert about(stated, **asked, includeAttributes="false") == {
        "BusinessLocation": {URN: {"children": [as_urn(ROOM)]}}
    }
    assert about(stated, **asked, includeChildren="false", attributeNames=[CITY]) == {
        "BusinessLocation": {URN: {"city": ["Ningbo"]}}
    }
    name = "SimpleMasterDataQuery"
    both = {"includeAttributes": "true", "includeChildren": "true"}
    answer = poll(stated, name=name, **both, maxElementCount="5")
    assert exception(answer) == "QueryTooLargeException"
    assert len(about(stated, maxElementCount="6")) == 5
    for wrong in ({"maxElementCount": "many"}, {"EQ_readPoint": "x"}, {"EQ_name": ""}):
        assert exception(poll(stated, name=name, **both, **wrong)) == "QueryParameterException"


def test_more_statements_than_are_looked_at(stated: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guantong.query.vocabularies.EXAMINED_MAX", 3)
    name, both = "SimpleMasterDataQuery", {"includeAttributes": "true", "includeChildren": "true"}
    assert exception(poll(stated, name=name, **both)) == "QueryTooComplexException"
    assert len(about(stated, EQ_name=[SHOP])) == 1


def test_records_of_another_form(house: House) -> None:
    """What was stated with our own words is told with those of the CBV."""
    places = [{"id": SHOP, "name": "shop", "lat": 29.9, "lon": 121.5}]
    body = {"guantong": "records", "places": places}
    receipt = house.world.submit(
        Offer(json.dumps(body).encode(), media="application/json", name="records.json"),
        PEOPLE["maker"],
    )
    assert receipt.accepted, receipt.faults
    assert house.world.wait(house.world.ledger.size)
    assert about(house) == {
        "BusinessLocation": {URN: {"name": ["shop"], "latitude": ["29.9"], "longitude": ["121.5"]}}
    }


@pytest.mark.parametrize("media", ["application/json", "application/xml"])
def test_master_data_beside_events(stated: House, media: str) -> None:
    """On request an answer tells of the places and products in it, as a document that is taken."""
    put(stated, event(1), event(2, quantityList=[{"epcClass": LOT, "quantity": 2}]), event(3))
    answer = stated.ask("GET", "/events?includeMasterData=true", Accept=media)
    assert answer.status_code == 200, answer.text
    reading = read(answer.content, media=media)
    assert reading.document
    assert len(reading.document.events) == 3
    said = {(item.kind.removeprefix(VTYPE), item.key) for item in reading.document.master}
    assert said == {("BusinessLocation", SHOP), ("EPCClass", LOT)}
    plain = read(stated.ask("GET", "/events", Accept=media).content, media=media)
    assert plain.document
    assert plain.document.master == ()
    answer = stated.ask("GET", "/events?includeMasterData=perhaps")
    assert answer.json()["type"] == "epcisException:QueryParameterException"


# ---------------------------------------------------------------- subscriptions


def came(here: Receiver) -> list[int]:
    found: list[int] = []
    for headers, body in here.taken:
        assert headers["Content-Type"] == "application/xml"
        reading = read(body, media="application/xml")
        assert reading.document
        found += [int(one.id[-12:]) for one in reading.document.events]
    return found


def test_what_is_subscribed_to_comes_in_xml(home: House) -> None:
    put(home, event(1))
    with receiver() as here:
        asked = params(EQ_bizStep=["urn:epcglobal:cbv:bizstep:shipping"])
        assert result(subscribe(home, here.url, params=asked)).tag.endswith("}SubscribeResult")
        put(home, event(2), event(3))
        put(home, event(5), who="other")
        put(home, event(7))
        until(lambda: came(here) == [3, 7])
        results = etree.fromstring(here.taken[0][1]).find(f"EPCISBody/{{{soap.QUERY}}}QueryResults")
        assert results is not None
        assert results.findtext("subscriptionID") == "mine"
        assert ids(home) == ["mine"]
        inner = "<q:Unsubscribe><subscriptionID>mine</subscriptionID></q:Unsubscribe>"
        assert exception(ask(home, inner, who="other")) == "NoSuchSubscriptionException"
        assert result(ask(home, inner)).tag.endswith("}UnsubscribeResult")
        assert ids(home) == []
        assert exception(ask(home, inner)) == "NoSuchSubscriptionException"


def test_an_event_that_xml_can_not_say(home: House) -> None:
    """It is left out; what comes with it and after it is sent."""
    with receiver() as here:
        result(subscribe(home, here.url))
        put(home, event(1), event(2, **{"nobody:declared": "this"}), event(3))
        put(home, event(4, **{"nobody:declared": "this"}))
        put(home, event(5))
        until(lambda: came(here) == [1, 3, 5])


def test_names_of_subscriptions(home: House) -> None:
    """Two parties may use the same; one may not use it twice."""
    to = "http://127.0.0.1:9/x"
    result(subscribe(home, to))
    result(subscribe(home, to, who="other"))
    assert exception(subscribe(home, to)) == "DuplicateSubscriptionException"
    assert exception(subscribe(home, to, called="")) == "ValidationException"
    assert exception(subscribe(home, to, called="x" * 121)) == "ValidationException"
    result(subscribe(home, to, called="second"))
    assert sorted(ids(home)) == ["mine", "second"]
    assert ids(home, who="other") == ["mine"]
    assert ids(home, "SimpleMasterDataQuery") == []


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"name": "Simple"}, "NoSuchNameException"),
        ({"name": "SimpleMasterDataQuery"}, "SubscribeNotPermittedException"),
        ({"params": params(EQ_nothing="x")}, "QueryParameterException"),
        ({"controls": ""}, "SubscriptionControlsException"),
        ({"controls": "<trigger>urn:x</trigger>"}, "SubscriptionControlsException"),
        (
            {"controls": "<schedule><second>61</second></schedule>"},
            "SubscriptionControlsException",
        ),
        ({"controls": "<schedule/>"}, "SubscriptionControlsException"),
        ({"to": "ftp://a.example/"}, "InvalidURIException"),
        ({"to": "https://127.0.0.1/"}, "InvalidURIException"),
        ({"to": ""}, "InvalidURIException"),
    ],
)
def test_what_is_not_subscribed_to(house: House, more: dict[str, str], refusal: str) -> None:
    to = more.pop("to", "https://receiver.example/")
    assert exception(subscribe(house, to, **more)) == refusal
    assert ids(house) == []


def test_the_answers_are_valid(stated: House, testdata: Callable[[str], Path]) -> None:
    """By the published schema, but for what others put into events."""
    schema = etree.XMLSchema(
        etree.parse(testdata("01-gs1-epcis/xsd/1.2/EPCglobal-epcis-query-1_2.xsd"))
    )
    put(stated, *map(event, range(6)))
    both = {"includeAttributes": "true", "includeChildren": "true"}
    for answer in (
        poll(stated),
        poll(stated, name="SimpleMasterDataQuery", **both),
        ask(stated, "<q:GetQueryNames/>"),
        ask(stated, "<q:GetVendorVersion/>"),
        subscribe(stated, "https://receiver.example/"),
        ask(stated, "<q:Unsubscribe><subscriptionID>mine</subscriptionID></q:Unsubscribe>"),
    ):
        schema.assertValid(etree.fromstring(document_of(result(answer))))
    for answer in (poll(stated, EQ_x="y"), poll(stated, name="x"), ask(stated, "<q:Forget/>")):
        (body,) = etree.fromstring(answer.content)
        schema.assertValid(etree.fromstring(document_of(body[0][-1][0])))
