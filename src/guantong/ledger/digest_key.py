"""With which key are documents recognised that say something of persons?

Their digest is kept in the index so that the same bytes are known when they come again. It is made
with a key that lies in no index, so that nobody who has the index can try out what was in them.
"""

from pathlib import Path
from typing import Final

from guantong.errors import fault
from guantong.ledger.disk import Disk, write_file
from guantong.ledger.entropy import SALT_BYTES, Entropy
from guantong.ledger.faults import Fault, LedgerError

NAME: Final = "digest_key"
"""File below ``vault``: 32 bytes, a secret, made once."""


def ensure(disk: Disk, vault: Path, entropy: Entropy) -> None:
    """Make the key of a ledger that has none. For the one writer."""
    if not (vault / NAME).exists():
        write_file(disk, vault / NAME, entropy.apart("digest key").salts(1))


def read(vault: Path) -> bytes:
    """The key.

    Returns:
        32 bytes.

    Raises:
        LedgerError: if there is none: the first writer of this version makes it.
    """
    try:
        key = (vault / NAME).read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != SALT_BYTES:
        expected, got = f"{SALT_BYTES} bytes", f"{len(key)} bytes"
        raise LedgerError(fault(Fault.DAMAGED, path=f"vault/{NAME}", expected=expected, got=got))
    return key
