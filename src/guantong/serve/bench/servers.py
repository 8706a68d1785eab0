"""A server as its own process: start it, know how much memory it took, stop it."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final

import msgspec

STOP_SECONDS: Final = 120.0
STACK_BYTES: Final = 2 << 20
"""Of a thread of a server whose memory is bounded."""
PROC: Final = Path("/proc")


class _Address(msgspec.Struct):
    address: str


class NoServer(RuntimeError):
    """The server ended before it had said where it is, or not as one that was asked to end."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    address: str
    pid: int

    def peaks_mb(self) -> list[float]:
        """Most memory held so far, of the process and each of its children."""
        return [_held_mb(pid, "VmHWM") for pid in (self.pid, *_children(self.pid))]

    def private_mb(self) -> float:
        """Memory held now and by no file, of the process and its children together."""
        return sum(_held_mb(pid, "RssAnon") for pid in (self.pid, *_children(self.pid)))


@contextmanager
def serving(data: Path, *, memory_mb: int = 0) -> Iterator[Running]:
    """Our server over an installation.

    Args:
        data: The installation.
        memory_mb: Bound of private memory (RLIMIT_DATA) of each of its processes; 0 for none.

    Yields:
        The server.
    """
    with _started(
        "guantong", "serve", "--data", str(data), "--port", "0", "--json", memory_mb=memory_mb
    ) as running:
        yield running


@contextmanager
def empty() -> Iterator[Running]:
    """A server whose only answer is empty."""
    with _started("guantong.serve.bench.empty") as running:
        yield running


def run(*arguments: str, memory_mb: int = 0, seconds: float = 0.0) -> bool:
    """Run one of our commands to its end, or for so long.

    Args:
        *arguments: The command.
        memory_mb: As for `serving`.
        seconds: After which it is asked to stop; 0 for no bound.

    Returns:
        Whether it came to its end.

    Raises:
        NoServer: if it failed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "guantong", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=partial(_begun, memory_mb),  # noqa: PLW1509
    )
    try:
        if process.wait(seconds or None):
            message = f"{arguments[0]} ended with {process.returncode}"
            raise NoServer(message)
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # its helpers are told by it to end
            _wait(process, arguments[0])
    return True


def _wait(process: subprocess.Popen[bytes], name: str) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired as error:
        message = f"{name} did not end {STOP_SECONDS:g} s after it was asked to"
        raise NoServer(message) from error


@contextmanager
def _started(module: str, *arguments: str, memory_mb: int = 0) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        preexec_fn=partial(_bound, memory_mb) if memory_mb else None,  # noqa: PLW1509
    )
    assert process.stdout is not None
    try:
        yield Running(_address(process.stdout), process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
        process.stdout.close()
    if process.returncode:
        message = f"the server ended with {process.returncode}"
        raise NoServer(message)


def _address(output: IO[bytes]) -> str:
    """What the server prints as JSON, perhaps over several lines."""
    said = b""
    for line in output:
        said += line
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(said, type=_Address).address.rstrip("/")
    raise NoServer(said.decode("utf-8", "replace"))


def _begun(memory_mb: int) -> None:
    # Who was started in the background by a shell heeds no interrupt, nor would what it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if memory_mb:
        _bound(memory_mb)


def _bound(memory_mb: int) -> None:
    # Each thread's stack counts in full, used or not: 8 MB where nothing else is said.
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, STACK_BYTES))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))


def _children(pid: int) -> list[int]:
    """Processes below a process; none where the system does not tell."""
    found: list[int] = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        below = [int(child) for child in task.read_text().split()]
        found += below + [one for child in below for one in _children(child)]
    return found


def _held_mb(pid: int, what: str) -> float:
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) / 1024
    return 0.0
