"""What a printer is made to do, on a model of Marlin in a time of its own: only when asked and confirmed, within its
bounds, and it ends cold and still whatever happens."""

import dataclasses
import random
import re
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.kinds.printer_guard import GUARD_S
from device_agents.kinds.printer_heater import CEILING_C
from device_agents.kinds.printer_marlin import KIND
from device_agents.messages import LANGUAGES, has
from device_agents.report import Report
from device_agents.runner import run_check
from firmware_checks.verdicts import Verdict
from tests.device_agents.model_printer import ModelTransport
from tests.emulators.marlin_model import FAULTS, Marlin

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
FEEDS = ("commands", "moves", "moves-and-m85")
YES = {"homing-clear": "yes", "homing-well": "yes", "heater-ready": "yes"}
ALLOWED = re.compile(
    r"|M112|M104 S0|M140 S0|N\d+ (M105|M27|M115|M114|M119|M31|M503|G28|M140 S0|M85 S(0|5|40)|M104 S([0-4]?\d|50))\*\d+"
)


class Person:
    """At the table, with an answer for each question; may pull the emergency brake of the program instead."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def ask(self, question: Question) -> Answer | None:
        self.asked.append(question.key)
        return Answer(self.answers[question.key]) if question.key in self.answers else None


def marlin(fault: str = "", feeds: str = "moves-and-m85", boots_s: float = 0.4) -> Marlin:
    return Marlin(fault, feeds, 1.0, boots_s)


def check(
    transport: ModelTransport, *extras: str, answers: Mapping[str, str] = YES, person: Person | None = None
) -> Report:
    context = CheckContext(Candidate("model"), CheckOptions(extras=frozenset(extras)))
    report = run_check(KIND, context, transport, questioner=person or Person(answers))
    assert not transport.is_open
    assert transport.now() <= (KIND.deadline(context.options) or 0)
    for line in transport.marlin.heard:
        assert ALLOWED.fullmatch(line), f"{line!r} is not on the list"
    for step in report.steps:
        assert step.reason is None or step.reason.key != "local-protocol-error", step
        for language in LANGUAGES:
            assert step.reason is None or has(language, f"reason.{step.reason.key}"), step.reason
    return report


def reasons(report: Report) -> list[str]:
    return [step.reason.key for step in report.steps if step.reason and step.verdict is not PASS]


def said(transport: ModelTransport, code: str) -> list[str]:
    """The lines with this command that the printer heard."""
    return [line for line in transport.marlin.heard if re.search(rf"\b{code}\b", line)]


# --- consent


@pytest.mark.parametrize("extras", [(), ("homing",), ("heater",), ("homing", "heater")])
@pytest.mark.parametrize("answer", ["no", None])
def test_nothing_is_done_without_a_yes(extras: tuple[str, ...], answer: str | None) -> None:
    """Not asked for: no question, no order. Asked for and not confirmed: INCONCLUSIVE, and no order either."""
    person = Person({} if answer is None else dict.fromkeys(YES, answer))
    transport = ModelTransport(marlin())
    report = check(transport, *extras, person=person)
    assert not any(said(transport, code) for code in ("G28", "M104", "M140", "M85", "M112"))
    assert person.asked == ([] if not extras else ["homing-clear" if "homing" in extras else "heater-ready"])
    assert report.verdict is (PASS if not extras else INCONCLUSIVE)
    assert transport.hottest < 22


def test_all_confirmed_passes() -> None:
    """Homing and heating of a good printer: PASS, warmer by ten degrees, then off and cooling, nothing left armed."""
    transport = ModelTransport(marlin())
    report = check(transport, "homing", "heater")
    assert report.verdict is PASS, reasons(report)
    heater = next(step for step in report.steps if step.name == "heater")
    assert heater.measured["to_celsius"] - heater.measured["from_celsius"] >= 10  # type: ignore[operator]
    assert [answer.value for answer in report.evidence.answers] == ["yes"] * 3
    transport.pass_time(600)
    assert not transport.marlin.halted and not transport.marlin.heats and transport.marlin.nozzle.celsius < 22


@pytest.mark.parametrize("feeds", FEEDS)
@pytest.mark.parametrize("boots_s", [0.2, 6.0])
def test_every_way_of_counting_inactivity(feeds: str, boots_s: float) -> None:
    """What feeds the firmware's timer differs between versions: the test passes on each, and within its bounds."""
    transport = ModelTransport(marlin("", feeds, boots_s))
    assert check(transport, "heater").verdict is PASS
    assert transport.hottest < 50


