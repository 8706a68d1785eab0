"""Which event does one row of a sheet describe?"""

from typing import Any, Final
from urllib.parse import quote

from guantong.capture import codes
from guantong.capture.faults import CaptureError, Fault
from guantong.capture.model import Event, EventType, Typed
from guantong.capture.namespaces import CBVMDA
from guantong.capture.reading import Collector
from guantong.capture.sheet_cells import Cells
from guantong.capture.sheet_table import Row
from guantong.capture.sheet_things import Counter, inputs_of, things_of
from guantong.capture.sheet_time import row_day, row_time
from guantong.capture.sheet_words import (
    CONSUMER,
    DOCUMENT_TYPES,
    STEP_OF,
    STEPS,
    WORDS,
    Step,
    plain,
)

NAMESPACE: Final = "urn:guantong:sheet"
"""Of what a sheet says that EPCIS has no field for."""
CONSUMER_URI: Final = "urn:guantong:opaque:consumer"
"""Somebody who buys for own use; never a person in particular."""
_STEP_WORDS: Final = "、".join(one.names[0] for one in WORDS.step)
_DOCUMENT_WORDS: Final = "、".join(names[0] for names in WORDS.document_types.values())
_TYPES: Final = {
    "object": EventType.OBJECT,
    "aggregation": EventType.AGGREGATION,
    "association": EventType.ASSOCIATION,
}
_LEFT: Final = frozenset({"in_transit", "retail_sold", "destroyed"})
"""Dispositions of things that are no longer where the row says it happened."""
_PRODUCTION: Final = frozenset({"inputs", "input_quantity", "input_unit", "expires"})
"""Columns that mean something only where things begin to exist."""


def event_of(row: Row, faults: Collector, counter: Counter) -> Event | None:
    """The event of a row.

    Args:
        row: One row.
        faults: Gets all that is wrong with it.
        counter: Of the codes in the whole sheet.

    Returns:
        The event; None when there is a fault.
    """
    before = faults.count
    cells = Cells(row, faults)
    step = _step(cells)
    if step is None:
        return None
    _check_columns(cells, step)
    event = _event(cells, step, counter)
    return event if faults.count == before else None


def _step(cells: Cells) -> Step | None:
    """What was done; None when that cannot be told, which is noted."""
    word = cells.text("step")
    step = STEPS.get(plain(word))
    if step is None:
        code = Fault.VOCABULARY if word else Fault.MISSING
        cells.blame(code, "step", expected=_STEP_WORDS, got=word or "nothing")
    elif step.to_consumer and plain(cells.text("to")) in {"", *CONSUMER}:
        return STEP_OF[step.to_consumer]
    return step


def _check_columns(cells: Cells, step: Step) -> None:
    """Blame what the step needs and has not, and what it has no use for."""
    for key in step.needs:
        if not cells.has(key) and not (key == "code" and cells.has("first")):
            cells.blame(Fault.MISSING, key, expected="a value")
    if step.kind == "object" and cells.has("parent"):
        want = "nothing, but with 装箱, 拆箱, 组装, 拆解"
        cells.blame(Fault.UNEXPECTED, "parent", expected=want, got=cells.text("parent"))
    for key in sorted(_PRODUCTION & cells.row.cells.keys()):
        if step.key != "produce":
            got = cells.text(key)
            cells.blame(Fault.UNEXPECTED, key, expected="nothing, but with 生产", got=got)


def _event(cells: Cells, step: Step, counter: Counter) -> Event:
    """The event; right only if no fault came."""
    at, offset = _time(cells)
    place, beside = _place(cells)
    return Event(
        time_ms=at,
        offset=offset,
        step=step.step,
        disposition=step.disposition,
        read_point=place,
        biz_location="" if step.disposition in _LEFT else place,
        transactions=_documents(cells),
        certification=tuple(cells.several("certificate", codes.certificate)),
        **_what(cells, step, counter),
        **_parties(cells, step, beside),
        **_batch(cells, step, beside),
    )


