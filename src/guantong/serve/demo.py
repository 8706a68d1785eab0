"""Load the made-up market through the front door, and say what to look at.

Clock, salts and order are seeded, so that one seed always gives one ledger root. A market that
is already there is not loaded again.
"""

import shutil
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Final
from urllib.parse import quote

import click
import msgspec
from msgspec.structs import replace

from guantong import coding, market, watch
from guantong.caller import OPERATOR, Caller, Level
from guantong.clock import SetClock, SystemClock
from guantong.ledger import SeededEntropy, StatementType
from guantong.parties import obliged
from guantong.serve import ahead, scan_journal, words
from guantong.serve.epcis.spool import DIRECTORY as SPOOL
from guantong.serve.intake import Offer, Receipt
from guantong.serve.keys import NewKey, key_of
from guantong.serve.made import Made
from guantong.serve.outbox.box import DIRECTORY as OUTBOX
from guantong.serve.passing import DIRECTORY as PASSING
from guantong.serve.people import password
from guantong.serve.people.account import Account, Role, account_of
from guantong.serve.people.sessions import FILE as SESSIONS
from guantong.serve.words import Language
from guantong.serve.world import INDEX, LEDGER, World, open_world
from guantong.settings import Settings
from guantong.store import Fact
from guantong.verdict import Hold

RECIPE: Final = "demo.json"
"""Beside the installation: which seed and size it was loaded from, once complete."""
GS1: Final = "https://id.gs1.org/"
APART_MIN: Final = 20_000
"""From this many events on, documents are made and read in another process."""
AHEAD_MAX: Final = 500
"""Most documents handed over before the first is answered."""


INSPECTOR: Final = "urn:guantong:opaque:demo-inspector"
SILENT: Final = 6
"""Firms on the register of the demo that file no product."""
FAR: Final = ("440000", "110000", "510000", "230000", "650000")
"""Provinces far from each other."""
HOUR_MS: Final = 3_600_000
PASSWORD: Final = "guantong-demo"
"""Of all people of the demo; everybody knows it."""


class Recipe(msgspec.Struct, frozen=True):
    """What a demo directory was made from."""

    seed: int
    events: int
    complete: bool = False
    """Whether loading came to its end."""
    version: int = 3
    """Of the market: another number means it must be made again."""


def run(settings: Settings, seed: int, events: int, *, serving: bool, as_json: bool) -> None:
    """Load if needed, print what to look at, and serve until stopped.

    Args:
        settings: Where, and the port.
        seed: Of the market.
        events: How many events, about.
        serving: Whether to serve pages afterwards.
        as_json: Print one JSON value instead of text.
    """
    recipe = Recipe(seed, events)
    with load(settings, recipe, quiet=as_json) as world:
        summary = summarise(world, recipe)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
        if serving:
            from guantong.serve.server import serve as serve_app

            world.clock = SystemClock()
            world.examples = [
                {"code": story.code, "zh": story.title_zh, "en": story.title_en}
                for story in market.stories(seed, events=events)
            ]
            serve_app(world, settings, ready=lambda address: announce(address, summary, recipe))
        elif not as_json:
            announce("", summary, recipe)


def load(settings: Settings, recipe: Recipe, *, quiet: bool = False) -> World:
    """The demo's world, loaded: found as it is, else made from the recipe.

    Args:
        settings: Where.
        recipe: Seed and size.
        quiet: No progress on stderr.

    Returns:
        The open world.

    Raises:
        click.ClickException: if the directory holds something that is not this demo.
    """
    clock = SetClock(market.start_ms())
    entropy = SeededEntropy(f"demo {recipe.seed}")
    mark = settings.data / RECIPE
    found = msgspec.json.decode(mark.read_bytes(), type=Recipe) if mark.exists() else None
    if found == replace(recipe, complete=True):
        # What is added from now on gets salts of its own: seeded ones would begin anew.
        world = open_world(settings, clock=clock)
        clock.at_ms = world.ledger.entry(world.ledger.size - 1).statement.received
        return world
    if found is not None:
        clear(settings.data)
    elif settings.data.exists() and any(settings.data.iterdir()):
        message = f"{settings.data} holds something else: remove it or choose another --data"
        raise click.ClickException(message)
    world = open_world(settings, clock=clock, entropy=entropy, create=True)
    mark.write_bytes(msgspec.json.encode(recipe))
    fill(world, clock, recipe, quiet=quiet)
    mark.write_bytes(msgspec.json.encode(replace(recipe, complete=True)))
    return world


