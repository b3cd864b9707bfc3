"""What every kind of device must keep to, the next one too: add a module to `device_agents/kinds`, and it is tested
here."""

import functools
import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agents.auto import decide
from device_agents.candidates import Candidate
from device_agents.kinds import all_kinds, kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions, Opening
from device_agents.messages import LANGUAGES, has
from device_agents.report import Report
from device_agents.runner import LEAVE_S, run_check
from device_agents.transports.replay import ReplayTransport
from firmware_checks.catalogue import Catalogue, load
from firmware_checks.verdicts import Verdict
from tests.contracts.transcripts import Transcript, all_transcripts, while_deciding
from tests.device_agents.scripted import Answers, ScriptedTransport

KINDS = {kind.slug: kind for kind in all_kinds()}
WITH_PORT = [slug for slug, kind in KINDS.items() if kind.opening is not Opening.NEVER]
TRANSCRIPTS = {str(transcript): transcript for transcript in all_transcripts()}
PASSES = [name for name, transcript in TRANSCRIPTS.items() if transcript.verdict is Verdict.PASS]


@functools.cache
def catalogue() -> Catalogue:
    return load()


def context(transcript: Transcript) -> CheckContext:
    return CheckContext(transcript.candidate, CheckOptions(read_flash=transcript.read_flash), catalogue())


def said(transcript: Transcript) -> int:
    """How many bytes the device said until the check was decided."""
    kind = kind_by_slug(transcript.kind)
    transport = ReplayTransport(transcript.entries)
    asked = context(transcript)
    return run_check(while_deciding(kind, asked), asked, transport, questioner=transcript).evidence.received.length


