"""What a Marlin-speaking printer's answers say: pure functions from an `Answer`'s text to values.

Firmware differs in blanks, in what it leaves out and in what it adds; nothing here fails on text that it does
not know: it is left out of the result. Sources: https://marlinfw.org/docs/gcode/ (M105, M114, M115, M119,
M027, M503).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Marlin's own default (Version.h, DEFAULT_MACHINE_UUID) and "none": both name no machine.
_NO_UUID = ("00000000-0000-0000-0000-000000000000", "cede2a2f-41a2-4748-9b12-c55c62f367ff")

_FIELD = re.compile(r"(?:^|\s)([A-Z][A-Z0-9_]{2,}):")
_CAPABILITY = re.compile(r"Cap:([A-Z0-9_]{1,48}):\s*([01])\s*$")
_NUMBER = r"[-+]?\d{1,6}(?:\.\d{1,6})?"
_TEMPERATURE = re.compile(rf"(?:^|\s)([TBCPRLM]\d?)\s*:\s*({_NUMBER})(?:\s*/\s*({_NUMBER}))?(?=\s|$)")
_AXIS = re.compile(rf"(?:^|\s)([XYZEABCUVW])\s*:\s*({_NUMBER})(?=\s|$)")
_ENDSTOP = re.compile(r"([a-z][a-z0-9_ ]{0,30}?)\s*:\s*(open|triggered)\s*$", re.IGNORECASE)
_SD_BYTES = re.compile(r"SD printing byte (\d{1,12})\s*/\s*(\d{1,12})", re.IGNORECASE)
_WORD = re.compile(rf"([A-Z])({_NUMBER})")
_SETTING = re.compile(r"(?:^|\s)([GM]\d{1,4})\b")


@dataclass(frozen=True)
class Firmware:
    """M115: who the firmware says that it is. `fields` are as it gave them, the useless UUIDs left out."""

    fields: dict[str, str]
    capabilities: dict[str, bool]

    @property
    def name(self) -> str:
        """FIRMWARE_NAME whole, blanks and all."""
        return self.fields.get("FIRMWARE_NAME", "")


@dataclass(frozen=True)
class Temperature:
    """One sensor of M105, in degrees Celsius; `target` None where the firmware gives none."""

    sensor: str
    actual: float
    target: float | None


@dataclass(frozen=True)
class SdStatus:
    """M27: `position` of `size` bytes where a file is open."""

    position: int = 0
    size: int = 0

    @property
    def printing(self) -> bool:
        """Whether a file is open and not at its end (older firmware says `0/0` with a card and no file)."""
        return self.position < self.size


def parse_firmware(lines: Iterable[str]) -> Firmware:
    """M115. Values run to the next upper-case key, so that they may hold blanks, colons and dates."""
    fields: dict[str, str] = {}
    capabilities: dict[str, bool] = {}
    for line in lines:
        if capability := _CAPABILITY.match(line):
            capabilities[capability[1]] = capability[2] == "1"
            continue
        end = len(line)
        for key in reversed(list(_FIELD.finditer(line))):
            fields[key[1]] = line[key.end() : end].strip()
            end = key.start()
    if fields.get("UUID", "").lower() in _NO_UUID:
        fields.pop("UUID", None)
    return Firmware(fields, capabilities)


def parse_temperatures(text: str) -> tuple[Temperature, ...]:
    """M105, with or without blanks around the slash; `@:` (the heaters' power) is no temperature."""
    return tuple(
        Temperature(name, float(actual), float(target) if target else None)
        for name, actual, target in _TEMPERATURE.findall(text)
    )


def parse_position(text: str) -> dict[str, float]:
    """M114: the axes, without the steppers' counts behind `Count`."""
    return {axis: float(value) for axis, value in _AXIS.findall(text.partition("Count")[0])}


def parse_endstops(lines: Iterable[str]) -> dict[str, bool]:
    """M119: whether each switch is triggered."""
    found: dict[str, bool] = {}
    for line in lines:
        if match := _ENDSTOP.match(line):
            found[match[1].strip().lower().replace(" ", "_")] = match[2].lower() == "triggered"
    return found


def parse_sd_status(lines: Iterable[str]) -> SdStatus | None:
    """M27; None where the firmware says nothing of a card."""
    for line in lines:
        if match := _SD_BYTES.search(line):
            return SdStatus(int(match[1]), int(match[2]))
        if "not sd printing" in line.lower():
            return SdStatus()
    return None


def settings_values(commands: Iterable[str]) -> dict[str, float]:
    """The figures of M503 by name: `M92 X80.00 E93` gives "M92 X" and "M92 E". Of several nozzles the first goes
    without a number, the others with it ("M301 E1 P", "M92 T1 E"). What is no figure is left out; so is everything
    where the firmware works in inches (G20), because then no figure is what it seems."""
    values: dict[str, float] = {}
    for command in commands:
        code, *words = command.partition(";")[0].split()
        if code == "G20":
            return {}
        pairs = [(word[1], float(word[2])) for word in map(_WORD.fullmatch, words) if word]
        prefix = code
        if pairs and (pairs[0][0] == "T" or (pairs[0][0] == "E" and code == "M301")):
            _, number = pairs.pop(0)
            prefix = f"{code} {command.split()[1]}" if number else code
        values.update((f"{prefix} {letter}", number) for letter, number in pairs)
    return values


def parse_settings(lines: Iterable[str]) -> tuple[str, ...]:
    """M503: the settings as the commands that would set them (`M92 X80.00 ...`); descriptions are left
    out."""
    return tuple(
        line[match.start(1) :].strip()
        for line in lines
        if not line.startswith(";") and (match := _SETTING.match(line.strip()))
    )