def clear(data: Path) -> None:
    """Remove a demo that was interrupted or made from another recipe, and nothing else."""
    for name in (LEDGER, OUTBOX, SPOOL, PASSING):
        shutil.rmtree(data / name, ignore_errors=True)
    for path in (*data.glob(f"{INDEX}*"), *data.glob(f"{SESSIONS}*"), data / RECIPE):
        path.unlink()


def fill(world: World, clock: SetClock, recipe: Recipe, *, quiet: bool) -> None:
    """Hand in every filing of the market in its order, as its sender, at its time."""
    waiting: list[tuple[str, Future[Receipt]]] = []
    done, began = 0, time.monotonic()
    apart = recipe.events >= APART_MIN
    for filing, reading in ahead.submissions(recipe.seed, recipe.events, apart=apart):
        clock.at_ms = filing.at_ms
        caller = Caller(filing.by, Level.PARTY)
        match filing:
            case market.Issue():
                waiting.append(("codes", world.offer_codes(code_range(filing), caller)))
            case market.Stop():
                world.hold(hold_of(filing), caller)
            case market.Filing():
                offer = Offer(filing.body, filing.media, filing.name)
                assert reading is not None
                waiting.append((filing.name, world.hand_in(offer, reading, caller)))
                done += filing.events
        if len(waiting) >= AHEAD_MAX:
            settle(waiting)
            tell(done, recipe.events, began, quiet=quiet)
    settle(waiting)
    world.add_key(inspector_key(recipe.seed), OPERATOR)
    world.wait(world.ledger.size)
    world.enter(register(world), Caller(INSPECTOR, Level.REGULATOR))
    for made in logins(recipe.seed, recipe.events):
        world.enter(made.made(), OPERATOR)
    world.enter(scans(world, recipe), scan_journal.BY)
    tell(done, recipe.events, began, quiet=quiet, last=True)


def inspector_key(seed: int) -> NewKey:
    """A key to look around with. It is no secret: anyone who knows the seed knows it."""
    inspector = Caller(INSPECTOR, Level.REGULATOR)
    return key_of(inspector, "demo", f"inspector-{seed}")


def logins(seed: int, events: int) -> list[Account]:
    """People to look around as, each with `PASSWORD`; good for this demo only."""
    firms = market.people(seed, events=events)
    salt = f"demo {seed}".encode().ljust(16, b".")
    hashed = password.hashed(PASSWORD, salt=salt)
    people = (
        account_of("clerk", firms.works, Role.PRODUCER),
        account_of("shop", firms.shop, Role.SELLER),
        account_of("site", firms.site, Role.USER),
        account_of("inspector", INSPECTOR, Role.REGULATOR),
        account_of("auditor", "urn:guantong:opaque:demo-auditor", Role.AUDITOR),
        account_of("operator", "", Role.OPERATOR),
    )
    return [replace(one, password=hashed) for one in people]


def register(world: World) -> Made:
    """A register of duties for the market: who makes something, and a few who should file and do not."""
    firms = {fact.key: fact.fields for fact in world.all_facts("firm")}
    made = {
        (str(fact.fields.get("firm", "")), str(fact.fields.get("category", "")))
        for fact in world.all_facts("product")
    }
    rows = [(party, category) for party, category in sorted(made) if party in firms and category]
    silent = [key for key, fields in firms.items() if fields.get("kind") == "distributor"]
    rows += [(party, rows[at % len(rows)][1]) for at, party in enumerate(sorted(silent)[:SILENT])]
    listed = obliged.Imported(
        "演示名录 demo list",
        tuple(
            obliged.Obliged(
                party,
                str(firms[party].get("name", "")),
                category,
                region=str(firms[party].get("region", "")),
            )
            for party, category in rows
        ),
    )
    return Made.of(StatementType.RULE_TABLE, listed, obliged.MEDIA)


