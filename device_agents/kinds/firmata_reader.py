"""What a sketch says of itself, where it speaks Firmata: recorded, and decides nothing.

A board's bootloader listens first; the sketch starts when that has ended. StandardFirmata blinks its version and then
announces itself, 1.6 to 2 s after its start; it answers what was asked meanwhile. A sketch that speaks something else
is left alone, a silent one after one question.
"""

from dataclasses import dataclass, field

from device_agents.conversation import Conversation, Outcome, Pause, Receive, Send, inconclusive, passed
from device_agents.errors import Scalar
from device_agents.kinds.base import CheckContext
from device_agents.protocols.firmata import AnalogMap, Capabilities, Event, Firmata, Firmware, ProtocolVersion, Query

BAUD = 57600
ASK_AFTER_S = 1.0
FIRST_WORD_S = 3.5
ANSWER_S = 1.2
OTHER_WORDS = 8
"""Bytes that are not Firmata's before anything that is: StandardFirmata says nothing before its version."""
STEP_S = 8.0


@dataclass
class _Heard:
    """What a sketch has said so far."""

    link: Firmata = field(default_factory=Firmata)
    by_type: dict[type[Event], Event] = field(default_factory=dict)

    def wait_for(self, wanted: type[Event], since: float, wait: float) -> Conversation[None]:
        """Listen until it has been said, for so long from `since` on."""
        at = since
        while wanted not in self.by_type and at < since + wait:
            reply = yield Receive(since + wait - at)
            at = reply.at
            for event in self.link.receive_data(reply.data):
                self.by_type[type(event)] = event
            if not self.by_type and self.link.noise >= OTHER_WORDS:
                return


def ask_sketch(context: CheckContext) -> Conversation[Outcome]:
    """Ask the sketch that has just been started what it is; fills the identity where it says so."""
    heard = _Heard()
    begun = yield Pause(0.0)
    yield from heard.wait_for(Firmware, begun.at, ASK_AFTER_S)
    if Firmware not in heard.by_type and heard.link.noise < OTHER_WORDS:
        yield Send(heard.link.send(Query.FIRMWARE))
        yield from heard.wait_for(Firmware, begun.at, FIRST_WORD_S)
    firmware = heard.by_type.get(Firmware)
    version = heard.by_type.get(ProtocolVersion)
    if not isinstance(firmware, Firmware):
        return inconclusive("firmata-broken" if version is not None else "no-firmata", {"heard": heard.link.noise})
    measured: dict[str, Scalar] = {"firmware": f"{firmware.name} {firmware.major}.{firmware.minor}"}
    context.identity["sketch"] = measured["firmware"]
    if isinstance(version, ProtocolVersion):
        measured["protocol"] = context.identity["firmata"] = f"{version.major}.{version.minor}"
    for query, wanted in ((Query.CAPABILITIES, Capabilities), (Query.ANALOG_MAP, AnalogMap)):
        asked = yield Send(heard.link.send(query))
        yield from heard.wait_for(wanted, asked.at, ANSWER_S)
    capabilities, analog = heard.by_type.get(Capabilities), heard.by_type.get(AnalogMap)
    if isinstance(capabilities, Capabilities):
        measured["pins"] = len(capabilities.pins)
        for mode in ("digital", "analog", "pwm", "servo", "i2c"):
            measured[mode] = sum(mode in pin for pin in capabilities.pins)
    if isinstance(analog, AnalogMap):
        measured["analog_pins"] = sum(channel is not None for channel in analog.channels)
    if capabilities is None or analog is None:
        return inconclusive("firmata-broken", measured)
    return passed(**measured)
