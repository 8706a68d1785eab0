"""The pages on rules say what the tables and structs say."""

import datetime as dt
from pathlib import Path

import msgspec

from guantong.rules import Fault, Group, ProfileField, Provenance, Role, load, shipped
from guantong.rules.model import TABLES, Row

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"


def lines(page: str) -> list[str]:
    return (REFERENCE / page).read_text("utf-8").splitlines()


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    found = lines(page)
    start = next(at for at, line in enumerate(found) if line.startswith(f"## {heading}"))
    section = found[start + 1 :]
    stop = next((at for at, line in enumerate(section) if line.startswith("## ")), len(section))
    table = [line for line in section[:stop] if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def profile(group: Group) -> dict[str, list[ProfileField]]:
    found: dict[str, list[ProfileField]] = {}
    for row in shipped().rows(ProfileField):
        if row.group is group:
            found.setdefault(row.name, []).append(row)
    return found


def force(fields: list[ProfileField], role: Role) -> str:
    return next((field.force.value for field in fields if role in field.roles), "–")


def test_the_profile_page_says_what_the_profile_says() -> None:
    for group in Group:
        said = {
            cells[0].strip("`").replace("` or `", "|"): cells[1:]
            for cells in rows("profile.md", group.value)
        }
        held = profile(group)
        assert said.keys() == held.keys()
        for name, fields in held.items():
            zh, en, producer, seller, lists, flows, since, provenance, source = said[name]
            one = fields[0]
            assert (zh, en) == (one.label_zh, one.label_en)
            assert producer == force(fields, Role.PRODUCER)
            assert seller == force(fields, Role.SELLER)
            assert lists == (", ".join(sorted(one.lists - {"*"})) or "any")
            assert flows == (
                ", ".join(sorted(set().union(*(f.directions for f in fields)))) or "any"
            )
            assert {dt.date.fromisoformat(since)} == {field.since for field in fields}
            assert {Provenance(provenance)} == {field.provenance for field in fields}
            assert source == "; ".join(dict.fromkeys(field.source for field in fields))


def test_the_rules_page_names_every_table_and_field() -> None:
    base = {field.name for field in msgspec.structs.fields(Row)}
    said = {cells[0].strip("`"): cells[2] for cells in rows("rules.md", "The tables")}
    assert said.keys() == TABLES.keys()
    for table, kind in TABLES.items():
        for field in msgspec.structs.fields(kind):
            if field.name not in base | {"because"}:
                assert f"`{field.name}`{'' if field.required else '?'}" in said[table]
            if field.name == "since":
                assert said[table].startswith("`since` is required") == field.required


def test_the_rules_page_names_every_fault() -> None:
    assert {cells[0].strip("`") for cells in rows("rules.md", "Faults")} == {*Fault}


def test_the_example_on_the_rules_page_loads(tmp_path: Path) -> None:
    found = lines("rules.md")
    start, stop = found.index("```toml"), found.index("```")
    file = tmp_path / "official.toml"
    file.write_text("\n".join(found[start + 1 : stop]), "utf-8")
    assert load([file]).on(dt.date(2025, 1, 1)).lists(frozenset({"ninth-kind"})) == {"list-1"}
