"""`stem wave`: the waves on the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from stem_logistics.commanding import load_settings, with_service
from stem_logistics.errors import FieldErrors
from stem_logistics.waves import call_document, calls, historic, importing, scores, service
from stem_logistics.waves.call_text import as_plain_text
from stem_logistics.waves.criteria import all_criteria
from stem_logistics.web.i18n import use_locale
from stem_logistics.web.sentences import sentence


@click.group()
def wave() -> None:
    """Waves: their rules, applications and scores."""


@wave.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_command(as_json: bool) -> None:
    """All waves with their totals, historic ones too."""
    lines = with_service(service.list_waves)
    rows = [
        {
            "slug": line.wave.slug,
            "title": line.wave.title_el,
            "years": line.wave.years,
            "phase": line.wave.phase,
            "applicants": line.applicants,
            "schools": line.grants,
            "departments": line.departments,
            "kits": line.units,
        }
        for line in lines
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['slug']:<12} {row['years']:<10} {row['phase']:<10} applications {row['applicants']}, "
            f"schools {row['schools']}, departments {row['departments']}, kits {row['kits']}"
        )


@wave.command()
@click.argument("slug", required=False)
@click.option("--criteria", is_flag=True, help="With SLUG the text of its call; without, the criteria there are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(slug: str | None, criteria: bool, as_json: bool) -> None:
    """One wave (SLUG); with --criteria the text of its call, or without SLUG all criteria that a wave may use."""
    if slug is None:
        if not criteria:
            raise click.UsageError("name a wave, or ask for --criteria")
        _show_known(as_json)
        return

    if criteria:
        _show_call(slug, as_json)
        return

    async def work() -> tuple[service.Wave, service.StoredRules | None, dict[str, int]]:
        found = await service.get_wave(slug)
        return found, await service.rules_of(found.id), await service.funnel(found)

    found, stored, counts = with_service(work)
    document = stored.rules.as_json() if stored else None
    if as_json:
        facts = {name: getattr(found, name) for name in ("slug", "title_el", "title_en", "phase", "seed_commitment")}
        facts |= {"opens_at": found.opens_at, "deadline_at": found.deadline_at, "seed": found.seed}
        shown = {**facts, "funnel": counts, "rules": document}
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
        return
    click.echo(f"{found.slug}: {found.title_el} ({found.years}), {found.phase}")
    click.echo("  " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    for kit in document["kits"] if document else []:
        places = sum(line["places"] for line in kit["reserves"])
        click.echo(f"  {kit['slug']}: {kit['stock']}, of which guaranteed {places}, blocks {kit['university_blocks']}")


def _show_call(slug: str, as_json: bool) -> None:
    """The text of the call in the installation's language, as page and document say it."""

    async def work() -> call_document.Call:
        with use_locale(load_settings().locale):
            return await call_document.call_of(slug)

    call = with_service(work)
    if not as_json:
        state = f"frozen {call.stored.frozen_at:%Y-%m-%d}" if call.stored.frozen_at else "draft"
        click.echo(f"{call.wave.title_el} ({call.wave.years}), version {call.stored.version}, {state}")
        for line in as_plain_text(call.sections):
            click.echo(line)
        return
    document = call.stored.rules.as_json()
    shown = {
        "version": call.stored.version,
        "frozen_at": call.stored.frozen_at,
        "call_protocol": call.wave.call_protocol,
        "call_ada": call.wave.call_ada,
        "criteria": document["criteria"],
        "rules": document,
        "sections": [section.as_json() for section in call.sections],
    }
    click.echo(json.dumps(shown, ensure_ascii=False, default=str))


