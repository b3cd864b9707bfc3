"""Recorded conversations with real firmware, `tests/transcripts/<kind>/<verdict>.<name>[.no-flash].jsonl`.

Recorded with `stem-check probe PORT --kind SLUG --record FILE`. The verdict is the one that the check must give again;
`no-flash` says that the check was asked not to read the program memory. What USB said of the device, where the check
rests on it, stands beside it in `<the same name>.candidate` as VID:PID; a kind that is known by USB alone has a
recording in which nothing is said.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds.base import CheckContext, DeviceKind
from device_agents.recordings import Recorded, load_recording
from firmware_checks.verdicts import Verdict

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"


@dataclass(frozen=True)
class Transcript:
    """One recorded check."""

    path: Path

    @property
    def kind(self) -> str:
        return self.path.parent.name

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.path.name.partition(".")[0].upper())

    @property
    def read_flash(self) -> bool:
        return "no-flash" not in self.path.name

    def ask(self, question: Question) -> Answer | None:
        """What the person said, from the file `<the recording's name>.answers.json` where there is one."""
        file = self.path.with_suffix(".answers.json")
        value = json.loads(file.read_text(encoding="utf-8")).get(question.key) if file.exists() else None
        if value is None:
            return None
        return Answer(value, 3, "0" * 64) if question.form == "photo" else Answer(value)

    @property
    def candidate(self) -> Candidate:
        """What was known of the device before its port was opened."""
        beside = self.path.with_suffix(".candidate")
        if not beside.exists():
            return Candidate("replay")
        vid, pid = (int(number, 16) for number in beside.read_text(encoding="ascii").strip().split(":"))
        return Candidate("replay", "", vid, pid)

    @property
    def entries(self) -> tuple[Recorded, ...]:
        return load_recording(self.path)

    def __str__(self) -> str:
        return f"{self.kind}/{self.path.stem}"


def all_transcripts() -> list[Transcript]:
    """Every recording there is."""
    return [Transcript(path) for path in sorted(TRANSCRIPTS.glob("*/*.jsonl"))]


def while_deciding(kind: DeviceKind[Any], context: CheckContext) -> DeviceKind[Any]:
    """The check without what decides nothing at its end: its last courtesy, and steps that only inform."""
    steps = [step for step in kind.steps if step.when(context)]
    last = max(number for number, step in enumerate(steps) if step.counts)
    return replace(kind, leave=None, steps=tuple(steps[: last + 1]))
