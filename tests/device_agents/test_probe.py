"""`stem-check` as a person meets it: exit codes, one JSON object, clear sentences in two languages, no traceback
ever."""

import argparse
import json
import os
import signal
import string
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from device_agents.auto import decide
from device_agents.candidates import Candidate
from device_agents.cli import language_of, main
from device_agents.commands import command_names, load_command
from device_agents.errors import Scalar
from device_agents.messages import LANGUAGES, catalogue, text
from firmware_checks.verdicts import Verdict
from tests.device_agents.probing import probe, stem_check

JPEG = b"\xff\xd8\xff\xe0 a photo"
GOOD = {
    "body": "yes",
    "charging": True,
    "power": "yes",
    "buttons": "yes",
    "drive": "yes",
    "turns": "yes",
    "speaker": "yes",
    "photo": "front.jpg",
    "signature": "Μαρία Παπαδοπούλου",
}


@pytest.fixture
def silent_port() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


# --- the command line


def test_kinds_are_listed() -> None:
    """Each kind with slug, titles in both languages, rules and steps."""
    listed = stem_check("kinds", "--json")
    assert listed.code == 0
    kinds = {kind["slug"]: kind for kind in json.loads(listed.out)}
    assert {"arduino-avr", "bee-bot"} <= set(kinds)
    assert kinds["arduino-avr"]["title"]["el"] == "Πλακέτα Arduino (AVR)"
    assert {"vid": "2341", "pid": "0043", "shared": False, "label": "Arduino Uno"} in kinds["arduino-avr"]["usb"]
    assert kinds["bee-bot"]["opening"] == "never"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["prob"],
        ["probe"],
        ["probe", "--kind", "arduino-avr"],
        ["probe", "/dev/null", "--kind", "no-such-kind"],
        ["probe", "/dev/null", "--no-such-option"],
        ["probe", "/dev/null", "--kind", "bee-bot", "--with", "no-such-extra"],
        ["probe", "--kind", "bee-bot", "--answers", "/no/such/file"],
        ["probe", "/dev/no-such-port"],
        ["probe", "/dev/no-such-port", "--kind", "arduino-avr"],
        ["probe", "socket://127.0.0.1:1", "--kind", "arduino-avr"],
        ["probe", "/etc/hostname", "--kind", "arduino-avr"],
        ["probe", "x" * 5000, "--kind", "arduino-avr"],
        ["probe", "/dev/null\x00x".replace("\x00", "?"), "--kind", "arduino-avr", "--baselines", "/no/such/folder"],
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_used_is_exit_3(arguments: list[str], language: str) -> None:
    """Arguments and ports that are no use: exit 3, a sentence in the asked language, nothing on standard output."""
    done = stem_check(*arguments, *(["--lang", language] if arguments else []))
    assert done.code == 3
    assert done.out == ""
    assert done.err.strip()
    if arguments:
        assert any("α" <= letter <= "ω" for letter in done.err) == (language == "el"), done.err


def test_auto_does_not_open_what_it_cannot_know(silent_port: str) -> None:
    """A port without a USB identity: UNKNOWN, exit 2, not one byte sent, and what to type."""
    probed = probe(silent_port)
    assert probed.code == 2
    document = probed.document
    assert list(document) == ["schema", "verdict", "kind", "identity", "steps", "evidence"]
    assert (document["verdict"], document["kind"]) == ("UNKNOWN", None)
    assert document["evidence"]["sent"]["length"] == 0
    assert probed.seconds < 20  # a busy machine needs seconds to start; a check would need more
    words = stem_check("probe", silent_port, "--lang", "en").out
    assert f"stem-check probe {silent_port} --kind" in words and "arduino-avr" in words


def test_silence_is_exit_2_and_says_what_to_do(silent_port: str) -> None:
    """A named kind on a silent port: INCONCLUSIVE, exit 2, one verdict, one sentence, a next step."""
    done = stem_check("probe", silent_port, "--kind", "arduino-avr", "--lang", "en")
    assert done.code == 2
    first, *_, last = done.out.strip().splitlines()
    assert first.startswith("INCONCLUSIVE  Arduino board (AVR): ") and last.startswith("Next: ")
    assert done.seconds < 30


def test_greek_is_greek_to_its_verdict(silent_port: str) -> None:
    """What a person reads in Greek begins with the Greek word, and no word of the command line's parser is English."""
    silent = stem_check("probe", silent_port, "--kind", "arduino-avr", "--lang", "el").out
    assert silent.startswith("ΔΕΝ ΟΛΟΚΛΗΡΩΘΗΚΕ Ο ΕΛΕΓΧΟΣ  Πλακέτα Arduino"), silent
    for given in (["check"], ["prob"], ["scan", "--seconds", "x"], ["scan", "--seconds", "99"], ["check", "--port"]):
        said = stem_check(*given, "--lang", "el").err
        for theirs in ("usage", "argument", "required", "invalid", "expected", "choose"):
            assert theirs not in said, said
    shown = stem_check("probe", "--help", "--lang", "el").out
    assert "options" not in shown and "positional" not in shown and "show this" not in shown, shown


