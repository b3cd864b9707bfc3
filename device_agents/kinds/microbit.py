"""BBC micro:bit: who it is by USB and by its drive, then MicroPython's raw REPL for its version and a self-test.

Most boards in a box carry a factory or MakeCode program and have no REPL. Where such a board is silent, its drive was
read and its interface firmware judged, the verdict rests on those; the report then says that no part was tested. A
silent board of which nothing else was read is INCONCLUSIVE. A MicroPython program is stopped and started again (a
soft reset at the end); no file is written.
"""

from collections.abc import Callable, Iterator
from typing import Any

from device_agents.conversation import (
    Ask,
    Conversation,
    Outcome,
    Pause,
    Receive,
    Reply,
    Send,
    failed,
    inconclusive,
    noted,
    passed,
)
from device_agents.kinds.base import CheckContext, DeviceKind, Extra, Opening, Step, UsbRule, always, asked_for
from device_agents.kinds.judging import judge
from device_agents.kinds.microbit_drive import (
    BOARDS,
    UPDATER_ID,
    board_number,
    has_drive,
    judge_drive,
    judge_failure,
    judge_interface,
    tells_failure,
    tells_interface,
)
from device_agents.kinds.microbit_parts import REPORTER, UNAME, Part, guarded, parts, read_report, read_uname
from device_agents.kinds.microbit_person import ASK, NO, PERSON_TESTS, PROGRAM, QUESTIONS, YES, PersonTest
from device_agents.protocols import raw_repl
from device_agents.protocols.raw_repl import Finished, FriendlyPrompt, Garbled, RawRepl, Ready, Restarted, State
from firmware_checks.verdicts import Observation, Verdict

SLUG = "microbit"
ENTER_S = 2.0
ENTER_TRIES = 3
LEAVE_S = 1.2
SLOW_GAP_S = 0.03
"""Between pieces that are sent a second time: the board, or the machine that emulates it, was too slow."""
_SETTLE_S = 0.06
_KEY_GAP_S = 0.01
_PROCESSORS = {"nRF51822": "V1", "nRF52833": "V2"}
# Raised by a script: the part behind it is broken. Other exceptions mean that this MicroPython does not offer
# it.
_BROKEN = ("OSError", "MemoryError", "RuntimeError")
IDENTITY = """\
import os,machine
u=os.uname()
R('identity',u[0],u[2],u[3],u[4],machine.unique_id())
"""


