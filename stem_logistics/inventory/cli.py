"""`stem ledger`: the ledger proves itself."""

import dataclasses
import json
import sys

import click

from stem_logistics.commanding import with_service
from stem_logistics.inventory import ledger as book


@click.group()
def ledger() -> None:
    """The stock's book of movements."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(as_json: bool) -> None:
    """Recompute every balance from the movements alone (exit 1 where one differs)."""
    found = with_service(book.verify)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False, default=str))
    else:
        click.echo(f"{found.movements} movements, {found.holdings} holdings, {found.pieces} pieces")
        for fault in found.faults:
            what = ", ".join(f"{name} {value}" for name, value in fault.items() if name != "fault")
            click.echo(f"{fault['fault']}: {what}", err=True)
        click.echo("the ledger does not hold" if found.faults else "the ledger holds")
    sys.exit(1 if found.faults else 0)
