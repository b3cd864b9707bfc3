"""BBC micro:bit over Bluetooth: who it is by its device information, and the parts that its program offers as services.

A micro:bit only announces itself while its program has switched Bluetooth on (the programs that boards are sold with,
or one from MakeCode with the Bluetooth blocks), and offers just the services that the program starts; a part that is
not offered is left out, and said so. Its program goes on; nothing is written to the board, except (`--with ask`) the
picture that a person is asked about, and then what the display showed before.
Most programs keep all but the name from a laptop that is not paired with the board: then nothing is proven, and the
person is told how to pair.

Sources: the micro:bit Bluetooth profile (https://lancaster-university.github.io/microbit-docs/ble/profile/): services,
uuids, forms of the values, the announced name; the Bluetooth SIG's Device Information Service 1.1.
"""

import struct
from collections.abc import Callable

from device_agents.conversation import Ask, Conversation, Outcome, Pause, failed, inconclusive, passed
from device_agents.kinds.base import BleRule, CheckContext, DeviceKind, Extra, Opening, Step
from device_agents.kinds.gatt import GattTalk, refusal
from device_agents.kinds.microbit_parts import parts
from device_agents.kinds.microbit_person import ASK, PERSON_TESTS
from device_agents.protocols.gatt import Refused, Subscribed, Value, Written
from firmware_checks.verdicts import Verdict

NAME = "BBC micro:bit"
READ_S = 6.0
SAMPLES = 5
BUTTON_STATES = (0, 1, 2)
"""Not pressed, pressed, held."""
PRESSED = BUTTON_STATES[1:]
TOLD_S = 0.5
"""So long a press may be on its way."""


def _own(digits: str) -> str:
    """A uuid of the profile's own range."""
    return f"e95d{digits}-251d-470a-a062-fa1922dfa9a8"


INFORMATION, MODEL, SERIAL, FIRMWARE = "180a", "2a24", "2a25", "2a26"
TEMPERATURE, CELSIUS = _own("6100"), _own("9250")
ACCELEROMETER, ACCELERATION = _own("0753"), _own("ca4b")
MAGNETOMETER, FIELD = _own("f2d8"), _own("fb11")
BUTTONS, BUTTON_A, BUTTON_B = _own("9882"), _own("da90"), _own("da91")
LED, LED_STATE = _own("d91d"), _own("7b77")
ALL_LIT = b"\x1f" * 5
"""A byte a row, a bit a lamp."""
PINS = _own("127b")
UART, UART_SAYS = "6e400001-b5a3-f393-e0a9-e50e24dcca9e", "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
PARTS = {
    TEMPERATURE: "temperature",
    ACCELEROMETER: "accelerometer",
    MAGNETOMETER: "compass",
    BUTTONS: "buttons",
    LED: "display",
    PINS: "pins",
    UART: "uart",
}
BY_PERSON = {test.name: test for test in PERSON_TESTS if test.name in ("lights", "presses")}
JUDGED = ("temperature", "accelerometer", "buttons")