def test_fractions_have_a_comma_in_greek() -> None:
    """A figure with a fraction is written as Greeks write it; versions and whole numbers stay as they are."""
    params: dict[str, Scalar] = {"sensor": "T", "celsius": 21.3}
    assert "21,3 °C" in text("el", "reason.printer-heating", params)
    assert "21.3 °C" in text("en", "reason.printer-heating", params)
    assert "0.249" in text("el", "reason.interface-outdated", {"version": "0.249", "minimum": "0.255"})


def test_ctrl_c_ends_it_and_gives_the_port_back(silent_port: str) -> None:
    """An interrupted check ends at once, without a traceback, and the port is free."""
    command = [sys.executable, "-m", "device_agents.cli", "probe", silent_port, "--kind", "arduino-avr"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 130 and out == "" and "Traceback" not in err
    assert "Interrupted" in err or "Διακόπηκε" in err
    serial.Serial(silent_port, exclusive=True).close()


def test_a_recording_that_cannot_be_written_is_told_before(silent_port: str) -> None:
    """--record to a folder that is not there: exit 3 at once, and the device is not touched."""
    done = stem_check("probe", silent_port, "--kind", "arduino-avr", "--record", "/no/such/folder/x", limit_s=5)
    assert done.code == 3 and "/no/such/folder/x" in done.err


def test_a_person_at_the_terminal_is_asked_again_until_the_answer_is_one(tmp_path: Path) -> None:
    """Questions stand on the terminal in Greek, a wrong answer is explained and asked again, and the report is
    whole."""
    (tmp_path / "front.jpg").write_bytes(JPEG)
    master, slave = os.openpty()
    command = [sys.executable, "-m", "device_agents.cli", "probe", "--kind", "bee-bot", "--json", "--lang", "el"]
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    typed = ["perhaps", *["yes"] * 7, "no-such.jpg", "front.jpg", "Μαρία Π."]
    os.write(master, "".join(line + "\n" for line in typed).encode())
    out, err = process.communicate(timeout=20)
    os.close(slave)
    os.close(master)
    assert json.loads(out)["verdict"] == "PASS", err
    assert "Είναι το σώμα ακέραιο" in err and "perhaps" in err and "no-such.jpg" in err


def test_a_busy_port_is_exit_3(silent_port: str) -> None:
    """A port that another program holds is told as such."""
    with serial.Serial(silent_port, exclusive=True):
        done = stem_check("probe", silent_port, "--kind", "arduino-avr", "--lang", "en")
    assert done.code == 3 and "another program" in done.err


def test_every_command_registers_and_has_words() -> None:
    """A module in `commands` is a command: its summary has words in both languages."""
    assert {"kinds", "probe"} <= set(command_names())
    for name in command_names():
        for language in LANGUAGES:
            assert f"command.{name}" in catalogue(language), name
            load_command(name).register(argparse.ArgumentParser(), language)


def test_help_is_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Help is help."""
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "probe" in capsys.readouterr().out


def test_help_loads_no_command() -> None:
    """`stem-check --help` answers at once: neither the commands nor what they stand on are loaded for it."""
    code = (
        "import sys; from device_agents.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('pydantic', 'serial', 'httpx', 'cryptography', 'asyncio', 'device_agents.commands.probe')\n"
        "sys.exit(str([name for name in heavy if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.stderr.strip() == "[]"


def test_the_language_is_chosen() -> None:
    """--lang before the environment, the environment before English."""
    assert language_of({"LANG": "en_GB.UTF-8"}, ["probe", "--lang", "el"]) == "el"
    assert language_of({"LANG": "en_GB.UTF-8"}, ["probe", "--lang=el"]) == "el"
    assert language_of({"LANG": "el_GR.UTF-8"}, ["probe"]) == "el"
    assert language_of({"STEM_CHECK_LANG": "en", "LANG": "el_GR.UTF-8"}, ["probe"]) == "en"
    assert language_of({}, []) == "en"


def test_both_languages_have_the_same_messages() -> None:
    """No message is missing in either, and both take the same parameters."""

    def places(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    greek, english = catalogue("el"), catalogue("en")
    assert sorted(greek) == sorted(english)
    assert {
        key: (places(greek[key]), places(english[key])) for key in greek if places(greek[key]) != places(english[key])
    } == {}


# --- the checklist


def answers(folder: Path, **changes: object) -> str:
    (folder / "front.jpg").write_bytes(JPEG)
    path = folder / "answers.json"
    path.write_text(json.dumps({key: value for key, value in {**GOOD, **changes}.items() if value is not ...}))
    return str(path)


def test_a_good_bee_bot_passes(tmp_path: Path) -> None:
    """Every question answered well, a photo and a name: PASS, and the evidence holds the answers and the photo's
    digest."""
    probed = probe("--kind", "bee-bot", "--answers", answers(tmp_path))
    assert (probed.code, probed.document["verdict"]) == (0, "PASS"), probed.out
    held = {answer["question"]: answer for answer in probed.document["evidence"]["answers"]}
    assert held["photo"]["size"] == len(JPEG) and len(held["photo"]["sha256"]) == 64
    assert held["signature"]["value"] == "Μαρία Παπαδοπούλου"


@pytest.mark.parametrize("key", [key for key in GOOD if key not in ("photo", "signature")])
def test_a_reported_fault_fails(tmp_path: Path, key: str) -> None:
    """A fault that the person reports is FAIL, exit 1, named."""
    probed = probe("--kind", "bee-bot", "--answers", answers(tmp_path, **{key: "no"}))
    assert (probed.code, probed.document["verdict"]) == (1, "FAIL")
    assert f"bee-bot-{key}" in probed.reasons


@pytest.mark.parametrize("key", GOOD)
@pytest.mark.parametrize("missing", [..., None, ""])
def test_an_unanswered_question_is_inconclusive(tmp_path: Path, key: str, missing: object) -> None:
    """Whatever is left out, photo and name too: INCONCLUSIVE, exit 2."""
    probed = probe("--kind", "bee-bot", "--answers", answers(tmp_path, **{key: missing}))
    assert (probed.code, probed.document["verdict"]) == (2, "INCONCLUSIVE")


def test_nobody_at_the_terminal_is_inconclusive() -> None:
    """Without a terminal and without answers nothing is asked and nothing passes."""
    probed = probe("--kind", "bee-bot")
    assert probed.code == 2
    assert set(probed.reasons) <= {"unanswered", "photo-missing", "unsigned"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"speaker": "maybe"}, "speaker"),
        ({"speaker": 7}, "speaker"),
        ({"no-such-question": "yes"}, "no-such-question"),
        ({"photo": "missing.jpg"}, "missing.jpg"),
        ({"photo": "answers.json"}, "answers.json"),
        ({"photo": "/dev/zero"}, "/dev/zero"),
    ],
)
def test_answers_that_mean_nothing_are_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """A wrong answers file is exit 3 and names the question or the file."""
    done = stem_check("probe", "--kind", "bee-bot", "--answers", answers(tmp_path, **changes), limit_s=10)
    assert done.code == 3 and words in done.err


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'"yes"', b"[" * 100_000])
def test_an_answers_file_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds: exit 3, its name, no traceback."""
    path = tmp_path / "answers.json"
    path.write_bytes(content)
    done = stem_check("probe", "--kind", "bee-bot", "--answers", str(path))
    assert done.code == 3 and "answers.json" in done.err


# --- auto


@pytest.mark.parametrize(
    ("vid", "pid", "kind", "reason"),
    [
        (0x2341, 0x0043, "arduino-avr", ""),
        (0x1A86, 0x7523, None, "shared-usb-identity"),
        (0x0403, 0x6001, None, "shared-usb-identity"),
        (0x10C4, 0xEA60, None, "shared-usb-identity"),
        (0x2341, 0x1234, None, "unknown-usb-identity"),
        (0xDEAD, 0xBEEF, None, "unknown-usb-identity"),
        (None, None, None, "no-usb-identity"),
    ],
)
def test_auto_decides_by_the_usb_identity(vid: int | None, pid: int | None, kind: str | None, reason: str) -> None:
    """An Uno is opened; a bridge that may be a printer's, and whatever is unknown, is not."""
    decision = decide(Candidate("port", "", vid, pid))
    assert (decision.kind.slug if decision.kind else None, decision.reason) == (kind, reason)
    assert Verdict.UNKNOWN.exit_code == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("vid", "pid"), [(0x1A86, 0x7523), (0x1A86, 0x55D4), (0x0403, 0x6001), (0x10C4, 0xEA60)])
