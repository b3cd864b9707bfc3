"""What DAPLink writes onto its drive, as `vfs_user.c` and `error.c` of its versions compose it; the numbers are
made up."""

from pathlib import Path

V2_ID = "9904360258434e45003e400e00000059000000009796990b"
V1_ID = "9900000031864e45003c10070000006e0000000097969901"


def details(unique_id: str = V2_ID, version: str = "0255", mode: str = "Interface") -> bytes:
    """DETAILS.TXT of the versions 0241 and later."""
    lines = [
        "# DAPLink Firmware - see https://mbed.com/daplink",
        f"Unique ID: {unique_id}",
        f"HIC ID: {unique_id[-8:]}",
        "Auto Reset: 1",
        "Automation allowed: 0",
        "Overflow detection: 0",
        "Incompatible image detection: 1",
        "Page erasing: 0",
        f"Daplink Mode: {mode}",
        f"Interface Version: {version}",
        "Bootloader Version: 0255",
        "Git SHA: 1436bdcc67029fdfc0ff03b73e12045bb6a9f272",
        "Local Mods: 0",
        "USB Interfaces: MSD, CDC, HID, WebUSB",
        "Bootloader CRC: 0x828c6069",
        "Interface CRC: 0x5b5cc0f5",
        "Remount count: 0",
        f"URL: https://microbit.org/device/?id={unique_id[:4]}&v={version}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


OLDEST = b"DAPLink Firmware - see http://mbed.com/daplink\r\nVersion: 0234\r\nBuild:   Jan  5 2016 10:11:12\r\n"


def failure(message: str = "Failed to reset/halt the target MCU", types: str = "target") -> bytes:
    """FAIL.TXT."""
    return f"error: {message}\r\ntype: {types}\r\n".encode("ascii")


def make_drive(folder: Path, details_txt: bytes | None = None, fail_txt: bytes | None = None) -> Path:
    """A folder that holds what the drive would."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MICROBIT.HTM").write_bytes(b"<html></html>")
    if details_txt is not None:
        (folder / "DETAILS.TXT").write_bytes(details_txt)
    if fail_txt is not None:
        (folder / "FAIL.TXT").write_bytes(fail_txt)
    return folder