def cuts(total: int, most: int) -> list[int]:
    """After how many bytes to cut a conversation: after each of the first and of the last, where every message is
    another, and evenly between, where one page of memory comes like the next."""
    between = range(most, total - most // 4, max(1, total // most))
    return sorted({*range(min(most, total)), *between, *range(max(0, total - most // 4), total)})


def replay(transcript: Transcript, transport: ReplayTransport) -> Report:
    report = run_check(kind_by_slug(transcript.kind), context(transcript), transport, questioner=transcript)
    assert transport.closed
    assert "local-protocol-error" not in [step.reason.key for step in report.steps if step.reason]
    return report


def substance(report: Report) -> object:
    """What a report says, without times."""
    steps = [(step.name, step.verdict, step.reason) for step in report.steps]
    return report.verdict, report.identity, steps, report.evidence.regions


# --- what a kind declares


@pytest.mark.parametrize("slug", KINDS)
def test_a_kind_speaks_greek_and_english(slug: str) -> None:
    """Its title, its steps and its questions have words in both languages."""
    kind = KINDS[slug]
    keys = [f"kind.{slug}", f"kind.{kind.filed}", *(f"step.{kind.filed}.{step.name}" for step in kind.steps)]
    keys += [f"question.{question.kind}.{question.key}" for question in kind.questions]
    keys += [f"extra.{kind.filed}.{extra.name}" for extra in kind.extras]
    keys += [f"choice.{choice}" for question in kind.questions for choice in question.choices]
    assert [f"{language}: {key}" for language in LANGUAGES for key in keys if not has(language, key)] == []


@pytest.mark.parametrize(("one", "other"), list(combinations(KINDS, 2)))
def test_match_rules_collide_only_where_declared(one: str, other: str) -> None:
    """Two kinds share a USB identity, or the beginning of a Bluetooth name, only if both say that it is shared."""
    for my_name in KINDS[one].ble:
        for their_name in KINDS[other].ble:
            mine_begins, theirs_begins = my_name.name_begins, their_name.name_begins
            if mine_begins.startswith(theirs_begins) or theirs_begins.startswith(mine_begins):
                assert my_name.shared and their_name.shared, (my_name, their_name)
    for mine in KINDS[one].usb:
        for theirs in KINDS[other].usb:
            if mine.vid == theirs.vid and (mine.pid == theirs.pid or None in (mine.pid, theirs.pid)):
                assert mine.shared and theirs.shared, (mine, theirs)


@pytest.mark.parametrize("slug", KINDS)
def test_a_kind_is_bounded(slug: str) -> None:
    """Its steps have names of their own, and with a port there are deadlines and a speed."""
    kind = KINDS[slug]
    names = [step.name for step in kind.steps]
    assert names and len(set(names)) == len(names)
    assert any(step.counts for step in kind.steps)
    if kind.opening is Opening.NEVER:
        return
    assert bool(kind.bauds) == (kind.link == "serial")
    assert not (kind.usb and kind.link == "ble") and not (kind.ble and kind.link == "serial")
    assert kind.deadline_s is not None and kind.deadline_s <= 30
    assert kind.long_deadline_s is None or kind.long_deadline_s <= 60
    assert all(step.timeout_s is not None for step in kind.steps)


@pytest.mark.parametrize("slug", KINDS)
def test_auto_opens_only_what_is_one_kinds_own_and_harmless(slug: str) -> None:
    """No identity that is shared, and none of a kind that has to be named, leads `auto` to open a port."""
    kind = KINDS[slug]
    for rule in kind.usb:
        pid = 0x1234 if rule.pid is None else rule.pid
        decision = decide(Candidate("port", "", rule.vid, pid))
        if rule.shared or kind.opening is not Opening.FREELY:
            assert decision.kind is None and slug in decision.may_be
        else:
            assert decision.kind is kind
    for name in kind.ble:
        decision = decide(Candidate("ble:C0:00:00:00:00:01", properties={"name": name.name_begins + " x"}))
        assert decision.kind is (None if name.shared or kind.opening is not Opening.FREELY else kind)


def test_the_service_can_read_every_kind_without_a_port() -> None:
    """Kinds, reports and their words load neither pyserial nor bleak: the service imports them."""
    code = (
        "import sys; from device_agents.kinds import all_kinds; import device_agents.report, device_agents.messages;"
        "assert all_kinds(); print([name for name in ('serial', 'bleak') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- how a kind behaves, whatever it meets


@pytest.mark.parametrize("slug", WITH_PORT)
@pytest.mark.parametrize("read_flash", [True, False])
def test_silence_is_inconclusive(slug: str, read_flash: bool) -> None:
    """A device that says nothing at all: INCONCLUSIVE, in time."""
    check_stranger(slug, lambda data: [], read_flash)


@pytest.mark.parametrize("slug", WITH_PORT)
def test_an_echo_is_inconclusive(slug: str) -> None:
    """A cable that gives back what was sent: never a device."""
    check_stranger(slug, lambda data: [(0.001, data)])


@pytest.mark.parametrize("slug", WITH_PORT)
def test_a_babbler_is_inconclusive(slug: str) -> None:
    """A device that never stops: ended by the deadline."""
    check_stranger(slug, lambda data: [(0.01 * n, b"blah blah\r\n") for n in range(4000)])


@settings(deadline=None, max_examples=15)
@pytest.mark.parametrize("slug", WITH_PORT)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12))
def test_garbage_is_inconclusive(slug: str, answers: list[bytes]) -> None:
    """Any bytes for an answer: never PASS, and never an exception."""
    left = list(answers)

    def device(data: bytes) -> Answers:
        return [(0.005, left.pop(0))] if left else []

    check_stranger(slug, device)


def check_stranger(slug: str, device: object, read_flash: bool = True) -> None:
    transport = ScriptedTransport(device)  # type: ignore[arg-type]
    kind = KINDS[slug]
    options = CheckOptions(read_flash=read_flash)
    report = run_check(kind, CheckContext(Candidate("scripted"), options, catalogue()), transport)
    assert report.verdict is not Verdict.PASS
    assert report.verdict.exit_code == 2
    deadline = kind.deadline(options)
    assert deadline is not None and transport.now() <= deadline - LEAVE_S / 4
    assert not transport.is_open
    for step in report.steps:
        assert step.reason is None or step.reason.key != "local-protocol-error"
        for language in LANGUAGES:
            assert step.reason is None or has(language, f"reason.{step.reason.key}"), step.reason


# --- how a kind reads what real firmware said


@pytest.mark.parametrize("slug", WITH_PORT)
def test_a_kind_has_a_recording_that_passes(slug: str) -> None:
    """Real firmware has spoken with this kind, and it is kept (nothing was said where USB alone tells what it is)."""
    assert any(TRANSCRIPTS[name].kind == slug for name in PASSES)


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_recording_gives_its_verdict_again(name: str) -> None:
    """The same bytes give the same verdict, and everything that was sent is sent again."""
    transcript = TRANSCRIPTS[name]
    transport = ReplayTransport(transcript.entries)
    assert replay(transcript, transport).verdict is transcript.verdict
    assert transport.finished


@settings(deadline=None, max_examples=12)
@pytest.mark.parametrize("name", TRANSCRIPTS)
@given(st.integers(1, 40))
def test_any_pieces_give_the_same_report(name: str, piece: int) -> None:
    """However the line cuts what the device says, the report says the same."""
    transcript = TRANSCRIPTS[name]
    whole = replay(transcript, ReplayTransport(transcript.entries))
    pieces = replay(transcript, ReplayTransport(transcript.entries, piece=piece))
    assert substance(pieces) == substance(whole)


@pytest.mark.parametrize("name", PASSES)
def test_silence_after_any_byte_never_passes(name: str) -> None:
    """A device that falls silent after any of its bytes leaves the check INCONCLUSIVE."""
    transcript = TRANSCRIPTS[name]
    total = said(transcript)
    for count in cuts(total, 600):
        report = replay(transcript, ReplayTransport(transcript.entries, silent_after=count))
        assert report.verdict is Verdict.INCONCLUSIVE, f"silent after {count} of {total} bytes"


@pytest.mark.parametrize("name", PASSES)
def test_vanishing_after_any_byte_never_passes(name: str) -> None:
    """A device that is unplugged after any of its bytes leaves the check INCONCLUSIVE, with the reason."""
    transcript = TRANSCRIPTS[name]
    total = said(transcript)
    for count in cuts(total, 200):
        report = replay(transcript, ReplayTransport(transcript.entries, vanish_after=count))
        assert report.verdict is Verdict.INCONCLUSIVE, f"gone after {count} of {total} bytes"
        assert "port-vanished" in [step.reason.key for step in report.steps if step.reason]
