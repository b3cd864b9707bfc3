"""A printer that is left alone in the middle of its heater test ends cold by itself: real processes, a real line with a
DTR, a model of Marlin whose own shut-down counts five times as fast as a clock."""

import json
import os
import re
import select
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from device_agents.kinds.printer_guard import GUARD_S
from firmware_checks.verdicts import Verdict
from tests.device_agents.at_terminal import Sitting
from tests.device_agents.probing import Probed, stem_check
from tests.emulators.network import on_network
from tests.emulators.programs import Emulator, marlin_model

pytestmark = pytest.mark.emulator

HURRY = 5
STATE = re.compile(r"state: seconds=(\S+) nozzle=(\S+) bed=\S+ target=(\d+) heater=(\d) halted=(\d)")


@dataclass(frozen=True)
class State:
    """What the printer is like, seen from outside."""

    seconds: float
    nozzle: float
    target: int
    heats: bool
    halted: bool


@dataclass(frozen=True)
class Seen:
    """One printer's life: every state, the moment when it was left alone, what it heard, how the check ended."""

    states: list[State]
    left: int
    heard: list[str]
    probed: Probed


def states(printer: Emulator) -> list[State]:
    found = [match for line in list(printer.printed) if (match := STATE.match(line))]
    return [State(float(m[1]), float(m[2]), int(m[3]), m[4] == "1", m[5] == "1") for m in found]


def wait_for_warmth(printer: Emulator) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        seen = states(printer)
        if seen and seen[-1].heats and seen[-1].nozzle > 24:
            return
        time.sleep(0.05)
    raise AssertionError(f"it was never heated: {printer.printed[-5:]}")


def live(stop: signal.Signals | None) -> Seen:
    """A heater test that is ended by a signal once the nozzle is getting warm, or by itself."""
    with marlin_model("--hurry", str(HURRY)) as printer, on_network(printer, rfc2217=True) as port:
        arguments = ["probe", port, "--kind", "printer-marlin", "--with", "heater", "--json"]
        sitting = Sitting(arguments, ["yes"])
        try:
            left = 0
            if stop is not None:
                wait_for_warmth(printer)
                left = len(states(printer))
                os.kill(sitting.process.pid, stop)
            probed = sitting.wait()
        finally:
            if sitting.process.poll() is None:
                sitting.close()
        if stop is not None:
            time.sleep(GUARD_S / HURRY + 1.5)
        return Seen(states(printer), left, printer.heard, probed)


@pytest.fixture(scope="module")
def lives() -> Iterator[dict[signal.Signals | None, Seen]]:
    """All of them at the same time: they wait more than they work."""
    ways = (None, signal.SIGKILL, signal.SIGINT)
    with ThreadPoolExecutor(max_workers=len(ways)) as pool:
        yield dict(zip(ways, pool.map(live, ways), strict=True))


def test_a_heater_test_passes_over_a_real_line(lives: dict[signal.Signals | None, Seen]) -> None:
    """Confirmed at a terminal, with a real reset between proof and heat: PASS, exit 0; off, and never beyond its
    target."""
    seen = lives[None]
    assert seen.probed.code == 0 and seen.probed.report.verdict is Verdict.PASS, seen.probed.out
    assert [answer.value for answer in seen.probed.report.evidence.answers] == ["yes"]
    assert any(state.heats for state in seen.states) and not seen.states[-1].heats
    assert max(state.nozzle for state in seen.states) < 45
    assert [state.halted for state in seen.states].count(True) > 0, "the shut-down was seen to act first"
    assert not seen.states[-1].halted


def test_killed_in_the_middle_it_ends_cold(lives: dict[signal.Signals | None, Seen]) -> None:
    """`kill -9` while the nozzle is heated: nobody tells the printer anything any more, and its own shut-down switches
    the heater off within the guard's time."""
    seen = lives[signal.SIGKILL]
    assert seen.probed.code == -signal.SIGKILL
    after = seen.states[seen.left :]
    assert after[0].heats and after[0].target > 0, "it was heating when it was left alone"
    told = [line for line in seen.heard if "M104 S0" in line or "M112" in line or "M85 S0" in line]
    assert told == [], "and nobody told it to stop"
    off = next(state for state in after if state.halted)
    assert (off.seconds - after[0].seconds) * HURRY <= GUARD_S + HURRY
    assert all(not state.heats and state.target == 0 for state in after[after.index(off) :])
    assert max(state.nozzle for state in seen.states) <= 50
    assert after[-1].nozzle < max(state.nozzle for state in after)


def test_ctrl_c_in_the_middle_switches_off_in_order(lives: dict[signal.Signals | None, Seen]) -> None:
    """Ctrl-C: the heater is off at once, by the checker's own word, and nothing is left armed behind it."""
    seen = lives[signal.SIGINT]
    assert seen.probed.code == 130
    after = seen.states[seen.left :]
    off = next(state for state in after if state.target == 0)
    assert off.seconds - after[0].seconds < 3
    assert not any(state.halted for state in after) and not after[-1].heats
    assert any("M85 S0" in line for line in seen.heard)


@pytest.mark.parametrize("question", ["heater-ready", "homing-clear", "homing-well"])
def test_no_file_confirms_what_a_person_has_to(tmp_path: Path, question: str) -> None:
    """A yes in a file of answers is refused before the port is touched: nobody may stand at that printer."""
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({question: "yes"}))
    extra = question.partition("-")[0]
    master, slave = os.openpty()
    try:
        options = ("--kind", "printer-marlin", "--with", extra, "--answers", str(answers))
        probed = stem_check("probe", os.ttyname(slave), *options)
        assert probed.code == 3 and question in probed.err
        assert select.select([master], [], [], 0)[0] == []
    finally:
        os.close(slave)
        os.close(master)
