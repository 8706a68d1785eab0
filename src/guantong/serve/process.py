"""What a process of the installation begins with: ``python -m guantong.serve.process``.

Started by `guantong.serve.supervisor` with its role, the number of its control socket and the
settings; the URL of a database may hold a password, and comes in the environment, where others do
not read it. It heeds no signal that ends processes: it ends when the control socket does, which
also happens when the supervisor is killed.
"""

import os
import signal
import socket
import sys
from dataclasses import replace
from typing import Any, Final

import msgspec

from guantong.errors import Refusal
from guantong.settings import Settings

STORE: Final = "GUANTONG_STORE"
"""Variable in which a process finds `Settings.store`."""


def settings_text(settings: Settings) -> str:
    """Settings as an argument."""
    return msgspec.json.encode(replace(settings, store=""), enc_hook=str).decode()


def environment(settings: Settings) -> dict[str, str]:
    """Settings as variables: those that are no argument."""
    return {**os.environ, STORE: settings.store}


def settings_of(text: str, store: str = "") -> Settings:
    """The settings of such an argument."""
    settings = msgspec.json.decode(text, type=Settings, dec_hook=_convert)
    return replace(settings, store=store)


def _convert(kind: type[Any], value: object) -> object:
    return kind(value)


def main() -> None:
    """Be a writer or a front."""
    role, number, text = sys.argv[1:]
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    settings = settings_of(text, os.environ.get(STORE, ""))
    with socket.socket(fileno=int(number)) as control:
        try:
            if role == "writer":
                from guantong.serve import writer

                writer.run(control, settings)
            else:
                from guantong.serve import front

                front.run(control, settings)
        except Refusal as refusal:
            sys.stderr.write(f"guantong {role}: {refusal}\n")
            sys.exit(1)


if __name__ == "__main__":
    main()
