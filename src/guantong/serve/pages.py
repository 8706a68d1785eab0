"""What does a person see? Pages, made on the server, without a script.

Templates get values that are already in the reader's language; every text passes Jinja's
autoescape, so that a code with quotes or tags in it stays inert.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final
from unicodedata import east_asian_width
from urllib.parse import quote, unquote

from jinja2 import Environment, PackageLoader, StrictUndefined

from guantong.capture.serials import first_of
from guantong.errors import Fault
from guantong.identify.gs1_keys import CANONICAL_HOST
from guantong.serve import asked, words
from guantong.serve.graph import draw
from guantong.serve.json_out import instant
from guantong.serve.problems import Fault as HttpFault
from guantong.serve.words import Language
from guantong.trace.model import Direction, Edge, Node, Relation, Trail
from guantong.verdict.model import Happened, Outcome, Reason, Verdict

ROWS_MAX: Final = 400
"""Rows of a trace page's table and of its time line; the JSON has all."""

RESTATED: Final = frozenset({"verdict.not_registered", "verdict.malformed", "verdict.not_shared"})
"""Reasons that say no more than the headline."""

NOT_TRACED: Final = frozenset({"document", "place", "party"})
"""Kinds of code that no trace is offered for."""

MODELS: Final = frozenset({"class", "document"})
"""Kinds of code that stand for no single thing, so that it has no state and no making."""

CONSUMERS: Final = frozenset({"consumer", "urn:guantong:opaque:consumer"})
"""Who has what was sold at retail: no party of any register."""

HOME: Final = "+08:00"
"""The offset that is not worth mentioning."""

_PACKAGE: Final = "guantong.serve"


@dataclass(frozen=True, slots=True)
class View:
    """What every page needs beside its content."""

    language: Language
    switch: str
    """Address of the same page in the other language."""
    json: str
    """Address of the same answer as JSON, "" when there is none."""
    size: int = 0
    """Entries in the ledger, 0 when not known."""
    as_of: int | None = None
    """The ledger size that was asked for."""
    who: str = ""
    """As whom the reader sees this, "" for the public."""
    csrf: str = ""
    """What forms of this session hold, "" when nobody is signed in."""
    index: bool = False
    """Whether there is a release of the credit index to lead to."""


@dataclass(frozen=True, slots=True)
class Example:
    """A code worth trying, for the first page."""

    code: str
    text: str

    @property
    def link(self) -> str:
        """Where it is checked."""
        return asked.address(self.code)


def home(view: View, examples: Iterable[Example]) -> str:
    """The first page: one large box."""
    return render("home.html", view, examples=tuple(examples))


def scan(view: View, verdict: Verdict) -> str:
    """The answer to a scan."""
    told = [reason for reason in verdict.reasons if reason.code not in RESTATED]
    entries = {line.entry for line in verdict.history if line.entry >= 0}
    entries |= {fact.entry for held in verdict.certificates for fact in held.certificate.statements}
    code = verdict.uri or verdict.text
    bundle_path = f"/ledger/bundle/{_tail(code)}"
    return render(
        "scan.html",
        view,
        verdict=verdict,
        problems=[reason for reason in told if reason.problem],
        notices=[reason for reason in told if not reason.problem],
        unproven=verdict.unproven,
        entries=sorted(entry for entry in entries if entry >= 0),
        trace_link=f"/trace/{_tail(code)}" if _is_traced(verdict) else "",
        single=verdict.kind not in MODELS,
        veils=tuple(dict.fromkeys(line.hidden for line in verdict.history if line.hidden)),
        bundle_path=bundle_path,
        bundle_link=bundle_path if any(line.proof for line in verdict.history) else "",
        permanent=f"{asked.address(code)}?as_of={verdict.ledger_size}",
    )


def trail(view: View, walked: Trail, direction: Direction, names: Mapping[str, str]) -> str:
    """The answer to a trace: graph, gaps, table and time line."""
    reader = Reader(view.language, names)
    moves = joined(walked.edges)
    return render(
        "trace.html",
        view,
        trail=walked,
        direction=direction,
        directions=tuple(Direction),
        reader=reader,
        drawing=draw(walked),
        facts=Summary.of(walked),
        by_item={node.item: node for node in walked.nodes},
        nodes=sorted(walked.nodes, key=lambda node: (node.hop, node.hidden is not None))[:ROWS_MAX],
        moves=moves[:ROWS_MAX],
        moves_all=len(moves),
        gaps=walked.gaps[:ROWS_MAX],
        trace_path=f"/trace/{_tail(walked.origin)}",
        scan_path=asked.address(walked.origin),
    )


def key(view: View) -> str:
    """The form that takes a key."""
    return render("key.html", view, status=200)


