"""The texts that DAPLink, the firmware of a micro:bit's interface chip, shows on its drive: bytes in, facts out.

`DETAILS.TXT` tells who the interface is, `FAIL.TXT` why the last copy failed. Whoever can write to a drive can
put anything there, so nothing is believed but values of exactly the shape that DAPLink writes; a last line
without its end may have been cut and is left out; a name that stands twice with two values tells nothing.

Sources: https://github.com/ARMmbed/DAPLink, `source/daplink/drag-n-drop/vfs_user.c` (0241 to 0258),
`source/daplink/error.c`, and `source/common/endpoints/drag-n-drop/virtual_fs.c` of the tag `microbit-0234`, whose
DETAILS.TXT has two lines only (`Version: 0234`, `Build: …`) and no Unique ID.
"""

import re
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 4096
"""More is never read; a real DETAILS.TXT has some 600 bytes, a FAIL.TXT some 150."""
MOST_TEXT: Final = 400

_NAMES: Final = {
    "unique id": ("unique_id", re.compile(r"[0-9a-fA-F]{48}")),
    "hic id": ("hic_id", re.compile(r"[0-9a-fA-F]{8}")),
    "daplink mode": ("mode", re.compile(r"Interface|Bootloader")),
    "interface version": ("interface_version", re.compile(r"[0-9]{4}")),
    "version": ("version", re.compile(r"[0-9]{4}")),
    "bootloader version": ("bootloader_version", re.compile(r"[0-9]{4}")),
    "git sha": ("git_sha", re.compile(r"[0-9a-f]{7,40}")),
    "local mods": ("local_mods", re.compile(r"[01]")),
    "usb interfaces": ("usb_interfaces", re.compile(r"[A-Za-z, ]{1,60}")),
    "build id": ("build_id", re.compile(r"[A-Za-z0-9._+() ,-]{1,80}")),
}
_TYPES: Final = ("internal", "transient", "user", "target", "interface")

# What a message is about; the wording changed with the versions, its heart did not. The first that fits.
_CAUSES: Final = (
    ("would lock", "locked"),
    ("security bits", "locked"),
    ("reset/halt the target", "processor"),
    ("flash algorithm", "processor"),
    ("flash programming algorithm", "processor"),
    ("flash data contents", "processor"),
    ("initialize the target", "processor"),
    ("unlock", "processor"),
    ("error occurred during the transfer", "transfer"),
    ("transfer timed out", "transfer"),
    ("mismatch between file size", "transfer"),
    ("out of order", "transfer"),
    ("hex file cannot be decoded", "file-damaged"),
    ("hex file cannot be programmed", "file-damaged"),
    ("isn't compatible with this mode", "file-foreign"),
    ("not compatible with the target", "file-foreign"),
    ("offset load address", "file-foreign"),
    ("format is unknown", "file-foreign"),
    ("address for the bootloader update", "updater"),
    ("address for the interface update", "updater"),
    ("in application programming", "updater"),
    ("bootloader crc", "updater"),
)
CAUSES: Final = ("processor", "locked", "transfer", "file-damaged", "file-foreign", "updater", "unknown")


@dataclass(frozen=True)
class Failure:
    """What FAIL.TXT says: `text` as it stands there, `cause` one of `CAUSES`, `types` DAPLink's own classes."""

    text: str
    cause: str
    types: tuple[str, ...] = ()


def read_details(data: bytes) -> dict[str, str]:
    """What a DETAILS.TXT tells, by name; what is missing, cut or of another shape is left out.

    The names: `unique_id`, `hic_id`, `mode` (`Interface`, or `Bootloader` for the drive MAINTENANCE),
    `interface_version` (four digits), `bootloader_version`, `git_sha`, `local_mods`, `usb_interfaces`, `build_id`.
    """
    told: dict[str, str | None] = {}
    for line in _whole_lines(data):
        key, colon, value = line.partition(":")
        known = _NAMES.get(key.strip().casefold())
        if not colon or known is None:
            continue
        name, shape = known
        value = value.strip()
        if shape.fullmatch(value):
            told[name] = value if told.get(name, value) == value else None
    details = {name: value for name, value in told.items() if value is not None}
    oldest = details.pop("version", None)
    if oldest is not None and "unique_id" not in details:
        details.setdefault("interface_version", oldest)
    return details


def read_failure(data: bytes) -> Failure | None:
    """What a FAIL.TXT says; None where it is empty."""
    lines = [line.strip() for line in _text(data).splitlines() if line.strip()]
    if not lines:
        return None
    message = " ".join(line.removeprefix("error:").strip() for line in lines if not line.startswith("type:"))
    types = next((line.removeprefix("type:") for line in lines if line.startswith("type:")), "")
    folded = message.casefold()
    cause = next((cause for heart, cause in _CAUSES if heart in folded), "unknown")
    named = tuple(name for name in _TYPES if name in [each.strip() for each in types.split(",")])
    return Failure(_printable(" ".join(lines)), cause, named)


def _whole_lines(data: bytes) -> list[str]:
    text = _text(data)
    lines = text.splitlines(keepends=True)
    return [line for line in lines if line.endswith(("\n", "\r"))]


def _text(data: bytes) -> str:
    data = data[:MOST_BYTES]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # an editor may have saved it so
        return data.decode("utf-16", "replace").removeprefix("\ufeff")
    return data.decode("utf-8-sig", "replace")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:MOST_TEXT]