class MicrobitCheck:
    """The state of one check."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.repl = RawRepl()
        self.nrf51 = True
        self.reported = False
        """Whether the board knows how to report with a checksum."""
        self.restarted = False
        self.drive_read = False
        self.identified = False
        """Who it is and what firmware its interface has was read and judged, so that a verdict can rest on it."""
        self.board_id = board_number(context)[:4]
        if (context.candidate.vid is not None or has_drive(context)) and self.board_id not in ("", UPDATER_ID):
            context.identity["board_id"] = self.board_id
            context.identity["board"] = BOARDS.get(self.board_id)
        if interface := context.candidate.properties.get("details.interface_version"):
            context.identity["daplink"] = interface

    def usb(self) -> Conversation[Outcome]:
        """What the interface chip says of the board."""
        yield Pause(0.0)
        if not self.board_id:
            return inconclusive("board-untold")
        if self.board_id == UPDATER_ID:
            return inconclusive("board-in-maintenance")
        if self.board_id not in BOARDS:
            return Outcome(Verdict.MISMATCH, "not-a-microbit", {"board_id": self.board_id})
        return passed(board_id=self.board_id)

    def drive(self) -> Conversation[Outcome]:
        """Whether the board's drive was read."""
        yield Pause(0.0)
        outcome = judge_drive(self.context)
        self.drive_read = outcome.verdict is Verdict.PASS
        return outcome

    def interface(self) -> Conversation[Outcome]:
        """Whether the interface firmware is recent enough."""
        yield Pause(0.0)
        outcome = judge_interface(self.context, self.board_id)
        self.identified = self.drive_read and outcome.verdict in (Verdict.PASS, Verdict.OUTDATED)
        return outcome

    def last_copy(self) -> Conversation[Outcome]:
        """Why the last program could not be copied to the board."""
        yield Pause(0.0)
        return judge_failure(self.context)

    def enter(self) -> Conversation[Outcome]:
        """Stop what runs and open the raw REPL."""
        if not self.context.candidate.port:
            yield Pause(0.0)
            return noted("self-test-no-port") if self.identified else inconclusive("self-test-no-port")
        for attempt in range(ENTER_TRIES):
            if not (yield from self._enter(ENTER_S, first=attempt == 0)):
                continue
            event = yield from self._execute(UNAME, 2.0)
            if not isinstance(event, Finished):
                continue
            named = read_uname(event.output)
            if named is not None:
                # Without a checksum yet: `identify` asks again, and that answer is the one judged.
                self.context.identity.update(zip(("micropython", "build", "machine"), named[2:], strict=True))
            if named is not None or event.error:
                return passed(attempts=attempt + 1)
        if not self.repl.seen:
            if not self.identified:
                return inconclusive("microbit-silent")
            return (yield from self._ask_for_program())
        return inconclusive("no-micropython" if not self.repl.met else "garbled", received=self.repl.seen)

    def _ask_for_program(self) -> Conversation[Outcome]:
        """Of a silent board a person can see whether its program runs."""
        if ASK not in self.context.options.extras:
            return noted("self-test-not-run")
        reply = yield Ask(PROGRAM)
        said = reply.answer.value if reply.answer is not None else ""
        if said == NO:
            return inconclusive("program-not-seen")
        return noted("self-test-program-seen" if said == YES else "self-test-not-run")

    def identify(self) -> Conversation[Outcome]:
        """Which board, which MicroPython, which number."""
        values = yield from self._report("identity", IDENTITY, 2.0)
        if isinstance(values, Outcome):
            return values
        if [type(value) for value in values] != [str, str, str, str, bytes]:
            return inconclusive("garbled")
        system, release, version, machine, unique = values
        identity = self.context.identity
        processor = machine.rpartition(" ")[2]
        by_processor = _PROCESSORS.get(processor)
        identity.update(micropython=release, build=version, machine=machine, unique_id=unique.hex())
        self.nrf51 = by_processor == "V1"
        if system != "microbit" or by_processor is None:
            return Outcome(Verdict.MISMATCH, "not-a-microbit", {"board_id": f"{system}, {machine}"})
        by_usb = identity.get("board")
        identity["board"] = by_processor
        if by_usb is not None and by_usb != by_processor:
            return Outcome(Verdict.MISMATCH, "board-differs", {"usb": by_usb, "processor": processor})
        return passed(machine=machine, unique_id=unique.hex())

    def firmware(self) -> Conversation[Outcome]:
        """MicroPython's version against the baseline."""
        yield Pause(0.0)
        identity = self.context.identity
        board = f"microbit-{str(identity['board']).lower()}"
        return judge(self.context, Observation(SLUG, board, f"MicroPython {identity['micropython']}"))

    def test(self, name: str) -> Conversation[Outcome]:
        """The self-test of one part."""
        part: Part = parts(nrf51=self.nrf51)[name]
        values = yield from self._report(name, part.script, part.wait_s)
        if isinstance(values, Outcome):
            return values
        return part.read(values)

    def by_person(self, test: PersonTest) -> Conversation[Outcome]:
        """A test that needs eyes, ears or a finger."""
        before = yield from self._report(f"{test.name}_on", test.before, 2.0)
        if isinstance(before, Outcome):
            return before
        reply = yield Ask(test.question)
        after = yield from self._report(f"{test.name}_off", test.after, 2.0)
        if isinstance(after, Outcome):
            return after
        return test.read(reply.answer, before, after)

    def restart(self) -> Conversation[Outcome]:
        """Soft reset, so that the user's program runs again; a board that a part has hung up does not."""
        yield from self.leave()
        return passed() if self.restarted else inconclusive("not-restarted")

    def leave(self) -> Conversation[None]:
        """The way out; nothing is sent to a device that never showed a REPL."""
        if self.restarted or not self.repl.met:
            return
        yield from self._keys(self.repl.leave())
        if not (yield from self._until(FriendlyPrompt, LEAVE_S)):
            return
        yield from self._keys(self.repl.restart())
        self.restarted = (yield from self._until(Restarted, LEAVE_S)) is not None

    def _keys(self, data: bytes) -> Conversation[None]:
        yield Send(data, chunk=1, gap_s=_KEY_GAP_S)

    def _enter(self, wait_s: float, *, first: bool = False) -> Conversation[bool]:
        """`first`: nobody asked on this line before, so the first greeting is the only one, and the last of what the
        keys bring about. What may come all the same spoils the next answer, and that is asked again. The four keys go
        at once then, far below what a board's buffer takes; a board that missed one gets them one by one."""
        keys = self.repl.enter()
        if first:
            yield Send(keys)
        else:
            yield from self._keys(keys)
        if not (yield from self._until(Ready, wait_s)):
            return False
        while not first and (yield Receive(_SETTLE_S)).data:  # a greeting of an earlier attempt may still be on its way
            pass
        return True

    def _until(self, wanted: type, wait_s: float) -> Conversation[object | None]:
        """The first event of that type (or a `Garbled`) within the time, or None."""
        reply: Reply = yield Receive(0.0)
        end = reply.at + wait_s
        while True:
            for event in self.repl.receive_data(reply.data):
                if isinstance(event, wanted | Garbled):
                    return event
            if reply.at >= end:
                return None
            reply = yield Receive(min(0.25, end - reply.at))

    def _execute(self, source: str, wait_s: float, gap_s: float = raw_repl.PACE_GAP_S) -> Conversation[object | None]:
        yield Send(self.repl.execute(source), chunk=raw_repl.PACE_CHUNK, gap_s=gap_s)
        return (yield from self._until(Finished, wait_s))

    def _report(self, tag: str, script: str, wait_s: float) -> Conversation[tuple[Any, ...] | Outcome]:
        """The values that a script reports; else an outcome. What was lost is sent once more."""
        outcome = inconclusive("repl-lost")
        for gap_s in (raw_repl.PACE_GAP_S, SLOW_GAP_S):
            if self.repl.state is not State.READY and not (yield from self._enter(ENTER_S)):
                return outcome
            if not self.reported:
                event = yield from self._execute(REPORTER, 2.0, gap_s)
                self.reported = isinstance(event, Finished) and read_report(event.output, "ready") == ()
                if not self.reported:
                    outcome = (
                        _raised(event.error) if isinstance(event, Finished) and event.error else inconclusive("garbled")
                    )
                    continue
            event = yield from self._execute(guarded(script), wait_s, gap_s)
            if not isinstance(event, Finished):
                outcome = inconclusive("part-hangs" if event is None else "garbled")
                continue
            if event.error:
                return _raised(event.error)
            values = read_report(event.output, tag)
            if values is not None:
                return values
            outcome = inconclusive("garbled")
        return outcome


