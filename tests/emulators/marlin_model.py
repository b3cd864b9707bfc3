"""A model of Marlin behind a pseudo-terminal: a program of its own, with heaters, sensors, axes and its own shut-down.

Written from what Marlin is documented to do and was heard to say; it is no Marlin. It exists for what no program at
hand can show: whether a nozzle is cold once the checker is gone. It prints the pseudo-terminal's path, then `heard:
...` for each line, and its state about five times a second:

    state: seconds=3.2 nozzle=24.6 bed=21.3 target=44 heater=1 halted=0 moving=0

SIGUSR1 is the reset that a rising DTR makes. It serves until its input ends.

`--feeds` is what the shut-down of M85 counts as activity: `commands` (early Marlin 1.1), `moves` (late 1.1, 2.0 up to
2.0.3) or `moves-and-m85` (since 2.0.4). `--hurry N` makes its M85 count N times as fast. `--fault NAME` is one of
FAULTS.
"""

import argparse
import os
import pty
import re
import select
import signal
import sys
import time
import tty
from dataclasses import dataclass, field

ROOM_C = 21.3
FULL_C_PER_S = 3.0
LOSS_PER_S = 0.03
SENSOR_LAG_S = 1.0
HOMING_S = 3.0
NEVER = 1e9
FAULTS = {
    "m85-unknown": "the firmware was built without M85",
    "m85-dead": "M85 is acknowledged and never acts",
    "no-reset": "a reset does nothing",
    "no-start": "after a reset it says nothing",
    "renamed": "after a reset it is another firmware",
    "cold-heater": "the heater gives no warmth",
    "cold-heater-protected": "the same, and the firmware notices",
    "stuck-on": "once warm, the heater stays on: its switch has melted, and no firmware ends that",
    "runaway": "it heats past every target",
    "falls": "the sensor falls while it is heated",
    "crossed": "the bed becomes warm instead of the nozzle",
    "loose-sensor": "the sensor is lost once it is warm",
    "jumps": "the sensor jumps once it is warm",
    "deaf-when-warm": "nothing more is answered once it is warm",
    "ignores-off": "M104 S0 is acknowledged and changes nothing",
    "own-target": "it takes another target than it was given",
    "homing-fails": "homing ends with an error",
    "homing-endless": "homing never ends, and it says that it is busy",
    "homing-crossed": "after homing an axis is at both of its ends",
    "card-starts": "somebody starts a print from its card once it is warm",
    "prints-late": "it begins to print from its card while a person is asked",
}


@dataclass
class Heat:
    """A heated part and its sensor, which lags behind."""

    celsius: float = ROOM_C
    sensor: float = ROOM_C

    def pass_time(self, seconds: float, power: float) -> None:
        self.celsius += seconds * (power * FULL_C_PER_S - (self.celsius - ROOM_C) * LOSS_PER_S)
        self.sensor += (self.celsius - self.sensor) * min(1.0, seconds / SENSOR_LAG_S)


