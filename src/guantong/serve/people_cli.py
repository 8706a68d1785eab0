"""The command that lets people in: an account, its password, its end."""

from pathlib import Path

import click
import msgspec

from guantong.caller import OPERATOR
from guantong.errors import fault
from guantong.serve.chosen import installation, store_option
from guantong.serve.desks.staff import all_accounts, with_password
from guantong.serve.ledger_cli import data_option
from guantong.serve.people.account import Account, AccountError, Fault, Role, account_of, login_of
from guantong.serve.world import World, open_world, read_world


@click.group("people")
def people_group() -> None:
    """People who may sign in, and what they are here."""


@people_group.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--party", default="", help="The firm or office; not needed for an operator.")
@click.option("--region", default="", help="For a regulator: GB/T 2260 prefix.")
@data_option
@store_option
def add(login: str, role: str, party: str, region: str, data: Path) -> None:
    """Make an account; its password is shown once."""
    asked = account_of(login, party, Role(role), region=region)
    with open_world(installation(data)) as world:
        if world.account(asked.login) is not None:
            raise AccountError(fault(Fault.ACCOUNT, expected="a login nobody has", got=asked.login))
        account, secret = with_password(asked)
        world.enter(account.made(), OPERATOR)
    click.echo(secret)


@people_group.command("password")
@click.argument("login")
@data_option
@store_option
def reset(login: str, data: Path) -> None:
    """Give an account another password, and no second factor; the password is shown once."""
    with open_world(installation(data)) as world:
        account, secret = with_password(_known(world, login))
        world.enter(account.made(), OPERATOR)
    click.echo(secret)


@people_group.command("close")
@click.argument("login")
@data_option
@store_option
def close(login: str, data: Path) -> None:
    """Close an account: its sessions end, and it signs in no more."""
    with open_world(installation(data)) as world:
        closed = msgspec.structs.replace(_known(world, login), closed=True)
        world.enter(closed.made(), OPERATOR)


@people_group.command("list")
@data_option
@store_option
def listed(data: Path) -> None:
    """All accounts, a line each: login, role, party, region, whether it is closed."""
    with read_world(installation(data)) as world, world.readers.lend() as store:
        for one in all_accounts(store):
            state = "closed" if one.closed else "in use"
            click.echo(f"{one.login}\t{one.role}\t{one.party}\t{one.region}\t{state}")


def _known(world: World, login: str) -> Account:
    """The account of a login. Raises AccountError."""
    known = world.account(login_of(login))
    if known is None:
        raise AccountError(fault(Fault.ACCOUNT, expected="a login in use", got=login))
    return known
