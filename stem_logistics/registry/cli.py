"""`stem registry`: import a source's file, generate a registry, make search keys anew."""

import json
import sys
from pathlib import Path
from typing import TextIO

import click

from stem_logistics.commanding import load_settings, with_service
from stem_logistics.registry import import_service, service
from stem_logistics.registry.departments import write_departments
from stem_logistics.registry.generator import write_registry
from stem_logistics.registry.importing.faults import Fault
from stem_logistics.web.i18n import use_locale

MOST_SCHOOLS = 500_000


@click.group()
def registry() -> None:
    """Schools, university departments and their directorates."""


@registry.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: created, updated, unchanged, errors.")
def import_command(file: Path, dry_run: bool, as_json: bool) -> None:
    """Import a registry: CSV or XLSX, in the columns of the open data or of the School Network.

    Exits with 0 when it was imported, with 1 when it was refused and nothing was written.
    """
    settings = load_settings()
    outcome = _refused_unread(file, settings.max_upload_bytes)
    if outcome is None:
        data = file.read_bytes()

        async def report(done: int, total: int) -> None:
            if total and sys.stderr.isatty():
                click.echo(f"\r{min(99, done * 100 // total)}%", nl=False, err=True)

        outcome = with_service(lambda: import_service.import_file(file.name, data, dry_run=dry_run, report=report))
        if sys.stderr.isatty():
            click.echo("\r", nl=False, err=True)
    if as_json:
        with use_locale(settings.locale):
            click.echo(json.dumps(_as_json(outcome), ensure_ascii=False))
    else:
        _tell(outcome, dry_run)
    sys.exit(1 if outcome.faults else 0)


def _refused_unread(file: Path, limit: int) -> import_service.Outcome | None:
    try:
        size = file.stat().st_size
        with file.open("rb"):
            pass
    except OSError as error:
        return import_service.Outcome(faults=[Fault("file-unreadable", None, "", {"cause": error.strerror or "?"})])
    if size > limit:
        params = {"size": size // 1_000_000, "limit": limit // 1_000_000}
        return import_service.Outcome(faults=[Fault("file-too-large", None, "", params)])
    return None


def _as_json(outcome: import_service.Outcome) -> dict[str, object]:
    return {
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "errors": [{"row": f.row, "column": f.column, "message": f.sentence()} for f in outcome.faults],
    }


def _tell(outcome: import_service.Outcome, dry_run: bool) -> None:
    for fault in outcome.faults:
        place = ", ".join(str(part) for part in (fault.row, fault.column) if part)
        for language in ("el", "en"):
            with use_locale(language):
                click.echo(f"{place}: {fault.sentence()}" if place else fault.sentence(), err=True)
    if outcome.faults:
        click.echo(f"refused, nothing written: {len(outcome.faults)} errors", err=True)
        return
    verb = "would be " if dry_run else ""
    click.echo(f"{verb}created: {outcome.created}")
    click.echo(f"{verb}updated: {outcome.updated}")
    click.echo(f"unchanged: {outcome.unchanged}")


@registry.command()
@click.option("--schools", type=click.IntRange(0, MOST_SCHOOLS), default=14_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--columns",
    type=click.Choice(["school-network", "open-data"]),
    default="school-network",
    show_default=True,
    help="Whose columns.",
)
@click.option("--departments", is_flag=True, help="The 23 university departments instead of schools.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; without it, standard output.")
def generate(schools: int, seed: int, columns: str, departments: bool, out: Path | None) -> None:
    """Write a believable national registry as CSV (UTF-8): invented schools in real towns."""

    def write(target: TextIO) -> int:
        return write_departments(target) if departments else write_registry(target, schools, seed, column_set=columns)

    if out is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # a text stream here
        write(sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as target:
            count = write(target)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    click.echo(f"{count} written to {out}")


@registry.command()
def reindex() -> None:
    """Make every search key anew (after an upgrade that changed how names are folded)."""
    click.echo(f"search keys changed: {with_service(service.renew_search_keys)}")
