"""Everybody asks for everything: a small trade, all kinds of callers, and every address with somebody's object behind it.

`python -m tests.access_small` writes docs/reference/access.md from what came out.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from starlette.testclient import TestClient

from guantong import recall, watch
from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.coding import CodeRange
from guantong.ledger import StatementType
from guantong.serve import tendered
from guantong.serve.app import create_app
from guantong.serve.job import offer_of
from guantong.serve.keys import new_key
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.people_small import MAKER, OFFICE, SHOP, Browser, add

NOW = 1_773_100_000_000
OTHER = "urn:guantong:uscc:91330000MA27U04G4A"
CLASS = "https://id.gs1.org/01/06901234567892"
ITEM = f"{CLASS}/21/1000"
EVENT = "urn:uuid:00000000-0000-4000-8000-000000000001"
SECRET = "KEPT-BETWEEN-BOTH"
"""Stands in the owner's shipment to the buyer, and nowhere else."""
CASE = "ABCDEFGHJK"
PAGE = Path(__file__).parent.parent / "docs" / "reference" / "access.md"

KEYED: Mapping[str, Caller] = {
    "owner": Caller(MAKER, Level.PARTY),
    "buyer": Caller(SHOP, Level.PARTY),
    "stranger": Caller(OTHER, Level.PARTY),
    "regulator, region": Caller(OFFICE, Level.REGULATOR, "11"),
    "regulator, elsewhere": Caller(OFFICE, Level.REGULATOR, "33"),
    "operator": OPERATOR,
}
"""Who asks with a key."""
SEATED: Mapping[str, tuple[Role, str, str]] = {
    "owner": (Role.PRODUCER, MAKER, ""),
    "buyer": (Role.SELLER, SHOP, ""),
    "stranger": (Role.PRODUCER, OTHER, ""),
    "user": (Role.USER, OTHER, ""),
    "regulator, region": (Role.REGULATOR, OFFICE, "11"),
    "regulator, elsewhere": (Role.REGULATOR, OFFICE, "33"),
    "auditor": (Role.AUDITOR, "urn:guantong:opaque:auditor", ""),
    "operator": (Role.OPERATOR, "", ""),
}
"""Who sits at a desk, signed in."""


class Ask(NamedTuple):
    """One question, with the owner's object behind it."""

    method: str
    path: str
    shown: str
    """As the page names it."""
    body: object = None


class Trade(NamedTuple):
    """The installation, and the numbers of the owner's entries."""

    world: World
    codes: int
    shipped: int
    tender: int
    recall: str


def asks(trade: Trade) -> list[Ask]:
    """What programs may ask."""
    code = quote(ITEM, safe="")
    return [
        Ask("GET", f"/check?q={code}&format=json", "/check?q=CODE"),
        Ask("GET", "/01/06901234567892/21/1000?format=json", "/01/GTIN/21/SERIAL"),
        Ask("GET", "/01/06901234567892/21/1000?linkType=linkset", "/01/…?linkType=linkset"),
        Ask("GET", f"/trace/{code}?format=json", "/trace/CODE"),
        Ask("GET", "/identify?q=6901234567892", "/identify"),
        Ask("GET", "/search?q=6901234567892&format=json", "/search"),
        Ask("GET", "/recalls?format=json", "/recalls"),
        Ask("GET", "/status", "/status"),
        Ask("GET", "/epcis/events", "/epcis/events"),
        Ask("GET", f"/epcis/events/{quote(EVENT, safe='')}", "/epcis/events/ID"),
        Ask("GET", f"/epcis/epcs/{code}/events", "/epcis/epcs/CODE/events"),
        Ask("GET", "/epcis/epcs", "/epcis/epcs"),
        Ask("GET", "/capture/1-x", "/capture/RECEIPT"),
        Ask("GET", "/epcis/capture", "/epcis/capture"),
        Ask("GET", "/epcis/queries", "/epcis/queries"),
        Ask("GET", "/ledger/checkpoint", "/ledger/checkpoint"),
        Ask("GET", f"/ledger/tile/entries/000.p/{trade.shipped}", "/ledger/tile/entries/…"),
        Ask("GET", f"/ledger/proof/{trade.shipped}", "/ledger/proof/ENTRY"),
        Ask("GET", f"/ledger/shown/{trade.tender}?format=json", "/ledger/shown/ENTRY"),
        Ask("POST", "/capture", "POST /capture", {}),
        Ask("POST", "/codes", "POST /codes", {}),
        Ask("POST", "/api/v1/purchases", "POST /api/v1/purchases", {}),
        Ask("POST", "/interface/company/returnProduct", "POST /interface/company/…", {}),
        Ask("POST", "/api/v1/sales", "POST /api/v1/sales", {}),
        Ask("POST", f"/nodes/begin?about={code}", "POST /nodes/begin?about=CODE"),
        Ask("POST", "/nodes/ask?look=0&size=1&root=0", "POST /nodes/ask"),
        Ask("POST", "/signing-keys", "POST /signing-keys", {"party": MAKER, "revoke": "0" * 64}),
        Ask("POST", "/epcis/capture", "POST /epcis/capture", {}),
    ]


