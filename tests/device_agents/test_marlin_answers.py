"""What the answers say: the forms that real firmware uses, and no fault on anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.protocols.marlin_answers import (
    SdStatus,
    Temperature,
    parse_endstops,
    parse_firmware,
    parse_position,
    parse_sd_status,
    parse_settings,
    parse_temperatures,
    settings_values,
)

MARLIN_2 = (
    "FIRMWARE_NAME:Marlin 2.0.9.3 (Dec 24 2021 15:14:11) "
    "SOURCE_CODE_URL:https://github.com/MarlinFirmware/Marlin PROTOCOL_VERSION:1.0 "
    "MACHINE_TYPE:My 3D Printer EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff"
)


def test_a_name_may_hold_blanks_and_colons() -> None:
    """A value runs to the next key: dates, blanks and addresses belong to it."""
    firmware = parse_firmware([MARLIN_2, "Cap:EEPROM:1", "Cap:VOLUMETRIC:0"])
    assert firmware.name == "Marlin 2.0.9.3 (Dec 24 2021 15:14:11)"
    assert firmware.fields["SOURCE_CODE_URL"] == "https://github.com/MarlinFirmware/Marlin"
    assert firmware.fields["MACHINE_TYPE"] == "My 3D Printer"
    assert firmware.capabilities == {"EEPROM": True, "VOLUMETRIC": False}


@pytest.mark.parametrize("uuid", ["00000000-0000-0000-0000-000000000000", "cede2a2f-41a2-4748-9b12-c55c62f367ff"])
def test_a_uuid_that_every_printer_has_names_none(uuid: str) -> None:
    """Zeros and Marlin's own default are left out; a real one stays."""
    assert "UUID" not in parse_firmware([f"FIRMWARE_NAME:Marlin UUID:{uuid}"]).fields
    own = "4f1de231-cd8e-4d08-a2ed-9b2b8d2b1b1e"
    assert parse_firmware([f"FIRMWARE_NAME:Marlin UUID:{own}"]).fields["UUID"] == own


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T:21.3 /0.0 B:21.3 /0.0 @:0", [("T", 21.3, 0.0), ("B", 21.3, 0.0)]),
        ("T:21.30/ 0.00 B:-15.00/ 0.00 @:64", [("T", 21.3, 0.0), ("B", -15.0, 0.0)]),
        ("T:200.1 /200.0 @:127 B@:0", [("T", 200.1, 200.0)]),
        ("T:21 /0 T0:21 /0 T1:22 /0 C:20 /0", [("T", 21, 0), ("T0", 21, 0), ("T1", 22, 0), ("C", 20, 0)]),
        ("T:21.3", [("T", 21.3, None)]),
        ("T:nan /0.0", []),
        ("", []),
    ],
)
def test_temperatures(text: str, expected: list[tuple[str, float, float | None]]) -> None:
    """Sensor, reading and target in every spelling; the heaters' power is no temperature, nor is `nan`."""
    assert parse_temperatures(text) == tuple(Temperature(*entry) for entry in expected)


def test_position_without_the_steppers_counts() -> None:
    """The axes are those before `Count`."""
    text = "X:1.00 Y:-2.50 Z:0.00 E:0.00 Count X:80 Y:-200 Z:0"
    assert parse_position(text) == {"X": 1.0, "Y": -2.5, "Z": 0.0, "E": 0.0}


def test_endstops() -> None:
    """Open or triggered, whatever the case; the headline is none."""
    lines = [
        "Reporting endstop status",
        "x_min: open",
        "y_max: TRIGGERED",
        "filament: open",
        "z_probe: triggered",
    ]
    assert parse_endstops(lines) == {"x_min": False, "y_max": True, "filament": False, "z_probe": True}


@pytest.mark.parametrize(
    ("line", "status", "printing"),
    [
        ("Not SD printing", SdStatus(), False),
        ("SD printing byte 0/0", SdStatus(), False),
        ("SD printing byte 123/4567", SdStatus(123, 4567), True),
        ("SD printing byte 4567/4567", SdStatus(4567, 4567), False),
    ],
)
def test_the_card(line: str, status: SdStatus, printing: bool) -> None:
    """Printing is a file that is open and not at its end."""
    assert parse_sd_status(["noise", line]) == status
    assert status.printing is printing


def test_no_card_at_all() -> None:
    """Nothing said is None, not "not printing"."""
    assert parse_sd_status(["Unknown command"]) is None


def test_settings_are_the_commands() -> None:
    """Descriptions, with `;` or without a command, are left out."""
    lines = ["; Steps per unit:", " M92 X80.00 Y80.00", "G21    ; Units in mm", "Home offset:"]
    assert parse_settings(lines) == ("M92 X80.00 Y80.00", "G21    ; Units in mm")


@given(st.lists(st.text(max_size=200), max_size=8))
def test_nothing_fails_on_text_it_does_not_know(lines: list[str]) -> None:
    """Whatever the lines hold, each parser returns."""
    text = " ".join(lines)
    parse_firmware(lines)
    parse_temperatures(text)
    parse_position(text)
    parse_endstops(lines)
    parse_sd_status(lines)
    parse_settings(lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["M92 X80.00 Y80.00 Z400.00 E93.00"], {"M92 X": 80, "M92 Y": 80, "M92 Z": 400, "M92 E": 93}),
        (["  M203 X500.00 Z5.00 ; (units/s)"], {"M203 X": 500, "M203 Z": 5}),
        (["M301 P21.73 I1.54 D76.55"], {"M301 P": 21.73, "M301 I": 1.54, "M301 D": 76.55}),
        (["M301 E0 P21 I1", "M301 E1 P22 I2"], {"M301 P": 21, "M301 I": 1, "M301 E1 P": 22, "M301 E1 I": 2}),
        (["M92 T0 E93", "M92 T1 E94"], {"M92 E": 93, "M92 T1 E": 94}),
        (["M851 X0.00 Z-1.84", "M420 S0 Z"], {"M851 X": 0, "M851 Z": -1.84, "M420 S": 0}),
        (["M92 Xnan Y80,0 Z1e9 E4", "M92"], {"M92 E": 4}),
        (["G20    ; Units in inches", "M92 X2032"], {}),
    ],
)
def test_the_figures_of_settings(lines: list[str], expected: dict[str, float]) -> None:
    """Each by its name, as 1.1, 2.0 and 2.1 print them; the first nozzle without a number; in inches none."""
    assert settings_values(parse_settings(lines)) == expected


@given(st.lists(st.one_of(st.text(max_size=60), st.from_regex(r"[GM]\d{1,3}( [A-Z]-?[\d.]{0,9}){0,6}")), max_size=20))
def test_any_settings_are_read_or_left_out(lines: list[str]) -> None:
    """Whatever a firmware prints: finite figures by name, and no exception."""
    for name, value in settings_values(parse_settings(lines)).items():
        assert abs(value) < 1e7 and " " in name
