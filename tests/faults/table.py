"""The faults, and the table of what every kind of device says of each.

A kind finds itself, so a new one is in the table at once; a fault is one line here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from device_agents.kinds import AnyKind, all_kinds
from tests.faults import desk, lines
from tests.faults.cell import Cell


@dataclass(frozen=True)
class Fault:
    """A fault: its name, what has to hold under it, and how it is tried on a kind.

    `run(kind, much)`: `much` is 1 for a look that takes a moment, more for a thorough one. `files` says that it takes a
    service to file to as well.
    """

    name: str
    must: str
    run: Callable[..., Cell]
    files: bool = False


FAULTS = (
    Fault("silence", "nothing is proven", lines.silence),
    Fault("garbage", "nothing is proven, also of a device that never stops", lines.garbage),
    Fault("wrong baud", "nothing is proven", lines.wrong_baud),
    Fault("truncation at every byte", "nothing is proven", lines.truncation),
    Fault("answers split at every byte", "PASS, as from one piece", lines.split),
    Fault("echo", "nothing is proven; with true answers behind it also PASS with the same identity", lines.echo),
    Fault("late answer", "nothing is proven, by answers that come late or to the question before", lines.late),
    Fault("another protocol's answer", "nothing is proven, or that it is another device", lines.another_protocol),
    Fault("resends", "answers that come twice, lines asked for again: the same, or nothing is proven", lines.resends),
    Fault("disconnect at every step", "nothing is proven, and that the port vanished is said", lines.disconnect),
    Fault("port busy", "exit 3 at once, naming the port", desk.port_busy),
    Fault("permission denied", "exit 3 at once, naming the port", desk.permission_denied),
    Fault("two devices with one serial number", "the second is TWICE, the kit does not pass", desk.same_serial),
    Fault("clock wrong by a year", "filed all the same, and the doctor says it", desk.clock_wrong, files=True),
    Fault("disk full in the outbox", "told, nothing lost, the chain goes on", desk.disk_full, files=True),
    Fault("server: 500", "it waits, then it is sent", desk.SERVER_500, files=True),
    Fault("server: 429", "it waits, then it is sent", desk.SERVER_429, files=True),
    Fault("server: 413", "refused by name, the others go on", desk.SERVER_413, files=True),
    Fault("server: nothing", "it waits, then it is sent", desk.SERVER_NOTHING, files=True),
    Fault("same report twice", "it counts once", desk.sent_twice, files=True),
    Fault("reports out of order", "each is taken", desk.out_of_order, files=True),
)


@dataclass
class Table:
    """What a run found."""

    kinds: tuple[str, ...]
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    seconds: float = 0.0
    thorough: bool = False
    real_service: bool = False

    @property
    def cases(self) -> int:
        return sum(cell.cases for cell in self.cells.values())

    @property
    def failures(self) -> list[str]:
        return [f"{kind}, {fault}: {each}" for (fault, kind), cell in self.cells.items() for each in cell.failures]


def run(
    much: int = 1,
    faults: Sequence[Fault] = FAULTS,
    kinds: Sequence[AnyKind] | None = None,
    furnish: desk.Furnish | None = None,
) -> Table:
    """Try every fault on every kind."""
    chosen = tuple(all_kinds() if kinds is None else kinds)
    table = Table(tuple(kind.slug for kind in chosen), thorough=much > 1, real_service=furnish is not None)
    begun = time.monotonic()
    for fault in faults:
        for kind in chosen:
            more = {"furnish": furnish} if fault.files else {}
            table.cells[fault.name, kind.slug] = fault.run(kind, much, **more)
    table.seconds = time.monotonic() - begun
    return table


HEAD = """# What every kind of device says of every fault

Written by `python -m tests.proof --only faults`; do not edit. A cell is what came of it (a verdict, or how the command
ends), the longest case in seconds, and how many cases were tried. The seconds are those of the check's own clock, which
a replay has for itself; with a real port, a disk or the service they are real. A dash says why a fault cannot happen.

The devices answer with recordings of real firmware (`tests/transcripts/`) and the fault is put between. A thorough run
cuts an answer after every byte that decides, up to 4,000 for a recording; the emulators of `tests/emulators/` meet some
of these faults on a real line (`test_arduino_avr.py`, `test_microbit_emulated.py`, `test_printer_emulated.py`).
**Nothing is proven** is INCONCLUSIVE or UNKNOWN, exit 2: never PASS, and never a fault of a device that has none.
"""


def markdown(table: Table) -> str:
    """The document."""
    verdict = f"**All {table.cases:,} cases are as they must be.**"
    if table.failures:
        verdict = f"**{len(table.failures)} of {table.cases:,} cases are not as they must be.**"
    service = "the real service" if table.real_service else "a stand-in of the service"
    facts = (
        f"Run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {'thorough' if table.thorough else 'a quick look'}, "
        f"{table.seconds:.0f} s, reports filed to {service}."
    )
    parts = [HEAD, facts, "", verdict, ""]
    for start in range(0, len(table.kinds), 6):
        kinds = table.kinds[start : start + 6]
        parts.append("| fault, and what must hold | " + " | ".join(f"`{kind}`" for kind in kinds) + " |")
        parts.append("|---" * (len(kinds) + 1) + "|")
        for fault in FAULTS:
            cells = [table.cells[fault.name, kind] for kind in kinds if (fault.name, kind) in table.cells]
            if cells:
                parts.append(f"| **{fault.name}**: {fault.must} | " + " | ".join(c.said() for c in cells) + " |")
        parts.append("")
    parts += [f"- {failure}" for failure in table.failures[:100]]
    return "\n".join(parts).rstrip("\n") + "\n"
