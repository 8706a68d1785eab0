"""What a process of the installation begins with: ``python -m guantong.serve.process``.

Started by `guantong.serve.supervisor` with its role, the number of its control socket and the
settings. URLs of databases and brokers may hold a password: they come in the environment, which others can
not read. It heeds no signal that ends processes: it ends when the control socket does, which
also happens when the supervisor is killed.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from guantong.errors import Refusal
from guantong.settings import Settings

SECRET: Final = {
    "store": "GUANTONG_STORE",
    "replica": "GUANTONG_REPLICA",
    "intake": "GUANTONG_INTAKE",
}
"""Settings that are no argument, and the variables in which a process finds them."""


def settings_text(settings: Settings) -> str:
    """Settings as an argument."""
    nothing: dict[str, Any] = dict.fromkeys(SECRET, "")
    return msgspec.json.encode(replace(settings, **nothing), enc_hook=str).decode()


ALLOCATION: Final = {"MALLOC_ARENA_MAX": "2"}
"""Of the C library: each thread would keep what it gave back, 20 MB of a front with large documents."""


def environment(settings: Settings) -> dict[str, str]:
    """Settings as variables: those that are no argument; and how memory is kept, unless that is said."""
    secret = {named: getattr(settings, name) for name, named in SECRET.items()}
    return ALLOCATION | os.environ | secret


def settings_of(text: str, variables: Mapping[str, str]) -> Settings:
    """The settings of such an argument and such variables."""
    settings = msgspec.json.decode(text, type=Settings, dec_hook=_convert)
    secret: dict[str, Any] = {name: variables.get(named, "") for name, named in SECRET.items()}
    return replace(settings, **secret)


def _convert(kind: type[Any], value: object) -> object:
    return kind(value)


def main() -> None:
    """Be a writer, a front, or who hands over what has a receipt."""
    role, number, text = sys.argv[1:]
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    settings = settings_of(text, os.environ)
    with socket.socket(fileno=int(number)) as control:
        try:
            if role == "writer":
                from guantong.serve import writer

                writer.run(control, settings)
            elif role == "intake":
                from guantong.serve.stream import consumer

                consumer.run(control, settings)
            else:
                from guantong.serve import front

                front.run(control, settings)
        except Refusal as refusal:
            sys.stderr.write(f"guantong {role}: {refusal}\n")
            sys.exit(1)


if __name__ == "__main__":
    main()
