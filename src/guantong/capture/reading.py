"""What did reading a document give: a document, or what is wrong with it?

Every reader (`jsonld`, `xml`, `sheet`, `records`) has the one signature
``read_xxx(data: bytes, *, limits: Limits, proceed: bool) -> Reading`` and gathers its faults in
a `Collector`, in document order.
"""

from dataclasses import dataclass, field, replace

from guantong.capture.faults import Fault, Limits
from guantong.capture.model import Document, MasterItem
from guantong.capture.table import EventTable
from guantong.errors import Fault as Found
from guantong.errors import Refusal, fault

PATH_MAX = 400
"""Characters of a path that a fault keeps; a document may have names of any length."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one document."""

    document: Document | None
    """None when there are faults, unless the caller said ``proceed``; then the good events."""
    faults: tuple[Found, ...] = ()
    """All that is wrong, in document order, at most ``limits.faults_max`` + 1."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """The outcome of reading one document, its events as columns."""

    table: EventTable | None
    """None exactly when a `Reading` of the same bytes has no document."""
    faults: tuple[Found, ...] = ()
    """As in that `Reading`."""
    format: str = ""
    """As in `Document`, as are all that follow; "" where there is no table."""
    positions: tuple[int, ...] = ()
    master: tuple[MasterItem, ...] = ()
    created_ms: int = 0

    @property
    def document(self) -> Document | None:
        """As in that `Reading`; made anew each time, event by event."""
        if self.table is None:
            return None
        events = self.table.events()
        return Document(
            format=self.format,
            events=events,
            positions=self.positions,
            master=self.master,
            created_ms=self.created_ms,
        )

    @classmethod
    def of(cls, reading: Reading, table: EventTable | None = None) -> "TableReading":
        """The same outcome, its events as columns: those of `table`, if they went there."""
        document = reading.document
        if document is None:
            return cls(None, reading.faults)
        return cls(
            EventTable.of(document.events) if table is None else table,
            reading.faults,
            document.format,
            document.positions,
            document.master,
            document.created_ms,
        )


@dataclass(slots=True)
class Collector:
    """Gathers faults in document order; keeps the first ``limits.faults_max``."""

    limits: Limits
    """How many are kept."""
    faults: list[Found] = field(default_factory=list)
    """Those kept."""
    count: int = 0
    """How many there were, kept or not; compare before and after to see whether one came."""

    def add(self, found: Found) -> None:
        """Note one fault."""
        self.count += 1
        if len(self.faults) < self.limits.faults_max:
            long = len(found.path) > PATH_MAX
            self.faults.append(replace(found, path=f"{found.path[:PATH_MAX]}…") if long else found)

    def say(self, code: Fault, path: str, *, expected: str, got: object) -> None:
        """Note a fault made of its parts."""
        self.add(fault(code, expected=expected, got=got, path=path))

    def take(self, refusal: Refusal, path: str = "") -> None:
        """Note all faults of a refusal, their paths put under `path`."""
        for found in refusal.faults:
            self.add(found.under(path))

    def all(self) -> tuple[Found, ...]:
        """The faults kept, with a last one that says so when some were not."""
        if self.count <= len(self.faults):
            return tuple(self.faults)
        cut = fault(
            Fault.TOO_MANY_FAULTS,
            expected=f"at most {self.limits.faults_max} faults listed",
            got=f"{self.count} faults",
        )
        return (*self.faults, cut)

    def finish(self, document: Document | None, *, proceed: bool) -> Reading:
        """The reading: the document goes out only when nothing is wrong, or with `proceed`."""
        faults = self.all()
        return Reading(document if proceed or not faults else None, faults)
