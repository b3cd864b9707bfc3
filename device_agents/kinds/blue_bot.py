"""Blue-Bot: a floor robot that is also driven over Bluetooth.

Its maker publishes neither a name that it announces nor what its services mean. So nothing is asked of it that is not
Bluetooth's own: it is connected to, what it offers is recorded, and the person says whether the robot on the table is
the one that turned blue. Its buttons are off while it is connected; then it is given free again, and the rest is a
checklist as of its elder sister, the Bee-Bot.
"""

from typing import Any

from device_agents.conversation import Ask, Conversation, Outcome, Question, inconclusive, passed
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step
from device_agents.kinds.checklist import NO, UNSURE, YES, ChecklistCheck, Item, asking, signing, taking
from device_agents.kinds.gatt import GattTalk, refusal
from device_agents.protocols.gatt import Refused, Value
from firmware_checks.verdicts import Verdict

SLUG = "blue-bot"
ANSWER_S = 5.0
_TEXT = 480
BLUE = Question(SLUG, "blue", "choice", (YES, NO, UNSURE))
PHOTO = Question(SLUG, "photo", "photo")
SIGNATURE = Question(SLUG, "signature", "signature")
ITEMS = (
    Item("body"),
    Item("charging"),
    Item("power", essential=True),
    Item("buttons"),
    Item("drive"),
    Item("turns"),
    Item("speaker"),
)
# The Bluetooth SIG's Device Information Service, where a device offers it.
INFORMATION = {"manufacturer": "2a29", "model": "2a24", "serial_number": "2a25", "firmware": "2a26"}


class BlueBotCheck(ChecklistCheck):
    """The state of one check."""

    def __init__(self, context: CheckContext) -> None:
        super().__init__(context)
        self.talk = GattTalk()
        context.identity["link"] = "Bluetooth"
        for key, name in (("announced_name", "name"), ("address", "address")):
            if value := context.candidate.properties.get(name):
                context.identity[key] = value

    def offers(self) -> Conversation[Outcome]:
        """What it offers, service by service; no meaning is read into it."""
        answer = yield from self.talk.services(ANSWER_S)
        if isinstance(answer, Refused):
            return refusal(answer, "GATT")
        if not answer or not self.talk.offered:
            return inconclusive("ble-silent")
        self.context.identity["services"] = ", ".join(self.talk.offered)[:_TEXT]
        return passed(count=len(self.talk.offered))

    def information(self) -> Conversation[Outcome]:
        """What it says of itself in Bluetooth's own words, where it does."""
        told: dict[str, str] = {}
        for key, uuid in INFORMATION.items():
            if self.talk.offers(uuid, "read"):
                answer = yield from self.talk.read(uuid, ANSWER_S)
                if isinstance(answer, Value):
                    told[key] = answer.data.decode("utf-8", "replace").strip("\0 ")
        self.context.identity.update(told)
        return passed(**told) if told else inconclusive("not-offered", what="180a")

    def blue(self) -> Conversation[Outcome]:
        """Which robot it is: the one that turned blue."""
        reply = yield Ask(BLUE)
        if reply.answer is None or reply.answer.value == UNSURE:
            return inconclusive("unanswered")
        if reply.answer.value == NO:
            return Outcome(Verdict.MISMATCH, "blue-bot-another")
        return passed(answer=reply.answer.value)

    def release(self) -> Conversation[Outcome]:
        """Give it free, so that its buttons answer again."""
        free = yield from self.talk.disconnect(ANSWER_S)
        return passed() if free else inconclusive("part-does-not-answer")


_LIST: tuple[Step[Any], ...] = (
    *(Step(item.key, asking(SLUG, item), timeout_s=1.0, essential=False) for item in ITEMS),
    Step("photo", taking(PHOTO), timeout_s=1.0, essential=False),
    Step("signature", signing(SIGNATURE), timeout_s=1.0, essential=False),
)
KIND = DeviceKind(
    slug=SLUG,
    link="ble",
    opening=Opening.WHEN_NAMED,
    identified_by="information",
    begin=BlueBotCheck,
    questions=(BLUE, *(item.question(SLUG) for item in ITEMS), PHOTO, SIGNATURE),
    steps=(
        Step("services", BlueBotCheck.offers, timeout_s=ANSWER_S + 1),
        Step("information", BlueBotCheck.information, timeout_s=ANSWER_S + 1, essential=False, counts=False),
        Step("blue", BlueBotCheck.blue, timeout_s=1.0),
        Step("release", BlueBotCheck.release, timeout_s=ANSWER_S + 1),
        *_LIST,
    ),
)
