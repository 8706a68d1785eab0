"""The servers a run measures: they say where they are, answer, and end as they were asked to."""

import signal
from pathlib import Path

import pytest

from guantong.serve.bench import load, servers

KILLED = """
import time
print('{"address": "http://127.0.0.1:1"}', flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("again", range(3))
def test_the_empty_server_answers_and_ends_in_peace(again: int) -> None:
    with servers.empty() as running:  # an abort at its end is not seen every time
        asked = load.ask(running.address, [f"https://id.gs1.org/{again}"], 32, seconds=0.2)
        assert asked.count > 32
        assert running.peaks_mb()[0] > 1


def test_a_server_that_does_not_end_in_peace_makes_the_run_void(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "killed_by_sigterm.py").write_text(KILLED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        pytest.raises(servers.NoServer, match="ended with -15"),
        servers._started("killed_by_sigterm"),
    ):
        pass


def test_a_command_is_stopped_though_interrupts_are_ignored_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a process that a shell started in the background; what it starts would ignore them, too."""
    (tmp_path / "guantong").mkdir()
    (tmp_path / "guantong" / "__init__.py").touch()
    (tmp_path / "guantong" / "__main__.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(servers, "STOP_SECONDS", 5)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert servers.run("rebuild", seconds=0.3) is False
    finally:
        signal.signal(signal.SIGINT, before)