def desk_asks(trade: Trade) -> list[Ask]:
    """What people may ask."""
    pages = (
        "start",
        "firm",
        "products",
        "certificates",
        "codes",
        "free",
        "labels",
        "moves",
        "sheets",
        "tenders",
        "matching",
        "notices",
        "supply",
        "connections",
        "keys",
    )
    office = (
        "register",
        "coverage",
        "obliged",
        "tasks",
        "cases",
        "clues",
        "hot",
        "looks",
        "people",
        "delegated",
        "quotas",
        "statuses",
        "alerts",
    )
    codes, entry = f"/desk/codes/{trade.codes}", f"/desk/entry/{trade.shipped}"
    return [
        *(Ask("GET", f"/desk/{name}", f"/desk/{name}") for name in (*pages, *office)),
        Ask("GET", codes, "/desk/codes/ENTRY"),
        Ask("POST", f"{codes}/print", "POST /desk/codes/ENTRY/print", {"form": "?"}),
        Ask("POST", f"{codes}/void", "POST /desk/codes/ENTRY/void", {"from": "1", "to": "1"}),
        Ask("GET", entry, "/desk/entry/ENTRY"),
        Ask("GET", f"/desk/firms/{MAKER}", "/desk/firms/PARTY"),
        Ask("GET", f"/desk/firms/{MAKER}/matching", "/desk/firms/PARTY/matching"),
        Ask("POST", f"/desk/firms/{MAKER}/matching", "POST /desk/firms/PARTY/matching", {}),
        Ask("GET", f"/desk/product-file/{CLASS}", "/desk/product-file/CLASS"),
        Ask("GET", f"/desk/tenders/{trade.tender}", "/desk/tenders/ENTRY"),
        Ask("POST", "/desk/tenders", "POST /desk/tenders", {"codes": ""}),
        Ask("POST", "/desk/clues", "POST /desk/clues", {}),
        Ask("POST", "/desk/alerts", "POST /desk/alerts", {}),
        Ask("POST", "/desk/alerts/case", "POST /desk/alerts/case", {"about": "?"}),
        Ask("POST", "/desk/views", "POST /desk/views", {"name": ""}),
        Ask("POST", "/desk/connections", "POST /desk/connections", {"name": "?"}),
        Ask("POST", "/desk/connections/recalls", "POST /desk/connections/recalls", {"url": "?"}),
        Ask("POST", "/desk/quotas", "POST /desk/quotas", {"per_minute": "?"}),
        Ask("POST", "/desk/statuses", "POST /desk/statuses", {}),
        Ask("GET", f"/desk/cases/{CASE}", "/desk/cases/NUMBER"),
        Ask("GET", f"/desk/cases/{CASE}/picture", "/desk/cases/NUMBER/picture"),
        Ask("POST", f"/desk/cases/{CASE}", "POST /desk/cases/NUMBER", {"state": "?"}),
        *recall_asks(trade.recall),
        Ask("POST", "/desk/people", "POST /desk/people", {"what": "?", "login": "someone"}),
        Ask("POST", "/desk/labels", "POST /desk/labels", {"what": "?"}),
        Ask("POST", "/desk/free", "POST /desk/free", {"kind": "?"}),
        Ask("POST", "/desk/delegated", "POST /desk/delegated", {"scheme": "?"}),
        Ask("POST", "/desk/tasks", "POST /desk/tasks", {"what": "?"}),
    ]


