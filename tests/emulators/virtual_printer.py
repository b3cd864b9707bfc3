"""OctoPrint's virtual printer behind a pseudo-terminal: a program of its own, run by `.venv-octoprint`'s
Python.

OctoPrint is AGPL-licensed: nothing of ours imports it, and this file is never imported by ours. It prints the
pseudo-terminal's path, then serves until its input ends.

    virtual_printer.py [--set KEY=JSON ...] [--before COMMAND FAULT ...] [--say LINE ...]

`--set` overrides a setting of the virtual printer (`--set resend_ratio=10`). `--before M119 go_awol` gives
the printer the debugging command `!!DEBUG:go_awol` right before it hears the first line with M119: our
checker sends questions only, so a fault has to come from this side. `--say` is a line that the printer hears
before anything else (`M104 S200`). Every line that the printer hears from the other end is written to
standard output as `heard: ...`.
"""

import argparse
import contextlib
import json
import os
import pty
import sys
import tempfile
import threading
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Any

READ_TIMEOUT_S = 0.2


class Settings:
    """What the virtual printer asks of OctoPrint's settings: a plugin's defaults under what the command line
    says."""

    def __init__(self, defaults: dict[str, Any], folder: Path) -> None:
        self._values = defaults
        self._folder = folder

    def get(self, path: Sequence[str], **_: Any) -> Any:
        value: Any = self._values
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def get_boolean(self, path: Sequence[str], **_: Any) -> bool:
        return bool(self.get(path))

    def get_int(self, path: Sequence[str], **_: Any) -> int:
        return int(self.get(path) or 0)

    def get_float(self, path: Sequence[str], **_: Any) -> float:
        return float(self.get(path) or 0.0)

    def global_get_basefolder(self, name: str, **_: Any) -> str:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return str(folder)


class Bridge:
    """Carries lines from the pseudo-terminal to the printer, and what it says back."""

    def __init__(self, printer: Any, master: int, faults: list[tuple[str, str]]) -> None:
        self.printer = printer
        self.master = master
        self.faults = faults

    def hear(self) -> None:
        """From the line to the printer, until the line is gone."""
        pending = b""
        while True:
            try:
                data = os.read(self.master, 4096)
            except OSError:
                return
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                sys.stdout.write(f"heard: {line.decode('latin-1')}\n")
                sys.stdout.flush()
                for fault in [fault for fault in self.faults if fault[0].encode() in line]:
                    self.faults.remove(fault)
                    self.tell(f"!!DEBUG:{fault[1]}".encode())
                self.tell(line)

    def tell(self, line: bytes) -> None:
        data = line + b"\n"
        while data:
            try:
                written = self.printer.write(data)
            except Exception:  # the printer "drops the connection" by raising a time-out of the serial library
                return
            data = data[written:]

    def speak(self) -> None:
        """From the printer to the line; a dropped connection closes the line."""
        while True:
            try:
                line = self.printer.readline()
            except Exception:  # see tell()
                os.close(self.master)
                return
            if line:
                with contextlib.suppress(OSError):
                    os.write(self.master, line.rstrip(b"\n") + b"\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--set", action="append", default=[], metavar="KEY=JSON")
    arguments.add_argument("--before", action="append", default=[], nargs=2, metavar=("COMMAND", "FAULT"))
    arguments.add_argument("--say", action="append", default=[], metavar="LINE")
    options = arguments.parse_args()

    from octoprint.plugins.virtual_printer import (  # type: ignore[import-not-found]  # not in our environment
        VirtualPrinterPlugin,
        virtual,
    )

    class NoPlugins:
        def get_hooks(self, _name: str) -> dict[str, Any]:
            return {}

    virtual.plugin_manager = NoPlugins
    values = VirtualPrinterPlugin().get_settings_defaults()
    values |= {key: json.loads(value) for key, _, value in (entry.partition("=") for entry in options.set)}
    with tempfile.TemporaryDirectory() as folder:
        printer = virtual.VirtualPrinter(
            Settings(values, Path(folder)), None, data_folder=folder, read_timeout=READ_TIMEOUT_S
        )
        master, slave = pty.openpty()  # the slave stays open here: its end would be the master's end
        tty.setraw(slave)
        bridge = Bridge(printer, master, [(command, fault) for command, fault in options.before])
        for line in options.say:
            bridge.tell(line.encode())
        for task in (bridge.hear, bridge.speak):
            threading.Thread(target=task, daemon=True).start()
        sys.stdout.write(os.ttyname(slave) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        printer.close()
        os._exit(0)  # its threads have no end of their own


if __name__ == "__main__":
    main()
