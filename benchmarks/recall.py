"""A bad lot and an hour: how long does each step of a recall take on a market of many rows, over HTTP?

``python -m benchmarks.recall [--rows 10000000]``: fills an installation through the server,
signs a regulator in, and takes the time of: the scope of the bad lot with all its holders, the page
of the recall, the stop until a scan page is red, and notices. Told beside it: whether what was found is
what the market knows of the lot.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from guantong.caller import OPERATOR
from guantong.market import Lot
from guantong.serve.bench import load, servers
from guantong.serve.bench.load import Recipe
from guantong.serve.bench.run import grant, wait_for_index
from guantong.serve.compactor import BEHIND_MIN
from guantong.serve.desks.staff import with_password
from guantong.serve.people.account import Role, account_of
from guantong.serve.world import open_world
from guantong.settings import Settings
from guantong.store import SegmentStore

SEED = 1
ANSWER_SECONDS = 600.0
RED_SECONDS = 60.0
RED = {"verdict.recalled", "verdict.component_recalled"}
OPENED = {
    "kind": "ordered",
    "title": "焊条芯材开裂",
    "hazard": "断裂",
    "remedy": "停止使用，退回",
    "known_on": "2026-03-02",
}


class Regulator:
    """Somebody signed in, who posts the forms of the desk."""

    def __init__(self, address: str, secret: str) -> None:
        self._client = httpx2.Client(base_url=address, timeout=ANSWER_SECONDS)
        self._client.headers["accept"] = "text/html"
        self.post("/login", "/login", {"login": "inspector", "password": secret})

    def get(self, path: str) -> httpx2.Response:
        """A page or a file."""
        return self._client.get(path).raise_for_status()

    def post(self, page: str, path: str, fields: dict[str, str]) -> str:
        """Post a form of a page; where it leads."""
        token = re.search(r'name="csrf" value="(\w+)"', self.get(page).text)
        answer = self._client.post(path, data=fields | {"csrf": token[1] if token else ""})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took."""
    began = time.perf_counter()
    yield
    print(f"| {what} | {time.perf_counter() - began:.2f} |", flush=True)


def until(is_so: Callable[[], bool]) -> None:
    """Ask again and again."""
    end = time.monotonic() + RED_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        recipe = Recipe(SEED, asked.rows, 1000)
        keys = grant(Settings(data=data), sorted({*load.submitters(recipe), load.maker_of(SEED)}))
        secret = _inspector(data)
        with servers.serving(data) as server:
            filled, _ = load.apart(load.fill, server.address, keys, recipe)
            wait_for_index(server.address)
            print(f"{filled.rows:,} rows in {filled.documents:,} documents")
            print("| what | s |\n|---|---|")
            with timed("who has what found out, of everything, in quiet"):
                _wait_for_findings(Settings(data=data).index)
            _recalled(server.address, secret, filled.bad)


def _wait_for_findings(index: Path | str) -> None:
    """Until what is kept of all items is about as new as the index."""
    with closing(SegmentStore.open(index, read_only=True)) as store:
        while store.reached.event - store.holding_until.event >= BEHIND_MIN:
            time.sleep(0.5)


def _inspector(data: Path) -> str:
    with open_world(Settings(data=data)) as world:
        office = "urn:guantong:opaque:office"
        account, secret = with_password(account_of("inspector", office, Role.REGULATOR))
        world.enter(account.made(), OPERATOR)
    return secret


def _recalled(address: str, secret: str, lot: Lot) -> None:
    regulator = Regulator(address, secret)
    with timed("scope of the lot fixed, with all holders"):
        path = regulator.post("/desk/recalls", "/desk/recalls", OPENED | {"codes": lot.code})
    with timed("the recall as JSON"):
        told = regulator.get(f"{path}?format=json").json()
    with timed("the page of the recall"):
        regulator.get(path)
    with timed("evidence"):
        item = _item(regulator.get(f"{path}/evidence.json").json())
    page = f"/c/{quote(item, safe='')}"
    regulator.get(page)
    with timed(f"stop until the page of an item is red ({item})"):
        regulator.post(path, f"{path}/hold", {})
        until(lambda: bool(RED & _reasons(regulator, page)))
    with timed(f"notices to {len(told['holders']):,} holders"):
        regulator.post(path, f"{path}/notify", {"note": "退回", "deadline": "2099-01-01"})
    with timed("the page of the recall, holders told"):
        regulator.get(path)
    right = told["made"] == lot.items + lot.reels
    print(f"{told['made']:,} items of {lot.items + lot.reels:,} known; right: {right};", end=" ")
    print(msgspec.json.encode(told["account"]).decode(), f"complete: {told['complete']}")


def _item(evidence: dict[str, Any]) -> str:
    """A single item that came of the lot."""
    events = evidence["epcisBody"]["eventList"]
    return str(next(one for event in events for one in event.get("outputEPCList", ())))


def _reasons(regulator: Regulator, page: str) -> set[str]:
    told = regulator.get(f"{page}?format=json").json()
    return {one["code"] for one in told["reasons"]}


if __name__ == "__main__":
    main()
