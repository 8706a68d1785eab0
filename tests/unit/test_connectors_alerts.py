"""Two foreign offices’ files are read with all their habits; what is parsed and what is rejected add up to the file."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from guantong.capture import CaptureError
from guantong.connectors import ConnectorError, Read, Source, alerts, read_alerts
from guantong.connectors.alerts import gtins_in, models_in, plain
from guantong.errors import Refusal
from guantong.market import foreign_alerts, recalls_json, weekly_xml


def weekly(*inner: str, head: str = "<Safety-Gate>", date: str = "21/08/2026") -> Read:
    body = f"{head}<report_date>{date}</report_date>{''.join(inner)}</Safety-Gate>"
    return read_alerts(f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode())


def told(**fields: str) -> str:
    fields = {"caseNumber": "SR/02362/26", "product": "Heater"} | fields
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    return f"<notifications>{inner}</notifications>"


def one(read: Read) -> alerts.Alert:
    assert not read.rejected, read.rejected
    (alert,) = read.alerts
    return alert


def recalls(*rows: Any, mark: bytes = b"") -> Read:
    return read_alerts(mark + json.dumps(list(rows)).encode())


RECALL: dict[str, Any] = {
    "RecallID": 9001,
    "RecallNumber": "23085",
    "RecallDate": "2023-01-05T00:00:00",
    "LastPublishDate": "2023-02-01T00:00:00",
    "Title": "Acorn &amp; Sons Recalls Heaters Due to Fire Hazard",
    "Description": "<p>This involves model numbers X-100 and X-200.</p>",
    "URL": "https://example.com/a <br>",
    "ConsumerContact": "Call 1-800 <br>",
    "Products": [{"Name": "Acorn Heaters", "Model": "", "NumberOfUnits": "About 1,000"}],
    "ProductUPCs": [{"UPC": "012345678905"}],
    "Hazards": [{"Name": "Overheats", "HazardType": ""}],
    "Remedies": [{"Name": "Refund"}],
    "Manufacturers": [{"Name": "Acorn Electric Co., Ltd., of China"}],
    "Importers": [],
    "Distributors": None,
    "ManufacturerCountries": [{"Country": "China"}],
    "Images": [],
}


# ------------------------------------------------------------------------ Safety Gate


def test_a_whole_notification_is_read() -> None:
    alert = one(
        weekly(
            told(
                brand="S&amp;amp;W",
                name="Turbo",
                type_numberOfModel="Item No.: X-1",
                barcode="6901234567892",
                batchNumber="L7",
                riskType="Fire",
                danger="null It may overheat.",
                level="Serious risk",
                countryOfOrigin="China",
                notifyingCountry="Finland",
                reference="https://example.com/alert/1,\n",
                pictures="<picture>x</picture><picture>y</picture>",
            )
        )
    )
    assert (alert.source, alert.number, alert.product) == (
        Source.SAFETY_GATE,
        "SR/02362/26",
        "Heater",
    )
    assert (alert.brands, alert.models, alert.barcodes) == (("S&W",), ("X-1",), ("06901234567892",))
    assert (alert.published, alert.title, alert.batches) == ("2026-08-21", "Turbo", "L7")
    assert (alert.hazard, alert.risk) == ("Fire It may overheat.", "Serious risk")
    assert (alert.origin, alert.notifying) == ("China", "Finland")
    assert alert.address == "https://example.com/alert/1"


def test_elements_are_known_by_their_local_name() -> None:
    assert one(weekly(told(), head='<Safety-Gate xmlns="urn:example:gate">')).product == "Heater"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("null", ""),
        ("null Heater", "Heater"),
        ("<![CDATA[A<br>B]]>", "A B"),
        ("A&lt;br&gt;B&amp;nbsp;C", "A B C"),
        ("A &amp;lt; B", "A < B"),
        ("A<br/>B", "A B"),
        ("A&#160;B", "A B"),
        ("Nullarbor", "Nullarbor"),
    ],
)
def test_texts_lose_what_is_not_theirs(text: str, meant: str) -> None:
    assert one(weekly(told(product=text, name="x"))).product == meant


@pytest.mark.parametrize("none", ["Unknown", "unknown", "No brand", "-", "", "null", "N/A"])
def test_no_brand_is_none(none: str) -> None:
    assert one(weekly(told(brand=none))).brands == ()


def test_nil_and_absent_are_nothing() -> None:
    xsi = '<Safety-Gate xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    nil = '<brand xsi:nil="true">Acorn</brand>'
    inner = f"<caseNumber>A12/00123/19</caseNumber><product>Lamp</product>{nil}"
    alert = one(weekly(f'<notifications xsi:type="a">{inner}</notifications>', head=xsi))
    assert (alert.brands, alert.models, alert.barcodes) == ((), (), ())


def test_an_older_report_has_its_alerts_one_level_deeper_and_batch_and_barcode_in_one() -> None:
    inner = "<caseNumber>A12/0000{}/19</caseNumber><product>Lamp</product>"
    both = "<batchNumber_barcode>Lot 7 / 6901234567892</batchNumber_barcode>"
    rows = "".join(f"<notification>{inner.format(at)}{both}</notification>" for at in (1, 2))
    read = weekly(f"<notifications>{rows}</notifications>", told())
    assert [one.number for one in read.alerts] == ["A12/00001/19", "A12/00002/19", "SR/02362/26"]
    assert read.alerts[0].barcodes == ("06901234567892",)
    assert read.alerts[0].batches == "Lot 7 / 6901234567892"


@pytest.mark.parametrize("date", ["", "31/02/2026", "soon", "null"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert one(weekly(told(), date=date)).published == ""


# ------------------------------------------------------------------------ CPSC


def test_a_whole_recall_is_read() -> None:
    alert = one(recalls(RECALL, mark=b"\xef\xbb\xbf"))
    assert (alert.source, alert.number, alert.published) == (Source.CPSC, "23085", "2023-01-05")
    assert alert.title == "Acorn & Sons Recalls Heaters Due to Fire Hazard"
    assert alert.brands == ("Acorn Electric Co., Ltd.", "Acorn & Sons")
    assert (alert.barcodes, alert.models) == (("00012345678905",), ())
    assert alert.text == "This involves model numbers X-100 and X-200."
    assert (alert.hazard, alert.measures, alert.origin) == ("Overheats", "Refund", "China")
    assert alert.address == "https://example.com/a"


@pytest.mark.parametrize(
    ("recalled", "published", "meant"),
    [
        (None, "2023-02-01T00:00:00", "2023-02-01"),
        ("", "0001-01-01T00:00:00", ""),
        ("2023-01-05", None, "2023-01-05"),
    ],
)
def test_dates_may_be_missing(recalled: object, published: object, meant: str) -> None:
    dates = {"RecallDate": recalled, "LastPublishDate": published}
    assert one(recalls(RECALL | dates)).published == meant


@pytest.mark.parametrize(
    "upcs", [["012345678905"], [{"UPC": "0 12345 67890 5"}], [{"UPC": None}, "012345678905"]]
)
def test_barcodes_are_objects_or_texts(upcs: object) -> None:
    assert one(recalls(RECALL | {"ProductUPCs": upcs})).barcodes == ("00012345678905",)


def test_a_recall_without_number_has_that_of_its_record() -> None:
    assert one(recalls(RECALL | {"RecallNumber": None})).number == "id 9001"


# ------------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Barcodes: 6901234567892; 6 936983 800013", ["06901234567892", "06936983800013"]),
        ("6901234567891", []),
        ("6901234567892/6936983800013", ["06901234567892", "06936983800013"]),
        ("0000000000000", []),
        ("16901234567899", ["16901234567899"]),
        ("690-1234567-892", ["06901234567892"]),
        ("12345, 12346", []),
    ],
)
def test_a_barcode_counts_with_a_right_check_digit(text: str, meant: list[str]) -> None:
    assert list(gtins_in(text)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12345, 12346 / 12347", ["12345", "12346", "12347"]),
        ("Item No.: X-1", ["X-1"]),
        ("Models: A-1 and B-2", ["A-1", "B-2"]),
        ("Art. no. 77; REF-100", ["77", "REF-100"]),
        ("unknown", []),
        ("AB/12", ["AB/12"]),
    ],
)
def test_models_are_listed_apart(text: str, meant: list[str]) -> None:
    assert list(models_in(text)) == meant


def test_a_long_text_is_cut() -> None:
    assert len(plain("x" * 100_000)) == alerts.TEXT_MAX


# ------------------------------------------------------------------------ what is rejected


def wrong(read: Read) -> list[tuple[str, str]]:
    assert read.total == len(read.alerts) + len(read.rejected)
    return [(fault.code, fault.path) for fault in read.rejected]


def test_what_is_no_alert_is_rejected_with_where_and_why() -> None:
    twice = "<notifications><caseNumber>a</caseNumber><caseNumber>b</caseNumber></notifications>"
    nothing = told(caseNumber="SR/2/26", product="")
    read = weekly(told(), told(caseNumber=""), nothing, told(), twice, "<notifications/>")
    assert [one.number for one in read.alerts] == ["SR/02362/26"]
    assert wrong(read) == [
        ("connectors.alert", "notifications[1].number"),
        ("connectors.alert", "notifications[2].product"),
        ("connectors.alert", "notifications[3].number"),
        ("connectors.alert", "notifications[4].caseNumber"),
        ("connectors.alert", "notifications[5].number"),
    ]
    assert read.total == 6


def test_so_it_is_in_the_other_file() -> None:
    nothing: dict[str, Any] = {
        "RecallNumber": "3",
        "Title": None,
        "Products": None,
        "ProductUPCs": [],
    }
    numberless = {"RecallNumber": "", "RecallID": None}
    shapeless: tuple[Any, ...] = (RECALL | {"Products": "none"}, None, "null", 7, [])
    read = recalls(RECALL, RECALL, RECALL | nothing, RECALL | numberless, *shapeless)
    assert [path for _, path in wrong(read)] == [
        "[1].number",
        "[2].product",
        "[3].number",
        *(f"[{at}]" for at in range(4, 9)),
    ]
    assert (len(read.alerts), read.total) == (1, 9)


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b"", "connectors.alerts", ""),
        (b" \n", "connectors.alerts", ""),
        (b"caseNumber,product", "capture.syntax", ""),
        (b"<Safety-Gate><notifications>", "capture.syntax", "line 1"),
        (b"<weeklyReports><weeklyReport/></weeklyReports>", "connectors.alerts", "/"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Safety-Gate>&b;</Safety-Gate>", "capture.unsafe_xml", ""),
        (b"<Safety-Gate>&b;</Safety-Gate>", "capture.unsafe_xml", ""),
        (
            b"<Safety-Gate>" + b"<a>" * 40 + b"</a>" * 40 + b"</Safety-Gate>",
            "connectors.alerts",
            "line 1",
        ),
        (b'[{"RecallNumber": "1"', "connectors.alerts", "byte 21"),
        (b'[{"RecallNumber": 1 2}]', "connectors.alerts", "byte 20"),
        (b'{"RecallNumber": "1"}', "connectors.alerts", "byte 21"),
        (b'["\xff"]', "connectors.alerts", "byte 2"),
        (b"[" * 100_000, "connectors.alerts", "byte 100000"),
    ],
)
def test_a_broken_file_is_refused_as_a_whole(data: bytes, code: str, where: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_alerts(data)
    assert isinstance(refusal.value, ConnectorError | CaptureError)
    assert (refusal.value.faults[0].code, refusal.value.faults[0].path) == (code, where)


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "ALERTS_MAX", 1)
    with pytest.raises(ConnectorError, match="at most 1 alerts"):
        weekly(told(), told(caseNumber="2"))
    monkeypatch.setattr(alerts, "ALERTS_BYTES_MAX", 10)
    with pytest.raises(ConnectorError, match="at most 10 bytes"):
        recalls(RECALL)


def test_what_would_cost_too_much_is_refused_soon() -> None:
    many = "<notifications>" + "<a/>" * 10_001 + "</notifications>"
    with pytest.raises(ConnectorError, match="elements in an alert"):
        weekly(many)
    items = "<notification><caseNumber/></notification>" * 10_001
    assert weekly(f"<notifications>{items}</notifications>").total == 10_001
    with pytest.raises(ConnectorError, match="at most 3000000 values"):
        read_alerts(b"[" + b"0," * 3_000_001 + b"0]")
    assert gtins_in("1 " * 2_000) == gtins_in("1-" * 2_000)
    assert one(weekly(told(brand="&amp;amp;" * 5_000))).brands
    assert one(weekly(told(type_numberOfModel="item " * 5_000))).number


# ------------------------------------------------------------------------ both add up


@pytest.mark.parametrize("seed", [1, 2])
def test_of_made_up_files_exactly_the_spoilt_alerts_are_rejected(seed: int) -> None:
    made = foreign_alerts(seed, goods=100, alerts=500).said
    spoilt = [at for at, said in enumerate(made) if said.way == "spoilt"]
    for file, where in (
        (weekly_xml(seed, made), "notifications[{}]"),
        (recalls_json(seed, made), "[{}]"),
    ):
        read = read_alerts(file)
        assert read.total == 500
        wanted = [where.format(at) for at in spoilt]
        assert [
            fault.path.partition("].")[0].rstrip("]") + "]" for fault in read.rejected
        ] == wanted


SAID = foreign_alerts(7, goods=20, alerts=12).said
FILES = (weekly_xml(7, SAID), recalls_json(7, SAID))


@settings(max_examples=300, deadline=None)
@given(some.sampled_from(FILES), some.integers(0), some.integers(0, 60), some.binary(max_size=8))
def test_a_damaged_file_is_refused_or_adds_up(file: bytes, at: int, cut: int, put: bytes) -> None:
    """Parsed and rejected are as many as the file holds, or nothing of it is taken."""
    at %= len(file)
    try:
        read = read_alerts(file[:at] + put + file[at + cut :])
    except Refusal as refusal:
        assert refusal.faults[0].code.startswith(("connectors.alerts", "capture."))
    else:
        assert len(read.alerts) + len(read.rejected) == read.total
        assert len({alert.key for alert in read.alerts}) == len(read.alerts)


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=9),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from([*RECALL]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(some.lists(VALUES | some.dictionaries(some.sampled_from([*RECALL]), VALUES), max_size=6))
def test_whatever_stands_in_the_list_it_adds_up_to_its_length(rows: list[Any]) -> None:
    """Every element is either parsed or rejected."""
    assert len((read := recalls(*rows)).alerts) + len(read.rejected) == len(rows)


TEXTS = some.text(
    some.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=20
)


@settings(max_examples=200, deadline=None)
@given(some.lists(some.tuples(TEXTS, TEXTS, TEXTS), max_size=6))
def test_whatever_the_elements_say_they_add_up(rows: list[tuple[str, str, str]]) -> None:
    """Every ``notifications`` element is either parsed or rejected."""
    inner = [
        told(caseNumber=f"<![CDATA[{a}]]>", product=f"<![CDATA[{b}]]>", barcode=f"<![CDATA[{c}]]>")
        for a, b, c in rows
        if "]]>" not in a + b + c
    ]
    read = weekly(*inner)
    assert len(read.alerts) + len(read.rejected) == len(inner)
