"""The heater test, on request only: whether the first nozzle's heater and sensor belong together and obey.

A person at the printer confirms first. The firmware's own shut-down is proven on this printer (`printer_guard`) and
set. Then the nozzle gets a target of at most 50 degrees and `TARGET_RISE_C` above the room, until it has become
`RISE_C` warmer, for at most `HEAT_S`; then it has to be off and cool down. The bed is never heated. Any doubt ends the
heating.

It ends cold whatever happens: in order (M104 S0, confirmed by the printer's own report), by Ctrl-C or a deadline (the
same, from `leave`), by an emergency stop where it does not obey, and by the firmware itself where this program or the
cable is gone.
"""

from device_agents.conversation import Ask, Conversation, Outcome, Pause, Question, Send, failed, inconclusive, passed
from device_agents.kinds.printer_guard import GUARD_S, Guard
from device_agents.kinds.printer_line import PrinterLine
from device_agents.kinds.printer_reading import OPEN_THERMISTOR_C, SHORTED_C, SLUG
from device_agents.protocols.marlin_answers import Temperature, parse_temperatures
from device_agents.protocols.marlin_commands import (
    BED_OFF,
    EMERGENCY_STOP,
    HEATERS_OFF,
    HOTTEST_C,
    Query,
    heat_nozzle,
)
from device_agents.protocols.marlin_events import Answer
from firmware_checks.verdicts import Verdict

EXTRA = "heater"
COLDEST_C, WARMEST_C = 5.0, 35.0
"""Of a nozzle that has stood in a room; outside of these nothing is heated."""
TARGET_RISE_C = 20
RISE_C = 10.0
"""Enough to be no noise; a heater of 30 to 50 W needs some ten seconds for it."""
HEAT_S = 20.0
MARGIN_S = 8.0
"""Kept back from the firmware's shut-down to switch off in order."""
NO_RISE_S = 15.0
LEAST_RISE_C = 2.0
"""Marlin's own protection asks for as much in 20 s (WATCH_TEMP_PERIOD, WATCH_TEMP_INCREASE)."""
CEILING_C = 60.0
"""Above it the nozzle no longer obeys its target: emergency stop."""
JUMP_C = 10.0
FALL_C = 3.0
OTHERS_C = 4.0
POLL_S = 1.0
COOL_S = 45.0
COOLED_C = 1.0
HEATER_STEP_S = HEAT_S + COOL_S + 20.0

READY = Question(SLUG, "heater-ready", "choice", ("yes", "no"), in_person=True)

Readings = dict[str, Temperature]