@dataclass
class Marlin:
    """The firmware and its printer."""

    fault: str
    feeds: str
    hurry: float
    boots_s: float
    stays_s: float = 0.0
    """What is said before it has begun keeps its bootloader for so long; 5 s on a Mega, as measured on stk500boot."""
    nozzle: Heat = field(default_factory=Heat)
    bed: Heat = field(default_factory=Heat)
    resets: int = -1
    heard: list[str] = field(default_factory=list)
    target: int = 0
    heats: bool = False
    halted: bool = False
    melted: bool = False
    card: bool = False
    limit_s: float = 0.0
    line: int = 0
    booted: float = 0.0
    active: float = 0.0
    homed: float = NEVER
    busy_at: float = NEVER
    heated_from: float = 0.0
    heated_since: float = NEVER
    said: bytes = b""

    def reset(self, now: float) -> None:
        """Power is on, or DTR has risen."""
        self.resets += 1
        self.halted = self.heats = False
        self.target, self.limit_s, self.line = 0, 0.0, 0
        self.booted = now + self.boots_s
        self.active, self.homed, self.busy_at, self.heated_since = self.booted, NEVER, NEVER, NEVER
        self.said = b""
        if self.fault != "no-start" or not self.resets:
            self.say("start\necho:Marlin 2.0.9.3\necho: Last Updated: 2021-12-25 | Author: (none, default config)")

    def say(self, text: str) -> None:
        self.said += text.encode("ascii") + b"\n"

    @property
    def moving(self) -> bool:
        return self.busy_at < NEVER

    @property
    def warm(self) -> bool:
        return self.nozzle.sensor > ROOM_C + 5

    def pass_time(self, now: float, seconds: float) -> None:
        """Physics, the heater's control, the protections, the shut-down."""
        if not self.halted:
            self.heats = self.target > 0 and (self.nozzle.sensor < self.target or self.fault == "runaway")
            self._protect(now)
        self.melted = self.melted or (self.fault == "stuck-on" and self.warm)
        power = float((self.heats or self.melted) and not self.fault.startswith("cold-heater"))
        nozzle = {"crossed": 0.0, "falls": -power}.get(self.fault, power)
        self.nozzle.pass_time(seconds, nozzle)
        self.bed.pass_time(seconds, power if self.fault == "crossed" else 0.0)
        if self.fault == "card-starts" and self.warm and not self.halted and not self.card:
            self.card = True
            self.say("SD printing byte 7/900")
        if self.homed <= now and not self.halted:
            self.homed, self.busy_at = NEVER, NEVER
            if self.fault == "homing-fails":
                self.say("echo:Homing Failed")
                self.kill()
            else:
                self.active = now
                self.say("X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok")
        if self.busy_at <= now and not self.halted:
            self.busy_at = now + 2.0
            self.say("echo:busy: processing")

    def _protect(self, now: float) -> None:
        if self.limit_s and self.fault != "m85-dead" and (now - self.active) * self.hurry >= self.limit_s:
            self.kill("KILL caused by too much inactive time - current command: M85")
        if not self.target:
            self.heated_since = NEVER
        elif self.heated_since == NEVER:
            self.heated_since, self.heated_from = now, self.nozzle.sensor
        elif self.fault == "cold-heater-protected" and now - self.heated_since > 10:
            self.kill("Heating failed, system stopped! Heater_ID: 0")

    def kill(self, why: str = "") -> None:
        """What Marlin's kill() does: everything off, then nothing but a reset helps."""
        self.say(f"Error:{why}" * bool(why) + "\n" * bool(why) + "Error:Printer halted. kill() called!")
        self.halted, self.heats, self.target = True, False, 0
        self.homed = self.busy_at = NEVER

    def hear(self, raw: str, now: float) -> None:
        """A line, as Marlin's command queue takes it in."""
        self.heard.append(raw)
        if now < self.booted and self.stays_s:
            self.booted = self.active = now + self.stays_s
        if self.halted or now < self.booted or not raw.strip():
            return
        if raw.strip() == "M112":
            self.kill("M112")
            return
        if self.fault == "deaf-when-warm" and self.warm:
            return
        numbered = re.fullmatch(r"N(\d+) (.*?)\*(\d+)", raw.strip())
        command = raw.strip()
        if numbered:
            checksum = 0
            for byte in raw.strip().rpartition("*")[0].encode("latin-1"):
                checksum ^= byte
            if checksum != int(numbered[3]):
                self.say(f"Error:checksum mismatch, Last Line: {self.line}\nResend: {self.line + 1}\nok")
                return
            if int(numbered[1]) != self.line + 1:
                why = "Line Number is not Last Line Number+1, Last Line"
                self.say(f"Error:{why}: {self.line}\nResend: {self.line + 1}\nok")
                return
            self.line += 1
            command = numbered[2]
        self.obey(command, now)
        if self.feeds == "commands":
            self.active = now

    def obey(self, command: str, now: float) -> None:
        """One command and its answer."""
        code, _, rest = command.partition(" ")
        figure = int(rest[1:]) if rest[:1] == "S" and rest[1:].isdigit() else None
        if code == "M105":
            self.say(self.temperatures())
        elif code == "M104" and figure is not None:
            if not (self.fault == "ignores-off" and self.target and not figure):
                self.target = figure + 40 * (self.fault == "own-target" and figure > 0)
            self.say("ok")
        elif code == "M85" and self.fault != "m85-unknown":
            self.limit_s = float(figure or 0)
            if self.feeds == "moves-and-m85":
                self.active = now
            self.say("ok")
        elif code == "G28":
            self.homed = NEVER if self.fault == "homing-endless" else now + HOMING_S
            self.busy_at = now + 2.0
        else:
            self.say(
                ANSWERS.get(code, f'echo:Unknown command: "{command}"\nok').format(
                    name="Marlin 2.1.2" if self.fault == "renamed" and self.resets else "Marlin 2.0.9.3 (Dec 24 2021)",
                    card="SD printing byte 7/900" if self._prints() else "Not SD printing",
                    ends="TRIGGERED" if self.fault == "homing-crossed" and "G28" in " ".join(self.heard) else "open",
                )
            )

    def _prints(self) -> bool:
        return self.fault == "prints-late" and any("M503" in line for line in self.heard)

    def temperatures(self) -> str:
        """M105's answer."""
        nozzle = self.nozzle.sensor
        if self.warm and self.fault == "loose-sensor":
            nozzle = -15.0
        if self.warm and self.fault == "jumps":
            nozzle += 25.0
        power = 127 * self.heats
        return f"ok T:{nozzle:.2f} /{self.target:.2f} B:{self.bed.sensor:.2f} /0.00 @:{power} B@:0"

    def state(self, now: float) -> str:
        """For whoever looks from outside."""
        return (
            f"state: seconds={now:.1f} nozzle={self.nozzle.celsius:.1f} bed={self.bed.celsius:.1f} "
            f"target={self.target} heater={int(self.heats)} halted={int(self.halted)} "
            f"moving={int(self.moving)}"
        )


