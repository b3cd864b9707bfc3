"""What a printer is asked: who it is, whether its sensors are plausible, whether it is at rest.

The first two answers decide whether the printer is idle; if it is warm, heating or printing, the check ends there.
"""

from collections.abc import Mapping
from dataclasses import replace

from device_agents.conversation import Conversation, Outcome, Pause, Send, SetBaud, failed, inconclusive, passed
from device_agents.errors import Scalar
from device_agents.kinds.base import CheckContext
from device_agents.kinds.judging import judge, outcome_of
from device_agents.kinds.printer_line import ANSWER_S, SETTLE_S, PrinterLine
from device_agents.protocols.marlin_answers import (
    Temperature,
    parse_endstops,
    parse_firmware,
    parse_position,
    parse_sd_status,
    parse_settings,
    parse_temperatures,
    settings_values,
)
from device_agents.protocols.marlin_commands import WAKE, Query
from device_agents.protocols.marlin_events import Answer
from firmware_checks.settings import compare_settings
from firmware_checks.verdicts import Observation, Verdict

SLUG = "printer-marlin"
BAUDS = (115200, 250000, 57600, 38400, 19200, 9600)
EARLY_S = 0.05
EARLY_ANSWER_S = 0.25
"""A printer that is awake answers within 40 ms."""
RESTS_S = 2.0
"""How long a printer that was reset by the opening of its port may take until it says `start`."""
FIRST_ANSWER_S = 5.0
"""At the usual speed; a printer with a slow start (a logo, a card) needs some seconds."""
OTHER_ANSWER_S = 1.3
BOOTLOADER_S = 6.0
"""The bootloader of an Arduino Mega that has heard a byte stays until it hears nothing for 5.0 s (measured; it is
MAX_TIME_COUNT of stk500boot.c), so whatever is said into it keeps the printer from beginning."""
LAST_ANSWER_S = 3.0
MOST_BEGINS = 2
"""So often may it say `start` before its first answer: opening the port resets some twice."""
LATE_S = 1.5
"""Where a question had to be asked twice, its first answer may still come."""

OPEN_THERMISTOR_C = -10.0
"""Marlin reads an open or shorted thermistor as about -15; no printer stands in such cold."""
SHORTED_C = 290.0
"""Above the highest that any of them may reach (Marlin's HEATER_0_MAXTEMP is 275)."""
WARM_C = 50.0
"""Warmer than any room: somebody has just printed, or does."""
STEADY_C = 5.0
"""As much may a sensor at rest change during the check."""

_KEPT = ("M92 ", "M203 ", "M301 ")


