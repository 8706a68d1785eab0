"""How is this installation set up? One frozen value, read once in ``serve``, passed down."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "index.sqlite"
"""The index, where it is a file of the installation."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator may choose. Nothing reads the environment after this is built."""

    data: Path
    """The one directory that holds ledger, vault and index."""
    origin: str = "guantong.local/ledger"
    """The ledger's name, as it stands in its checkpoints; never changed after creation."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 0
    """Port to listen on; 0 lets the system choose a free one."""
    workers: int = 0
    """Processes that answer beside the writer; 0: one process for all. `serve` takes the cores."""
    witnesses: Path | None = None
    """A policy file: which witnesses are asked to sign the checkpoints, and how many must."""
    document_bytes_max: int = 128 * 1024 * 1024
    """Largest document accepted by capture, in bytes."""
    document_events_max: int = 100_000
    """Most events accepted in one document."""
    private_destinations: bool = False
    """Whether subscriptions may lead to addresses that are not public, and without encryption."""
    provider: Path | None = None
    """A file that names an OpenID Connect provider by whose word people come in."""
    nodes: Path | None = None
    """A file that names the nodes which are asked together, for an installation of the nation."""
    client_certificates: bool = False
    """Whether a proxy names certificates of clients it has checked (``Client-Cert``, RFC 9440)."""
    log: bool = False
    """Whether each request is a line of JSON on standard error."""
    place_header: str = ""
    """Header in which a proxy names where somebody is (GB/T 2260); "" when there is none."""
    client_header: str = ""
    """Header in which a proxy names the asker's address; "" when there is none."""
    state_rules: frozenset[str] = frozenset()
    """Rules of state that are switched on, by name (`guantong.trace.Rule`); none by default."""
    store: str = ""
    """URL of the PostgreSQL database in which the index lies; "" for a file in `data`."""

    replica: str = ""
    """URL of a replica of that database, which answers questions; "" when it answers itself."""

    intake: str = ""
    """URLs of NATS servers, by commas, in whose stream a submission to ``/capture`` is stored at first;
    "" when it goes to the writer at once."""

    intake_replicas: int = 3
    """How many of those servers must keep each submission."""

    @property
    def index(self) -> Path | str:
        """Where the index lies: a file, or the URL of a database."""
        return self.store or self.data / FILE

    @property
    def asked(self) -> Path | str:
        """Where questions are answered: the index, or a replica of it."""
        return self.replica or self.index