def recall_asks(number: str) -> list[Ask]:
    """What may be asked about a recall of the owner's product."""
    one, shown = f"/desk/recalls/{number}", "/desk/recalls/NUMBER"
    posts = ("scope", "hold", "release", "notify", "remind", "check", "state", "close")
    return [
        *(
            Ask("GET", one + rest, shown + rest)
            for rest in ("", "/drift", "/plan", "/plan.pdf", "/report.pdf", "/holders.csv")
        ),
        *(Ask("GET", one + rest, shown + rest) for rest in ("/trace.csv", "/trace.xlsx")),
        Ask("GET", f"{one}/evidence.json", f"{shown}/evidence.json"),
        Ask("POST", "/desk/recalls", "POST /desk/recalls", {"kind": "?"}),
        *(Ask("POST", f"{one}/{name}", f"POST {shown}/{name}", {"act": "?"}) for name in posts),
        Ask("GET", f"/desk/notices/{number}", "/desk/notices/NUMBER"),
        Ask("GET", f"/desk/notices/{number}.pdf", "/desk/notices/NUMBER.pdf"),
        Ask("POST", f"/desk/notices/{number}", "POST /desk/notices/NUMBER", {"found": "?"}),
    ]


@contextmanager
def opened(folder: Path) -> Iterator[Trade]:
    """The owner coded an item and shipped it to the buyer, in a region."""
    settings = Settings(folder / "data")
    with open_world(settings, clock=SetClock(NOW), create=True) as world:
        owner = Caller(MAKER, Level.PARTY)
        for party, name, region in ((MAKER, "青山线缆", "110105"), (SHOP, "东街五金店", "110105")):
            firm = {"name": name, "uscc": party[-18:], "region": region}
            product = {"name": "电线", "gtin": "6901234567892", "firm": MAKER[-18:]}
            made = {"guantong": "records", "firms": [firm]}
            made |= {"products": [product]} if party == MAKER else {}
            world.submit(offer_of(msgspec.json.encode(made)), Caller(party, Level.PARTY))
        codes = world.issue(CodeRange(CLASS, 1000, 1009), owner)
        shipped = world.submit(offer_of(shipment()), owner)
        assert shipped.accepted, shipped.faults
        report = watch.Report(CASE, ITEM, watch.Kind.UNSAFE, "x", "11", picture=b"\xff\xd8\xff")
        body = msgspec.json.encode(report)
        world.enter(Made(StatementType.CASE, body, report.facts(), watch.MEDIA), OPERATOR)
        stated = tendered.Statement(MAKER, "青山线缆", SECRET, "2026-03-05", 1, ())
        shown = Made.of(StatementType.SETTING, stated, tendered.MEDIA)._replace(alone=True)
        tender = world.enter(shown, owner)
        begin_recall(world)
        yield Trade(
            world, codes.ledger_index, shipped.ledger_index, tender.ledger_index, "ABCDEFGHJK"
        )


