"""Every kind of device under every fault, each recording cut after every byte; what is filed goes to the real service.

Writes docs/faults.md when it is run in full.
"""

import json
from pathlib import Path

from device_agents.home import Home
from device_agents.kinds import all_kinds
from tests.faults import table
from tests.proof.host import Host, new_host
from tests.proof.section import Scale, Section, by_scale

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "faults.md"
LAPTOPS_EACH = 10
"""More than the faults that file need for one kind."""


class Fleet:
    """Laptops that the real service knows, one for each case."""

    def __init__(self, host: Host, count: int) -> None:
        told = host.python("-m", "tests.proof.laptops_stock", str(count), seconds=600)
        assert told.returncode == 0, told.stderr[-2000:]
        world = json.loads(told.stdout)
        self._url = host.url
        self._kit: str = world["kit"]
        self._laptops: list[dict[str, str]] = world["laptops"]

    def furnish(self, home: Home) -> tuple[str, str, str]:
        """Give a laptop's folder the key of the next one."""
        laptop = self._laptops.pop()
        home.prepare()
        key = home.folder / "agent.key"
        key.touch(0o600)
        key.write_text(laptop["key"])
        return self._url, laptop["agent"], self._kit


def run(scale: Scale) -> Section:
    """The show."""
    section = Section(
        "Every kind of device under every fault",
        "A bounded time, the right verdict (never PASS on a wrong, missing or cut answer, never a fault that the "
        "device does not have), the port given back, no report lost and none counted twice.",
    )
    kinds = all_kinds()
    if scale == "tiny":
        kinds = tuple(kind for kind in kinds if kind.slug in ("bee-bot", "arduino-avr"))
    with new_host() as host:
        fleet = Fleet(host, LAPTOPS_EACH * len(kinds))
        host.serve(STEM_LOG_LEVEL="WARNING")
        found = table.run(by_scale(scale, 1, 2, 10), kinds=kinds, furnish=fleet.furnish)
        done = host.stem("checks", "verify")
        section.expect(done.returncode == 0, f"`stem checks verify`: {done.stdout}{done.stderr}"[:300])
    section.failures += found.failures
    section.ran = (
        f"{len(table.FAULTS)} faults on {len(kinds)} kinds: recordings of real firmware with the fault between, real "
        f"ports, a full disk, and `stem serve` behind a server that misbehaves first. The table is docs/faults.md."
    )
    outcomes: dict[str, int] = {}
    for cell in found.cells.values():
        for name, count in cell.outcomes.items():
            outcomes[name] = outcomes.get(name, 0) + count
    section.figures = {
        "cases": found.cases,
        "cells of the table": len(found.cells),
        "longest check, on its own clock": f"{max(cell.longest_s for cell in found.cells.values()):.1f} s",
        "what came": dict(sorted(outcomes.items(), key=lambda each: -each[1])),
    }
    if scale == "full":
        DOCUMENT.write_text(table.markdown(found), encoding="utf-8")
    return section