# --- faults

CASES = {
    "m85-unknown": (INCONCLUSIVE, "guard-unknown"),
    "m85-dead": (INCONCLUSIVE, "guard-unproven"),
    "no-reset": (INCONCLUSIVE, "guard-no-restart"),
    "no-start": (INCONCLUSIVE, "guard-no-restart"),
    "renamed": (INCONCLUSIVE, "printer-differs"),
    "cold-heater": (FAIL, "heater-no-rise"),
    "cold-heater-protected": (FAIL, "printer-halted"),
    "stuck-on": (FAIL, "heater-too-hot"),
    "runaway": (PASS, ""),  # the test is over long before the target: never hot, and off when told
    "falls": (FAIL, "heater-wrong-direction"),
    "crossed": (FAIL, "heater-another-warms"),
    "loose-sensor": (FAIL, "thermistor-fault"),
    "jumps": (INCONCLUSIVE, "temperature-jumps"),
    "deaf-when-warm": (FAIL, "heater-not-off"),
    "ignores-off": (FAIL, "heater-not-off"),
    "own-target": (INCONCLUSIVE, "heater-target-differs"),
    "homing-fails": (FAIL, "homing-failed"),
    "homing-endless": (INCONCLUSIVE, "homing-too-long"),
    "homing-crossed": (FAIL, "endstops-contradict"),
    "card-starts": (INCONCLUSIVE, "printer-printing"),
    "prints-late": (INCONCLUSIVE, "printer-printing"),
}
NEVER_HEATED = ("m85-unknown", "m85-dead", "no-reset", "no-start", "renamed")


def test_every_fault_has_its_case() -> None:
    """No fault of the model is left out."""
    assert set(CASES) == set(FAULTS)


@pytest.mark.parametrize("feeds", FEEDS)
@pytest.mark.parametrize("fault", CASES)
def test_a_fault_ends_cold_and_still(fault: str, feeds: str) -> None:
    """Each fault has its verdict and reason; afterwards nothing heats (but for a melted switch) and nothing moves."""
    verdict, reason = CASES[fault]
    transport = ModelTransport(marlin(fault, feeds))
    homes = fault.startswith("homing") or fault == "prints-late"
    report = check(transport, "homing" if homes else "heater")
    assert report.verdict is verdict, reasons(report)
    assert not reason or reason in reasons(report)
    transport.pass_time(GUARD_S + 5)
    assert not transport.marlin.heats and not transport.marlin.moving
    if fault in NEVER_HEATED:
        assert transport.hottest < 22 and not said(transport, "M104")
    if fault == "stuck-on":
        assert said(transport, "M112"), "what does not obey is stopped"
    else:
        assert transport.hottest < CEILING_C
    if fault == "prints-late":
        assert not said(transport, "G28")
    if fault == "card-starts":
        assert not transport.marlin.halted and transport.marlin.resets == 1, "whoever prints goes on printing"


def test_without_a_line_to_reset_it_nothing_is_heated() -> None:
    """Where the halted printer cannot be brought back, that is said, with what to do."""
    transport = ModelTransport(marlin(), has_reset=False)
    report = check(transport, "heater")
    assert report.verdict is INCONCLUSIVE and "guard-no-reset" in reasons(report)
    assert transport.hottest < 22


@pytest.mark.parametrize("celsius", [0.0, 36.0, 48.0])
def test_a_nozzle_that_is_not_at_a_rooms_temperature_is_not_heated(celsius: float) -> None:
    """Neither in a cellar's frost, nor when it has just printed."""
    model = marlin()
    model.nozzle.celsius = model.nozzle.sensor = celsius

    class Steady(ModelTransport):
        def pass_time(self, seconds: float) -> None:
            super().pass_time(seconds)
            self.marlin.nozzle.celsius = self.marlin.nozzle.sensor = celsius

    transport = Steady(model)
    report = check(transport, "heater")
    assert report.verdict is INCONCLUSIVE and "heater-not-cold" in reasons(report)
    assert not [line for line in said(transport, "M104") if "S0" not in line]


