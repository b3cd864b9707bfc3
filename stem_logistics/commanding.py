"""How a command reaches the service: the database started, the schema checked, the operator as actor, refusals told."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import click
from pydantic import ValidationError

from stem_logistics import runtime
from stem_logistics.accounts.policy import operator
from stem_logistics.db import embedded
from stem_logistics.db.engine import pool
from stem_logistics.db.migrating import require_current_schema
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.logs import configure_logging
from stem_logistics.settings import Settings
from stem_logistics.web.i18n import use_locale
from stem_logistics.web.sentences import sentence, sentence_of

T = TypeVar("T")


def load_settings() -> Settings:
    """The settings in force; an unusable one ends the command with its name and what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for each in error.errors():
            name = "STEM_" + str(each["loc"][0]).upper()
            click.echo(f"{name}: {each['msg']}", err=True)
        sys.exit(2)


def refuse(error: DomainError, status: int = 1) -> NoReturn:
    """Say in both languages why a command cannot go on, and end it."""
    for language in ("el", "en"):
        with use_locale(language):
            click.echo(sentence_of(error), err=True)
            for each in error.errors if isinstance(error, FieldErrors) else []:
                place = ", ".join(str(each[name]) for name in ("place", "field", "row", "column") if each.get(name))
                click.echo(f"  {place}: {sentence(each['slug'], each.get('params', {}))}", err=True)
    sys.exit(status)


def with_service(work: Callable[[], Awaitable[T]], *, schema: bool = True, settings: Settings | None = None) -> T:
    """Run `work` with a database behind it, as the operator of this machine.

    Args:
        schema: whether the schema must be current (`stem migrate` is the one command that does without).

    A refusal (DomainError) is told on standard error, in Greek and English, and ends the command with 1.
    """
    conf = settings or load_settings()

    async def run() -> T:
        configure_logging(conf)
        runtime.start(conf)
        url = conf.database_url.get_secret_value() if conf.database_url else embedded.start(conf.data_dir)
        async with pool(url, max_size=conf.database_pool):
            if schema:
                await require_current_schema()
            with runtime.acting(runtime.Actor(operator(_operator_name()), "cli")):
                return await work()

    try:
        return asyncio.run(run())
    except DomainError as error:
        refuse(error)


def _operator_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
