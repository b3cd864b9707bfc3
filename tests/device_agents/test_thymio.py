"""A Thymio: Aseba's protocol against a peer's node, its own words against a model, the rest by a person."""

import socket
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.errors import LocalProtocolError, RemoteProtocolError
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import CheckContext
from device_agents.messages import LANGUAGES
from device_agents.protocols.aseba import (
    MAX_PAYLOAD,
    Aseba,
    Description,
    Event,
    GetDescription,
    GetVariables,
    ListNodes,
    NamedVariable,
    NodePresent,
    Other,
    Variables,
)
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.say import describe_report
from firmware_checks.verdicts import Verdict
from tests.device_agents.scripted import ScriptedTransport
from tests.emulators.programs import aseba_node
from tests.emulators.thymio_model import VARIABLES, ThymioModel, message, text

KIND = kind_by_slug("thymio")


class Person:
    def __init__(self, **other: str | None) -> None:
        self.answers: dict[str, str | None] = {"photo": "a.jpg", "signature": "Ada L.", **other}

    def ask(self, question: Question) -> Answer | None:
        value = self.answers.get(question.key, "yes")
        if value is None:
            return None
        return Answer(value, 3, "0" * 64) if question.form == "photo" else Answer(value)


def check(model: ThymioModel, **answers: str | None) -> Report:
    context = CheckContext(Candidate("scripted", "", 0x0617, 0x000A))
    return run_check(KIND, context, ScriptedTransport(model), questioner=Person(**answers))


def reasons(report: Report) -> list[str]:
    return [step.reason.key for step in report.steps if step.reason]


@pytest.mark.parametrize("model", [ThymioModel(), ThymioModel(version=4), ThymioModel(chatty=True)], ids=str)
def test_a_thymio_in_order_passes(model: ThymioModel) -> None:
    """Name and firmware, whether it speaks the newer protocol or the older, and while its program talks."""
    report = check(replace(model))
    assert report.verdict is Verdict.PASS
    assert report.identity["node_name"] == "thymio-II" and report.identity["firmware"] == "13"
    assert report.identity["protocol_version"] == model.version


def test_another_node_is_a_mismatch() -> None:
    """Another robot of that protocol is told by its name, and nobody is asked about it."""
    report = check(ThymioModel(name="e-puck1"))
    assert report.verdict is Verdict.MISMATCH and reasons(report)[0] == "not-a-thymio"
    assert "e-puck1" in describe_report(report, "el")
    assert not report.evidence.answers


@pytest.mark.parametrize("key", [question.key for question in KIND.questions if question.form == "choice"])
def test_a_reported_fault_fails(key: str) -> None:
    """Each fault has a reason of its own, in both languages."""
    report = check(ThymioModel(), **{key: "no"})
    assert report.verdict is Verdict.FAIL and f"thymio-{key}" in reasons(report)
    for language in LANGUAGES:
        assert f"thymio-{key}" not in describe_report(report, language)


def test_nobody_at_the_table_proves_nothing() -> None:
    """Its identity is reported; the rest is open."""
    report = run_check(KIND, CheckContext(Candidate("scripted")), ScriptedTransport(ThymioModel()))
    assert report.verdict is Verdict.INCONCLUSIVE and report.identity["firmware"] == "13"


# --- the protocol


def test_a_peers_node_answers() -> None:
    """Debian's asebadummynode: it is there, its memory can be read, it has a name (and dies of a fault of its own while
    it goes on to describe itself, so what it said before is read from the bare socket)."""
    line, events = Aseba(), []
    with aseba_node() as port, socket.create_connection(port, 5) as connection:
        connection.settimeout(5)
        for request in (ListNodes(), GetVariables(1, 0, 4), GetDescription(1)):
            connection.sendall(line.send(request))
            found: list[Event] = []
            while not found and (data := connection.recv(4096)):
                found = line.receive_data(data)
            events += found[:1]
    assert events == [NodePresent(1, 5), Variables(1, 0, (0, 0, 0, 0)), Description(1, "dummynode-0", 5, 0, 31)]


@given(st.lists(st.integers(1, 30), min_size=1))
def test_any_pieces_give_the_same_events(cuts: list[int]) -> None:
    """However the line cuts what a node says."""
    said = message(3, b"\1\0") + b"".join(data for _, data in ThymioModel()(Aseba().send(GetDescription(1))))
    line, events, place = Aseba(), [], 0
    while said:
        size = cuts[place % len(cuts)]
        events += line.receive_data(said[:size])
        said, place = said[size:], place + 1
    assert events[0] == Other(1, 3)
    assert events[1] == Description(1, "thymio-II", 5, len(VARIABLES), 3)
    assert events[2:8] == [NamedVariable(1, size, name) for name, size in VARIABLES]


@pytest.mark.parametrize(
    "said",
    [
        Aseba().send(ListNodes()),
        struct.pack("<HHH", MAX_PAYLOAD + 1, 1, 0x9000),
        message(0x900C, b""),
        message(0x9000, b"\x40short"),
        message(0x9000, text("x") + b"\0" * 13),
        message(0x9001, b"\1\0" + text("x") + b"more"),
        message(0x9005, b""),
        message(0x9005, b"\1"),
    ],
)
def test_what_no_node_says_is_a_remote_fault(said: bytes) -> None:
    """An echo, an impossible length, a text longer than its message: never an event."""
    with pytest.raises(RemoteProtocolError):
        Aseba().receive_data(said)


def test_what_does_not_fit_is_a_local_fault() -> None:
    """Numbers have two bytes."""
    with pytest.raises(LocalProtocolError):
        Aseba().send(GetVariables(1, 0x10000, 1))