class PrinterReading:
    """The questions of one check."""

    def __init__(self, context: CheckContext, line: PrinterLine) -> None:
        self.context = context
        self.line = line
        self.facts: dict[str, str] = {}
        """What M115 said of the machine."""
        self.first: tuple[Temperature, ...] = ()
        self.asked_early = False
        """Whether a question of `_answers_at_once` may still be answered."""
        self.told_early: Answer | None = None
        """What M115 said where it was the first question."""

    def reach(self) -> Conversation[Outcome]:
        """Find the line's speed and get a first answer."""
        outcome = inconclusive("no-answer")
        is_usb = self.context.candidate.vid is not None  # its opening resets most printers; no pty's, no socket's does
        rests = {0: RESTS_S, len(BAUDS): BOOTLOADER_S if is_usb else 0.0}
        waits = {0: FIRST_ANSWER_S, len(BAUDS): LAST_ANSWER_S if is_usb else FIRST_ANSWER_S}
        for turn, baud in enumerate((*BAUDS, BAUDS[0])):  # once more at the usual one: some take ten seconds to begin
            if turn:
                if not (yield SetBaud(baud)).done:
                    break
                self.line.begin_anew()
                self.asked_early = False
            if not turn and not is_usb and (yield from self._answers_at_once()):
                return self._reached(None)
            yield from self.line.listen(rests.get(turn, 0.0))
            if self.line.link.mostly_noise:
                outcome = inconclusive("garbled")
                continue
            if not self.line.halted:
                yield Send(WAKE)
                yield from self.line.listen(SETTLE_S)
            outcome = yield from self._first_answer(waits.get(turn, OTHER_ANSWER_S))
            if outcome.verdict is Verdict.PASS:
                return self._reached(baud if is_usb or 0 < turn < len(BAUDS) else None)
            if outcome.verdict is Verdict.FAIL or self.line.echoes or self.line.hears_text():
                break
        return outcome

    def temperatures(self) -> Conversation[Outcome]:
        """Whether every sensor gives a temperature of this world, and nothing is being heated."""
        yield Pause(0.0)
        return judge_temperatures(self.first)

    def idle(self) -> Conversation[Outcome]:
        """Whether it prints from its card."""
        answer = yield from self.line.ask(Query.SD_STATUS)
        if isinstance(answer, Outcome):
            return answer
        status = parse_sd_status(answer.lines)
        if status is None:
            return _not_offered(answer)
        if status.printing:
            return inconclusive("printer-printing", position=status.position, size=status.size)
        return passed(printing=False)

    def identify(self) -> Conversation[Outcome]:
        """M115: firmware, machine, capabilities."""
        yield Pause(0.0)
        answer = self.told_early or (yield from self.line.ask(Query.FIRMWARE))
        if isinstance(answer, Outcome):
            return answer
        firmware = parse_firmware(answer.lines)
        if not firmware.name:
            return inconclusive("printer-nameless")
        self.facts = firmware.fields
        identity = self.context.identity
        identity["firmware"] = firmware.name
        for key in ("MACHINE_TYPE", "PROTOCOL_VERSION", "EXTRUDER_COUNT", "UUID", "SOURCE_CODE_URL"):
            if value := firmware.fields.get(key):
                identity[key.lower()] = value
        offered = sorted(name for name, has in firmware.capabilities.items() if has)
        return passed(capabilities=", ".join(offered), count=len(firmware.capabilities))

    def firmware(self) -> Conversation[Outcome]:
        """Its version against the baseline; what is not as it should be has to be said twice, because answers carry
        no checksum."""
        yield Pause(0.0)
        name = str(self.context.identity["firmware"])
        outcome = judge(self.context, Observation(SLUG, "printer", name))
        if outcome.verdict is Verdict.PASS:
            return outcome
        again = yield from self.line.ask(Query.FIRMWARE)
        if isinstance(again, Outcome):
            return again
        return outcome if parse_firmware(again.lines).name == name else inconclusive("answers-differ")

    def position(self) -> Conversation[Outcome]:
        """M114: where it believes that it stands."""
        answer = yield from self.line.ask(Query.POSITION)
        if isinstance(answer, Outcome):
            return answer
        axes = parse_position(" ".join((*answer.lines, answer.text)))
        if not axes:
            return _not_offered(answer)
        return passed(**{axis.lower(): value for axis, value in axes.items()})

    def endstops(self) -> Conversation[Outcome]:
        """M119: no axis can be at both of its ends."""
        answer = yield from self.line.ask(Query.ENDSTOPS)
        if isinstance(answer, Outcome):
            return answer
        switches = parse_endstops(answer.lines)
        if not switches:
            return _not_offered(answer)
        axis = contradicting_axis(switches)
        return failed("endstops-contradict", switches, axis=axis) if axis else passed(**switches)

    def print_time(self) -> Conversation[Outcome]:
        """M31: how long the last print took."""
        answer = yield from self.line.ask(Query.PRINT_TIME)
        if isinstance(answer, Outcome):
            return answer
        if answer.unknown or not answer.lines:
            return _not_offered(answer)
        return passed(said=answer.lines[-1])

    def settings(self) -> Conversation[Outcome]:
        """M503: its settings, against those of its model; all of them are kept in the evidence."""
        answer = yield from self.line.ask(Query.SETTINGS)
        if isinstance(answer, Outcome):
            return answer
        commands = parse_settings(answer.lines)
        if answer.unknown or not commands:
            return _not_offered(answer)
        values = settings_values(commands)
        finding = compare_settings(self.facts, values, self.context.catalogue.baseline(SLUG))
        measured: dict[str, Scalar] = {"count": len(commands), "resends": self.line.resends}
        for name in (name for name in values if name.startswith(_KEPT)):
            measured[name.replace(" ", "_")] = values[name]
        outcome = replace(outcome_of(finding), measured=measured)
        if outcome.verdict is Verdict.PASS:
            return outcome
        again = yield from self.line.ask(Query.SETTINGS)
        if isinstance(again, Outcome):
            return again
        return outcome if settings_values(parse_settings(again.lines)) == values else inconclusive("answers-differ")

    def steady(self) -> Conversation[Outcome]:
        """The temperatures once more: nothing has begun to heat, no sensor jumps."""
        answer = yield from self.line.ask(Query.TEMPERATURES)
        if isinstance(answer, Outcome):
            return answer
        after = parse_temperatures(answer.text or " ".join(answer.lines))
        outcome = judge_temperatures(after)
        if outcome.verdict is not Verdict.PASS:
            return outcome
        before = {sensor.sensor: sensor.actual for sensor in self.first}
        for sensor in after:
            if abs(sensor.actual - before.get(sensor.sensor, sensor.actual)) > STEADY_C:
                return inconclusive("temperature-jumps", outcome.measured, sensor=sensor.sensor)
        yield from self.line.listen(SETTLE_S)
        if self.line.halted:
            return self.line.halt()
        if self.line.strays:  # one `ok` too many, and every answer may belong to another question
            return inconclusive("answers-slip", outcome.measured, count=self.line.strays)
        return outcome

    def _reached(self, baud: int | None) -> Outcome:
        if baud is not None:
            self.context.identity["baud"] = baud
        return passed(sensors=len(self.first))

    def _answers_at_once(self) -> Conversation[bool]:
        """Whether it is awake at the usual speed: who it is and how warm, asked once. Only where the opening of the
        port resets nothing: a bootloader that heard it would stay (`BOOTLOADER_S`). Whatever else comes of it is waited
        for as if nothing had been asked."""
        yield from self.line.hear(0.0)
        if self.line.link.received:  # it speaks: so it may be beginning, and is listened to
            return False
        yield Send(WAKE)
        told = yield from self.line.ask(Query.FIRMWARE, EARLY_ANSWER_S)
        answer = (yield from self.line.ask(Query.TEMPERATURES, EARLY_ANSWER_S)) if isinstance(told, Answer) else told
        if not isinstance(answer, Answer):
            self.asked_early = not self.line.restarted
            return False
        self.first = parse_temperatures(answer.text or " ".join(answer.lines))
        yield from self.line.listen(EARLY_S)
        if not self.first or self.line.echoes or self.line.halted or self.line.link.unreadable:
            return False
        if isinstance(told, Answer) and parse_firmware(told.lines).name:
            self.told_early = told
        self.line.met = True
        return True

    def _first_answer(self, wait_s: float) -> Conversation[Outcome]:
        """Ask for the temperatures until they come: an `ok` alone may be the rest of somebody else's line."""
        begun = yield from self.line.hear(0.0)
        late, begins = (LATE_S if self.asked_early and not self.line.restarted else 0.0), 0
        self.asked_early = False
        while True:
            answer = yield from self.line.ask(Query.TEMPERATURES, min(ANSWER_S, wait_s))
            if isinstance(answer, Outcome) and answer.verdict is Verdict.FAIL:
                return answer
            if isinstance(answer, Outcome) and answer.reason == "printer-restarted" and begins < MOST_BEGINS:
                late = 0.0
                begins += 1  # it has only now begun: what was asked before is lost, and its time starts here
                yield from self.line.listen(SETTLE_S)
                begun = yield from self.line.hear(0.0)
                continue
            if isinstance(answer, Answer):
                self.first = parse_temperatures(answer.text or " ".join(answer.lines))
            if self.first:
                yield Pause(late)
                yield from self.line.listen(SETTLE_S)
                self.line.met = True
                if self.line.echoes:  # a line that gives back what is sent may give back an `ok` as well
                    return inconclusive("echo")
                return passed(sensors=len(self.first)) if not self.line.halted else self.line.halt()
            late = LATE_S
            if (yield from self.line.hear(0.0)) - begun >= wait_s or self.line.link.mostly_noise:
                return answer if isinstance(answer, Outcome) else inconclusive("no-temperatures")


