"""Faults of the line between the checker and a device, made from recordings of what real firmware said."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.errors import PortVanished
from device_agents.kinds import AnyKind, all_kinds, kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.recordings import Recorded
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.base import Transport
from device_agents.transports.replay import ReplayTransport
from firmware_checks.catalogue import load
from firmware_checks.verdicts import Verdict
from tests.contracts.transcripts import Transcript, all_transcripts, while_deciding
from tests.device_agents.scripted import Answers, ScriptedTransport
from tests.faults.cell import (
    Cell,
    has_port,
    judge,
    not_of_this_kind,
    proves_nothing,
    read_options,
    same_or_nothing,
)

CATALOGUE = load()
STRANGER = Candidate("line")
_MUTE = "nothing is said on its line"
Shape = Callable[[Answers], Answers]


def passes(kind: AnyKind) -> list[Transcript]:
    """The recordings of this kind that pass, the shortest first."""
    found = [each for each in all_transcripts() if each.kind == kind.slug and each.verdict is Verdict.PASS]
    return sorted(found, key=lambda each: sum(len(entry.data) for entry in each.entries))


class RecordedDevice:
    """Answers what it is sent as the recorded device did, in order, whatever it is sent: after each bytes that were
    sent in the recording, what came then. `shape` is the fault: what becomes of each answer."""

    def __init__(self, entries: Sequence[Recorded], shape: Shape) -> None:
        self._shape = shape
        self._heard = 0
        self._groups: list[tuple[int, list[tuple[float, bytes]]]] = []
        self.greeting: list[tuple[float, bytes]] = []
        since = 0.0
        for entry in entries:
            if entry.sent:
                self._groups.append((len(entry.data), []))
                since = entry.at
            else:
                answers = self._groups[-1][1] if self._groups else self.greeting
                answers.append((max(0.0, entry.at - since), entry.data))

    def hear(self, data: bytes) -> Answers:
        """What comes after these bytes."""
        self._heard += len(data)
        while self._groups and self._heard >= self._groups[0][0]:
            length, answers = self._groups.pop(0)
            self._heard -= length
            yield from self._shape(answers)

    def transport(self, vanishes: bool = False) -> ScriptedTransport:
        """The device on a line; one that vanishes is gone when it has said everything."""
        line = _Leaving(self) if vanishes else ScriptedTransport(lambda data: list(self.hear(data)))
        line.greet(self._shape(self.greeting))
        return line

    @property
    def spent(self) -> bool:
        """Whether it has said everything."""
        return not self._groups


class _Leaving(ScriptedTransport):
    """A line whose device is unplugged when it has said everything."""

    def __init__(self, device: RecordedDevice) -> None:
        super().__init__(lambda data: list(device.hear(data)))
        self._leaver = device

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if not data and self._leaver.spent:
            raise PortVanished(self.port, "unplugged")
        return data


@dataclass(frozen=True)
class Checked:
    """A check that was run: what it says, how long it took on its own clock."""

    report: Report
    seconds: float


def check(cell: Cell, kind: AnyKind, transport: Transport, asked: CheckOptions | Transcript, case: str) -> Checked:
    """Run a check over a line with a clock of its own, asked for so, or as it was for a recording; the port has to be
    given back."""
    begun = transport.now()
    context = context_of(asked) if isinstance(asked, Transcript) else CheckContext(STRANGER, asked, CATALOGUE)
    options = context.options
    person = asked if isinstance(asked, Transcript) else None
    report = run_check(kind, context, transport, questioner=person)
    seconds = transport.now() - begun
    judge(cell, kind, options, report, seconds, case)
    closed = transport.closed if isinstance(transport, ReplayTransport) else not getattr(transport, "is_open", False)
    cell.expect(closed, f"{case}: the port was not closed")
    return Checked(report, seconds)


def strangers(kind: AnyKind, cases: Iterator[tuple[str, Callable[[], Transport]]]) -> Cell:
    """Whatever is no device of this kind: nothing may be proven."""
    cell = Cell()
    for case, transport in cases:
        for options in read_options(kind):
            proves_nothing(cell, check(cell, kind, transport(), options, case).report, case)
    return cell


def context_of(transcript: Transcript) -> CheckContext:
    """What the check of a recording was asked for, and what was known of the device before."""
    return CheckContext(transcript.candidate, CheckOptions(read_flash=transcript.read_flash), CATALOGUE)


def talks(kind: AnyKind) -> bool:
    """Whether anything is said on its line; one that is known by its USB identity alone is only listened to."""
    return any(entry.data for transcript in passes(kind) for entry in transcript.entries)


def silence(kind: AnyKind, much: int) -> Cell:
    """Nothing comes."""
    if not has_port(kind):
        return asked(kind, lambda number, question: None)
    return strangers(kind, iter([("silence", lambda: ScriptedTransport(lambda data: []))]))


def garbage(kind: AnyKind, much: int) -> Cell:
    """Any bytes for an answer, and a device that never stops."""
    if not has_port(kind):
        return asked(kind, lambda number, question: Answer("\x00\ufffd perhaps"))

    def cases() -> Iterator[tuple[str, Callable[[], Transport]]]:
        for seed in range(4 * much):
            yield f"noise {seed}", partial(ScriptedTransport, Noise(seed))
        yield "babble", lambda: ScriptedTransport(lambda data: [(0.01 * n, b"blah blah\r\n") for n in range(4000)])

    return strangers(kind, cases())


class Noise:
    """Any bytes, in any number of pieces, for whatever is sent."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def __call__(self, data: bytes) -> Answers:
        chance = self._chance
        return [(0.002 * n, chance.randbytes(chance.randint(1, 40))) for n in range(chance.randint(0, 4))]


