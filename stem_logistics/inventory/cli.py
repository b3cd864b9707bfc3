"""`stem ledger`: the ledger proves itself, and takes over what schools have. `stem stock`: kits come in by a list."""

import csv
import dataclasses
import json
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stem_logistics.commanding import load_settings, refuse, with_service
from stem_logistics.errors import Invalid
from stem_logistics.inventory import holdings, receiving
from stem_logistics.inventory import ledger as book
from stem_logistics.inventory.lists import text_of_list
from stem_logistics.web.i18n import use_locale
from stem_logistics.web.sentences import sentence


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


@ledger.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="Write every refused row to this CSV.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def import_command(path: Path, dry_run: bool, refused: Path | None, as_json: bool) -> None:
    """Take equipment that is at schools already from a CSV or XLSX file (exit 1 where a row was refused)."""
    content = path.read_bytes()

    async def report(done: int, total: int) -> None:
        if total and sys.stderr.isatty():
            click.echo(f"\r{min(99, done * 100 // total)}%\r", nl=False, err=True)

    async def work() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        found = await (holdings.preview(content, None) if dry_run else holdings.write(content, path.name, None, report))
        return found, await holdings.every_fault(found["faults_file"])

    found, faults = with_service(work)
    with use_locale(load_settings().locale):
        told = [(each["row"], each["column"], sentence(each["slug"], each["params"])) for each in faults]
    if refused is not None:
        with refused.open("w", encoding="utf-8-sig", newline="") as target:
            csv.writer(target, delimiter=";").writerows([("row", "column", "message"), *told])
    figures = {name: found[name] for name in _FIGURES}
    if as_json:
        errors = [{"row": row, "column": column, "message": message} for row, column, message in told]
        click.echo(json.dumps({**figures, "written": found["written"], "errors": errors}, ensure_ascii=False))
    else:
        for row, column, message in told if refused is None else []:
            click.echo(f"{row}, {column or '-'}: {message}", err=True)
        click.echo(", ".join(f"{name} {count}" for name, count in figures.items()))
        click.echo("written" if found["written"] else "nothing was written")
    sys.exit(1 if told else 0)


_FIGURES = ("read", "kits", "schools", "serials", "unchanged", "fewer", "closed", "merged", "more", "refused")


@click.group()
def stock() -> None:
    """The stock: kits that come in."""


@stock.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kit", required=True, metavar="NAME", help="The short name of the kits' definition.")
@click.option("--count", required=True, type=click.IntRange(min=1), help="How many kits came.")
@click.option("--batch", default="", help="What you call this purchase.")
@click.option("--document", default="", help="The number of the supplier's delivery note.")
@click.option("--arrived", type=click.DateTime(["%Y-%m-%d"]), help="The day on which they came, if not today.")
@click.option("--sure", is_flag=True, help="Serial numbers that look mistyped are so on the devices.")
@click.option("--key", default="", help="The same key again takes nothing in twice.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def receive(
    file: Path,
    kit: str,
    count: int,
    batch: str,
    document: str,
    arrived: datetime | None,
    sure: bool,
    key: str,
    as_json: bool,
) -> None:
    """Take kits in whose serial numbers stand in FILE (CSV, text or XLSX): all of them, or none."""
    try:
        text = text_of_list(file.read_bytes())
    except Invalid as refused:
        refuse(refused)
    day = arrived.date() if arrived else None
    arrival = receiving.Arrival(
        kit, count, text, key or secrets.token_urlsafe(12), batch, document, day, frozenset(), sure
    )

    async def report(done: int, total: int) -> None:
        click.echo(f"{done}/{total}", err=True)

    codes = with_service(lambda: receiving.receive_now(arrival, report))
    click.echo(json.dumps({"kits": codes}) if as_json else f"{len(codes)} kits received")
