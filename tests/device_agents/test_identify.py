"""`stem-check identify`: which device is at a port, from what the device says, and nothing else of a check."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from device_agents.candidates import Candidate
from device_agents.kinds import all_kinds, kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions, Opening
from device_agents.places import home_folder
from device_agents.runner import Ended, run_identification
from device_agents.transports.replay import ReplayTransport
from firmware_checks.verdicts import Verdict
from tests.contracts.transcripts import Transcript, all_transcripts
from tests.device_agents.probing import stem_check
from tests.device_agents.scripted import ScriptedTransport
from tests.device_agents.scripted_devices import V1, Board
from tests.emulators.programs import microbit

RECORDED = [each for each in all_transcripts() if each.verdict is Verdict.PASS]


def identify(slug: str, transport: ScriptedTransport, candidate: Candidate) -> tuple[Ended, CheckContext]:
    context = CheckContext(candidate, CheckOptions(read_flash=False))
    ended = run_identification(kind_by_slug(slug), context, transport)
    assert not transport.is_open
    return ended, context


@pytest.mark.parametrize("transcript", RECORDED, ids=str)
def test_each_recorded_device_says_who_it_is(transcript: Transcript) -> None:
    """Real firmware of each kind is identified, also where its check goes on for long behind that."""
    context = CheckContext(transcript.candidate, CheckOptions(transcript.read_flash))
    kind = replace(kind_by_slug(transcript.kind), leave=None)  # on the way out a whole check says something else
    ended = run_identification(kind, context, ReplayTransport(transcript.entries))
    assert ended.passed and ended.step.name == kind_by_slug(transcript.kind).identified_by, ended.outcome
    assert any(context.identity.values())


def test_every_kind_with_a_port_has_such_a_step() -> None:
    """`identified_by` names a step of the kind."""
    for kind in all_kinds():
        if kind.opening is not Opening.NEVER:
            assert kind.identified_by in {step.name for step in kind.steps}, kind.slug


@pytest.mark.parametrize(
    ("hear", "reason"),
    [
        (lambda data: [], "microbit-silent"),
        (lambda data: [(0.001, data)], "no-micropython"),
        (Board(says_uname=b"(sysname='micro").hear, "garbled"),
    ],
    ids=["silent", "echo", "half an answer"],
)
def test_who_does_not_say_it_is_not_identified(hear: Callable[[bytes], list[tuple[float, bytes]]], reason: str) -> None:
    """Nothing is guessed: INCONCLUSIVE, exit 2, with the reason."""
    ended, context = identify("microbit", ScriptedTransport(hear), Candidate(port="scripted"))
    assert ended.outcome.verdict is Verdict.INCONCLUSIVE and ended.outcome.reason == reason
    assert "machine" not in context.identity


def test_the_program_runs_again_afterwards() -> None:
    """Who it is, is all that is asked: then the board is left as it was found."""
    board = Board()
    ended, context = identify("microbit", board.transport(), Candidate(port="scripted"))
    assert ended.passed and context.identity["machine"] == V1[3]
    assert board.asked == [] and board.restarts == 1


@pytest.mark.emulator
def test_a_real_micropython_in_a_line() -> None:
    """The command: exit 0, one JSON object with who it is."""
    with microbit() as board:
        said = stem_check("identify", board.port, "--kind", "microbit", "--json")
        assert said.code == 0, said.err
        assert said.document["schema"] == "stem-check-identity/1" and said.document["verdict"] == "PASS"
        assert said.document["identity"]["machine"] == "micro:bit with nRF51822"
        words = stem_check("identify", board.port, "--kind", "microbit", "--lang", "el")
        assert words.code == 0 and "micro:bit with nRF51822" in words.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("/dev/null", "--kind", "bee-bot"), "stem-check probe --kind bee-bot"),
        (("/dev/null",), "--kind"),
        (("/dev/none", "--kind", "microbit"), "/dev/none"),
    ],
)
@pytest.mark.parametrize("language", ["el", "en"])
def test_what_cannot_be_identified_says_what_to_do(arguments: tuple[str, ...], words: str, language: str) -> None:
    """Exit 3, in the person's language."""
    said = stem_check("identify", *arguments, "--lang", language)
    assert said.code == 3 and words in said.err and ("θύρα" in said.err) == (language == "el")


def test_it_is_light() -> None:
    """Neither the models of reports nor those of known firmware are loaded to ask a device who it is."""
    kinds = [kind.slug for kind in all_kinds() if kind.opening is not Opening.NEVER]
    script = (
        "import sys; from device_agents.cli import main; "
        f"[main(['identify', '/dev/none', '--kind', kind]) for kind in {kinds!r}]; "
        "print([name for name in ('pydantic', 'cryptography', 'asyncio', 'platformdirs') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
@pytest.mark.parametrize("shared", ["", "/srv/data"])
def test_the_home_is_where_platformdirs_has_it(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way to the folder of a user's data leads to the same place."""
    import platformdirs

    monkeypatch.delenv("STEM_CHECK_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", shared)
    assert home_folder() == Path(platformdirs.user_data_dir("stem-check", False))
    assert os.environ["XDG_DATA_HOME"] == shared