def at_another_speed(data: bytes, ratio: float) -> bytes:
    """What a UART reads of bytes that are sent at `ratio` times its own speed: start, eight bits, stop, resampled."""
    bits = [bit for byte in data for bit in (0, *((byte >> n) & 1 for n in range(8)), 1)] + [1] * 20
    line = [bits[min(len(bits) - 1, int((n + 0.5) * ratio))] for n in range(int(len(bits) / ratio))]
    read, at = bytearray(), 0
    while at + 10 <= len(line):
        if line[at]:  # idle
            at += 1
            continue
        read.append(sum(bit << n for n, bit in enumerate(line[at + 1 : at + 9])))
        at += 10
    return bytes(read)


def another_speed(answers: Answers, ratio: float) -> Answers:
    """Answers as they are read at another speed."""
    return [(delay, read) for delay, data in answers if (read := at_another_speed(data, ratio))]


def wrong_baud(kind: AnyKind, much: int) -> Cell:
    """The device speaks at a speed that the check never finds."""
    if not has_port(kind):
        return Cell(absent="no port")
    if kind.link != "serial":
        return Cell(absent="no speed")
    if not talks(kind):
        return Cell(absent=_MUTE)

    def cases() -> Iterator[tuple[str, Callable[[], Transport]]]:
        for ratio in (0.5, 2.0, 250000 / 115200, 115200 / 250000, 9600 / 115200, 12.0)[: 1 + 5 * (much > 1)]:
            for transcript in passes(kind):
                device = RecordedDevice(transcript.entries, partial(another_speed, ratio=ratio))
                yield f"{transcript} at {ratio:.2f}", device.transport

    # RecordedDevice is used up by a check: one for each way of asking
    cell = Cell()
    for options in read_options(kind):
        for case, transport in cases():
            proves_nothing(cell, check(cell, kind, transport(), options, case).report, case)
    return cell


