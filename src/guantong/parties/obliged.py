"""Who must file, and who does? The register of firms and products under duty (监管底数), and its coverage.

A regulator imports lists of licences and certificates: each row is a firm and a category of products
that must be traceable. The last import of a source by an office replaces the one before it. Who is on such a list
and files nothing is silent, and that is what a register is for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from guantong.caller import OPERATOR
from guantong.capture import Limits
from guantong.capture.sheet_words import plain
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault
from guantong.identify import IdentifierError, Uscc
from guantong.parties.listed import rows_of
from guantong.parties.registry import text_of
from guantong.store import Fact, Store, all_facts

KIND: Final = "obliged"
"""Of the facts about who must file, by party."""
SOURCE: Final = "obliged_source"
"""Of the facts about imports, by source."""
TASK: Final = "task"
"""Of the facts about what a regulator asks a silent firm to do, by party."""
MEDIA: Final = "application/vnd.guantong.obliged+json"
TASK_MEDIA: Final = "application/vnd.guantong.task+json"
ROWS_MAX: Final = 200_000
FAULTS_MAX: Final = 100
TEXT_MAX: Final = 200
BATCH: Final = 500
"""Firms asked for at once."""
HEADERS: Final[Mapping[str, str]] = {
    plain(name): key
    for key, names in {
        "name": ("企业名称", "单位名称", "name", "firm"),
        "party": ("统一社会信用代码", "信用代码", "uscc"),
        "category": ("产品类别", "类别", "产品名称", "category", "product"),
        "certificate": ("证书编号", "许可证编号", "证书号", "certificate"),
        "region": ("地区代码", "行政区划代码", "region"),
    }.items()
    for name in names
}
"""What the columns of a list may be called."""
NEEDED: Final = ("name", "party", "category")


class Fault(StrEnum):
    """Why a list was not imported. Part of the public API: never renamed."""

    REGISTER = "parties.register"
    """A list, or a row of one, that does not say who must file what."""


class RegisterError(Refusal):
    """A list that can not be imported."""


class Obliged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row: a firm, and a category of products that must be traceable."""

    party: str
    """Canonical key of the firm."""
    name: str
    category: str
    """As in the table of traced products."""
    certificate: str = ""
    region: str = ""
    """GB/T 2260, "" when the list does not say: then as its USCC says where it is registered."""

    @property
    def place(self) -> str:
        """The region, by the list or by the code of the firm."""
        return self.region or self.party.rpartition(":")[2][2:8]


class Imported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list as it was imported. The body of an entry."""

    source: str
    """Its name: the next list of that name replaces it."""
    rows: tuple[Obliged, ...]

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        told = {"source": self.source}
        rows = (Fact(KIND, row.party, msgspec.to_builtins(row) | told) for row in self.rows)
        return (Fact(SOURCE, self.source, {"rows": len(self.rows)}), *rows)


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a firm on the list is asked to do. The body of an entry."""

    party: str
    category: str
    what: str
    deadline: str
    """Last day, ISO."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(TASK, self.party, msgspec.to_builtins(self)),)


def parse_import(body: bytes) -> Imported:
    """Read the body of an entry about a list."""
    return msgspec.json.decode(body, type=Imported)


def parse_task(body: bytes) -> Task:
    """Read the body of an entry about a task."""
    return msgspec.json.decode(body, type=Task)


def read_list(data: bytes, source: str, limits: Limits) -> Imported:
    """Read a list.

    Args:
        data: CSV or XLSX with the columns of `HEADERS`.
        source: Its name.
        limits: How much it may cost.

    Returns:
        Its rows; the same firm and category twice is one.

    Raises:
        RegisterError: if a row is wrong, with all of them up to `FAULTS_MAX`.
        CaptureError: if it is no sheet.
    """
    if not source or len(source) > TEXT_MAX or not source.isprintable():
        expected = f"a name of 1 to {TEXT_MAX} characters"
        raise RegisterError(fault(Fault.REGISTER, expected=expected, got=source, path="source"))
    faults: list[Found] = []
    rows: dict[tuple[str, str], Obliged] = {}
    for number, cells in rows_of(data, limits, HEADERS, NEEDED):
        row = _row(number, cells, faults)
        if row is not None:
            rows[row.party, row.category] = row
    if faults:
        raise RegisterError(*faults[:FAULTS_MAX])
    return Imported(source, tuple(rows.values()))


def _row(number: int, cells: Mapping[str, str], faults: list[Found]) -> Obliged | None:
    for key in NEEDED:
        text = cells.get(key, "")
        if not text or len(text) > TEXT_MAX:
            expected = f"1 to {TEXT_MAX} characters"
            where = f"rows[{number}].{key}"
            faults.append(fault(Fault.REGISTER, expected=expected, got=text[:50], path=where))
            return None
    try:
        party = Uscc.parse(cells["party"]).uri
    except IdentifierError as refusal:
        faults += [found.under(f"rows[{number}].party") for found in refusal.faults]
        return None
    region = cells.get("region", "")
    if region and not (region.isascii() and region.isdecimal() and len(region) in {2, 4, 6}):
        where = f"rows[{number}].region"
        faults.append(fault(Fault.REGISTER, expected="GB/T 2260 digits", got=region, path=where))
        return None
    certificate = cells.get("certificate", "")[:TEXT_MAX]
    return Obliged(party, cells["name"], cells["category"], certificate, region)


# ------------------------------------------------------------------------ coverage


class Standing(NamedTuple):
    """How one row of the register stands."""

    row: Obliged
    source: str
    is_filed: bool
    """The firm filed itself and a product of the category, in its own name."""
    is_coded: bool
    """And codes of such a product were issued, or items of it are recorded."""


class Duty(NamedTuple):
    """One row of the register that counts, and what facts tell of it."""

    row: Obliged
    source: str
    is_filed: bool
    """As of `Standing`."""
    products: Mapping[str, bool]
    """The firm's own products of the category, and whether codes of each were issued."""