def _show_known(as_json: bool) -> None:
    known = all_criteria().values()
    if as_json:
        rows = [
            {
                "slug": each.slug,
                "title": each.title,
                "points": {key: str(worth) for key, worth in each.defaults.items()},
                "ceiling": str(each.default_ceiling),
            }
            for each in known
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in known:
        figures = ", ".join(f"{key} {worth}" for key, worth in each.defaults.items())
        click.echo(f"{each.slug}: {each.title} ({figures}; at most {each.default_ceiling})")


@wave.command()
@click.argument("slug")
def score(slug: str) -> None:
    """Score a wave's applications now."""
    done = with_service(lambda: scores.score_applications(slug))
    click.echo(f"scored {done['scored']}, admitted {done['admitted']}")


@wave.command()
@click.argument("slug")
@click.argument("numbers", nargs=-1, required=True)
def draw(slug: str, numbers: tuple[str, ...]) -> None:
    """Enter the NUMBERS of the public draw, after the deadline."""
    found = with_service(lambda: calls.reveal_seed(slug, " ".join(numbers)))
    click.echo(f"seed {found.seed}")


@wave.command("import-historic")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what the rows mean; write nothing.")
@click.option("--choose", multiple=True, metavar="ROW=CODE", help="Which school an uncertain row means.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def import_historic(path: str, dry_run: bool, choose: tuple[str, ...], as_json: bool) -> None:
    """Take a CSV or XLSX file of who received what in earlier waves: all rows or none.

    Exit 1 where a row is wrong or uncertain, with every such row.
    """
    choices = {}
    for each in choose:
        row, _, code = each.partition("=")
        if not row.isdigit() or not code:
            raise click.UsageError(f"--choose {each}: write ROW=CODE, as 17=0501659")
        choices[int(row)] = code
    content = Path(path).read_bytes()

    async def work() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        try:
            if not dry_run:
                return await historic.import_historic(content, choices, importing.no_report), []
            plan = await historic.make_plan(content, choices, importing.no_report)
            return plan.as_json(), plan.errors
        except FieldErrors as error:
            return {}, error.errors

    found, faults = with_service(work)
    with use_locale(load_settings().locale):
        errors = [{"row": each["row"], "column": each["column"], "message": _said(each)} for each in faults]
    if as_json:
        click.echo(json.dumps({**found, "errors": errors}, ensure_ascii=False))
    else:
        for error in errors:
            click.echo(f"{error['row']}, {error['column'] or '-'}: {error['message']}", err=True)
        for row in found.get("unsure", []):
            options = "; ".join(f"{each['code']} {each['name']}" for each in row["candidates"])
            click.echo(f"{row['row']}: {row['code']} {row['name']}? {options}", err=True)
        for slug, totals in found.get("waves", {}).items():
            click.echo(f"{slug} {totals['year_to']}: " + ", ".join(f"{k} {totals[k]}" for k in _TOTALS))
        click.echo("nothing was written" if dry_run or not found else f"written {found['created']}")
    sys.exit(1 if errors or found.get("unsure") else 0)


_TOTALS = ("schools", "departments", "kits", "unsure")


@wave.command("import")
@click.argument("slug")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def import_command(slug: str, path: str, as_json: bool) -> None:
    """Take a CSV or XLSX file of applications: all rows or none (exit 1, with every fault)."""

    content = Path(path).read_bytes()

    async def work() -> tuple[dict[str, int], list[dict[str, Any]]]:
        found = await service.get_wave(slug)
        try:
            return await importing.import_content(found.id, content, importing.no_report), []
        except FieldErrors as error:
            return {}, error.errors

    counts, faults = with_service(work)
    if as_json:
        with use_locale(load_settings().locale):
            errors = [{"row": each["row"], "column": each["column"], "message": _said(each)} for each in faults]
        click.echo(json.dumps({**counts, "errors": errors}, ensure_ascii=False))
    else:
        for each in faults:
            place = ", ".join(str(part) for part in (each["row"], each["column"]) if part)
            for language in ("el", "en"):
                with use_locale(language):
                    click.echo(f"{place}: {_said(each)}" if place else _said(each), err=True)
        click.echo(", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing was written")
    sys.exit(1 if faults else 0)


def _said(fault: dict[str, Any]) -> str:
    return sentence(fault["slug"], fault.get("params", {}))