def test_the_person_saw_that_homing_went_wrong() -> None:
    """Their word counts; not knowing is no PASS."""
    report = check(ModelTransport(marlin()), "homing", answers=YES | {"homing-well": "no"})
    assert report.verdict is FAIL and "homing-wrong" in reasons(report)
    report = check(ModelTransport(marlin()), "homing", answers=YES | {"homing-well": "unsure"})
    assert report.verdict is INCONCLUSIVE


# --- the cable, and the clock


@pytest.mark.parametrize("feeds", FEEDS)
@pytest.mark.parametrize("gone", ["M85 S5", "M85 S40", "M104 S4", "N7 M105", "M104 S0", "G28", "M85 S0"])
def test_a_cable_that_is_pulled_at_any_moment(gone: str, feeds: str) -> None:
    """Once the line is gone the firmware itself switches off: within the guard's time the heater is off, and it was
    never hot."""
    transport = ModelTransport(marlin("", feeds), gone=gone)
    report = check(transport, "homing" if gone == "G28" else "heater")
    assert report.verdict is INCONCLUSIVE and "port-vanished" in reasons(report)
    transport.pass_time(GUARD_S + 1)
    assert not transport.marlin.heats and transport.marlin.target == 0 and not transport.marlin.moving
    assert transport.hottest < 50


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    often=st.sampled_from([0.001, 0.01, 0.05]),
    feeds=st.sampled_from(FEEDS),
    extra=st.sampled_from(["heater", "homing"]),
)
def test_a_cable_that_spoils_what_it_carries(seed: int, often: float, feeds: str, extra: str) -> None:
    """Whatever bits are turned on their way there and back: never hot, cold and still in the end, and in time."""
    noise = random.Random(seed)

    def spoil(data: bytes) -> bytes:
        return bytes(byte ^ (1 << noise.randrange(7)) if noise.random() < often else byte for byte in data)

    class Bad(ModelTransport):
        def read(self, timeout_s: float) -> bytes:
            return spoil(super().read(timeout_s))

        def write(self, data: bytes) -> None:
            super().write(spoil(data))

    transport = Bad(marlin("", feeds))
    options = CheckOptions(extras=frozenset({extra}))
    report = run_check(KIND, CheckContext(Candidate("model"), options), transport, questioner=Person(YES))
    assert transport.now() <= (KIND.deadline(options) or 0) and not transport.is_open
    transport.pass_time(GUARD_S + 1)
    assert transport.hottest < CEILING_C
    assert not transport.marlin.heats and not transport.marlin.moving, reasons(report)


def test_the_heater_tests_deadline_ends_it_in_order() -> None:
    """A step that is cut by its time leaves the heater off."""
    steps = tuple(dataclasses.replace(step, timeout_s=3.0) if step.name == "heater" else step for step in KIND.steps)
    transport = ModelTransport(marlin())
    context = CheckContext(Candidate("model"), CheckOptions(extras=frozenset({"heater"})))
    report = run_check(dataclasses.replace(KIND, steps=steps), context, transport, questioner=Person(YES))
    assert "step-deadline" in reasons(report)
    transport.pass_time(0.1)
    assert not transport.marlin.heats and transport.marlin.target == 0
    transport.pass_time(120)
    assert not transport.marlin.halted, "and nothing was left armed"


def test_homings_deadline_stops_the_movement() -> None:
    """A step that is cut while the printer moves ends with an emergency stop."""
    steps = tuple(dataclasses.replace(step, timeout_s=2.0) if step.name == "homing" else step for step in KIND.steps)
    transport = ModelTransport(marlin("homing-endless"))
    context = CheckContext(Candidate("model"), CheckOptions(extras=frozenset({"homing"})))
    run_check(dataclasses.replace(KIND, steps=steps), context, transport, questioner=Person(YES))
    assert said(transport, "M112") and not transport.marlin.moving