def contradicting_axis(switches: Mapping[str, bool]) -> str:
    """The axis that would be at both of its ends at once; empty where there is none."""
    return next((axis for axis in "XYZ" if all(switches.get(f"{axis.lower()}_{end}") for end in ("min", "max"))), "")


def _not_offered(answer: Answer) -> Outcome:
    """The firmware answered, but not to this question: no fault of the printer."""
    return Outcome(Verdict.PASS, "not-offered", {"what": answer.query.value})


def judge_temperatures(sensors: tuple[Temperature, ...]) -> Outcome:
    """Whether they are of this world, and of a printer that is cold and heats nothing."""
    measured = {sensor.sensor: sensor.actual for sensor in sensors}
    if not sensors:
        return inconclusive("no-temperatures")
    for sensor in sensors:
        params: dict[str, Scalar] = {"sensor": sensor.sensor, "celsius": sensor.actual}
        if not OPEN_THERMISTOR_C < sensor.actual < SHORTED_C:
            return Outcome(Verdict.FAIL, "thermistor-fault", params, measured)
    for sensor in sensors:
        params = {"sensor": sensor.sensor, "celsius": sensor.target or sensor.actual}
        if sensor.target:
            return Outcome(Verdict.INCONCLUSIVE, "printer-heating", params, measured)
        if sensor.actual > WARM_C:
            return Outcome(Verdict.INCONCLUSIVE, "printer-warm", params, measured)
    return passed(**measured)
