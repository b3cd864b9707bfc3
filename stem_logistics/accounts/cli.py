"""`stem account`: people who sign in."""

import click

from stem_logistics.accounts import service
from stem_logistics.accounts.policy import ROLES, Grant
from stem_logistics.commanding import with_service


@click.group()
def account() -> None:
    """People who sign in."""


@account.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=click.Choice(sorted(ROLES)), help="What they do, in the whole country.")
@click.option("--region", default="", help="A regional directorate's code: the role holds there only.")
@click.password_option(help="Asked for when not given.")
def create(email: str, name: str, role: str, region: str, password: str) -> None:
    """Make an account with a role in the whole country, or in one region."""

    async def work() -> int:
        scope = await service.scope_of_region(role, region) if region else Grant(role, "country")
        return await service.create_account(email, name, password, [scope])

    account_id = with_service(work)
    click.echo(f"account {account_id}: {email} ({role}{f' in {region}' if region else ''})")


@account.command("password")
@click.argument("email")
@click.password_option(help="Asked for when not given.")
def password_command(email: str, password: str) -> None:
    """Give an account a new password; its sessions end."""

    async def work() -> None:
        await service.set_password(await service.account_id_of(email), password)

    with_service(work)
    click.echo(f"{email}: new password, every session ended")


@account.command("shut")
@click.argument("email")
@click.option("--why", required=True, help="For the record; no names.")
def shut(email: str, why: str) -> None:
    """Shut an account for good: no sign-in, no session, no work that waits for it."""

    async def work() -> None:
        await service.shut_account(await service.account_id_of(email), why)

    with_service(work)
    click.echo(f"{email}: shut")
