"""Tables of rules: what ships, what an operator may put over it, and what is refused."""

import datetime as dt
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from guantong.rules import (
    Actor,
    Fault,
    Provenance,
    Role,
    RulesError,
    Traced,
    Workdays,
    completeness,
    load,
    on,
    shipped,
)
from guantong.rules.model import TABLES, Row

VECTORS = Path(__file__).parent.parent / "vectors"
DAY = dt.date(2026, 1, 5)
CABLE = frozenset({"cable"})


@dataclass
class Text:
    """A file that is only a text."""

    text: str
    name: str = "ours.toml"

    def read_text(self, encoding: str) -> str:
        return self.text.encode(encoding).decode(encoding)


REFUSED = json.loads((VECTORS / "rules_refused.json").read_text("utf-8"))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["desc"]) for row in REFUSED])
def test_a_wrong_table_is_refused_with_its_place(row: dict[str, Any]) -> None:
    with pytest.raises(RulesError) as refusal:
        load([Text(row["input"])])
    assert [(fault.code, fault.path) for fault in refusal.value.faults] == [
        (row["fault"], row["path"])
    ]


def test_all_faults_of_all_files_are_found() -> None:
    files = [Text("[[duty", "one.toml"), Text("[[duties]]", "two.toml"), Text("duty = 1", "three")]
    with pytest.raises(RulesError) as refusal:
        load(files)
    assert [fault.path for fault in refusal.value.faults] == [
        "one.toml",
        "two.toml:duties",
        "three:duty",
    ]


NINTH = """
[[traced]]
key = "ninth-kind"
list = "list-1"
marks = ["ninth-kind"]
label_zh = "第九类"
label_en = "the ninth kind"
since = 2024-12-31
source = "the official list"
provenance = "official"
"""


def test_an_operator_adds_what_was_not_found(tmp_path: Path) -> None:
    file = tmp_path / "official.toml"
    file.write_text(NINTH, "utf-8")
    marks = frozenset({"ninth-kind"})
    assert not on(DAY).duties(marks)
    rules = load([file]).on(DAY)
    assert rules.lists(marks) == {"list-1"}
    assert len(rules.duties(marks)) == len(on(DAY).duties(CABLE))
    assert rules.duties(marks)[0].because[0].provenance is Provenance.OFFICIAL


def test_lines_of_a_key_replace_all_older_ones() -> None:
    later = NINTH.replace("ninth-kind", "cable").replace("2024-12-31", "2026-06-01")
    rules = load([Text(later)])
    assert rules.on(DAY).lists(CABLE) == frozenset()
    assert rules.on(dt.date(2026, 6, 1)).lists(CABLE) == {"list-1"}
    assert rules.on(DAY).lists(frozenset({"ebike"})) == {"list-1"}


def test_a_table_may_be_started_anew() -> None:
    rules = load([Text(f'replace = ["traced"]\n{NINTH}')]).on(DAY)
    assert [row.key for row in rules.traced] == ["ninth-kind"]
    assert rules.all_duties == on(DAY).all_duties


def test_the_official_profile_takes_the_place_of_ours() -> None:
    text = """
    replace = ["field"]
    [[field]]
    key = "firm.name"
    group = "firm"
    name = "name"
    roles = ["producer"]
    label_zh = "名称"
    label_en = "name"
    since = 2026-01-01
    source = "the official list"
    provenance = "official"
    """
    ruleset = load([Text(text)])
    asked = (Role.PRODUCER, frozenset({"list-1"}))
    found = completeness(DAY, *asked, {"name": " "}, None, None, ruleset=ruleset)
    assert [(one.field, one.source, one.provenance) for one in found.missing] == [
        ("name", "the official list", Provenance.OFFICIAL)
    ]
    before = dt.date(2025, 12, 31)
    assert completeness(before, *asked, None, None, None, ruleset=ruleset).required == 0


def test_later_files_overrule_earlier_ones_and_a_base_is_kept() -> None:
    one = load([Text(NINTH)])
    two = load([Text(NINTH.replace("the official list", "a newer list"))], base=one)
    row = next(row for row in two.rows(Traced) if row.key == "ninth-kind")
    assert row.source == "a newer list"


def test_equal_tables_have_equal_digests() -> None:
    assert load([]).digest == shipped().digest == on(DAY).digest
    changed = load([Text(NINTH)])
    assert changed.digest != shipped().digest
    assert load([Text(NINTH)]).digest == changed.digest
    assert load([Text(f"# a remark\n{NINTH}")]).digest == changed.digest
    tenth = NINTH.replace("ninth", "tenth")
    assert load([Text(NINTH + tenth)]).digest == load([Text(tenth + NINTH)]).digest