def begin_recall(world: World) -> None:
    """A recall of the owner's product, in which the buyer was told."""
    ordered = recall.Kind.ORDERED
    begun = recall.Recall(CASE, ordered, MAKER, "110105", "x", "x", "x", "2026-03-05", "x")
    world.enter(Made.of(StatementType.RECALL, begun, recall.MEDIA), OPERATOR)
    step = recall.Step(CASE, recall.Act.NOTIFIED, "x", party=SHOP, deadline="2026-03-09")
    world.enter(Made.of(StatementType.RECALL, step, recall.STEP_MEDIA), OPERATOR)


def shipment() -> bytes:
    """An EPCIS document of one event, with something that only both sides know."""
    event = {
        "type": "ObjectEvent",
        "eventID": EVENT,
        "eventTime": "2026-03-02T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [ITEM],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "sourceList": [{"type": "owning_party", "source": MAKER}],
        "destinationList": [{"type": "owning_party", "destination": SHOP}],
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:guantong:opaque:{SECRET}"}],
    }
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-05T10:00:00.000+08:00",
            "epcisBody": {"eventList": [event]},
        }
    ).encode()


def told(status: int, text: str) -> str:
    """What came out, in a word: the status, and whether it told what only both sides know."""
    if status == 303:
        return "sign in"
    knows = SECRET in text or "东街五金店" in text or SHOP in text
    return f"{status} all" if status == 200 and knows else str(status)


def by_keys(trade: Trade) -> dict[str, dict[str, str]]:
    """Address -> who asks -> what came out, for programs."""
    client = TestClient(create_app(trade.world, trade.world.settings), follow_redirects=False)
    heads: dict[str, dict[str, str]] = {"public": {}} | {
        name: {"authorization": f"Bearer {trade.world.add_key(new_key(caller), OPERATOR)}"}
        for name, caller in KEYED.items()
    }
    found: dict[str, dict[str, str]] = {}
    for ask in asks(trade):
        for name, head in heads.items():
            answer = client.request(ask.method, ask.path, headers=head, json=ask.body)
            found.setdefault(ask.shown, {})[name] = told(answer.status_code, answer.text)
    return found


def by_desks(trade: Trade) -> dict[str, dict[str, str]]:
    """Address -> who asks -> what came out, for people."""
    browsers = {"nobody": Browser(trade.world)}
    for name, (role, party, region) in SEATED.items():
        login = "".join(char for char in name if char.isalpha())
        add(trade.world, login, role, party, region=region)
        browsers[name] = Browser(trade.world)
        browsers[name].sign_in(login)
        browsers[name].get("/account")
    found: dict[str, dict[str, str]] = {}
    for ask in desk_asks(trade):
        for name, browser in browsers.items():
            browser.client.follow_redirects = False
            if ask.method == "GET":
                answer = browser.client.get(ask.path)
            else:
                assert isinstance(ask.body, dict)
                answer = browser.post(ask.path, ask.body)
            found.setdefault(ask.shown, {})[name] = told(answer.status_code, answer.text)
    return found


def page(keys: Mapping[str, Mapping[str, str]], desks: Mapping[str, Mapping[str, str]]) -> str:
    """The matrix as a page."""
    return "\n".join(
        [
            "# Who may ask what",
            "",
            "<!-- Written by `python -m tests.access_small`; a test asks everything anew and compares. -->",
            "",
            "Behind every address stands an object of the **owner**: an item it coded, and a shipment of it to the **buyer**, both in",
            "one region. A cell is the status of the answer; *all* says that it told what only both sides and those who supervise",
            "them may know: who bought, and the number of the order. A 400 is the right to ask, and a body that says nothing.",
            "",
            "## Programs, with a key",
            "",
            *_table(keys),
            "",
            "## People, signed in",
            "",
            *_table(desks),
            "",
        ]
    )


def _table(found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    heads = list(next(iter(found.values())))
    yield f"| address | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    for shown, cells in found.items():
        yield f"| `{shown}` | {' | '.join(cells[head] for head in heads)} |"


def main() -> None:
    """Ask everything and write the page."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as trade:
        PAGE.write_text(page(by_keys(trade), by_desks(trade)), "utf-8")


if __name__ == "__main__":
    main()
