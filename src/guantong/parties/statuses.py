"""Which certificates were suspended, revoked, restored? A certification body's list, as records."""

from collections.abc import Mapping
from typing import Final

from guantong.capture.faults import Limits
from guantong.capture.sheet_words import plain
from guantong.clock import is_day
from guantong.errors import Fault as Found
from guantong.errors import fault
from guantong.identify import CccCertificate, IdentifierError, XkLicence
from guantong.parties.certificates import Standing
from guantong.parties.listed import rows_of
from guantong.parties.obliged import FAULTS_MAX, Fault, RegisterError

HEADERS: Final = {
    plain(name): key
    for key, names in {
        "number": ("证书编号", "number"),
        "status": ("状态", "status"),
        "since": ("状态日期", "since"),
        "reason": ("原因", "reason"),
    }.items()
    for name in names
}
NEEDED: Final = ("number", "status", "since")
WORDS: Final = {
    "有效": Standing.VALID,
    "恢复": Standing.VALID,
    "暂停": Standing.SUSPENDED,
    "撤销": Standing.REVOKED,
    "注销": Standing.CANCELLED,
    "过期": Standing.EXPIRED,
} | {one.value: one for one in Standing}
STATED: Final = frozenset(WORDS.values()) - {Standing.NOT_YET, Standing.UNKNOWN}
REASON_MAX: Final = 200


def read_statuses(data: bytes, limits: Limits) -> dict[str, object]:
    """Read a list of changes of status.

    Args:
        data: CSV or XLSX with the columns of `HEADERS`.
        limits: How much it may cost.

    Returns:
        A records document, to be handed in by whoever answers for the list.

    Raises:
        RegisterError: if a row is wrong, with all of them up to a bound; nothing is half read.
        CaptureError: if it is no sheet.
    """
    faults: list[Found] = []
    records = []
    for number, cells in rows_of(data, limits, HEADERS, NEEDED):
        record = _record(number, cells, faults)
        if record is not None:
            records.append(record)
    if not records and not faults:
        faults.append(fault(Fault.REGISTER, expected="a row", got="none"))
    if faults:
        raise RegisterError(*faults[:FAULTS_MAX])
    return {"guantong": "records", "certificates": records}


def _record(number: int, cells: Mapping[str, str], faults: list[Found]) -> dict[str, str] | None:
    kind, written = _kind_of(cells.get("number", ""))
    status = WORDS.get(cells.get("status", "").lower())
    since, reason = cells.get("since", "")[:10].replace("/", "-"), cells.get("reason", "")
    wanted = (
        ("number", bool(kind), "a certificate or licence number"),
        ("status", status in STATED, "有效 | 暂停 | 撤销 | 注销 | 过期"),
        ("since", is_day(since), "a day such as 2026-03-01"),
        ("reason", len(reason) <= REASON_MAX, f"at most {REASON_MAX} characters"),
    )
    wrong = [
        fault(
            Fault.REGISTER,
            expected=expected,
            got=cells.get(key, "")[:50],
            path=f"rows[{number}].{key}",
        )
        for key, is_right, expected in wanted
        if not is_right
    ]
    faults += wrong
    if wrong or status is None:
        return None
    told = {"kind": kind, "number": written, "status": status.value, "status_since": since}
    return told | ({"reason": reason} if reason else {})


def _kind_of(text: str) -> tuple[str, str]:
    """Kind and number of a certificate, "" when it is none that can be told."""
    for kind, parse in (("ccc", CccCertificate.parse), ("xk", XkLicence.parse)):
        try:
            return kind, parse(text).value
        except IdentifierError:
            continue
    return "", ""
