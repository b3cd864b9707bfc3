"""`make proof`: run the shows and write docs/proof.md; `--only NAME` renews one section, smaller scales write none."""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.proof import bluetooth, faults, fuzz, kills, kit_life, ledger, national, outbox, rule, selection, wave
from tests.proof.document import document
from tests.proof.section import SCALES, Scale, Section

SHOWS: dict[str, Callable[[Scale], Section]] = {
    "national": national.run,
    "kills": kills.run,
    "ledger": ledger.run,
    "fuzz": fuzz.run,
    "rule": rule.run,
    "wave": wave.run,
    "selection": selection.run,
    "outbox": outbox.run,
    "faults": faults.run,
    "bluetooth": bluetooth.run,
    "kit": kit_life.run,
}
# Minutes long at any scale: the demo is loaded and walked. `make proof` runs it, `make test` does not.
LONG = frozenset({"kit", "selection"})
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "proof.md"


def show(name: str, scale: Scale) -> Section:
    """Run one show, timed."""
    started = time.monotonic()
    section = SHOWS[name](scale)
    section.seconds = time.monotonic() - started
    section.at = datetime.now(UTC)
    return section


def main() -> int:
    """Run, write, and tell by the exit code whether everything holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--only", choices=sorted(SHOWS), action="append", help="this show alone (may be repeated)")
    parser.add_argument("--scale", choices=SCALES, default="full", help="how big; the document is written of `full`")
    parser.add_argument("--out", type=Path, help="write the document here, whatever was run")
    given = parser.parse_args()
    sections = []
    for name in given.only or SHOWS:
        print(f"{name} …", file=sys.stderr, flush=True)
        section = show(name, given.scale)
        sections.append(section)
        print(section.markdown(), flush=True)
    out = given.out or (DOCUMENT if given.scale == "full" else None)
    if out is not None:
        # shows run alone leave the others' sections as they are; a whole run begins a new document
        earlier = out.read_text(encoding="utf-8") if given.only and out.exists() else ""
        out.write_text(document(sections, earlier), encoding="utf-8")
    return 0 if all(section.holds for section in sections) else 1


if __name__ == "__main__":
    sys.exit(main())
