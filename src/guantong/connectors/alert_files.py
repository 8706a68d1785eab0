"""Whose file of alerts is this? It is known by how it begins."""

from typing import Final

from guantong.connectors.alerts import Read, broken
from guantong.connectors.partner import ConnectorError

_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"


def read_alerts(data: bytes) -> Read:
    """Read a weekly report of Safety Gate (XML) or a list of recalls of CPSC (JSON).

    Args:
        data: The file as it is downloaded.

    Returns:
        Its alerts, and what was rejected of it.

    Raises:
        ConnectorError: if it is another file, too large, or cut off.
        CaptureError: if it is XML that can not be read, or is not safe to read.
    """
    if not data.strip():
        raise ConnectorError(broken("XML or JSON", "an empty file"))
    is_json = data[:1_000].lstrip(_BEFORE)[:1] in {b"[", b"{"}
    # Of every process that answers, only who is handed such a file loads its reader.
    if is_json:
        from guantong.connectors.cpsc import read_cpsc

        return read_cpsc(data)
    from guantong.connectors.safety_gate import read_safety_gate

    return read_safety_gate(data)
