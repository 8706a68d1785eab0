"""The servers a run measures: they say where they are, answer, and end as they were asked to."""

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
