"""`make one-file`: try the program that was built into one file, as a person without Python has it.

    python -m tests.one_file [dist/stem-check]

It runs where no Python of ours is to be found, and has to say what the program says from its source. Not a part of
`make test`: building takes a minute.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.checks.serving import ANSWERS, PNG
from tests.emulators.arduino import sketch, uno
from tests.emulators.network import on_network
from tests.emulators.programs import ROOT


class Built:
    """The program; `run` gives what it prints and insists on its exit code."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
        self.folder = folder

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run it to its end."""
        begun = time.monotonic()
        done = subprocess.run(
            [str(self._program), *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        seconds = time.monotonic() - begun
        print(f"{seconds:5.1f} s  {self._program.name} {' '.join(arguments)}", flush=True)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"exit {done.returncode} instead of {code}: {done.stdout}{done.stderr}"
        return done.stdout


def from_source(*arguments: str) -> str:
    """What the source's own program prints."""
    command = [sys.executable, "-m", "device_agents.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


@contextmanager
def built(program: Path) -> Iterator[Built]:
    """The program in an empty folder of its own."""
    with tempfile.TemporaryDirectory(prefix="stem-one-file-") as folder:
        yield Built(program, Path(folder))


def what_it_knows(program: Path) -> None:
    """Commands, kinds, rules, words and known firmware are all in the file."""
    with built(program) as check:
        commands = [path.stem for path in (ROOT / "device_agents" / "commands").glob("*.py") if path.stem != "__init__"]
        usage = check.run("--help")
        assert all(name.replace("_", "-") in usage for name in commands)
        for name in commands:
            check.run(name.replace("_", "-"), "--help", "--lang", "el")
        for arguments in (("kinds", "--json"), ("kinds", "--lang", "el"), ("doctor", "--udev")):
            assert check.run(*arguments) == from_source(*arguments), arguments
        findings = {each["key"]: each["state"] for each in json.loads(check.run("doctor", "--json"))["findings"]}
        assert findings["baselines-read"] == "ok" and "not-looked" not in findings
        check.run("probe", "/dev/no-such-port", "--kind", "arduino-avr", code=3)
        answers = {**ANSWERS, "photo": "photo.png", "signature": "Μαρία Τεχνικού"}
        (check.folder / "photo.png").write_bytes(PNG)
        (check.folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        assert "PASS" in check.run("probe", "--kind", "bee-bot", "--answers", "answers.json")


def what_it_checks(program: Path) -> None:
    """An emulated Uno passes: at its port, behind a raw socket and behind RFC 2217."""
    with built(program) as check, uno(sketch("talker")) as board:
        report = json.loads(check.run("probe", board.port, "--kind", "arduino-avr", "--json"))
        assert (report["verdict"], report["identity"]["signature"]) == ("PASS", "1e950f")
        for rfc2217 in (False, True):
            with on_network(board, rfc2217=rfc2217) as url:
                arguments = ("probe", url, "--kind", "arduino-avr", "--no-flash", "--json")
                assert json.loads(check.run(*arguments))["verdict"] == "PASS"


def as_firmware_reader(program: Path) -> None:
    """Under the name stem-firmware the same file is the other program."""
    with tempfile.TemporaryDirectory(prefix="stem-one-file-") as folder:
        link = Path(folder) / "stem-firmware"
        link.symlink_to(program)
        assert "identify" in Built(link, Path(folder)).run("--help")


def main() -> int:
    """Try everything; a fault ends it."""
    program = (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "stem-check").resolve()
    os.umask(0o077)
    for trial in (what_it_knows, as_firmware_reader, what_it_checks):
        trial(program)
    print(f"{program.name}: {program.stat().st_size / 2**20:.0f} MB, works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
