"""`stem checks`: laptops' codes, what they are sent, and the proof that kept reports are what was signed."""

import json
from pathlib import Path

import click

from stem_logistics.checks import agents, firmware, service, signing
from stem_logistics.commanding import with_service


@click.group()
def checks() -> None:
    """Device checks: enrolment codes, laptops, kept reports."""


@checks.command("enrolment-code")
@click.option("--label", default="", help="For whom or which laptop.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def enrolment_code(label: str, as_json: bool) -> None:
    """Make a one-time code for one laptop. It is printed once and kept as a digest."""
    issued = with_service(lambda: agents.issue_code(label))
    if as_json:
        click.echo(json.dumps({"code": issued.shown, "expires_at": issued.expires_at.isoformat()}))
    else:
        click.echo(f"{issued.shown}  → {issued.expires_at:%Y-%m-%d %H:%M} UTC")


@checks.command("agents")
def list_agents() -> None:
    """List the laptops."""
    for row in with_service(agents.list_agents):
        state = "revoked" if row["revoked_at"] else "active"
        click.echo(f"{row['code']}  {state:8} {row['reports']:6} reports  {row['name']}")


@checks.command("revoke")
@click.argument("code")
@click.option("--why", default="", help="The reason, for the record.")
def revoke(code: str, why: str) -> None:
    """Let a laptop file nothing any more."""
    with_service(lambda: agents.revoke(code.strip().upper(), why))
    click.echo(f"{code}: revoked")


@checks.command("verify")
def verify() -> None:
    """Check every kept report against its laptop's signature; exit 1 where one does not hold."""
    count, wrong = with_service(service.verify_all)
    for report_id in wrong:
        click.echo(f"{report_id}: altered")
    click.echo(f"{count} reports, {len(wrong)} altered")
    if wrong:
        raise SystemExit(1)


@checks.group()
def baseline() -> None:
    """Known firmware (and lists of questions) that laptops are sent, signed."""


_AT_LEAST = click.option(
    "--at-least",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="The new bundle's number is at least N: after a restore from a backup, more than laptops have seen.",
)


@baseline.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--why", default="", help="The reason, for the record.")
@_AT_LEAST
def add_baseline(file: Path, why: str, at_least: int) -> None:
    """Send FILE (TOML) to the laptops from now on, as a new edition."""
    done = with_service(lambda: firmware.add(file.read_bytes(), why, file=file.name, at_least=at_least))
    state = "" if done.new else " (unchanged)"
    click.echo(f"{done.sort} {done.slug}: edition {done.edition}, bundle {done.version}{state}")


@baseline.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_baselines(as_json: bool) -> None:
    """Every change of what laptops are sent, newest first."""
    rows = with_service(firmware.history)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        state = "retired" if row["retired"] else "in force" if row["in_force"] else "replaced"
        what = f"{row['sort']:8}  {row['slug']:20}  edition {row['edition']:3}"
        click.echo(f"{row['bundle_version']:5}  {what}  {state:8}  {row['added_at']:%Y-%m-%d %H:%M}")


@baseline.command("retire")
@click.argument("slug")
@click.option("--sort", type=click.Choice(["baseline", "kind"]), default="baseline")
@click.option("--why", default="", help="The reason, for the record.")
@_AT_LEAST
def retire_baseline(slug: str, sort: str, why: str, at_least: int) -> None:
    """Send what is known of SLUG no longer."""
    done = with_service(lambda: firmware.retire(sort, slug, why, at_least=at_least))
    click.echo(f"{done.sort} {done.slug}: retired, bundle {done.version}")


@checks.group()
def key() -> None:
    """The key that signs what laptops are sent."""


@key.command("show")
def show_keys() -> None:
    """The keys there were, the one in force last; one is made with the first laptop."""
    for each in with_service(signing.state):
        link = "follows the one before" if each.follows else "begins a chain"
        click.echo(f"{each.public_key}  {each.made_at:%Y-%m-%d %H:%M}  {link}")


@key.command("renew")
@click.option(
    "--break-chain",
    is_flag=True,
    help="The former key is lost or stolen: it vouches for nothing; every laptop has to be enrolled anew.",
)
def renew_key(break_chain: bool) -> None:
    """Make a new key. The former one signs it, so that laptops follow by themselves."""
    made = with_service(lambda: signing.renew(break_chain=break_chain))
    click.echo(f"{made.public_key}  {'follows the one before' if made.follows else 'begins a chain'}")