def standings(store: Store, *, region: str = "") -> list[Standing]:
    """Every row that counts, and how it stands, by firm.

    Args:
        store: Where the facts are.
        region: GB/T 2260 prefix, "" for all.

    Returns:
        One for each firm and category; firms in the order of their keys.
    """
    found = []
    for row, source, is_filed, products in duties(store, region=region):
        is_coded = is_filed and any(
            issued or store.items_of(key, limit=1) for key, issued in products.items()
        )
        found.append(Standing(row, source, is_filed, is_coded))
    return found


def duties(store: Store, *, region: str = "") -> Iterator[Duty]:
    """Every row that counts, by firm, without a look at recorded items.

    Args:
        store: Where the facts are.
        region: GB/T 2260 prefix, "" for all.

    Yields:
        One for each firm and category; firms in the order of their keys.
    """
    counting = {(fact.key, fact.by): fact.entry for fact in all_facts(store, SOURCE)}
    rows: dict[tuple[str, str], tuple[Obliged, str]] = {}
    for fact in all_facts(store, KIND):
        source = text_of(fact.fields, "source")
        told = {name: value for name, value in fact.fields.items() if name != "source"}
        row = msgspec.convert(told, Obliged)
        if fact.entry == counting.get((source, fact.by)) and row.place.startswith(region):
            rows[row.party, row.category] = (row, source)
    found = list(rows.values())
    for at in range(0, len(found), BATCH):
        yield from _duties(store, found[at : at + BATCH])


def _duties(store: Store, rows: Sequence[tuple[Obliged, str]]) -> Iterator[Duty]:
    parties = sorted({row.party for row, _ in rows})
    own = {OPERATOR.party}
    firms = {fact.key for fact in store.facts("firm", parties) if fact.by in own | {fact.key}}
    products: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fact in store.facts("product", parties):
        firm = text_of(fact.fields, "firm")
        if fact.by in own | {firm}:
            products[firm, text_of(fact.fields, "category")].append(fact.key)
    classes = sorted({key for keys in products.values() for key in keys})
    coded = {fact.key for fact in store.facts("code_range", classes)} if classes else set()
    for row, source in rows:
        keys = products[row.party, row.category]
        is_filed = row.party in firms and bool(keys)
        yield Duty(row, source, is_filed, {key: key in coded for key in keys})


def tasks(store: Store, parties: Iterable[str]) -> list[tuple[Task, Fact]]:
    """What firms were asked to do, in ledger order."""
    found = store.facts(TASK, tuple(parties))
    return [(msgspec.convert(fact.fields, Task), fact) for fact in found]
