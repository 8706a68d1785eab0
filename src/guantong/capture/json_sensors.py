"""What did the sensors of an event measure? sensorElementList of a JSON event.

References:
    EPCIS 2.0, section 7.3.7
"""

from collections.abc import Callable, Mapping
from typing import Final

from guantong.capture.faults import Fault
from guantong.capture.json_checks import Checks, Members
from guantong.capture.meaning import BAD
from guantong.capture.namespaces import COMMENTS
from guantong.capture.vocabulary import ALERT, COMPONENT, MEASUREMENT

Cleaner = Callable[["Sensors", object, str], object]


class Sensors(Checks):
    """Reads the sensor elements of one event."""

    __slots__ = ()

    def read(self, raw: list[Members]) -> list[Members]:
        """The sensor elements, names and types written out and values checked.

        Args:
            raw: sensorElementList as decoded.

        Returns:
            The same in EPCIS 2.0 JSON form: types and components as bare words where there is
            one, extensions by ``{namespace}name``.

        References:
            EPCIS 2.0, section 7.3.7
        """
        return [self._sensor(one, f"sensorElementList[{i}]") for i, one in enumerate(raw)]

    def _sensor(self, raw: Members, path: str) -> Members:
        """One sensor element."""
        if BAD in raw:
            self.wrong(path, "an object", raw[BAD])
            return {}
        made: Members = {}
        for name, value in raw.items():
            where = f"{path}.{name}"
            if name == "sensorMetadata":
                made[name] = self._measured(value, where)
            elif name == "sensorReport":
                made[name] = self.listed(value, where, self._report)
            elif name not in COMMENTS:
                self.extension(name, value, made, path)
        if "sensorReport" not in made:
            self.say(f"{path}.sensorReport", "at least one report", "nothing", Fault.MISSING)
        return made

    def _report(self, value: object, path: str) -> Members:
        """One sensor report; it must say what was measured."""
        made = self._measured(value, path)
        if isinstance(value, dict) and "type" not in value and "exception" not in value:
            self.say(f"{path}.type", "a measurement type", "nothing", Fault.MISSING)
        return made

    def _measured(self, value: object, path: str) -> Members:
        """Metadata or a report: each member by what the standard says it is."""
        made: Members = {}
        if not isinstance(value, dict):
            self.wrong(path, "an object", value)
            return made
        for name, part in value.items():
            where = f"{path}.{name}"
            cleaner = _MEASURED.get(name)
            if cleaner is not None:
                made[name] = cleaner(self, part, where)
            elif name not in COMMENTS and not name.startswith("@"):
                self.extension(name, part, made, path)
        return made

    def moment(self, value: object, path: str) -> str:
        """A time, checked and left as it is written."""
        text = self.text(value, path)
        self.meaning.time(text, path)
        return text

    def uri(self, value: object, path: str) -> str:
        """A URI, its prefix written out."""
        return self.context.value(self.text(value, path))

    def measurement(self, value: object, path: str) -> str:
        """What is measured."""
        return self.meaning.word(MEASUREMENT, self.text(value, path), path)

    def alert(self, value: object, path: str) -> str:
        """What a sensor complains of."""
        return self.meaning.word(ALERT, self.text(value, path), path)

    def component(self, value: object, path: str) -> str:
        """Which axis of a vector."""
        return self.meaning.word(COMPONENT, self.text(value, path), path)

    def figure(self, value: object, path: str) -> object:
        """A measured number; a whole one of at most 64 bits stays whole."""
        made = self.number(value, path)
        return value if isinstance(value, int) and abs(value) < 2**63 else made

    def truth(self, value: object, path: str) -> object:
        """A truth value."""
        if not isinstance(value, bool):
            self.wrong(path, "true or false", value)
        return value


_MEASURED: Final[Mapping[str, Cleaner]] = {
    "type": Sensors.measurement,
    "exception": Sensors.alert,
    "component": Sensors.component,
    **dict.fromkeys(("time", "startTime", "endTime"), Sensors.moment),
    **dict.fromkeys(
        ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"),
        Sensors.uri,
    ),
    **dict.fromkeys(
        ("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"),
        Sensors.uri,
    ),
    **dict.fromkeys(
        ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"),
        Sensors.figure,
    ),
    **dict.fromkeys(("stringValue", "hexBinaryValue", "uom"), Sensors.text),
    "booleanValue": Sensors.truth,
}