class HeaterTest:
    """See the module."""

    def __init__(self, line: PrinterLine, guard: Guard) -> None:
        self.line = line
        self.guard = guard
        self.on = False
        """Whether the heater may be on: from before it is ordered until its target is seen to be zero."""
        self.peak = 0.0

    def consent(self) -> Conversation[Outcome]:
        """Whether the person says that the printer is on, free, and stays by it."""
        reply = yield Ask(READY)
        if reply.answer is None or reply.answer.value != "yes":
            return inconclusive("not-confirmed")
        return passed()

    def heat(self) -> Conversation[Outcome]:
        """Heat a little, switch off, see it cool."""
        forbidden = yield from self.guard.arm()
        if forbidden is not None:
            return forbidden
        before = yield from self._readings()
        outcome = before if isinstance(before, Outcome) else _not_to_be_heated(before)
        if outcome is None and isinstance(before, dict):
            outcome = yield from self._warm(before)
        assert outcome is not None
        prints = self.line.at_work is not None
        switched_off = yield from self._switch_off()
        if switched_off is not None:
            return switched_off
        yield from self.guard.disarm()
        if outcome.verdict is Verdict.PASS:
            cooled = yield from self._cool()
            outcome = cooled if cooled is not None else outcome
        if not self.line.halted and not prints:
            yield from self.guard.restart()
        return outcome

    def leave(self) -> Conversation[None]:
        """Of a test that was ended on its way: off, and the shut-down is taken back only once that is certain."""
        if not self.on:
            yield from self.guard.leave()
            return
        yield Send(HEATERS_OFF)
        yield from self.line.hear(0.1)
        self.line.free()
        readings = yield from self._readings(0.4)
        if isinstance(readings, dict) and not any(sensor.target for sensor in readings.values()):
            self.on = False
            yield from self.guard.leave()

    def _warm(self, before: Readings) -> Conversation[Outcome]:
        start = before["T"].actual
        target = min(HOTTEST_C, round(start) + TARGET_RISE_C)
        self.line.expects_heat = self.on = True
        answer = yield from self.line.ask(heat_nozzle(target))
        if isinstance(answer, Outcome):
            return answer
        begun = yield from self.line.hear(0.0)
        assert self.guard.started_at is not None
        end = min(begun + HEAT_S, self.guard.started_at + GUARD_S - MARGIN_S)
        last = before
        while True:
            yield Pause(POLL_S)
            readings = yield from self._readings()
            if isinstance(readings, Outcome):
                return readings
            doubt = _doubt(before, last, readings, target)
            if doubt is not None:
                return doubt if doubt.verdict is not Verdict.FAIL else (yield from self._sure(before))
            last = readings
            at = yield from self.line.hear(0.0)
            rise = readings["T"].actual - start
            self.peak = max(self.peak, readings["T"].actual)
            measured = {"from_celsius": start, "to_celsius": self.peak, "seconds": round(at - begun, 1)}
            if rise >= RISE_C:
                return passed(**measured)
            if at >= end:
                if rise < LEAST_RISE_C and at - begun >= NO_RISE_S:
                    return failed("heater-no-rise", measured, seconds=round(at - begun))
                return inconclusive("heater-slow", measured, rise=round(rise, 1), seconds=round(at - begun))

    def _sure(self, before: Readings) -> Conversation[Outcome]:
        """Off at once; but a fault is only said of a printer that shows it twice, because answers carry no checksum."""
        yield from self.line.ask(heat_nozzle(0))
        readings = yield from self._readings()
        if isinstance(readings, Outcome):
            return readings
        again = _doubt(before, readings, readings, 0)
        if again is not None and again.verdict is Verdict.FAIL:
            return again
        return inconclusive("temperature-jumps", sensor="T")

    def _switch_off(self) -> Conversation[Outcome | None]:
        """Target zero, and the printer says so; None once that is certain, else what became of it."""
        if self.line.halted:
            return (yield from self._halted())
        for _ in range(3):
            self.line.free()
            yield from self.line.ask(heat_nozzle(0))
            yield from self.line.ask(BED_OFF)
            readings = yield from self._readings()
            if self.line.halted:
                return (yield from self._halted())
            if isinstance(readings, dict) and not any(sensor.target for sensor in readings.values()):
                self.on = False
                return (yield from self._too_hot(readings))
        return (yield from self._emergency("heater-not-off", self.peak))

    def _cool(self) -> Conversation[Outcome | None]:
        """Whether it cools now that it is off; None where it does."""
        at = yield from self.line.hear(0.0)
        end = at + COOL_S
        while at < end:
            yield Pause(POLL_S)
            readings = yield from self._readings()
            if isinstance(readings, Outcome):
                return readings
            warmth = readings["T"].actual
            self.peak = max(self.peak, warmth)
            hot = yield from self._too_hot(readings)
            if hot is not None:
                return hot
            if warmth <= self.peak - COOLED_C:
                return None
            at = yield from self.line.hear(0.0)
        return inconclusive("heater-stays-warm", celsius=self.peak, seconds=int(COOL_S))

    def _halted(self) -> Conversation[Outcome]:
        """The firmware switches everything off before it halts: by its own shut-down, or because of a fault."""
        self.on = False
        if not self.guard.has_acted:
            return self.line.halt()
        yield from self.guard.leave()
        return inconclusive("guard-lapsed", seconds=GUARD_S)

    def _too_hot(self, readings: Readings) -> Conversation[Outcome | None]:
        """An emergency stop for a nozzle beyond the ceiling though it is off, read twice; None where it is not."""
        for _ in range(2):
            if readings["T"].actual <= CEILING_C:
                return None
            again = yield from self._readings()
            if isinstance(again, Outcome):
                break
            readings = again
        return (yield from self._emergency("heater-too-hot", readings["T"].actual))

    def _emergency(self, reason: str, celsius: float) -> Conversation[Outcome]:
        yield Send(EMERGENCY_STOP)
        yield from self.line.listen(1.0)
        return failed(reason, celsius=celsius)

    def _readings(self, wait_s: float = 3.0) -> Conversation[Readings | Outcome]:
        answer = yield from self.line.ask(Query.TEMPERATURES, wait_s)
        return _by_sensor(answer) if isinstance(answer, Answer) else answer


def _by_sensor(answer: Answer) -> Readings | Outcome:
    """The sensors by name; the first nozzle's is `T`, also where the firmware numbers them."""
    readings = {sensor.sensor: sensor for sensor in parse_temperatures(answer.text or " ".join(answer.lines))}
    if "T" not in readings and "T0" in readings:
        readings["T"] = readings.pop("T0")
    return readings if "T" in readings else inconclusive("heater-sensor-lost")


def _not_to_be_heated(before: Readings) -> Outcome | None:
    """Why nothing may be heated, or None."""
    for sensor in before.values():
        if sensor.target:
            return inconclusive("printer-heating", sensor=sensor.sensor, celsius=sensor.target)
    if before["T"].target is None:
        return inconclusive("heater-target-hidden")
    if not COLDEST_C <= before["T"].actual <= WARMEST_C:
        return inconclusive("heater-not-cold", celsius=before["T"].actual)
    return None


def _doubt(before: Readings, last: Readings, now: Readings, target: int) -> Outcome | None:
    """Why the heating has to end, or None."""
    nozzle = now["T"]
    if set(now) != set(before):
        return inconclusive("heater-sensor-lost")
    for sensor in now.values():
        if not OPEN_THERMISTOR_C < sensor.actual < SHORTED_C:
            return failed("thermistor-fault", sensor=sensor.sensor, celsius=sensor.actual)
    if nozzle.actual > CEILING_C:
        return failed("heater-too-hot", celsius=nozzle.actual)
    if nozzle.target is None or round(nozzle.target) != target:
        return inconclusive("heater-target-differs", celsius=nozzle.target, wanted=target)
    for name, sensor in now.items():
        if name in last and abs(sensor.actual - last[name].actual) > JUMP_C:
            return inconclusive("temperature-jumps", sensor=name)
        if name not in ("T", "T0") and (sensor.target or sensor.actual - before[name].actual > OTHERS_C):
            return failed("heater-another-warms", sensor=name, celsius=sensor.actual)
    if nozzle.actual < before["T"].actual - FALL_C:
        return failed("heater-wrong-direction", celsius=nozzle.actual)
    return None
