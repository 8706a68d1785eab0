"""Which installation does a command mean, and where does its index lie?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from guantong.serve.stream import place
from guantong.settings import Settings
from guantong.store.place import SCHEMES

Command = TypeVar("Command", bound=Callable[..., Any])

_CHOSEN: Final = "guantong."
MOVED: Final = "index.place"
"""File of an installation that says where its index lies, once it was moved."""


_SCHEMES: Final = {"intake": place.SCHEMES}
"""Option -> what its URLs begin with, if they are not those of a database."""


def _keep(context: click.Context, option: click.Parameter, value: str) -> None:
    """Remember what was chosen, for `installation`.

    Raises:
        click.BadParameter: if it is no URL, or one of something else.
    """
    schemes = _SCHEMES.get(str(option.name), SCHEMES)
    if value and not all(url.strip().startswith(schemes) for url in value.split(",")):
        message = f"a URL that begins with {schemes[0]}"
        raise click.BadParameter(message)
    context.meta[f"{_CHOSEN}{option.name}"] = value


def _url_option(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(
        f"--{name}",
        default="",
        metavar="URL",
        envvar=f"GUANTONG_{name.upper()}",
        callback=_keep,
        expose_value=False,
        help=text,
    )


store_option = _url_option(
    "store", "The PostgreSQL database of the index, postgresql://…; else a file in the directory."
)
replica_option = _url_option("replica", "A replica of that database, which answers questions.")
intake_option = _url_option(
    "intake",
    "NATS servers, nats://…, by commas: a submission gets a receipt when it is stored there.",
)


def installation(data: Path) -> Settings:
    """The installation that a command with these options is about."""
    chosen = click.get_current_context().meta
    names = ("store", "replica", "intake")
    said = {name: chosen.get(f"{_CHOSEN}{name}", "") for name in names}
    return Settings(data=data, **(said | {"store": said["store"] or moved_to(data)}))


def moved_to(data: Path) -> str:
    """The database into which the index of an installation was moved, "" for its file."""
    try:
        return (data / MOVED).read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def move_to(data: Path, url: str) -> None:
    """Say where the index of an installation lies from now on; it may hold a password."""
    draft = data / f"{MOVED}.draft"
    draft.touch(0o600)
    draft.write_text(f"{url}\n", "utf-8")
    draft.replace(data / MOVED)
