"""The operator's commands: settings, migrate, serve, worker, audit."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import click

from stem_logistics import audit, worker
from stem_logistics.commanding import load_settings, with_service
from stem_logistics.db.migrating import migrate as run_migrations
from stem_logistics.settings import Settings


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def settings_command(as_json: bool) -> None:
    """Print every setting in force, secrets masked."""
    shown = load_settings().shown()
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    width = max(map(len, shown))
    for name, value in shown.items():
        description = Settings.model_fields[name.removeprefix("STEM_").lower()].description
        click.echo(f"{name:<{width}}  {value or '-':<24}  {description}")


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    ran = with_service(run_migrations, schema=False)
    for migration in ran:
        click.echo(f"migrated: {migration}")
    click.echo("the schema is current")


async def _ready() -> None:
    """Nothing: that the database starts and its schema is current is what `with_service` has shown."""


def run_server(settings: Settings, when_ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered first.

    Args:
        when_ready: called once the service takes requests.
    """
    import uvicorn

    from stem_logistics.app import create_app

    with_service(_ready, settings=settings)

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if when_ready is not None and self.started:
                when_ready()
                sys.stdout.flush()

    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=30,
        lifespan="on",
    )
    server = Server(config)
    # uvicorn finishes what is in flight and then raises the signal anew: ending by SystemExit lets this process
    # give up its hold on the embedded database, so that the last one out stops it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    # a port that is taken ends uvicorn by SystemExit, after a line that says so in its own words only
    with contextlib.suppress(SystemExit):
        server.run()
    if not server.started:
        click.echo(f"{settings.host}:{settings.port} is taken: set STEM_PORT to another port.", err=True)
        sys.exit(1)


@click.command()
def serve() -> None:
    """Serve the pages and the API at STEM_HOST and STEM_PORT."""
    run_server(load_settings())


@click.command("worker")
def worker_command() -> None:
    """Do jobs and send mail until told to stop (SIGTERM); the job in hand is finished first."""

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(name, stop.set)
        await worker.run(stop)

    with_service(work)


@click.group("audit")
def audit_group() -> None:
    """The record of every change."""


@audit_group.command("verify")
def audit_verify() -> None:
    """Seal what is ready, recompute the chain, and say whether it holds (exit 1 if not)."""

    async def work() -> tuple[int, int | None]:
        await audit.seal()
        return await audit.verify()

    good, broken = with_service(work)
    if broken is None:
        click.echo(f"{good} seals hold")
        return
    click.echo(f"seal {broken} does not hold; {good} before it do", err=True)
    sys.exit(1)