def _raised(traceback: bytes) -> Outcome:
    line = traceback.decode("ascii", "replace").strip().rpartition("\n")[2].strip()
    if line.partition(":")[0] in _BROKEN:
        return failed("part-broken", error=line)
    return inconclusive("not-offered", what=line)


def _is_v2(context: CheckContext) -> bool:
    return context.identity.get("board") == "V2"


def _part_step(part: Part, when: Callable[[CheckContext], bool]) -> Step[MicrobitCheck]:
    def run(check: MicrobitCheck) -> Conversation[Outcome]:
        return check.test(part.name)

    timeout_s = 2 * part.wait_s + ENTER_S + 2.0
    return Step(part.name, run, timeout_s, essential=False, counts=part.counts, when=when)


def _part_steps() -> Iterator[Step[MicrobitCheck]]:
    everywhere = parts(nrf51=True)
    for part in parts(nrf51=False).values():
        yield _part_step(part, always if part.name in everywhere else _is_v2)


def _person_step(test: PersonTest) -> Step[MicrobitCheck]:
    def run(check: MicrobitCheck) -> Conversation[Outcome]:
        return check.by_person(test)

    def when(context: CheckContext) -> bool:
        return asked_for(ASK)(context) and (not test.v2 or _is_v2(context))

    return Step(test.name, run, timeout_s=8.0, essential=False, when=when)


KIND = DeviceKind(
    slug=SLUG,
    usb=(UsbRule(0x0D28, 0x0204, label="BBC micro:bit"),),
    bauds=(115200,),
    opening=Opening.FREELY,
    identified_by="repl",
    begin=MicrobitCheck,
    steps=(
        Step("usb", MicrobitCheck.usb, 1.0, essential=False, when=lambda context: context.candidate.vid is not None),
        Step("drive", MicrobitCheck.drive, 1.0, essential=False, when=has_drive),
        Step("interface", MicrobitCheck.interface, 1.0, essential=False, when=tells_interface),
        Step("last-copy", MicrobitCheck.last_copy, 1.0, essential=False, when=tells_failure),
        Step("repl", MicrobitCheck.enter, timeout_s=12.0),
        Step("identity", MicrobitCheck.identify, timeout_s=10.0),
        Step("firmware", MicrobitCheck.firmware, timeout_s=1.0, essential=False),
        *_part_steps(),
        *map(_person_step, PERSON_TESTS),
        Step("restart", MicrobitCheck.restart, timeout_s=3.0, essential=False),
    ),
    questions=QUESTIONS,
    extras=(Extra(ASK, seconds=20.0),),
    leave=MicrobitCheck.leave,
    by_drive=True,
)