def problem(view: View, status: int, faults: Sequence[Fault]) -> str:
    """A request that gets no answer."""
    sign_in = any(found.code == HttpFault.SIGN_IN for found in faults)
    return render("problem.html", view, status=status, errors=faults, sign_in=sign_in)


def names_needed(walked: Trail) -> Collection[str]:
    """The URIs on a trail whose names a page shows."""
    wanted: set[str] = set()
    for node in walked.nodes:
        wanted |= {node.class_uri, node.holder.party, node.holder.place, node.holder.taker}
    for edge in walked.edges:
        wanted |= {edge.giver, edge.taker}
    return wanted - {""}


@dataclass(frozen=True, slots=True)
class Joined:
    """Edges that one event states at once: one line of the time line."""

    edges: tuple[Edge, ...]
    """At least one."""

    @property
    def first(self) -> Edge:
        """The one that stands for all."""
        return self.edges[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """Their different sources."""
        return tuple(dict.fromkeys(edge.source for edge in self.edges))

    @property
    def targets(self) -> tuple[str, ...]:
        """Their different targets."""
        return tuple(dict.fromkeys(edge.target for edge in self.edges))


def joined(edges: Iterable[Edge]) -> list[Joined]:
    """Edges by the event and the hands they belong to, in their order; the hidden stay single."""
    families: dict[object, list[Edge]] = {}
    for number, edge in enumerate(edges):
        said = (edge.relation, edge.event, edge.at_ms, edge.until_ms, edge.giver, edge.taker)
        families.setdefault(said if edge.event else number, []).append(edge)
    return [Joined(tuple(family)) for family in families.values()]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures on top of a trace."""

    nodes: int
    holders: int
    up: int
    down: int
    gaps: int

    @classmethod
    def of(cls, walked: Trail) -> "Summary":
        """Counts of what the caller may see."""
        hops = [node.hop for node in walked.nodes] or [0]
        holders = {node.holder.party for node in walked.nodes} - CONSUMERS - {""}
        up, down = -min(hops), max(hops)
        return cls(len(walked.nodes), len(holders), max(up, 0), max(down, 0), len(walked.gaps))


@dataclass(frozen=True, slots=True)
class Reader:
    """Names and labels of what stands on a trail, in one language."""

    language: Language
    names: Mapping[str, str]

    def name(self, uri: str) -> str:
        """The name of a party, place or product; the short form of its code if nobody told."""
        if uri in CONSUMERS:
            return words.say("consumer", self.language)
        return self.names.get(uri) or short(uri)

    def product(self, node: Node) -> str:
        """The name of what the node is."""
        kind = words.word("kind", node.kind.value, self.language)
        return self.names.get(node.class_uri, "") or kind

    def code(self, node: Node) -> str:
        """The part of the code that tells it from its neighbours."""
        return "" if node.hidden else short(node.item)

    def where(self, node: Node) -> str:
        """Holder and state in one line."""
        if node.hidden:
            return words.word("why", node.hidden.value, self.language)
        state = words.word("state", node.state.value, self.language)
        known = node.holder.party and node.holder.party not in CONSUMERS
        return f"{self.name(node.holder.party)} · {state}" if known else state

    def who(self, edge: Edge) -> str:
        """From whom to whom a thing moved."""
        if edge.relation is not Relation.MOVED:
            return ""
        giver, taker = (self.name(uri) if uri else "?" for uri in (edge.giver, edge.taker))
        return f"{giver} → {taker}" if edge.giver or edge.taker else ""

    def states(self, nodes: Iterable[Node]) -> str:
        """How many are in which state, the most frequent first."""
        counted = Counter(node.state.value for node in nodes).most_common()
        told = (f"{words.word('state', state, self.language)} {n}" for state, n in counted)
        return " · ".join(told)

    def holders(self, nodes: Iterable[Node]) -> int:
        """How many different holders there are."""
        return len({node.holder.party for node in nodes} - CONSUMERS - {""})


def short(uri: str) -> str:
    """The last part of a URI.

    Returns:
        The part as it would be printed.

    >>> short("https://id.gs1.org/01/06901234567892/21/A%2F1")
    'A/1'
    >>> short("urn:guantong:ecode:64100001")
    '64100001'
    """
    slashed = uri.rstrip("/").rpartition("/")[2]
    return unquote(slashed if "://" in uri else uri.rpartition(":")[2]) or uri


def label(uri: str) -> str:
    """The whole code, as short as it can be said.

    Returns:
        A GS1 key in brackets, anything else as `short`.

    >>> label("https://id.gs1.org/01/06901234567892/21/A%2F1")
    '(01)06901234567892(21)A/1'
    """
    parts = uri.removeprefix(CANONICAL_HOST + "/").split("/")
    if not uri.startswith(CANONICAL_HOST + "/") or len(parts) % 2 or not parts[0].isdecimal():
        return short(uri)
    return "".join(
        f"({ai}){unquote(value)}" for ai, value in zip(parts[::2], parts[1::2], strict=True)
    )


def clip(text: str, cells: int) -> str:
    """The text cut to a width; a Chinese character takes two cells, a Latin letter one.

    Returns:
        At most `cells` cells, the last one an ellipsis when something was cut.

    >>> clip("杭州湖滨自行车商行", 10)
    '杭州湖滨…'
    """
    taken = 0
    for index, char in enumerate(text):
        taken += 2 if east_asian_width(char) in "WF" else 1
        if taken > cells:
            return _cut(text[:index], cells - 1) + "…"
    return text


def _cut(text: str, cells: int) -> str:
    while sum(2 if east_asian_width(char) in "WF" else 1 for char in text) > cells:
        text = text[:-1]
    return text


def when(at_ms: int, offset: str = HOME) -> str:
    """A time as it was at the place.

    Returns:
        To the minute, and the zone when it is not Beijing's.

    >>> when(1_700_000_000_000), when(1_700_000_000_000, "+01:00")
    ('2023-11-15 06:13', '2023-11-14 23:13 (+01:00)')
    """
    text = instant(at_ms, offset)[:16].replace("T", " ")
    return text if offset == HOME or not text else f"{text} ({offset or 'UTC'})"


def grouped(number: int) -> str:
    """A number with a thin space between thousands."""
    return f"{number:,}".replace(",", "\u2009")


def amount(quantity: float | None, uom: str, language: Language) -> str:
    """A quantity with its unit, "" when there is none."""
    if quantity is None:
        return ""
    return f"{quantity:g} {uom or words.say('pieces', language)}"


def data_image(svg: str) -> str:
    """A drawing of ours as the address of a picture, so that no page needs to trust it."""
    return f"data:image/svg+xml,{quote(svg)}"


def static(name: str) -> bytes | None:
    """One of our own files, None when there is none of that name."""
    return _statics().get(name)


def inline(name: str) -> str:
    """One of our own files as text, to stand in a page that must do without a server."""
    return _statics()[name].decode()


def static_link(name: str) -> str:
    """Its address, with its hash, so that it may be kept for a year."""
    return f"/static/{name}?v={hashlib.sha256(_statics()[name]).hexdigest()[:12]}"


@cache
def _statics() -> Mapping[str, bytes]:
    return dict(_files_in(files(_PACKAGE).joinpath("static"), ""))


def _files_in(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_in(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


def _is_traced(verdict: Verdict) -> bool:
    """Whether a trace is worth offering."""
    if verdict.outcome not in {Outcome.OK, Outcome.PROBLEM, Outcome.NOT_SHARED}:
        return False
    return verdict.kind not in NOT_TRACED and (verdict.kind != "class" or bool(verdict.history))


def _tail(code: str) -> str:
    return asked.address(code).removeprefix("/c/")


def _told(reason: Reason, language: Language) -> str:
    return reason.zh if language is Language.ZH else reason.en


def _parties(line: Happened, language: Language) -> str:
    if line.source and line.target:
        return words.say("from_to", language, source=line.source, target=line.target)
    if line.source:
        return words.say("from_only", language, source=line.source)
    return words.say("to_only", language, target=line.target) if line.target else ""


def _title(line: Happened, language: Language) -> str:
    if line.step:
        return short(words.word("step", line.step, language))
    return words.say("event_other", language)


def localised(record: object, language: Language) -> str:
    """A product's or firm's name in the reader's language, if it has one there."""
    english = str(getattr(record, "name_en", ""))
    name = str(getattr(record, "name", ""))
    return (english if language is Language.EN else "") or name or english


def render(template: str, view: View, **values: object) -> str:
    """A template with the words of the reader's language."""
    language = view.language
    return (
        _environment()
        .get_template(template)
        .render(
            view=view,
            lang=language,
            t=lambda key, **filling: words.say(key, language, **filling),
            w=lambda group, value: words.word(group, str(value), language),
            region=lambda code: words.region(code, language),
            fault_text=lambda code: words.sentence(code, language),
            told=lambda reason: _told(reason, language),
            parties=lambda line: _parties(line, language),
            step=lambda line: _title(line, language),
            named=lambda record: localised(record, language),
            options=lambda values, group: [
                (str(value), words.word(group, str(value), language)) for value in values
            ],
            amount=lambda quantity, uom: amount(quantity, uom, language),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": when,
        "instant": instant,
        "short": short,
        "label": label,
        "clip": clip,
        "grouped": grouped,
        "address": asked.address,
        "first_of": first_of,
        "data_image": data_image,
    }
    environment.tests["sentence"] = lambda key: key in words.sentences()
    environment.globals |= {"static_link": static_link, "NATIVE": words.NATIVE}
    return environment
