"""`stem demo`: the whole system with the demo's data, served on this machine; the rest of `make demo`."""

import shutil
from pathlib import Path

import click

from stem_logistics.commanding import load_settings, refuse, with_service
from stem_logistics.db import embedded
from stem_logistics.db.engine import fetch_value
from stem_logistics.db.migrating import migrate
from stem_logistics.demo import loading
from stem_logistics.errors import Conflict
from stem_logistics.operating import run_server
from stem_logistics.settings import Settings


async def _prepare(settings: Settings) -> dict[str, list[list[str]]]:
    await migrate()
    known = loading.read_state(settings.data_dir)
    loaded = await fetch_value("SELECT count(*) FROM institution")
    if known is not None and loaded:
        return known
    if loaded:
        raise Conflict("demo-half-loaded")
    return await loading.load_demo(settings.data_dir, lambda text: click.echo(f"loading: {text}", err=True))


def _reset(settings: Settings) -> None:
    # Only what the demo itself made is removed; a server named by STEM_DATABASE_URL is not the demo's to empty.
    if settings.database_url is not None:
        refuse(Conflict("demo-on-a-server"))
    if running := embedded.users(settings.data_dir):
        refuse(Conflict("demo-still-running", processes=", ".join(map(str, running))))
    embedded.stop_orphan(settings.data_dir)
    for name in ("postgres", "demo.json", "secret.key"):
        path: Path = settings.data_dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@click.command("demo")
@click.option("--reset", is_flag=True, help="Drop the demo's data first.")
@click.option("--load-only", is_flag=True, help="Load, print, and end without serving.")
def demo(reset: bool, load_only: bool) -> None:
    """Load the demo's data (once) and serve it, printing where it is and how to sign in."""
    settings = load_settings().model_copy(update={"demo": True, "mail_mode": "store"})
    if reset:
        _reset(settings)
    state = with_service(lambda: _prepare(settings), schema=False, settings=settings)

    def announce() -> None:
        click.echo(f"address: {settings.base_url}/")
        for role, email, password in state["sign-in"]:
            click.echo(f"sign-in: {role} {email} {password}")
        for what, path in state["link"]:
            click.echo(f"link: {what} {settings.base_url}{path}")

    if load_only:
        announce()
        return
    run_server(settings, announce)
