"""What do the texts of an event mean, and may they stand together?

`Meaning` turns texts into canonical values and notes what is wrong, with the path inside the
event; `check` holds the rules between fields. Both serve every syntax.

References:
    EPCIS 2.0, section 7.4 (core event types)
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from guantong.capture.faults import CaptureError, Fault
from guantong.capture.model import Action, Event, EventType
from guantong.capture.namespaces import Context
from guantong.capture.values import instant, offset
from guantong.capture.vocabulary import Vocabulary
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.identify.canonical import canonical
from guantong.identify.model import IdentifierError

BAD: Final = "\udfff"
"""Stands for a text already found wrong, so that nothing more is said of it. No UTF-8 holds it."""
_URI: Final = "a URI"
PLAIN: Final = ("https://", "urn:", "http://")
_Value = TypeVar("_Value")


class Meaning:
    """Gives texts their meaning, each distinct time, place and word once per document."""

    __slots__ = ("_codes", "_offsets", "_times", "_words", "context", "found")

    def __init__(self, context: Context) -> None:
        """For one context."""
        self.context = context
        """Where prefixes are looked up."""
        self.found: list[Found] = []
        """What was wrong since this list was last emptied; paths are relative to the event."""
        self._codes: dict[str, str] = {"": "", BAD: BAD}
        self._times: dict[str, int] = {BAD: 0}
        self._offsets: dict[str, str] = {BAD: BAD}
        self._words: dict[tuple[str, str], str] = {}

    def say(self, code: Fault, path: str, *, expected: str, got: object) -> None:
        """Note a fault."""
        self.found.append(fault(code, expected=expected, got=got, path=path))

    def time(self, text: str | None, path: str) -> int:
        """Milliseconds since the epoch; 0 when it is absent or wrong, which is noted."""
        if text is None:
            self.say(Fault.MISSING, path, expected="a time", got="nothing")
            return 0
        known = self._times.get(text)
        if known is not None:
            return known
        return self._keep(self._times, text, instant, path, 0)

    def offset(self, text: str | None, path: str) -> str:
        """The zone offset; "" when it is absent or wrong, which is noted."""
        if text is None:
            self.say(Fault.MISSING, path, expected="a zone offset", got="nothing")
            return ""
        known = self._offsets.get(text)
        if known is not None:
            return known
        return self._keep(self._offsets, text, offset, path, "")

    def _keep(
        self,
        known: dict[str, _Value],
        text: str,
        read: Callable[[str, str], _Value],
        path: str,
        otherwise: _Value,
    ) -> _Value:
        """Read a text and remember what it means."""
        try:
            value = read(text, path)
        except CaptureError as refusal:
            self.found.extend(refusal.faults)
            return otherwise
        known[text] = value
        return value

    def word(self, vocabulary: Vocabulary, text: str | None, path: str) -> str:
        """The bare word or URI; "" when it is absent, or wrong, which is noted."""
        if text is None or text == BAD:
            return ""
        known = self._words.get((vocabulary.name, text))
        if known is None:
            known = self._new_word(vocabulary, text, path)
        return known

    def _new_word(self, vocabulary: Vocabulary, text: str, path: str) -> str:
        """The word of a text met for the first time."""
        context = self.context
        meant = context.value(text)
        if ":" not in meant and meant not in vocabulary.words and context.declared:
            meant = context.term(meant)
        if ":" not in meant and context.open:
            return meant
        try:
            word = vocabulary.bare(meant, path)
        except CaptureError as refusal:
            self.found.extend(refusal.faults)
            return ""
        self._words[vocabulary.name, text] = word
        return word

    def code(self, text: str | None, path: str) -> str:
        """The canonical URI, remembered; "" when it is absent, `BAD` when wrong, which is noted."""
        if text is None:
            return ""
        known = self._codes.get(text)
        if known is not None and text:
            return known
        made = self.one_code(text, path)
        if made is not BAD:
            self._codes[text] = made
        return made

    def one_code(self, text: str, path: str) -> str:
        """The canonical URI of a code that hardly comes twice; `BAD` when it is wrong."""
        if text == BAD:
            return BAD
        meant = self.context.value(text)
        if ":" not in meant:
            self.say(Fault.IDENTIFIER, path, expected=_URI, got=text or '""')
            return BAD
        try:
            return canonical(meant)
        except IdentifierError as refusal:
            expected = refusal.faults[0].expected
            self.say(Fault.IDENTIFIER, path, expected=expected, got=text)
            return BAD

    def codes(self, texts: Sequence[str] | None, path: str) -> tuple[str, ...]:
        """The canonical URIs of a list of things."""
        if not texts:
            return ()
        if False not in [text.startswith(PLAIN) for text in texts]:
            try:
                return tuple([canonical(text) for text in texts])
            except IdentifierError:
                pass
        return tuple([self.one_code(text, f"{path}[{i}]") for i, text in enumerate(texts)])


def check(event: Event, *, listed: bool = False) -> list[Found]:
    """Tell what is wrong between the fields of an event, each of them right by itself.

    Args:
        event: The event as read.
        listed: Whether an epcList was there, though it may be empty.

    Returns:
        Faults with paths relative to the event; empty when all is in order.

    References:
        EPCIS 2.0, sections 7.4.2 to 7.4.6
    """
    found: list[Found] = []
    if event.type is EventType.TRANSFORMATION:
        _check_transformation(event, found)
    else:
        if event.action is None:
            found.append(_missing("action", "ADD, OBSERVE or DELETE"))
        _RULES[event.type](event, found, listed=listed)
    if event.ilmd and not _may_have_ilmd(event):
        found.append(_unexpected("ilmd", "no ilmd but where things begin to exist"))
    return found


def _check_object(event: Event, found: list[Found], *, listed: bool) -> None:
    """An object event names things, or reports what a sensor measured."""
    if not (event.epcs or event.quantities or listed or event.sensors):
        found.append(_missing("epcList", "epcList, quantityList or sensorElementList"))


def _check_aggregation(event: Event, found: list[Found], **_: bool) -> None:
    """A parent unless only observed, and children unless all of them leave."""
    if not event.parent and event.action in {Action.ADD, Action.DELETE}:
        found.append(_missing("parentID", "the parent, unless the action is OBSERVE"))
    _check_children(event, found)


def _check_association(event: Event, found: list[Found], **_: bool) -> None:
    """Always a parent, and children unless all of them leave."""
    if not event.parent:
        found.append(_missing("parentID", "the parent"))
    _check_children(event, found)


def _check_children(event: Event, found: list[Found]) -> None:
    """Children, unless the action is DELETE, which then means all of them."""
    if not (event.child_epcs or event.child_quantities or event.action is Action.DELETE):
        found.append(_missing("childEPCs", "childEPCs or childQuantityList"))


def _check_transaction(event: Event, found: list[Found], *, listed: bool) -> None:
    """At least one document, and things unless all of them leave it."""
    if not event.transactions:
        found.append(_missing("bizTransactionList", "at least one business transaction"))
    if not (event.epcs or event.quantities or listed or event.action is Action.DELETE):
        found.append(_missing("epcList", "epcList or quantityList"))


def _check_transformation(event: Event, found: list[Found]) -> None:
    """Inputs and outputs; with a transformationID, either.

    An action has no place here, but published examples have one: it is kept and means nothing.
    """
    inputs = bool(event.input_epcs or event.input_quantities)
    outputs = bool(event.output_epcs or event.output_quantities)
    enough = inputs or outputs if event.transformation_id else inputs and outputs
    if not enough:
        wanted = "an output" if inputs else "an input"
        field = "outputEPCList" if inputs else "inputEPCList"
        found.append(_missing(field, f"{wanted}, or a transformationID that joins another event"))


def _may_have_ilmd(event: Event) -> bool:
    """Whether things begin to exist in an event."""
    added = event.type is EventType.OBJECT and event.action in {Action.ADD, None}
    return added or event.type is EventType.TRANSFORMATION


def _missing(path: str, expected: str) -> Found:
    """The fault about a field that is not there."""
    return fault(Fault.MISSING, expected=expected, got="nothing", path=path)


def _unexpected(path: str, expected: str) -> Found:
    """The fault about a field that may not be there."""
    return fault(Fault.UNEXPECTED, expected=expected, got=path, path=path)


_RULES: Final = {
    EventType.OBJECT: _check_object,
    EventType.AGGREGATION: _check_aggregation,
    EventType.ASSOCIATION: _check_association,
    EventType.TRANSACTION: _check_transaction,
}
