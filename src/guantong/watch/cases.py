"""A case: what somebody reports about a code, and every step until it is closed."""

import re
import secrets
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from guantong.clock import is_day
from guantong.errors import Refusal, fault
from guantong.store import Fact, Store

REPORT: Final = "case"
"""Of the facts about reports, by the number of the case; also found by province and code."""
STEP: Final = "case_step"
"""Of the facts about steps, by the number of the case."""
MEDIA: Final = "application/vnd.guantong.report+json"
STEP_MEDIA: Final = "application/vnd.guantong.case-step+json"
TEXT_MAX: Final = 2_000
SHORT_MAX: Final = 200
PICTURE_MAX: Final = 3 * 2**20
"""Bytes of a picture."""
PICTURES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""How pictures begin that are taken, and their media type."""
ID: Final = re.compile("[2-9A-HJ-NP-Z]{10}")
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Kind(StrEnum):
    """What is reported."""

    FAKE = "fake"
    UNSAFE = "unsafe"
    CODE = "code"
    """The code does not fit the thing, or cannot be read."""
    CERTIFICATE = "certificate"
    MISMATCH = "mismatch"
    """What one firm says it sent, or got, its partner does not say; found here."""
    CLONE = "clone"
    """Its scans do not fit one thing; found here."""
    ALERT = "alert"
    """A foreign office lists it as dangerous; found here."""
    OTHER = "other"


PUBLIC_KINDS: Final = (Kind.FAKE, Kind.UNSAFE, Kind.CODE, Kind.CERTIFICATE, Kind.OTHER)
"""What a buyer reports."""


class State(StrEnum):
    """How far a case is."""

    OPEN = "open"
    TAKEN = "taken"
    """It has an owner and a deadline."""
    CLOSED = "closed"


class Fault(StrEnum):
    """Why a report or step was not taken. Part of the public API: never renamed."""

    REPORT = "watch.report"
    STEP = "watch.step"


class WatchError(Refusal):
    """Not a report, or not a step."""


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody reports. The body of an entry; in the vault alone."""

    id: str
    """Number of the case: nobody can guess it."""
    code: str
    """The canonical URI, or the text as it was scanned."""
    kind: Kind
    text: str
    province: str
    """First two digits of GB/T 2260."""
    place: str = ""
    """Where it was bought or seen."""
    contact: str = ""
    """Of the reporter; in no fact, and so in no answer but to the owner of the case."""
    picture: bytes = b""
    about: str = ""
    """What was found here, in such a way that it is found but once."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store: nothing the reporter wrote, but the code."""
        told: dict[str, object] = {"code": self.code, "kind": self.kind.value}
        told |= {"province": self.province, "picture": bool(self.picture)}
        links = (f"province {self.province}", self.code, *([self.about] if self.about else []))
        return (Fact(REPORT, self.id, told, links=links),)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What became of a case. The body of an entry."""

    id: str
    state: State
    owner: str
    """Login of who has it."""
    note: str = ""
    deadline: str = ""
    """Last day, ISO."""

    def facts(self) -> tuple[Fact, ...]:
        """What the entry leaves in the store."""
        return (Fact(STEP, self.id, msgspec.to_builtins(self)),)


class Case(NamedTuple):
    """A report and its steps."""

    report: Fact
    steps: tuple[tuple[Step, Fact], ...]

    @property
    def id(self) -> str:
        """Its number."""
        return self.report.key

    @property
    def state(self) -> State:
        """How far it is."""
        return self.steps[-1][0].state if self.steps else State.OPEN

    @property
    def owner(self) -> str:
        """Who has it, "" for nobody yet."""
        return self.steps[-1][0].owner if self.steps else ""

    @property
    def deadline(self) -> str:
        """Last day, "" for none."""
        return next((step.deadline for step, _ in reversed(self.steps) if step.deadline), "")


def new_id() -> str:
    """The number of a new case: ten letters and digits that are not mistaken for each other."""
    return "".join(secrets.choice(_LETTERS) for _ in range(10))


def check_report(report: Report) -> None:
    """Refuse a report that says nothing, or too much.

    Raises:
        WatchError: if a member is out of its bounds.
    """
    bounds = (
        ("code", report.code, 1, 500),
        ("text", report.text, 1, TEXT_MAX),
        ("place", report.place, 0, SHORT_MAX),
        ("contact", report.contact, 0, SHORT_MAX),
    )
    for name, text, least, most in bounds:
        if not least <= len(text) <= most:
            expected = f"{least} to {most} characters"
            raise WatchError(fault(Fault.REPORT, expected=expected, got=len(text), path=name))
    if not re.fullmatch(r"\d\d", report.province):
        expected, got = "a province", report.province[:20]
        raise WatchError(fault(Fault.REPORT, expected=expected, got=got, path="province"))
    picture = report.picture
    if picture and (len(picture) > PICTURE_MAX or not media_of(picture)):
        expected = f"JPEG or PNG of at most {PICTURE_MAX} bytes"
        got = f"{len(picture)} bytes"
        raise WatchError(fault(Fault.REPORT, expected=expected, got=got, path="picture"))


def media_of(picture: bytes) -> str:
    """Media type of a picture by how it begins, "" when it is none that is taken."""
    return next((media for mark, media in PICTURES.items() if picture.startswith(mark)), "")


def check_step(case: Case, step: Step, today: str) -> None:
    """Refuse a step that leads nowhere.

    Args:
        case: The case as it stands.
        step: What is to come.
        today: ISO.

    Raises:
        WatchError: if the case is closed, its owner is nobody, a taken one has no deadline to
            come, or a closed one says not why.
    """
    if case.state is State.CLOSED:
        raise WatchError(fault(Fault.STEP, expected="a case that is not closed", got=case.id))
    if step.state is State.OPEN or not step.owner:
        raise WatchError(
            fault(Fault.STEP, expected="taken or closed", got=step.state, path="state")
        )
    if step.state is State.TAKEN and not (is_day(step.deadline) and step.deadline >= today):
        expected = "a day to come"
        got = step.deadline[:20]
        raise WatchError(fault(Fault.STEP, expected=expected, got=got, path="deadline"))
    if step.state is State.CLOSED and not step.note or len(step.note) > TEXT_MAX:
        expected = f"1 to {TEXT_MAX} characters"
        raise WatchError(fault(Fault.STEP, expected=expected, got=len(step.note), path="note"))


def parse_report(body: bytes) -> Report:
    """Read the body of an entry about a report."""
    return msgspec.json.decode(body, type=Report)


def parse_step(body: bytes) -> Step:
    """Read the body of an entry about a step."""
    return msgspec.json.decode(body, type=Step)


def case_of(store: Store, number: str) -> Case | None:
    """A case, None when there is none of that number."""
    reports = [fact for fact in store.facts(REPORT, (number,)) if fact.key == number]
    return _with_steps(store, reports[:1])[0] if reports else None


def case_about(store: Store, about: str) -> Case | None:
    """The latest case about what was found here, None when there is none."""
    found = _with_steps(store, store.facts(REPORT, (about,))[-1:])
    return found[0] if found else None


def cases(store: Store, provinces: tuple[str, ...]) -> list[Case]:
    """The cases of some provinces, the latest first."""
    reports = store.facts(REPORT, [f"province {one}" for one in provinces])
    return _with_steps(store, reports[::-1])


def _with_steps(store: Store, reports: list[Fact]) -> list[Case]:
    found: dict[str, list[tuple[Step, Fact]]] = {}
    for fact in store.facts(STEP, [one.key for one in reports]):
        found.setdefault(fact.key, []).append((msgspec.convert(fact.fields, Step), fact))
    return [Case(one, tuple(found.get(one.key, ()))) for one in reports]