def every(total: int, most: int) -> range:
    """0 to total - 1, or as many of them as `most` allows."""
    return range(0, total, max(1, -(-total // most)))


def said(transcript: Transcript, kind: AnyKind) -> int:
    """How many bytes the device had said when the check was decided: what comes later decides nothing."""
    context = context_of(transcript)
    line = ReplayTransport(transcript.entries)
    return run_check(while_deciding(kind, context), context, line, questioner=transcript).evidence.received.length


def cut(kind: AnyKind, much: int, *, vanish: bool) -> Cell:
    """The device's answers end, or it is unplugged, after each of its bytes."""
    if not has_port(kind):
        number_of = len(kind.questions)
        cell = Cell()
        for count in range(number_of):
            asked(kind, partial(_until, dict(good_answers(kind.slug)), count), cell)
        return cell
    cell = Cell()
    if not vanish and not talks(kind):
        return Cell(absent=_MUTE)
    for transcript in passes(kind):
        for count in every(max(1, said(transcript, kind)), 30 if much == 1 else 4000):
            limit = {"vanish_after" if vanish else "silent_after": count}
            transport = ReplayTransport(transcript.entries, **limit)
            case = f"{transcript} after {count} bytes"
            report = check(cell, kind, transport, transcript, case).report
            proves_nothing(cell, report, case)
            keys = [step.reason.key for step in report.steps if step.reason]
            cell.expect(not vanish or "port-vanished" in keys, f"{case}: not said that the port vanished")
    return cell


def truncation(kind: AnyKind, much: int) -> Cell:
    """Silence after each byte."""
    return cut(kind, much, vanish=False)


def disconnect(kind: AnyKind, much: int) -> Cell:
    """Unplugged after each byte, and so in each step."""
    return cut(kind, much, vanish=True)


def split(kind: AnyKind, much: int) -> Cell:
    """However the line cuts the answers, the check says the same."""
    if not has_port(kind):
        return Cell(absent="no port")
    if not talks(kind):
        return Cell(absent=_MUTE)
    cell = Cell()
    for transcript in passes(kind):
        whole = check(Cell(), kind, ReplayTransport(transcript.entries), transcript, "whole").report
        for piece in range(1, 3 if much == 1 else 65):
            case = f"{transcript} in pieces of {piece}"
            transport = ReplayTransport(transcript.entries, piece=piece)
            report = check(cell, kind, transport, transcript, case).report
            same = (report.verdict, report.identity) == (whole.verdict, whole.identity)
            cell.expect(same and report.verdict is Verdict.PASS, f"{case}: {report.verdict.value}")
    return cell


def echo(kind: AnyKind, much: int) -> Cell:
    """What is sent comes back: alone, and before each true answer."""
    if not has_port(kind):
        return Cell(absent="no port")
    cell = strangers(kind, iter([("echo", lambda: ScriptedTransport(lambda data: [(0.001, data)]))]))
    for transcript in passes(kind) if talks(kind) else ():
        good_report = check(Cell(), kind, ReplayTransport(transcript.entries), transcript, "whole").report
        device = RecordedDevice(transcript.entries, lambda answers: answers)
        line = ScriptedTransport(partial(_echoed, device), greeting=device.greeting)
        case = f"{transcript} with an echo"
        same_or_nothing(cell, check(cell, kind, line, transcript, case).report, good_report, case)
    return cell


def _echoed(device: RecordedDevice, data: bytes) -> Answers:
    return [(0.0, data), *device.hear(data)]


def later(answers: Answers) -> Answers:
    """Each answer twelve seconds late."""
    return [(delay + 12.0, data) for delay, data in answers]


def twice(answers: Answers) -> Answers:
    """Each answer, and once more."""
    return [each for each in answers for _ in range(2)]


def late(kind: AnyKind, much: int) -> Cell:
    """Each answer comes twelve seconds late, or only with the answer to the next question."""
    if not has_port(kind):
        return Cell(absent="a person has time")
    if not talks(kind):
        return Cell(absent=_MUTE)
    cell = Cell()
    for transcript in passes(kind):
        device = RecordedDevice(transcript.entries, later)
        held: list[tuple[float, bytes]] = []

        def one_behind(answers: Answers, held: list[tuple[float, bytes]] = held) -> Answers:
            earlier = list(held)
            held[:] = answers
            return earlier

        behind = RecordedDevice(transcript.entries, one_behind)
        for name, transport in (("12 s late", device.transport()), ("one behind", behind.transport())):
            case = f"{transcript} {name}"
            proves_nothing(cell, check(cell, kind, transport, transcript, case).report, case)
    return cell


def another_protocol(kind: AnyKind, much: int) -> Cell:
    """A device of another kind answers in its own protocol."""
    if not has_port(kind):
        return Cell(absent="no port")
    cell = Cell()
    for other in all_kinds():
        if other.filed == kind.filed:
            continue
        for transcript in passes(other):
            for options in read_options(kind):
                device = RecordedDevice(transcript.entries, lambda answers: answers)
                case = f"{transcript} answers"
                not_of_this_kind(cell, check(cell, kind, device.transport(), options, case).report, case)
    return cell


def resends(kind: AnyKind, much: int) -> Cell:
    """Each answer comes twice, and recordings in which the device asked for a line again."""
    if not has_port(kind):
        return Cell(absent="no port")
    if not talks(kind):
        return Cell(absent=_MUTE)
    cell = Cell()
    for transcript in passes(kind):
        whole = check(Cell(), kind, ReplayTransport(transcript.entries), transcript, "whole").report
        device = RecordedDevice(transcript.entries, twice)
        case = f"{transcript} with each answer twice"
        same_or_nothing(cell, check(cell, kind, device.transport(), transcript, case).report, whole, case)
        if "resend" in transcript.path.name:
            again = ReplayTransport(transcript.entries)
            report = check(cell, kind, again, transcript, str(transcript)).report
            cell.expect(report.verdict is transcript.verdict, f"{transcript}: {report.verdict.value}")
    return cell


# --- a kind whose check is a conversation with a person


@cache
def good_answers(slug: str) -> tuple[tuple[str, Answer], ...]:
    """What somebody answers whose device is in order: yes, and no where yes reports a fault."""
    kind = kind_by_slug(slug)
    answers = {question.key: _first_try(question) for question in kind.questions}
    report = _asked(kind, lambda number, question: answers[question.key])
    for step in report.steps:
        if step.verdict is Verdict.FAIL:
            answers[step.name] = Answer("no")
    return tuple(answers.items())


def _first_try(question: Question) -> Answer:
    if question.form == "choice":
        return Answer("yes")
    if question.form == "photo":
        return Answer("front.jpg", 1000, "0" * 64)
    return Answer("Μαρία Τεχνικού")


def _until(answers: dict[str, Answer], count: int, number: int, question: Question) -> Answer | None:
    return answers[question.key] if number < count else None


class Person:
    """Answers each question as `answer(number, question)` says."""

    def __init__(self, answer: Callable[[int, Question], Answer | None]) -> None:
        self._answer = answer
        self._number = 0

    def ask(self, question: Question) -> Answer | None:
        """The answer."""
        self._number += 1
        return self._answer(self._number - 1, question)


def asked(kind: AnyKind, answer: Callable[[int, Question], Answer | None], cell: Cell | None = None) -> Cell:
    """A checklist whose person answers so: nothing may be proven."""
    cell = Cell() if cell is None else cell
    report = _asked(kind, answer)
    judge(cell, kind, CheckOptions(), report, 0.0, "a person")
    proves_nothing(cell, report, "a person")
    return cell


def _asked(kind: AnyKind, answer: Callable[[int, Question], Answer | None]) -> Report:
    return run_check(kind, CheckContext(Candidate(""), CheckOptions(), CATALOGUE), None, questioner=Person(answer))


def good_report(kind: AnyKind) -> Report:
    """The report of a device in order."""
    if not has_port(kind):
        answers = dict(good_answers(kind.slug))
        return _asked(kind, lambda number, question: answers[question.key])
    transcript = passes(kind)[0]
    line = ReplayTransport(transcript.entries)
    return run_check(kind, context_of(transcript), line, questioner=transcript)