class MicrobitBleCheck:
    """The state of one check."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self.talk = GattTalk()
        self.shown_before: bytes | None = None
        context.identity["link"] = "Bluetooth"
        if name := context.candidate.properties.get("name"):
            context.identity["announced_name"] = name

    def offers(self) -> Conversation[Outcome]:
        """Which services the program on the board offers."""
        answer = yield from self.talk.services(READ_S)
        if isinstance(answer, Refused):
            return refusal(answer, "GATT")
        if not answer or not self.talk.offered:
            return inconclusive("ble-silent")
        offered = [name for uuid, name in PARTS.items() if uuid in self.talk.offered]
        self.context.identity["services"] = ", ".join(offered) or None
        return passed(count=len(self.talk.offered))

    def identify(self) -> Conversation[Outcome]:
        """Model, number and firmware, from the device information."""
        told: dict[str, str] = {}
        for key, uuid in (("model", MODEL), ("serial_number", SERIAL), ("firmware", FIRMWARE)):
            answer = yield from self._value(uuid, key)
            if isinstance(answer, Outcome):
                if key == "model":
                    return answer  # what it is comes first: without it nothing else means anything
                continue
            told[key] = answer.decode("utf-8", "replace").strip("\0 ")
        self.context.identity.update(told)
        if not told["model"].startswith(NAME):
            return Outcome(Verdict.MISMATCH, "not-a-microbit", {"board_id": told["model"]})
        return passed(**told)

    def parts(self) -> Conversation[Outcome]:
        """A board that offers nothing to look at has proven nothing but its name."""
        yield Pause(0.0)
        judged = set(_offered(self.context)) & set(JUDGED)
        return passed(count=len(judged)) if judged else inconclusive("microbit-ble-no-parts")

    def temperature(self) -> Conversation[Outcome]:
        """The processor's thermometer: one signed byte, degrees Celsius."""
        answer = yield from self._value(CELSIUS, "temperature")
        if isinstance(answer, Outcome):
            return answer
        if len(answer) != 1:
            return inconclusive("garbled")
        return parts(nrf51=False)["temperature"].judge(struct.unpack("<b", answer)[0])

    def accelerometer(self) -> Conversation[Outcome]:
        """Five readings of three axes, in thousandths of g."""
        samples = []
        for _ in range(SAMPLES):
            axes = yield from self._axes(ACCELERATION, "accelerometer")
            if isinstance(axes, Outcome):
                return axes
            samples.append(axes)
            yield Pause(0.03)
        return parts(nrf51=False)["accelerometer"].judge(samples)

    def compass(self) -> Conversation[Outcome]:
        """The magnetometer's three axes; it says nothing of its calibration."""
        axes = yield from self._axes(FIELD, "compass")
        if isinstance(axes, Outcome):
            return axes
        x, y, z = axes
        measured = {"x_nt": x, "y_nt": y, "z_nt": z}
        return passed(**measured) if any(axes) else inconclusive("part-does-not-answer", measured)

    def buttons(self) -> Conversation[Outcome]:
        """Both at rest."""
        states = []
        for uuid in (BUTTON_A, BUTTON_B):
            answer = yield from self._value(uuid, "buttons")
            if isinstance(answer, Outcome):
                return answer
            if len(answer) != 1:
                return inconclusive("garbled")
            if answer[0] not in BUTTON_STATES:
                return failed("button-implausible", state=answer[0])
            states.append(answer[0] > 0)
        return parts(nrf51=False)["buttons"].judge(*states)

    def uart(self) -> Conversation[Outcome]:
        """Whether the board lets one listen to what its program says; what it says is the program's."""
        answer = yield from self.talk.subscribe(UART_SAYS, READ_S)
        if answer is None or isinstance(answer, Refused):
            return refusal(answer, "UART")
        return passed()

    def lights(self) -> Conversation[Outcome]:
        """All lamps on, and a person looks; then the display shows again what it did."""
        before = yield from self._value(LED_STATE, "lights")
        if isinstance(before, Outcome):
            return before
        self.shown_before = before
        answer = yield from self.talk.write(LED_STATE, ALL_LIT, READ_S)
        if not isinstance(answer, Written):
            return refusal(answer, "lights")
        reply = yield Ask(BY_PERSON["lights"].question)
        yield from self.leave()
        return BY_PERSON["lights"].read(reply.answer, (), ())

    def presses(self) -> Conversation[Outcome]:
        """A person presses each button, and the board tells of it."""
        for uuid in (BUTTON_A, BUTTON_B):
            answer = yield from self.talk.subscribe(uuid, READ_S)
            if not isinstance(answer, Subscribed):
                return refusal(answer, "presses")
        reply = yield Ask(BY_PERSON["presses"].question)
        counts = []
        for uuid in (BUTTON_A, BUTTON_B):
            pressed = 0
            while len(told := (yield from self.talk.notification(uuid, TOLD_S)) or b"") == 1:
                pressed += told[0] in PRESSED
            counts.append(pressed)
        return BY_PERSON["presses"].read(reply.answer, (), tuple(counts))

    def leave(self) -> Conversation[None]:
        """The display as it was."""
        before, self.shown_before = self.shown_before, None
        if before is not None:
            yield from self.talk.write(LED_STATE, before, READ_S)

    def _value(self, uuid: str, what: str) -> Conversation[bytes | Outcome]:
        answer = yield from self.talk.read(uuid, READ_S)
        return answer.data if isinstance(answer, Value) else refusal(answer, what)

    def _axes(self, uuid: str, what: str) -> Conversation[tuple[int, int, int] | Outcome]:
        answer = yield from self._value(uuid, what)
        if isinstance(answer, Outcome):
            return answer
        if len(answer) != 6:
            return inconclusive("garbled")
        x, y, z = struct.unpack("<hhh", answer)
        return (x, y, z)


def _offered(context: CheckContext) -> list[str]:
    return str(context.identity.get("services") or "").split(", ")


def _part(
    name: str,
    run: Callable[[MicrobitBleCheck], Conversation[Outcome]],
    *,
    counts: bool = True,
    part: str = "",
    ask: bool = False,
) -> Step[MicrobitBleCheck]:
    def offered(context: CheckContext) -> bool:
        return (part or name) in _offered(context) and (not ask or ASK in context.options.extras)

    return Step(name, run, timeout_s=READ_S + 2.0, essential=False, counts=counts, when=offered)


KIND = DeviceKind(
    slug="microbit-ble",
    files_as="microbit",
    link="ble",
    ble=(BleRule(NAME),),
    opening=Opening.FREELY,
    begin=MicrobitBleCheck,
    leave=MicrobitBleCheck.leave,
    questions=tuple(test.question for test in BY_PERSON.values()),
    extras=(Extra(ASK, seconds=10.0),),
    steps=(
        Step("services", MicrobitBleCheck.offers, timeout_s=READ_S + 2.0),
        Step("identity", MicrobitBleCheck.identify, timeout_s=READ_S + 2.0),
        Step("offered-parts", MicrobitBleCheck.parts, timeout_s=1.0, essential=False),
        _part("temperature", MicrobitBleCheck.temperature),
        _part("accelerometer", MicrobitBleCheck.accelerometer),
        _part("compass", MicrobitBleCheck.compass, counts=False),
        _part("buttons", MicrobitBleCheck.buttons),
        _part("uart", MicrobitBleCheck.uart),
        _part("lights", MicrobitBleCheck.lights, part="display", ask=True),
        _part("presses", MicrobitBleCheck.presses, part="buttons", ask=True),
    ),
)