def _time(cells: Cells) -> tuple[int, str]:
    """When it happened."""
    try:
        return row_time(cells.row)
    except CaptureError as refusal:
        cells.faults.take(refusal)
        return 0, ""


def _what(cells: Cells, step: Step, counter: Counter) -> dict[str, Any]:
    """Type, action and things."""
    things = things_of(cells, counter)
    if cells.has("inputs"):
        inputs = inputs_of(cells)
        return {
            "type": EventType.TRANSFORMATION,
            "input_epcs": inputs.epcs,
            "input_quantities": inputs.quantities,
            "output_epcs": things.epcs,
            "output_quantities": things.quantities,
        }
    what: dict[str, Any] = {"type": _TYPES[step.kind], "action": step.action}
    if step.kind == "object":
        return {**what, "epcs": things.epcs, "quantities": things.quantities}
    return {
        **what,
        "parent": cells.read("parent", codes.thing, ""),
        "child_epcs": things.epcs,
        "child_quantities": things.quantities,
    }


def _place(cells: Cells) -> tuple[str, dict[str, object]]:
    """Where it happened, and what is kept beside the fields of the event."""
    beside: dict[str, object] = {}
    remark = cells.text("remark")
    if remark:
        beside[f"{{{NAMESPACE}}}remark"] = remark
    return _code_or_name(cells, "place", beside), beside


def _code_or_name(cells: Cells, key: str, beside: dict[str, object]) -> str:
    """The URI of a firm or place; a mere name is kept beside, for a name identifies nobody."""
    text = cells.text(key)
    if text and not (text.isascii() and " " not in text):
        beside[f"{{{NAMESPACE}}}{key}"] = text
        return ""
    return cells.read(key, codes.place if key == "place" else codes.firm, "") if text else ""


def _parties(cells: Cells, step: Step, beside: dict[str, object]) -> dict[str, Any]:
    """From whom and to whom; extensions too, since a mere name ends there."""
    kind = step.party or "possessing_party"
    found = {"from": _code_or_name(cells, "from", beside), "to": _to(cells, step, beside)}
    sides = {side: (Typed(kind, uri),) if uri else () for side, uri in found.items()}
    return {"sources": sides["from"], "destinations": sides["to"], "extensions": beside}


def _to(cells: Cells, step: Step, beside: dict[str, object]) -> str:
    """Who got it; what is sold at retail goes to a consumer when nobody else is named."""
    word = plain(cells.text("to"))
    if word in CONSUMER or (not word and step.key == "retail"):
        return CONSUMER_URI
    return _code_or_name(cells, "to", beside)


def _batch(cells: Cells, step: Step, beside: dict[str, object]) -> dict[str, Any]:
    """Lot and expiry as master data of what begins to exist; else the lot is kept beside."""
    batch = cells.text("batch")
    if step.step != "commissioning":
        if batch:
            beside[f"{{{NAMESPACE}}}batch"] = batch
        return {}
    try:
        expires = row_day(cells.row, "expires")
    except CaptureError as refusal:
        cells.faults.take(refusal)
        expires = ""
    ilmd = {"lotNumber": batch, "itemExpirationDate": expires}
    return {"ilmd": {f"{{{CBVMDA}}}{name}": value for name, value in ilmd.items() if value}}


def _documents(cells: Cells) -> tuple[Typed, ...]:
    """The documents the row refers to."""
    word = cells.text("document_type")
    kind = DOCUMENT_TYPES.get(plain(word), "")
    if word and not kind:
        cells.blame(Fault.VOCABULARY, "document_type", expected=_DOCUMENT_WORDS, got=word)
    return tuple(Typed(kind, uri) for uri in cells.several("document", _document))


def _document(text: str) -> str:
    """The URI of a document number."""
    if ":" in text:
        return codes.canonical(text)
    return f"urn:guantong:opaque:doc.{quote(text, safe='')}"
