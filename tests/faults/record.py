"""Recordings of every kind under every fault of its line: `python -m tests.faults.record` makes them anew.

    tests/transcripts/<kind>/faults/<verdict>.<fault>.jsonl

What a device said under the fault and what the check sent, as `stem-check probe --record` keeps it. The device's words
are those of the recording of real firmware that passes, with the fault between (`lines.py`). They are given back by
how many bytes are sent and not by which (`RecordedDevice`): a kind may ask in another way without a new recording.
"""

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from device_agents.evidence import Recorder
from device_agents.kinds import AnyKind, all_kinds
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.recordings import Recorded, dump_recording
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.base import Transport
from device_agents.transports.replay import ReplayTransport
from tests.contracts.transcripts import TRANSCRIPTS, Transcript
from tests.device_agents.scripted import ScriptedTransport
from tests.faults.cell import has_port
from tests.faults.lines import (
    CATALOGUE,
    STRANGER,
    Noise,
    RecordedDevice,
    another_speed,
    context_of,
    passes,
    said,
    talks,
)

Line = Callable[[AnyKind, Transcript], Transport]


def _other(kind: AnyKind) -> Transcript:
    """The shortest talk of a device of another kind."""
    others = [other for other in all_kinds() if other.filed != kind.filed and has_port(other) and talks(other)]
    found = [passes(other)[0] for other in others if other.link == kind.link] or [passes(others[0])[0]]
    return min(found, key=lambda each: each.path.stat().st_size)


STRANGE: dict[str, Line] = {
    "silence": lambda kind, known: ScriptedTransport(lambda data: []),
    "garbage": lambda kind, known: ScriptedTransport(Noise(1)),
    "echo": lambda kind, known: ScriptedTransport(lambda data: [(0.001, data)]),
    "another-protocol": lambda kind, known: RecordedDevice(_other(kind).entries, lambda told: told).transport(),
}
"""Whatever is no device of that kind."""
SPOILT: dict[str, Line] = {
    "wrong-baud": lambda kind, known: RecordedDevice(known.entries, partial(another_speed, ratio=0.5)).transport(),
    "truncation": lambda kind, known: ReplayTransport(known.entries, silent_after=said(known, kind) // 2),
    "split": lambda kind, known: ReplayTransport(known.entries, piece=1),
    "late": lambda kind, known: RecordedDevice(
        known.entries, lambda told: [(at + 12, data) for at, data in told]
    ).transport(),
    "resends": lambda kind, known: RecordedDevice(
        known.entries, lambda told: [one for one in told for _ in "ab"]
    ).transport(),
    "disconnect": lambda kind, known: ReplayTransport(known.entries, vanish_after=said(known, kind) // 2),
}
"""A device of that kind behind a bad line."""


def faults_of(kind: AnyKind) -> dict[str, Line]:
    """The faults that this kind's line can have."""
    if not has_port(kind):
        return {}
    spoilt = {name: line for name, line in SPOILT.items() if name != "wrong-baud" or kind.link == "serial"}
    return {**STRANGE, **(spoilt if talks(kind) else {})}


def checked(kind: AnyKind, fault: str, line: Transport, recorder: Recorder | None = None) -> Report:
    """The check of that kind over this line, asked for as the recording that passes was."""
    known = passes(kind)[0]
    strange = fault in STRANGE
    context = CheckContext(STRANGER, CheckOptions(read_flash=False), CATALOGUE) if strange else context_of(known)
    return run_check(kind, context, line, questioner=None if strange else known, recorder=recorder)


def again(kind: AnyKind, fault: str, entries: tuple[Recorded, ...]) -> Report:
    """The check of that kind by a device that says again what is recorded."""
    return checked(kind, fault, RecordedDevice(entries, lambda told: told).transport(vanishes=fault == "disconnect"))


def recordings_of(kind: AnyKind) -> dict[str, Path]:
    """The recorded faults of a kind, by name."""
    return {path.stem.partition(".")[2]: path for path in sorted((TRANSCRIPTS / kind.slug / "faults").glob("*.jsonl"))}


def main() -> int:
    """Record all of them anew."""
    for kind in all_kinds():
        folder = TRANSCRIPTS / kind.slug / "faults"
        shutil.rmtree(folder, ignore_errors=True)
        for fault, line in faults_of(kind).items():
            recorder = Recorder()
            report = checked(kind, fault, line(kind, passes(kind)[0]), recorder)
            folder.mkdir(exist_ok=True)
            path = folder / f"{report.verdict.value.lower()}.{fault}.jsonl"
            path.write_text(dump_recording(recorder.entries), encoding="ascii")
            print(f"{path.relative_to(TRANSCRIPTS)}  {path.stat().st_size:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
