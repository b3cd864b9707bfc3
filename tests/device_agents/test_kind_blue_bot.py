"""A Blue-Bot: found, recorded, pointed at by a person, given free again, and gone through by a list."""

from collections.abc import Iterator

import pytest

from device_agents.conversation import Answer, Question
from device_agents.discovery.ble import ble_candidate_for
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import CheckContext
from device_agents.messages import LANGUAGES
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.say import describe_report
from device_agents.transports.ble import BleTransport
from firmware_checks.verdicts import Verdict
from tests.emulators.ble_devices import floor_robot
from tests.emulators.ble_link import BleLink, Peripheral

KIND = kind_by_slug("blue-bot")
GOOD = dict.fromkeys(("blue", "body", "charging", "power", "buttons", "drive", "turns", "speaker"), "yes")


@pytest.fixture(scope="module")
def link() -> Iterator[BleLink]:
    with BleLink() as link:
        yield link


class Person:
    """Sees whether the robot is connected while a question is put."""

    def __init__(self, robot: Peripheral, **other: str | None) -> None:
        self.robot = robot
        self.answers: dict[str, str | None] = {**GOOD, "photo": "front.jpg", "signature": "Ada L.", **other}
        self.connected: dict[str, bool] = {}

    def ask(self, question: Question) -> Answer | None:
        self.connected[question.key] = bool(self.robot.device.connections)
        value = self.answers[question.key]
        if value is None:
            return None
        return Answer(value, 3, "0" * 64) if question.form == "photo" else Answer(value)


def check(link: BleLink, **other: str | None) -> tuple[Report, Person]:
    robot = link.add(floor_robot())
    person = Person(robot, **other)
    candidate = ble_candidate_for(f"ble:{robot.address}", link.radio)
    transport = BleTransport(candidate.port, link.radio)
    return run_check(KIND, CheckContext(candidate), transport, questioner=person), person


def reasons(report: Report) -> list[str]:
    return [step.reason.key for step in report.steps if step.reason]


def test_a_robot_that_is_in_order_passes(link: BleLink) -> None:
    """It is blue while it is pointed at and free while its buttons are tried; what it offers stands in the report."""
    report, person = check(link)
    assert report.verdict is Verdict.PASS
    assert person.connected.pop("blue") and not any(person.connected.values())
    assert report.identity["manufacturer"] == "A maker of toys" and report.identity["firmware"] == "1.7"
    assert "12345678-1234-5678-1234-56789abcdef0" in str(report.identity["services"])
    assert report.identity["announced_name"] == "Robot"
    assert not any(asked.startswith("write") for asked in person.robot.asked)


def test_another_robot_is_a_mismatch(link: BleLink) -> None:
    """The wrong one turned blue: told, and what to do; nothing more is asked."""
    report, person = check(link, blue="no")
    assert report.verdict is Verdict.MISMATCH and "blue-bot-another" in reasons(report)
    assert list(person.connected) == ["blue"]
    for language in LANGUAGES:
        assert "stem-check scan" in describe_report(report, language)


@pytest.mark.parametrize("key", [key for key in GOOD if key != "blue"])
def test_a_reported_fault_fails(link: BleLink, key: str) -> None:
    """Each fault is told by its own reason."""
    report, _ = check(link, **{key: "no"})
    assert report.verdict is Verdict.FAIL and f"blue-bot-{key}" in reasons(report)


@pytest.mark.parametrize("key", ["blue", "drive", "photo", "signature"])
def test_an_unanswered_question_is_inconclusive(link: BleLink, key: str) -> None:
    """Nobody answered, so nothing is proven."""
    report, _ = check(link, **{key: None})
    assert report.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("number", [0, 1])
def test_a_robot_that_goes_away(link: BleLink, number: int) -> None:
    """Switched off in the middle: INCONCLUSIVE, and gone."""
    robot = floor_robot()
    robot.drop_at = number
    link.add(robot)
    candidate = ble_candidate_for(f"ble:{robot.address}", link.radio)
    transport = BleTransport(candidate.port, link.radio)
    report = run_check(KIND, CheckContext(candidate), transport, questioner=Person(robot))
    assert report.verdict is Verdict.INCONCLUSIVE and "port-vanished" in reasons(report)
