"""The firmware's own inactivity shut-down (M85), proven on this very printer before anything is heated.

Marlin keeps heating when its host dies; `M85 S<seconds>` makes it switch everything off and halt. What counts as
activity differs: every command in early 1.1, only movements in late 1.1 and up to 2.0.3, movements and M85 itself since
(https://github.com/MarlinFirmware/Marlin/issues/16569, pull request 16587); temperature reports never do. Whichever it
is, the firmware is shut down at most `GUARD_S` after the host fell silent, and it may be sooner: so a heater test has
to be over within `GUARD_S` of the printer's start.

No table of versions proves that a printer's firmware was built with it. So it is shown: M85 with a few seconds, no
heat, no word from us; the firmware has to say that it halts, and a reset brings it back.
"""

import re

from device_agents.conversation import Conversation, Outcome, PulseReset, Send, inconclusive, passed
from device_agents.kinds.printer_line import SETTLE_S, PrinterLine
from device_agents.kinds.printer_reading import PrinterReading
from device_agents.protocols.marlin_answers import parse_firmware
from device_agents.protocols.marlin_commands import WAKE, Query, shut_down_after
from device_agents.protocols.marlin_events import Answer

PROOF_S = 5
"""The shut-down of the proof, without heat."""
PROOF_SLACK_S = 4.0
BOOT_S = 12.0
READY_S = 8.0
GUARD_S = 40
"""The shut-down behind a heater test."""
RESET_LOW_S = 0.1
GUARD_STEP_S = PROOF_S + PROOF_SLACK_S + BOOT_S + READY_S + 3.0

_ITS_OWN = re.compile(r"inactiv|kill|halted", re.IGNORECASE)


class Guard:
    """See the module."""

    def __init__(self, line: PrinterLine, reading: PrinterReading) -> None:
        self.line = line
        self.reading = reading
        self.started_at: float | None = None
        """When the printer began anew after the proof; None without proof."""
        self.armed = False

    @property
    def has_acted(self) -> bool:
        """Whether the printer has halted, and by this shut-down."""
        return self.armed and self.line.halted and bool(_ITS_OWN.search(self.line.error))

    def prove(self) -> Conversation[Outcome]:
        """Let the shut-down act, and reset the printer."""
        begun = yield from self.line.hear(0.0)
        self.armed = True
        answer = yield from self.line.ask(shut_down_after(PROOF_S))
        if isinstance(answer, Answer) and answer.unknown:
            self.armed = False
            return inconclusive("guard-unknown")
        if isinstance(answer, Outcome) and not self.line.halted:
            return answer
        lapsed = yield from self._lapse()
        if lapsed is None:
            yield from self.disarm()
            return inconclusive("guard-unproven", seconds=PROOF_S)
        if not self.has_acted:
            return self.line.halt()
        said = self.line.error
        outcome = yield from self._reset()
        if outcome is not None:
            return outcome
        return passed(said=said, after_s=round(lapsed - begun, 1))

    def arm(self) -> Conversation[Outcome | None]:
        """Set the shut-down behind the heater test; the outcome that forbids heating, or None."""
        if self.started_at is None:
            return inconclusive("guard-unproven", seconds=PROOF_S)
        self.armed = True
        answer = yield from self.line.ask(shut_down_after(GUARD_S))
        if isinstance(answer, Outcome):
            return answer
        return inconclusive("guard-unknown") if answer.unknown else None

    def disarm(self) -> Conversation[None]:
        """Take the shut-down back: the printer waits for as long as it likes again."""
        if self.armed and not self.line.halted:
            self.line.free()
            answer = yield from self.line.ask(shut_down_after(0), 0.5)
            self.armed = isinstance(answer, Outcome)

    def leave(self) -> Conversation[None]:
        """Of a proof or a test that was ended: take the shut-down back, or bring a halted printer back."""
        yield from self.disarm()
        if self.line.halted and self.armed:
            self.armed = False
            yield PulseReset(RESET_LOW_S)

    def restart(self) -> Conversation[None]:
        """Every setting as it is after switching on."""
        yield PulseReset(RESET_LOW_S)

    def _lapse(self) -> Conversation[float | None]:
        """Say nothing until the firmware halts; when that was, None where it does not."""
        at = yield from self.line.hear(0.0)
        end = at + PROOF_S + PROOF_SLACK_S
        while not self.line.halted:
            if at >= end:
                return None
            at = yield from self.line.hear(0.25)
        yield from self.line.quiet(SETTLE_S)
        return at

    def _reset(self) -> Conversation[Outcome | None]:
        """Bring the halted printer back and see that it is the same; the outcome that forbids going on, or None."""
        if not (yield PulseReset(RESET_LOW_S)).done:
            return inconclusive("guard-no-reset")
        self.armed = False
        self.line.begin_anew()
        at = yield from self.line.hear(0.0)
        end = at + BOOT_S
        while not self.line.restarted:
            if at >= end:
                return inconclusive("guard-no-restart")
            at = yield from self.line.hear(0.25)
        yield from self.line.quiet(SETTLE_S)
        yield Send(WAKE)
        yield from self.line.listen(SETTLE_S)
        answer = yield from self.line.ask(Query.FIRMWARE, READY_S)
        if isinstance(answer, Outcome):
            return answer
        if parse_firmware(answer.lines).fields != self.reading.facts:
            return inconclusive("printer-differs")
        self.started_at = at
        return None
