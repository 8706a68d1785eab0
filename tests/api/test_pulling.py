"""A partner's repository is asked page by page, goes on where it stopped, and takes nothing twice."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guantong import connectors
from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock
from guantong.connectors import ConnectorError, Partner
from guantong.ledger import StatementType
from guantong.serve.app import create_app
from guantong.serve.job import offer_of
from guantong.serve.keys import new_key
from guantong.serve.made import Made
from guantong.serve.people.account import Role
from guantong.serve.pulling import Pulling, State
from guantong.serve.upload import Uploads
from guantong.serve.world import World, open_world
from guantong.settings import Settings
from tests.access_small import shipment
from tests.people_small import MAKER, SHOP, signed_in

NOW = 1_772_800_000_000
SECRET = "only-the-vault-knows"


class Served:
    """A repository: our own application, behind a plain server; `broken` answers for it."""

    def __init__(self, world: World) -> None:
        self.client = TestClient(create_app(world, world.settings))
        self.broken: tuple[int, bytes, dict[str, str]] | None = None
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def served(world: World) -> Iterator[Served]:
    made = Served(world)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            if made.broken is not None:
                status, body, head = made.broken
            else:
                head = {
                    "authorization": self.headers["Authorization"] or "",
                    "accept": "application/json",
                }
                answer = made.client.get(self.path, headers=head)
                status, body = answer.status_code, answer.content
                head = {
                    "Link": answer.headers.get("link", "").replace("http://testserver", made.url)
                }
            self.send_response(status)
            for name, value in head.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def opened(folder: Path, clock: SetClock) -> Iterator[World]:
    settings = Settings(folder, private_destinations=True)
    with open_world(settings, clock=clock, create=True) as world:
        yield world


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def theirs(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with opened(tmp_path / "theirs", clock) as world:
        yield world


@pytest.fixture
def ours(tmp_path: Path, clock: SetClock) -> Iterator[World]:
    with opened(tmp_path / "ours", clock) as world:
        yield world


def happened(number: int) -> bytes:
    document = json.loads(shipment())
    (event,) = document["epcisBody"]["eventList"]
    event["eventID"] = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
    return json.dumps(document).encode()


def capture(world: World, *numbers: int, clock: SetClock) -> None:
    for number in numbers:
        clock.at_ms += 1_000
        assert world.submit(offer_of(happened(number)), Caller(MAKER, Level.PARTY)).accepted
    world.wait(world.ledger.size)


def join(ours: World, theirs: World, url: str, every_s: int = 60) -> Partner:
    key = theirs.add_key(new_key(Caller(MAKER, Level.PARTY)), OPERATOR)
    partner = Partner(SHOP, "maker", f"{url}/epcis/events", key, every_s)
    connectors.check_partner(partner)
    made = Made.of(StatementType.SETTING, partner, connectors.MEDIA)
    ours.enter(made, Caller(SHOP, Level.PARTY))
    return partner


def pulling(ours: World) -> Pulling:
    uploads = Uploads(ours, ours.settings)
    return Pulling(ours, uploads, ours.settings.data, private=True)


def look(asker: Pulling, ours: World) -> None:
    asyncio.run(asker.look())
    ours.wait(ours.ledger.size)


def events(ours: World) -> int:
    return int(ours.store.counts()["events"])


def test_new_events_come_and_none_twice(
    theirs: World, ours: World, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.queried, "PER_PAGE", 2)
    capture(theirs, *range(5), clock=clock)
    with served(theirs) as there:
        partner = join(ours, theirs, there.url)
        asker = pulling(ours)
        for _ in range(3):  # pages of two, two and one
            look(asker, ours)
        state = asker.pulls.get(partner.key)
        assert (state.events, state.refused, state.next) == (5, 0, "")
        look(asker, ours)
        assert len(there.asked) == 3  # not due yet
        capture(theirs, 5, 6, clock=clock)
        clock.at_ms += 60_000
        for _ in range(2):
            look(asker, ours)
        assert asker.pulls.get(partner.key).events == 7
        asker.pulls.close()
        again = pulling(ours)  # another process, or the same started again
        clock.at_ms += 60_000
        size = ours.ledger.size
        for _ in range(4):
            look(again, ours)
        again.pulls.close()
    assert events(ours) == 7
    assert ours.ledger.size == size


def test_lost_state_asks_again_and_takes_nothing_twice(
    theirs: World, ours: World, clock: SetClock
) -> None:
    capture(theirs, 1, 2, clock=clock)
    with served(theirs) as there:
        partner = join(ours, theirs, there.url)
        asker = pulling(ours)
        look(asker, ours)
        asker.pulls.put(State(partner.key))
        look(asker, ours)
        state = asker.pulls.get(partner.key)
        asker.pulls.close()
    assert events(ours) == 2
    assert (state.events, state.known) == (0, 2)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ((500, b"no", {}), "status 500"),
        ((200, b"not json", {}), "connectors.answer"),
        ((200, b"{}", {}), "connectors.answer"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), "status 302"),
    ],
)
def test_what_fails_is_told_and_tried_later(
    theirs: World,
    ours: World,
    clock: SetClock,
    broken: tuple[int, bytes, dict[str, str]],
    said: str,
) -> None:
    capture(theirs, 1, clock=clock)
    with served(theirs) as there:
        there.broken = broken
        partner = join(ours, theirs, there.url)
        asker = pulling(ours)
        waits = []
        for _ in range(3):
            look(asker, ours)
            state = asker.pulls.get(partner.key)
            assert said in state.said
            waits.append((state.due_ms - clock.at_ms) // 1000)
            clock.at_ms = state.due_ms
        assert waits == [60, 120, 240]
        there.broken = None
        look(asker, ours)
        state = asker.pulls.get(partner.key)
        assert (state.failures, state.events) == (0, 1)
        asker.pulls.close()


def test_a_page_of_another_host_is_not_asked() -> None:
    body = json.dumps({"epcisBody": {"queryResults": {"resultsBody": {"eventList": []}}}}).encode()
    url = "https://a.example/events"
    good = connectors.page_of(url, body, '</events?nextPageToken=2>; rel="next"')
    assert good.next == "https://a.example/events?nextPageToken=2"
    with pytest.raises(ConnectorError):
        connectors.page_of(url, body, '<http://169.254.169.254/x>; rel="next"')


def test_the_token_is_in_no_fact_and_on_no_page(
    theirs: World, ours: World, clock: SetClock
) -> None:
    shop = signed_in(ours, "shop", Role.SELLER, SHOP)
    shop.get("/desk/connections")
    form = {"name": "maker", "url": "http://127.0.0.1:9/events", "token": SECRET}
    page = shop.post("/desk/connections", form)
    assert page.status_code == 200, page.text
    assert "maker" in page.text
    assert SECRET not in page.text
    assert SECRET not in shop.get("/desk/connections?format=json").text
    assert all(SECRET not in str(fact) for fact in ours.all_facts("partner"))
    clerk = signed_in(ours, "clerk", Role.PRODUCER, MAKER)
    assert "127.0.0.1:9" not in clerk.get("/desk/connections").text
    operator = signed_in(ours, "boss", Role.OPERATOR)
    assert "127.0.0.1:9" in operator.get("/desk/connections").text
    shop.post("/desk/connections", {"name": "maker", "url": ""})
    assert "127.0.0.1:9" not in shop.get("/desk/connections").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"url": "file:///etc/passwd"},
        {"url": "http://169.254.169.254/latest"},
        {"url": "http://localhost/events"},
        {"url": "https://10.0.0.1/events"},
        {"every_s": "1"},
        {"every_s": "soon"},
        {"token": "x" * 2_001},
    ],
)
def test_an_inner_address_is_not_joined(
    tmp_path: Path, clock: SetClock, wrong: dict[str, str]
) -> None:
    with open_world(Settings(tmp_path / "data"), clock=clock, create=True) as world:
        shop = signed_in(world, "shop", Role.SELLER, SHOP)
        shop.get("/desk/connections")
        size = world.ledger.size
        form = {"name": "maker", "url": "https://epcis.example.com/events"} | wrong
        assert shop.post("/desk/connections", form).status_code == 400
        assert world.ledger.size == size
