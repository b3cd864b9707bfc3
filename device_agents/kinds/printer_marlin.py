"""3D printer that speaks Marlin's dialect.

A check only asks (`printer_reading`), unless more is asked for by name and confirmed by a person who stands at the
printer: homing (`printer_homing`) and a heater test (`printer_heater`).
"""

from device_agents.conversation import Conversation
from device_agents.kinds import printer_guard, printer_heater, printer_homing
from device_agents.kinds.base import CheckContext, DeviceKind, Extra, Opening, Step, UsbRule, asked_for
from device_agents.kinds.printer_guard import Guard
from device_agents.kinds.printer_heater import HeaterTest
from device_agents.kinds.printer_homing import Homing
from device_agents.kinds.printer_line import PrinterLine
from device_agents.kinds.printer_reading import BAUDS, SLUG, PrinterReading


class PrinterCheck(PrinterReading):
    """The state of one check."""

    def __init__(self, context: CheckContext) -> None:
        super().__init__(context, PrinterLine())
        self.homing = Homing(self.line)
        self.guard = Guard(self.line, self)
        self.heater = HeaterTest(self.line, self.guard)

    def leave(self) -> Conversation[None]:
        """Stop what moves and switch off what heats, should the check end on its way."""
        yield from self.homing.leave()
        yield from self.heater.leave()


HOMING = asked_for(printer_homing.EXTRA)
HEATER = asked_for(printer_heater.EXTRA)


KIND: DeviceKind[PrinterCheck] = DeviceKind(
    slug=SLUG,
    usb=(
        UsbRule(0x1A86, 0x7523, shared=True, label="CH340"),
        UsbRule(0x1A86, 0x55D4, shared=True, label="CH9102"),
        UsbRule(0x0403, 0x6001, shared=True, label="FTDI FT232R"),
        UsbRule(0x10C4, 0xEA60, shared=True, label="CP210x"),
        UsbRule(0x2341, 0x0042, shared=True, label="Arduino Mega 2560"),
        UsbRule(0x2341, 0x0010, shared=True, label="Arduino Mega 2560"),
        UsbRule(0x2A03, 0x0042, shared=True, label="Arduino Mega 2560"),
    ),
    bauds=BAUDS,
    opening=Opening.WHEN_NAMED,
    begin=PrinterCheck,
    steps=(
        Step("reach", PrinterCheck.reach, timeout_s=27.0),
        Step("temperatures", PrinterCheck.temperatures, timeout_s=1.0),
        Step("idle", PrinterCheck.idle),
        Step("identity", PrinterCheck.identify),
        Step("firmware", PrinterCheck.firmware, essential=False),
        Step("position", PrinterCheck.position),
        Step("endstops", PrinterCheck.endstops),
        Step("print-time", PrinterCheck.print_time),
        Step("settings", PrinterCheck.settings),
        Step("steady", PrinterCheck.steady),
        Step("homing-consent", lambda check: check.homing.consent(), when=HOMING),
        Step("homing", lambda check: check.homing.home(), printer_homing.HOMING_STEP_S, when=HOMING),
        Step("homing-seen", lambda check: check.homing.well(), when=HOMING),
        Step("heater-consent", lambda check: check.heater.consent(), when=HEATER),
        Step("guard", lambda check: check.guard.prove(), printer_guard.GUARD_STEP_S, when=HEATER),
        Step("heater", lambda check: check.heater.heat(), printer_heater.HEATER_STEP_S, when=HEATER),
    ),
    questions=(printer_homing.CLEAR, printer_homing.WELL, printer_heater.READY),
    extras=(
        Extra(printer_homing.EXTRA, printer_homing.HOMING_STEP_S),
        Extra(printer_heater.EXTRA, printer_guard.GUARD_STEP_S + printer_heater.HEATER_STEP_S),
    ),
    leave=PrinterCheck.leave,
    raise_lines=False,
)