ANSWERS = {
    "M115": "FIRMWARE_NAME:{name} SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin PROTOCOL_VERSION:1.0 "
    "MACHINE_TYPE:Ender-3 EXTRUDER_COUNT:1 UUID:00000000-0000-0000-0000-000000000000\n"
    "Cap:EEPROM:1\nCap:AUTOREPORT_TEMP:1\nCap:EMERGENCY_PARSER:0\nok",
    "M27": "{card}\nok",
    "M114": "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok",
    "M119": "Reporting endstop status\nx_min: TRIGGERED\nx_max: {ends}\ny_min: TRIGGERED\nz_min: TRIGGERED\nok",
    "M31": "echo:Print time: 0s\nok",
    "M140": "ok",
    "M503": "echo:; Steps per unit:\necho: M92 X80.00 Y80.00 Z400.00 E93.00\n"
    "echo:; Maximum feedrates (units/s):\necho:  M203 X500.00 Y500.00 Z5.00 E25.00\n"
    "echo:; PID settings:\necho:  M301 P21.73 I1.54 D76.55\nok",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fault", default="", choices=["", *FAULTS])
    arguments.add_argument("--feeds", default="moves-and-m85", choices=["commands", "moves", "moves-and-m85"])
    arguments.add_argument("--hurry", type=float, default=1.0)
    arguments.add_argument("--boots", type=float, default=0.4)
    options = arguments.parse_args()
    marlin = Marlin(options.fault, options.feeds, options.hurry, options.boots)
    wanted: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: wanted.append(1))
    master, slave = pty.openpty()  # the slave stays open here: its end would be the master's end
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    begun = last = shown = time.monotonic()
    marlin.reset(0.0)
    pending = b""
    while True:
        ready = select.select([master, sys.stdin], [], [], 0.01)[0]
        moment = time.monotonic()
        now = moment - begun
        marlin.pass_time(now, moment - last)
        last = moment
        if wanted and marlin.fault != "no-reset":
            marlin.reset(now)
            pending = b""
        wanted.clear()
        if sys.stdin in ready and not os.read(0, 4096):
            return
        if master in ready:
            *lines, pending = (pending + os.read(master, 4096)).split(b"\n")
            for line in lines:
                print(f"heard: {line.decode('latin-1')}", flush=True)
                marlin.hear(line.decode("latin-1"), now)
        if marlin.said and now >= marlin.booted:
            os.write(master, marlin.said)
            marlin.said = b""
        if moment - shown > 0.2:
            shown = moment
            print(marlin.state(now), flush=True)


if __name__ == "__main__":
    main()