def test_duties_of_one_actor_include_those_of_everybody() -> None:
    keys = {duty.key for duty in on(DAY).duties(CABLE, actor=Actor.SELLER)}
    assert keys == {
        "everybody-graded-protection",
        "everybody-true-data",
        "seller-check-by-scan",
        "seller-file-purchases",
        "seller-file-sales",
    }


def test_first_and_last_day_are_inclusive() -> None:
    def edition(day: dt.date) -> int:
        return on(day).standards["GB/T 33993"].edition

    assert edition(dt.date(2025, 6, 30)) == 2017
    assert edition(dt.date(2025, 7, 1)) == 2024
    assert "recall_deadline" in TABLES
    assert not on(dt.date(2019, 12, 31)).recall_deadlines
    assert set(on(dt.date(2020, 1, 1)).recall_deadlines) == {
        "report",
        "plan",
        "summary",
        "keep-records",
    }


def test_a_deadline_nobody_set_is_refused() -> None:
    for day, key in ((DAY, "lunch"), (dt.date(2019, 12, 31), "report")):
        with pytest.raises(RulesError) as refusal:
            on(day).due(key, day)
        assert refusal.value.faults[0].code == Fault.UNKNOWN


def test_every_line_that_ships_says_where_it_is_from() -> None:
    rows: list[Row] = [row for rows in shipped().tables.values() for row in rows]
    assert len(rows) > 150
    assert all(row.source and row.provenance for row in rows)
    assert {row.provenance for row in shipped().tables["field"]} == {Provenance.INFERRED}


def test_the_first_list_holds_eight_kinds_and_no_ninth() -> None:
    kinds = [row for row in on(DAY).traced if row.list == "list-1" and not row.part_of]
    assert len(kinds) == 8
    assert sum(row.provenance is Provenance.OFFICIAL for row in kinds) == 4
    assert on(DAY).figures["list-1-kinds"].value == 9


def test_provinces_and_sections_are_whole() -> None:
    rules = on(DAY)
    assert len(rules.provinces) == 34
    assert len({row.abbreviation for row in rules.provinces.values()}) == 34
    assert "".join(rules.sections) == "ABCDEFGHIJKLMNOPQRST"
    divisions = [row.divisions for row in rules.sections.values()]
    assert divisions[0][0] == 1
    assert divisions[-1] == (97, 97)
    assert all(older[1] + 1 == newer[0] for older, newer in pairwise(divisions))


@pytest.mark.parametrize(
    ("industry", "letter"),
    [("C3831", "C"), ("3831", "C"), ("38", "C"), ("01", "A"), ("f", "F"), ("97", "T")],
)
def test_an_industry_has_its_section(industry: str, letter: str) -> None:
    section = on(DAY).section_of(industry)
    assert section is not None
    assert section.key == letter


@pytest.mark.parametrize("industry", ["", "3", "00", "98", "Z1", "３８", "-1"])
def test_what_is_no_industry_has_no_section(industry: str) -> None:
    assert on(DAY).section_of(industry) is None


def test_a_region_has_its_province() -> None:
    rules = on(DAY)
    assert rules.province_of("440300") == rules.provinces["44"]
    assert rules.province_of("440300") is not None
    assert rules.province_of("990000") is None
    assert rules.province_of("") is None


def test_working_days_of_a_known_year() -> None:
    text = """
    [[calendar_year]]
    key = "2027"
    source = "a test"
    provenance = "inferred"
    [[holiday]]
    key = "2027-spring"
    label_zh = "春节"
    since = 2027-02-05
    until = 2027-02-11
    source = "a test"
    provenance = "inferred"
    [[holiday]]
    key = "2027-spring-worked"
    label_zh = "春节调休"
    works = true
    since = 2027-02-14
    until = 2027-02-14
    source = "a test"
    provenance = "inferred"
    """
    rules = load([Text(text)]).on(DAY)
    later = rules.due("report", dt.date(2027, 2, 4))
    assert (later.day, later.weekends_only) == (dt.date(2027, 2, 14), False)
    assert not rules.workdays.is_workday(dt.date(2027, 2, 8))
    assert on(DAY).due("report", dt.date(2027, 2, 4)).weekends_only


def test_counting_no_days_stays_and_never_runs_away() -> None:
    assert Workdays().after(DAY, 0).day == DAY
    assert Workdays().after(DAY, -3).day == DAY
    assert Workdays().after(DAY, 10**9) == Workdays().after(DAY, 1_000)
