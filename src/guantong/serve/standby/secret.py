"""What do both sides know, and nobody else? A key of 32 bytes in a file of each."""

import secrets
from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger import Fault, LedgerError

SECRET_BYTES: Final = 32
_MODE: Final = 0o600


def make_secret(file: Path) -> None:
    """Make a key, in a file that only its owner reads.

    Raises:
        LedgerError: if the file is there.
    """
    try:
        file.touch(_MODE, exist_ok=False)
    except FileExistsError as error:
        raise LedgerError(fault(Fault.EXISTS, expected="no such file", got=file.name)) from error
    file.write_text(f"{secrets.token_hex(SECRET_BYTES)}\n", "ascii")


def read_secret(file: Path) -> bytes:
    """The key in a file.

    Returns:
        32 bytes.

    Raises:
        LedgerError: if there is none, or others may read it.
    """
    try:
        mode, text = file.stat().st_mode & 0o777, file.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except (FileNotFoundError, ValueError) as error:
        expected = "a shared key (guantong standby key)"
        raise LedgerError(
            fault(Fault.KEY, path=file.name, expected=expected, got="none")
        ) from error
    if mode & 0o077:
        raise LedgerError(fault(Fault.KEY, path=file.name, expected="mode 0600", got=f"{mode:04o}"))
    if len(key) != SECRET_BYTES:
        expected, got = f"{SECRET_BYTES} bytes", f"{len(key)} bytes"
        raise LedgerError(fault(Fault.KEY, path=file.name, expected=expected, got=got))
    return key
