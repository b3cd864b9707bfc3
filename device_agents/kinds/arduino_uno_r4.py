"""Arduino Uno R4 Minima and WiFi: known by their USB identity alone.

No way to read their firmware is published that leaves the board as it is: the Minima's bootloader (DFU) and the WiFi's
(by its bridge) take the place of the pupil's sketch on the USB, and neither was tried on a board. So nothing is sent.
PASS says that a port opened whose USB identity is such a board's, and no more: its sentence says so, and the step
`firmware` says that it was not read. The speeds 1200 and 2400 are commands to these boards and are never set.
"""

from device_agents.conversation import Conversation, Outcome, Receive, inconclusive
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step, UsbRule
from device_agents.kinds.judging import judge
from firmware_checks.verdicts import Observation, Verdict

SLUG = "arduino-uno-r4"
LISTEN_S = 0.3
"""So long the port has to stay."""


class UnoR4Check:
    """One check under way."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    def identity(self) -> Conversation[Outcome]:
        """What USB says that it is, at a port that opened and stayed."""
        yield Receive(LISTEN_S)
        usb_id = self.context.candidate.usb_id
        if not usb_id:
            return inconclusive("usb-not-told")
        boards = self.context.catalogue.baseline(SLUG).boards
        board = next((board for board in boards if usb_id in board.facts.get("USB", ())), None)
        if board is None:
            return Outcome(Verdict.UNKNOWN, "usb-of-another", {"usb_id": usb_id})
        self.context.identity["usb_board"] = board.name
        outcome = judge(self.context, Observation(SLUG, board.slug, facts={"USB": usb_id}))
        return Outcome(outcome.verdict, outcome.reason, outcome.params, {"usb_id": usb_id})

    def firmware(self) -> Conversation[Outcome]:
        """That it was not read."""
        yield from ()
        return inconclusive("firmware-not-readable")


KIND = DeviceKind(
    slug=SLUG,
    usb=(
        UsbRule(0x2341, 0x0069, label="Arduino Uno R4 Minima"),
        UsbRule(0x2341, 0x1002, label="Arduino Uno R4 WiFi"),
        UsbRule(0x2341, 0x006D, label="Arduino Uno R4 WiFi"),
    ),
    bauds=(115200,),
    opening=Opening.FREELY,
    begin=UnoR4Check,
    steps=(
        Step("identity", UnoR4Check.identity, timeout_s=3.0),
        Step("firmware", UnoR4Check.firmware, timeout_s=1.0, essential=False, counts=False),
    ),
    deadline_s=10.0,
)
