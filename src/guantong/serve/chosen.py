"""Which installation does a command mean, and where does its index lie?"""

from pathlib import Path
from typing import Final

import click

from guantong.settings import Settings
from guantong.store.place import SCHEMES

_STORE: Final = "guantong.store"


def _keep(context: click.Context, _option: click.Parameter, value: str) -> None:
    """Remember what was chosen, for `installation`.

    Raises:
        click.BadParameter: if it is no URL of a database.
    """
    if value and not value.startswith(SCHEMES):
        message = f"a URL that begins with {SCHEMES[0]}"
        raise click.BadParameter(message)
    context.meta[_STORE] = value


store_option = click.option(
    "--store",
    default="",
    metavar="URL",
    envvar="GUANTONG_STORE",
    callback=_keep,
    expose_value=False,
    help="The PostgreSQL database of the index, postgresql://…; not given: a file in the directory.",
)


def installation(data: Path) -> Settings:
    """The installation that a command with `store_option` is about."""
    return Settings(data=data, store=click.get_current_context().meta.get(_STORE, ""))
