"""`stem allocation`: solve and verify over files, without the service and without its database.

Exit status: 0 solved or verified, 1 an outcome refused or unreadable, 2 an input unusable. With 2 nothing is
written to standard output; the fault is on standard error.
"""

import sys
from pathlib import Path
from typing import NoReturn

import click

from stem_logistics.allocation import verify as verifier
from stem_logistics.allocation.errors import N_, UnusableInput, quoted
from stem_logistics.allocation.parsing import parse_input
from stem_logistics.allocation.reasons import outcome_chunks
from stem_logistics.allocation.rules import solve
from stem_logistics.much import no_search_for_circles

UNUSABLE = 2


@click.group()
def allocation() -> None:
    """Allocate a wave's kits by the published rule, and verify a published result."""


@allocation.command("solve")
@click.argument("input_path", metavar="INPUT")
def solve_command(input_path: str) -> None:
    """Allocate the kits of the INPUT file and write the outcome to standard output.

    Exit status: 0 solved; 2 the input is unusable, with the fault on standard error.
    """
    with no_search_for_circles():
        try:
            data = parse_input(_read(input_path))
        except UnusableInput as fault:
            _refuse(fault)
        outcome = solve(data)
        for chunk in outcome_chunks(data, outcome):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


@allocation.command("verify")
@click.argument("input_path", metavar="INPUT")
@click.argument("outcome_path", metavar="OUTCOME")
def verify_command(input_path: str, outcome_path: str) -> None:
    """Check the OUTCOME file against the INPUT file with the independent verifier.

    Exit status: 0 verified; 1 the outcome is refused or unreadable; 2 the input is unusable.
    """
    with no_search_for_circles():
        sys.exit(verifier.main([input_path, outcome_path]))


def _refuse(fault: UnusableInput) -> NoReturn:
    """Say in both languages why the input cannot be used."""
    from stem_logistics.web.i18n import gettext, use_locale  # only now: the catalogues are read for it

    for language in ("el", "en"):
        with use_locale(language):
            click.echo(f"{fault.slug}: {gettext(fault.msgid, **fault.params)}", err=True)
    sys.exit(UNUSABLE)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnusableInput(N_("%(path)s cannot be read: %(reason)s."), path=quoted(path), reason=reason) from None


if __name__ == "__main__":
    allocation()
