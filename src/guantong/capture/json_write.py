"""How is an event written as EPCIS 2.0 in JSON-LD?

What `guantong.capture.jsonld` reads from it is the same event. Codes are written in their canonical
form, words of the CBV bare; names of extensions get prefixes, which the context of the document tells.

References:
    EPCIS 2.0, section 10 (JSON and JSON-LD binding)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from guantong.capture.master_write import vocabularies_json
from guantong.capture.model import (
    ErrorDeclaration,
    Event,
    EventType,
    MasterItem,
    Quantity,
    Typed,
)
from guantong.capture.namespaces import CBVMDA, STANDARD
from guantong.capture.spellings import Codes, as_kept
from guantong.capture.values import offset_minutes

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_KNOWN: Final = {CBVMDA: "cbvmda"} | {space: prefix for prefix, space in STANDARD.items()}

Members = dict[str, object]


class EventWriter:
    """Writes the events of one document."""

    def __init__(self, codes: Codes = as_kept) -> None:
        """With no prefixes but the standard's.

        Args:
            codes: How codes are written.
        """
        self._code = codes
        self._prefixes: dict[str, str] = {}

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefix -> namespace, of what was written so far and is not the standard's."""
        return {prefix: space for space, prefix in self._prefixes.items()}

    @property
    def context(self) -> list[object]:
        """The ``@context`` of what was written so far."""
        return [CONTEXT, self.prefixes] if self._prefixes else [CONTEXT]

    def write(self, event: Event, *, record_ms: int | None = None) -> Members:
        """An event as a JSON value.

        Args:
            event: What happened.
            record_ms: When it was received, None for not to tell.

        Returns:
            Its members in the order of the standard, those without a value left out.
        """
        told: Members = {
            "type": event.type.value,
            "eventID": event.id,
            "eventTime": instant(event.time_ms, event.offset),
            "eventTimeZoneOffset": event.offset,
            "recordTime": "" if record_ms is None else instant(record_ms),
            "errorDeclaration": event.error and self._error(event.error),
            "action": event.action and event.action.value,
            "bizStep": event.step,
            "disposition": event.disposition,
            "persistentDisposition": _persistent(event),
            "readPoint": self._place(event.read_point, event.read_point_extensions),
            "bizLocation": self._place(event.biz_location, event.biz_location_extensions),
            "transformationID": event.transformation_id,
            **self._things(event),
            "bizTransactionList": self._typed(event.transactions, "bizTransaction"),
            "sourceList": self._typed(event.sources, "source"),
            "destinationList": self._typed(event.destinations, "destination"),
            "certificationInfo": list(event.certification),
            "sensorElementList": self._named(event.sensors),
            "ilmd": self._members(event.ilmd),
        }
        said = {name: value for name, value in told.items() if value not in ("", None, [], {})}
        if event.type is EventType.OBJECT and not (event.epcs or event.quantities):
            said["epcList"] = []
        return said | self._members(event.extensions)

    def _error(self, error: ErrorDeclaration) -> Members:
        told: Members = {"declarationTime": instant(error.declared_ms)}
        if error.reason:
            told["reason"] = error.reason
        if error.corrective_ids:
            told["correctiveEventIDs"] = list(error.corrective_ids)
        return told | self._members(error.extensions)

    def _place(self, place: str, extensions: Mapping[str, object]) -> Members:
        return ({"id": self._code(place)} if place else {}) | self._members(extensions)

    def _things(self, event: Event) -> Members:
        return {
            "parentID": self._code(event.parent),
            "epcList": self._codes(event.epcs),
            "quantityList": self._amounts(event.quantities),
            "childEPCs": self._codes(event.child_epcs),
            "childQuantityList": self._amounts(event.child_quantities),
            "inputEPCList": self._codes(event.input_epcs),
            "inputQuantityList": self._amounts(event.input_quantities),
            "outputEPCList": self._codes(event.output_epcs),
            "outputQuantityList": self._amounts(event.output_quantities),
        }

    def _codes(self, listed: Sequence[str]) -> list[str]:
        return [self._code(one) for one in listed]

    def _amounts(self, amounts: Sequence[Quantity]) -> list[Members]:
        told: list[Members] = []
        for one in amounts:
            class_ = self._code(one.epc_class)
            said: Members = {"epcClass": class_, "quantity": one.quantity, "uom": one.uom}
            told.append({name: value for name, value in said.items() if value not in ("", None)})
        return told

    def _typed(self, listed: Sequence[Typed], member: str) -> list[Members]:
        told: list[Members] = [{"type": one.type, member: self._code(one.value)} for one in listed]
        return [{name: value for name, value in said.items() if value} for said in told]

    def _members(self, members: Mapping[str, object]) -> Members:
        return {self._name(name): self._named(one) for name, one in members.items()}

    def _named(self, value: object) -> object:
        """The same with prefixes for namespaces, at any depth."""
        if isinstance(value, Mapping):
            return self._members(value)
        if isinstance(value, list | tuple):
            return [self._named(one) for one in value]
        return value

    def _name(self, full: str) -> str:
        if not full.startswith("{"):
            return full
        space, _, local = full[1:].partition("}")
        prefix = _KNOWN.get(space) or self._prefixes.get(space)
        if prefix is None:
            prefix = self._prefixes[space] = f"ns{len(self._prefixes) + 1}"
        return f"{prefix}:{local}"


def query_document(
    events: Iterable[tuple[Event, int]],
    *,
    created_ms: int,
    query: str = "SimpleEventQuery",
    codes: Codes = as_kept,
    subscription: str = "",
    master: Iterable[MasterItem] = (),
) -> Members:
    """The answer to a query as an EPCISQueryDocument.

    Args:
        events: With their record times.
        created_ms: The present.
        query: Name of the query.
        codes: How codes are written.
        subscription: Whose answer it is, "" when somebody asked.
        master: What the header tells of places, products and parties.

    Returns:
        A JSON value.
    """
    listed = vocabularies_json(master, codes=codes)
    header = {"epcisHeader": {"epcisMasterData": {"vocabularyList": listed}}} if listed else {}
    writer = EventWriter(codes)
    told = [writer.write(event, record_ms=record_ms) for event, record_ms in events]
    results: Members = {"queryName": query}
    if subscription:
        results["subscriptionID"] = subscription
    results["resultsBody"] = {"eventList": told}
    return {
        "@context": writer.context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": instant(created_ms),
        **header,
        "epcisBody": {"queryResults": results},
    }


def capture_document(events: Iterable[Event], created_ms: int) -> Members:
    """Events as an EPCISDocument to be handed in; ids and all, as they are."""
    writer = EventWriter()
    told = [writer.write(event) for event in events]
    return {
        "@context": writer.context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": instant(created_ms),
        "epcisBody": {"eventList": told},
    }


def instant(at_ms: int, offset: str = "+00:00") -> str:
    """An instant to the millisecond, as a clock at that offset shows it."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        milliseconds=at_ms, minutes=offset_minutes(offset)
    )
    zone = "Z" if offset == "+00:00" else offset
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}{zone}"


def _persistent(event: Event) -> Members:
    both = {"set": list(event.persistent_set), "unset": list(event.persistent_unset)}
    return {name: words for name, words in both.items() if words}
