"""A timed replay keeps the recorded pace on the real clock, whatever the reader does with it."""

import time

import pytest

from device_agents.candidates import Candidate
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions
from device_agents.recordings import Recorded
from device_agents.runner import run_check
from device_agents.transports.base import Line
from device_agents.transports.replay import ReplayDiverged, TimedReplay
from tests.contracts.transcripts import TRANSCRIPTS, Transcript

TALK = (
    Recorded(0.05, True, b"?"),
    Recorded(0.15, False, b"ab"),
    Recorded(0.25, False, b"c"),
    Recorded(0.25, True, b"!"),
    Recorded(0.30, False, b"d"),
)


def opened(**options: int) -> TimedReplay:
    replay = TimedReplay(TALK, **options)
    replay.open(Line())
    return replay


def test_an_answer_comes_when_it_is_due() -> None:
    """Nothing before its time, and then at once: counted from what was sent, not from the start."""
    replay = opened()
    time.sleep(0.1)
    replay.write(b"?")
    begun = time.monotonic()
    assert replay.read(0.03) == b"" and 0.03 <= time.monotonic() - begun < 0.09
    assert replay.read(5.0) == b"ab" and 0.1 <= time.monotonic() - begun < 0.19
    assert replay.read(5.0) == b"c" and 0.2 <= time.monotonic() - begun < 0.29
    assert replay.read(0.02) == b""
    replay.write(b"!")
    assert replay.read(1.0) == b"d" and replay.finished


def test_an_early_write_loses_no_answer() -> None:
    """What the device was about to say still comes after the next thing was sent; in any pieces."""
    replay = opened(piece=1)
    replay.write(b"?")
    replay.write(b"!")
    assert b"".join(replay.read(1.0) for _ in range(4)) == b"abcd"


def test_another_conversation_is_told() -> None:
    """What was not sent in the recording is a divergence, not an answer."""
    replay = opened()
    with pytest.raises(ReplayDiverged):
        replay.write(b"x")


def test_a_recorded_check_takes_as_long_as_it_took() -> None:
    """The real Uno's check gives its verdict again, in about the time that it took then."""
    transcript = Transcript(TRANSCRIPTS / "arduino-avr" / "pass.uno.no-flash.jsonl")
    context = CheckContext(Candidate("replay"), CheckOptions(read_flash=False))
    begun = time.monotonic()
    report = run_check(kind_by_slug("arduino-avr"), context, TimedReplay(transcript.entries))
    took = time.monotonic() - begun
    recorded = transcript.entries[-1].at - transcript.entries[0].at  # without the opening of that port
    assert report.verdict is transcript.verdict
    assert recorded <= took <= recorded * 1.5 + 0.6