def scans(world: World, recipe: Recipe) -> Made:
    """Scans of the codes worth trying: each was looked at, the copied one all over the country."""
    now_ms = world.clock.now_ms()
    counts = []
    for at, story in enumerate(market.stories(recipe.seed, events=recipe.events)):
        read = world.identify(story.code)
        places = FAR if story.key == "clone" else FAR[at % len(FAR) :][:1]
        for hour, place in enumerate(places if read else ()):
            first_ms = now_ms - (len(FAR) - hour) * HOUR_MS
            counts.append(
                watch.Count(read[0].value.uri, place, 1 + hour, first_ms, first_ms + hour * 60_000)
            )
    return Made.of(StatementType.LOOK, watch.Scans(tuple(counts)), watch.SCANS_MEDIA)


def settle(waiting: list[tuple[str, Future[Receipt]]]) -> None:
    """Wait for the answers; the market's own documents must all be accepted."""
    for name, answer in waiting:
        receipt = answer.result()
        if not receipt.accepted:
            fault = receipt.faults[0]
            message = f"the market's own {name} was refused: {fault}"
            raise click.ClickException(message)
    waiting.clear()


def code_range(issue: market.Issue) -> coding.CodeRange:
    """An issue of the market as the coding room takes it."""
    return coding.CodeRange(
        class_uri=issue.class_uri,
        first=issue.first,
        last=issue.last,
        stem=issue.stem,
        width=issue.width,
        lot=issue.lot,
        day=issue.day,
    )


def hold_of(stop: market.Stop) -> Hold:
    """An order of the market's regulator as the verdict room takes it."""
    return Hold(stop.target, stop.kind, stop.reason_zh, stop.reason_en)


def summarise(world: World, recipe: Recipe) -> dict[str, object]:
    """Sizes, root, and a code for each story.

    Args:
        world: The loaded market.
        recipe: What it was made from.

    Returns:
        ``documents``, ``events``, ``codes``, ``ledger_size``, ``ledger_root``, ``examples``.
    """
    counts = world.store.counts()
    return {
        "documents": len(world.all_facts("submission")),
        "events": counts["events"],
        "codes": sum(size_of(fact) for fact in world.all_facts("code_range")),
        "ledger_size": world.ledger.size,
        "ledger_root": world.ledger.root.hex(),
        "examples": [
            {
                "story": story.key,
                "code": story.code,
                "title_zh": story.title_zh,
                "title_en": story.title_en,
                "shows_zh": story.shows_zh,
                "shows_en": story.shows_en,
            }
            for story in market.stories(recipe.seed, events=recipe.events)
        ],
    }


def size_of(fact: Fact) -> int:
    """How many codes an issue holds."""
    held = msgspec.convert(fact.fields, coding.CodeRange)
    return held.last - held.first + 1


def tell(done: int, events: int, began: float, *, quiet: bool, last: bool = False) -> None:
    """A progress line on stderr."""
    if quiet or not (last or sys.stderr.isatty()):
        return
    seconds = time.monotonic() - began
    line = f"\r{done:>9,} of {events:,} events, {done / max(seconds, 0.001):,.0f} a second"
    click.echo(line, nl=last, err=True)


def announce(address: str, summary: dict[str, object], recipe: Recipe) -> None:
    """What to look at, as text; with addresses when pages are served."""
    click.echo(
        f"{summary['events']:,} events in {summary['documents']:,} documents, "
        f"{summary['codes']:,} codes; ledger size {summary['ledger_size']:,}\n"
        f"root {summary['ledger_root']}"
    )
    if address:
        click.echo(f"\n  {address}/\n")
        key = inspector_key(recipe.seed).text
        click.echo(f"监管视角 · To see trade as an inspector: {address}/key with {key}")
        click.echo(f"登录 · To sign in ({PASSWORD}): {address}/login")
        for one in logins(recipe.seed, recipe.events):
            click.echo(f"    {one.login:<10} {words.word('role', one.role.value, Language.ZH)}")
        click.echo("")
    examples = summary["examples"]
    assert isinstance(examples, list)
    for example in examples:
        where = page_of(address, example["code"])
        click.echo(f"{example['title_zh']} · {example['title_en']}\n    {where}")
    click.echo("" if not address else "\nCtrl-C stops it.")


def page_of(address: str, code: str) -> str:
    """Where a code's page is; the code itself when no pages are served."""
    if not address:
        return code
    if code.startswith(GS1):
        return f"{address}/{code.removeprefix(GS1)}"
    return f"{address}/c/{quote(code, safe=':')}"