def test_a_clone_is_a_candidate_to_be_confirmed(language: str, vid: int, pid: int) -> None:
    """Behind a bridge chip may be an Uno, a Mega or a printer: it is not opened, each is named, and what to type is
    said."""
    decision = decide(Candidate("/dev/ttyUSB0", "", vid, pid))
    assert {"arduino-avr", "arduino-mega", "printer-marlin"} <= set(decision.may_be)
    params = {"port": "/dev/ttyUSB0", "usb_id": f"{vid:04x}:{pid:04x}", "may_be": ", ".join(decision.may_be)}
    said = text(language, f"next.{decision.reason}", params)
    assert "stem-check probe /dev/ttyUSB0 --kind" in said and "arduino-mega" in said


@pytest.mark.parametrize("pid", [0x0010, 0x0042, 0x0210, 0x0242])
def test_a_mega_may_be_a_printer(pid: int) -> None:
    """Arduino's own identity, and still not opened."""
    assert decide(Candidate("port", "", 0x2341, pid)).kind is None


@pytest.mark.parametrize("pid", [0x0036, 0x8036, 0x0037, 0x8037, 0x0041, 0x8041])
def test_a_board_with_its_own_usb_is_itself(pid: int) -> None:
    """In its sketch and in its bootloader."""
    kind = decide(Candidate("port", "", 0x2341, pid)).kind
    assert kind is not None and kind.slug == "arduino-leonardo"
