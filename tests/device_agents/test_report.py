"""A report from a laptop that nobody controls: what does not hold together does not validate."""

import copy
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from device_agents.compose import bounded
from device_agents.errors import Scalar
from device_agents.evidence import HEAD_BYTES, TAIL_BYTES, Recorder
from device_agents.report import Report

EMPTY = {"length": 0, "sha256": hashlib.sha256(b"").hexdigest()}
GOOD: dict[str, Any] = {
    "schema": "stem-check/1",
    "verdict": "PASS",
    "kind": "arduino-avr",
    "identity": {"chip": "ATmega328P", "signature": "1e950f"},
    "steps": [
        {"name": "connect", "verdict": "PASS", "reason": None, "measured": {"after_ms": 375}, "duration_ms": 435},
        {"name": "sketch", "verdict": "UNKNOWN", "reason": {"key": "no-answer", "params": {}}, "counts": False},
    ],
    "evidence": {"started_at": "2026-11-21T07:00:00.000Z", "sent": EMPTY, "received": EMPTY},
}


def test_a_good_report_keeps_its_six_keys() -> None:
    """What is read is what is written, key for key, in the order that people know."""
    report = Report.model_validate(GOOD)
    assert list(report.document()) == ["schema", "verdict", "kind", "identity", "steps", "evidence"]
    assert Report.model_validate(report.document()) == report


Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, Change] = {
    "another schema": lambda r: r.update(schema="stem-check/2"),
    "no schema's place": lambda r: r.update(schema=None),
    "an unknown key": lambda r: r.update(extra=1),
    "an unknown key within": lambda r: r["evidence"].update(extra=1),
    "a verdict that its steps deny": lambda r: r["steps"][0].update(verdict="FAIL"),
    "PASS from steps that do not count": lambda r: r["steps"][0].update(counts=False),
    "PASS from no steps": lambda r: r.update(steps=[]),
    "PASS of no kind": lambda r: r.update(kind=None),
    "a kind that is no slug": lambda r: r.update(kind="../etc"),
    "no such verdict": lambda r: r.update(verdict="GOOD"),
    "an endless text": lambda r: r["identity"].update(chip="x" * 513),
    "a nested identity": lambda r: r["identity"].update(chip={"a": 1}),
    "a key with a space": lambda r: r["identity"].update({"the chip": "x"}),
    "too many facts": lambda r: r["identity"].update({f"k{n}": n for n in range(65)}),
    "too many steps": lambda r: r.update(steps=r["steps"] * 40),
    "a number that is none": lambda r: r["steps"][0]["measured"].update(after_ms=float("nan")),
    "a number without end": lambda r: r["steps"][0]["measured"].update(after_ms=10**30),
    "a negative time": lambda r: r["steps"][0].update(duration_ms=-1),
    "a number as text": lambda r: r["steps"][0].update(duration_ms="435"),
    "a date that is none": lambda r: r["evidence"].update(started_at="yesterday"),
    "a short digest": lambda r: r["evidence"].update(sent={"length": 0, "sha256": "ab"}),
    "bytes that are no base64": lambda r: r["evidence"].update(
        transcript=[{"at_ms": 0, "direction": "sent", "data": "?"}]
    ),
    "a direction that is none": lambda r: r["evidence"].update(
        transcript=[{"at_ms": 0, "direction": "up", "data": ""}]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_hold_together_is_refused(change: str) -> None:
    """Each single change makes the report invalid."""
    document = copy.deepcopy(GOOD)
    CHANGES[change](document)
    with pytest.raises(ValidationError):
        Report.model_validate(document)


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=3000)), max_size=40))
def test_evidence_is_bounded_and_accounts_for_every_byte(pieces: list[tuple[bool, bytes]]) -> None:
    """Lengths and digests are those of all bytes; those kept are the first and the last, and the rest is counted."""
    recorder = Recorder()
    for number, (sent, data) in enumerate(pieces):
        recorder.add(number * 0.1, data, sent=sent)
    for direction, stream in ((True, recorder.sent), (False, recorder.received)):
        whole = b"".join(data for sent, data in pieces if sent is direction)
        assert (stream.length, stream.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    entries, omitted = recorder.excerpt()
    kept = b"".join(entry.raw for entry in entries)
    everything = b"".join(data for _, data in pieces)
    assert len(kept) + omitted == len(everything)
    assert len(kept) <= HEAD_BYTES + TAIL_BYTES
    if omitted == 0:
        assert kept == everything


def test_a_device_that_never_stops_fills_no_memory() -> None:
    """Beyond the limit only the digest grows."""
    recorder = Recorder(keep_bytes=1000)
    for number in range(1000):
        recorder.add(number, b"x" * 100, sent=False)
    assert recorder.received.length == 100_000
    assert sum(len(entry.data) for entry in recorder.entries) <= 1000


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.dictionaries(st.text(min_size=1, max_size=80), SCALARS))
def test_whatever_a_device_says_fits_a_report(said: dict[str, Scalar]) -> None:
    """No text, number or name that a device gives keeps its report from being made."""
    Report.model_validate({**GOOD, "identity": bounded(said)})
