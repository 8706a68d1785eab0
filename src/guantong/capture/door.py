r"""What does this document say? The one way in for bytes of any syntax.

>>> read(b"\xff\xfe{").faults[0].code
'capture.encoding'
"""

from collections.abc import Callable
from importlib import import_module
from typing import Final

import msgspec

from guantong.capture.faults import Fault, Limits
from guantong.capture.json_table import read_plain
from guantong.capture.reading import Collector, Reading, TableReading
from guantong.capture.table import Growing, Told

_READERS: Final = {
    "json": ("guantong.capture.jsonld", "read_json"),
    "records": ("guantong.capture.records", "read_records"),
    "xml": ("guantong.capture.xml", "read_xml"),
    "sheet": ("guantong.capture.sheet", "read_sheet"),
}
_STREAMED: Final = frozenset({"json", "xml"})
"""Those that give events one by one, so that a document takes little more memory than its bytes."""
_BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_SHEET_NAMES: Final = (".csv", ".tsv", ".xlsx")
_SHEET_MEDIA: Final = (
    "text/csv",
    "text/tab-separated-values",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
_RECORDS: Final = b'"guantong"'


def read(
    data: bytes,
    *,
    media: str = "",
    name: str = "",
    limits: Limits | None = None,
    proceed: bool = False,
) -> Reading:
    """Read a document of whatever syntax it is in.

    Args:
        data: The document as sent.
        media: Its media type, "" when not told; only a hint.
        name: Its file name, "" when not told; only a hint.
        limits: How much it may cost; the defaults of `Limits` when absent.
        proceed: Give the good events although others are wrong.

    Returns:
        The document, or all that is wrong with it. Never raises for what the bytes say.

    References:
        EPCIS 2.0, section 12 (limits of capture, error behaviour)
    """
    bounds = limits or Limits()
    kind = sniff(data, media=media, name=name)
    refused = _refusal(kind, data, bounds)
    return refused or _reader(kind)(data, limits=bounds, proceed=proceed)


def _refusal(kind: str, data: bytes, bounds: Limits) -> Reading | None:
    """What is said of a document that no reader is given; None for any other."""
    if len(data) > bounds.bytes_max:
        expected, got = f"at most {bounds.bytes_max} bytes", f"{len(data)} bytes"
        return _refused(Fault.TOO_LARGE, expected, got, bounds)
    if kind not in _READERS:
        return _refused(Fault(kind), _EXPECTED[kind], _shown(data), bounds)
    return None


def read_table(
    data: bytes,
    *,
    media: str = "",
    name: str = "",
    limits: Limits | None = None,
    proceed: bool = False,
    told: Told | None = None,
) -> TableReading:
    """Read a document of whatever syntax it is in, its events as columns.

    The same as `read`, many times faster for documents in JSON whose events are all right and
    have no extensions.

    Args:
        data: The document as sent.
        media: Its media type, "" when not told; only a hint.
        name: Its file name, "" when not told; only a hint.
        limits: How much it may cost; the defaults of `Limits` when absent.
        proceed: Give the good events although others are wrong.
        told: Hears now and then how many events were read; may begin again from few.

    Returns:
        What `read` gives for the same arguments, as columns.
    """
    bounds = limits or Limits()
    kind = sniff(data, media=media, name=name)
    if refused := _refusal(kind, data, bounds):
        return TableReading.of(refused)
    if kind == "json" and (found := read_plain(data, bounds, told)) is not None:
        return found
    if kind not in _STREAMED:
        return TableReading.of(_reader(kind)(data, limits=bounds, proceed=proceed))
    into = Growing(told)
    reading = _reader(kind)(data, limits=bounds, proceed=proceed, into=into)
    return TableReading.of(reading, into.table())


_EXPECTED: Final[dict[str, str]] = {
    Fault.FORMAT: "EPCIS in JSON or XML, a records document, or a table (CSV, XLSX)",
    Fault.ENCODING: "text in UTF-8",
}


def sniff(data: bytes, *, media: str = "", name: str = "") -> str:
    """Tell which reader a document is for.

    Args:
        data: The document as sent.
        media: Its media type, or "".
        name: Its file name, or "".

    Returns:
        ``json``, ``records``, ``xml`` or ``sheet``, or the fault code that says why none.
    """
    hinted = name.lower().endswith(_SHEET_NAMES) or media.partition(";")[0].strip() in _SHEET_MEDIA
    start = data[:4096].removeprefix(_BOM).lstrip()[:1]
    if data.startswith(b"PK\x03\x04") or (hinted and start != b"{" and start != b"<"):
        return "sheet"
    if start == b"<" or _wide_xml(data):
        return "xml"
    if start == b"{" and not _is_wide(data):
        return "records" if _is_records(data) else "json"
    return Fault.ENCODING if _is_wide(data) else Fault.FORMAT


class _Marked(msgspec.Struct):
    """A JSON object of ours says so in one member, wherever it stands."""

    guantong: msgspec.Raw = msgspec.Raw()


def _is_records(data: bytes) -> bool:
    """Whether a JSON object has a member ``guantong`` at its top."""
    if _RECORDS not in data:
        return False
    try:
        return bool(bytes(msgspec.json.decode(data.removeprefix(_BOM), type=_Marked).guantong))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _is_wide(data: bytes) -> bool:
    """Whether the bytes look like UTF-16 or UTF-32."""
    return data.startswith(_WIDE) or b"\x00" in data[:16]


def _wide_xml(data: bytes) -> bool:
    """Whether the bytes are XML in UTF-16, which an XML reader knows what to do with."""
    return data.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"\x00<\x00?", b"<\x00?\x00"))


def _reader(kind: str) -> Callable[..., Reading]:
    """The reader of one syntax, loaded when first needed (lxml and calamine are heavy)."""
    module, function = _READERS[kind]
    found: Callable[..., Reading] = getattr(import_module(module), function)
    return found


def _shown(data: bytes) -> str:
    """The beginning of a document that nobody reads, fit to be shown."""
    return ascii(bytes(data[:40])) if data else "nothing"


def _refused(code: Fault, expected: str, got: str, limits: Limits) -> Reading:
    """A reading with one fault about the whole document."""
    faults = Collector(limits)
    faults.say(code, "", expected=expected, got=got)
    return faults.finish(None, proceed=False)
