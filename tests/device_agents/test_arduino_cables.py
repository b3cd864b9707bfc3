"""The Arduino's check over every bad cable that a single fault makes: PASS only with the facts of the clean reading."""

import functools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agents.candidates import Candidate
from device_agents.kinds.arduino_avr import KIND
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.recordings import load_recording
from device_agents.report import Report
from device_agents.runner import run_check
from firmware_checks.catalogue import Catalogue, load
from firmware_checks.verdicts import Verdict
from tests.contracts.transcripts import TRANSCRIPTS
from tests.device_agents.model_optiboot import ModelOptiboot


@functools.cache
def catalogue() -> Catalogue:
    return load()


@functools.cache
def flash() -> bytes:
    """The bootloader as the recorded board told it, behind a short sketch."""
    pages = []
    for entry in load_recording(TRANSCRIPTS / "arduino-avr" / "pass.uno.no-flash.jsonl"):
        if not entry.sent and len(entry.data) >= 130:
            pages.append(entry.data[-129:-1])
    bootloader = b"".join(pages[::2])
    assert len(bootloader) == 512
    return (bytes(range(200)) * 3).ljust(0x7E00, b"\xff") + bootloader


def check(model: ModelOptiboot, *, read_flash: bool = False) -> Report:
    context = CheckContext(Candidate("model"), CheckOptions(read_flash=read_flash), catalogue())
    report = run_check(KIND, context, model.transport)
    assert model.transport.now() <= (60.0 if read_flash else 30.0)
    assert not model.transport.is_open
    assert "local-protocol-error" not in [step.reason.key for step in report.steps if step.reason]
    return report


def facts(report: Report) -> object:
    return report.identity, report.evidence.regions


@functools.cache
def clean(read_flash: bool) -> tuple[Report, int]:
    model = ModelOptiboot(flash())
    report = check(model, read_flash=read_flash)
    assert report.verdict is Verdict.PASS
    return report, model.said


def test_the_model_is_like_the_recorded_board() -> None:
    """What the model says is judged as what the real bootloader said."""
    report, _ = clean(False)
    assert report.identity["board"] == "atmega328p-optiboot"
    assert report.evidence.regions[0].length == 512


SPOILT: dict[str, Callable[[int], bytes]] = {
    "one bit flipped": lambda value: bytes([value ^ 0x01]),
    "every bit flipped": lambda value: bytes([value ^ 0xFF]),
    "lost": lambda value: b"",
    "doubled": lambda value: bytes([value, value]),
    "an answer before it": lambda value: bytes([0x14, 0x10, value]),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_no_spoilt_byte_makes_a_false_pass(fault: str) -> None:
    """Whichever byte is spoilt behind the first answer: INCONCLUSIVE, with the facts told right or not at all."""
    report, said = clean(False)
    first_answer, last_words = 2, 4  # what is said while leaving decides nothing
    for number in range(said - last_words):
        spoilt = check(ModelOptiboot(flash(), lambda at, v, n=number: SPOILT[fault](v) if at == n else bytes([v])))  # type: ignore[misc]
        if number >= first_answer:
            assert spoilt.verdict is Verdict.INCONCLUSIVE, f"byte {number}"
        elif spoilt.verdict is Verdict.PASS:
            assert facts(spoilt) == facts(report), f"byte {number}"


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_spoilt_byte_in_the_sketchs_memory_is_noticed(data: st.DataObject) -> None:
    """The recorded digest of a sketch is right or there is none, wherever one byte is spoilt."""
    report, said = clean(True)
    number = data.draw(st.integers(0, said - 1))
    mask = data.draw(st.integers(1, 255))
    spoilt = check(
        ModelOptiboot(flash(), lambda at, value: bytes([value ^ mask if at == number else value])), read_flash=True
    )
    assert spoilt.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
    if spoilt.verdict is Verdict.PASS:
        assert facts(spoilt) == facts(report)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 400), st.integers(0, 2**32))
def test_a_cable_that_spoils_again_and_again_never_makes_a_false_pass(every: int, seed: int) -> None:
    """However often bytes are spoilt: no PASS with wrong facts, and an end in time."""
    report, _ = clean(False)

    def spoil(at: int, value: int) -> bytes:
        return bytes([value ^ ((seed >> (at % 24)) & 0xFF)]) if at % every == every - 1 else bytes([value])

    spoilt = check(ModelOptiboot(flash(), spoil))
    if spoilt.verdict is Verdict.PASS:
        assert facts(spoilt) == facts(report)


@pytest.mark.parametrize("wrong", ["bootloader", "erased"])
def test_what_is_wrong_on_the_board_is_proven(wrong: str) -> None:
    """A fault of the board reads the same twice and is told as the board's, not as the cable's."""
    content = bytearray(flash())
    if wrong == "bootloader":
        content[0x7E10] ^= 0xFF
    else:
        content[0x7E00:] = b"\xff" * 512
    report = check(ModelOptiboot(bytes(content)))
    assert report.verdict is Verdict.DAMAGED
