"""What a micro:bit's drive says of it: pure judging of what discovery has read (see `discovery/drives.py`).

The interface chip has its own firmware (DAPLink), which answers whatever program a pupil has put on the board. Who the
board is and whether that firmware is recent enough is known without disturbing the program.
"""

import re

from device_agents.conversation import Outcome, inconclusive, noted, passed
from device_agents.kinds.base import CheckContext
from device_agents.kinds.judging import judge
from firmware_checks.verdicts import Observation, Verdict

BOARDS = {"9900": "V1", "9901": "V1", "9903": "V2", "9904": "V2", "9905": "V2", "9906": "V2"}
UPDATER_ID = "0000"
"""The board's own updater does not know which board it is."""
_INTERFACES = {"9905": "microbit-v2.20", "9906": "microbit-v2.21"}
_NUMBER = re.compile(r"[0-9a-fA-F]{16,64}")
# Why a copy failed: a fault of the board is to be looked into; a wrong file, or a cable pulled, is nobody's fault.
_OF_THE_BOARD = ("processor", "updater", "unknown")
_PROBLEMS = ("not-mounted", "several")


def has_drive(context: CheckContext) -> bool:
    """Whether discovery has looked for a drive."""
    properties = context.candidate.properties
    return context.candidate.vid is not None or "drive" in properties or "drive.problem" in properties


def tells_interface(context: CheckContext) -> bool:
    """Whether the interface firmware's version was read."""
    return "details.interface_version" in context.candidate.properties


def tells_failure(context: CheckContext) -> bool:
    """Whether the drive holds a FAIL.TXT."""
    return "fail.text" in context.candidate.properties


def board_number(context: CheckContext) -> str:
    """The number that begins with the board's id: USB's, else the drive's; empty where neither is one."""
    properties = context.candidate.properties
    for name in ("serial_number", "details.unique_id", "details.updater_id"):
        if _NUMBER.fullmatch(properties.get(name, "")):
            return properties[name]
    return ""


def judge_drive(context: CheckContext) -> Outcome:
    """Whether the drive was read and is this board's."""
    properties = context.candidate.properties
    problem = properties.get("drive.problem", "")
    path = properties.get("drive")
    if path is None:
        return noted(f"drive-{problem if problem in _PROBLEMS else _PROBLEMS[0]}")
    if problem:
        return inconclusive("drive-unreadable", path=path)
    if properties.get("details.mode") == "Bootloader":
        return inconclusive("board-in-maintenance")
    if not tells_interface(context):
        return inconclusive("details-unreadable", path=path)
    unique_id, serial = properties.get("details.unique_id", ""), properties.get("serial_number", "")
    if unique_id and _NUMBER.fullmatch(serial) and unique_id.casefold() != serial.casefold():
        return Outcome(Verdict.MISMATCH, "drive-of-another-board", {"drive": unique_id, "usb": serial})
    return passed(unique_id=unique_id or None)


def judge_interface(context: CheckContext, board_id: str) -> Outcome:
    """Whether the interface firmware is recent enough for this revision of the board."""
    if board_id not in BOARDS:
        return inconclusive("board-untold")
    version = context.candidate.properties["details.interface_version"]
    board = _INTERFACES.get(board_id, f"microbit-{BOARDS[board_id].lower()}")
    outcome = judge(context, Observation("microbit", board, f"DAPLink {version}", facts={"board_id": board_id}))
    if outcome.verdict is Verdict.OUTDATED:
        return Outcome(Verdict.OUTDATED, "interface-outdated", outcome.params)
    return outcome


def judge_failure(context: CheckContext) -> Outcome:
    """What FAIL.TXT means for the board; its text stands in the evidence."""
    properties = context.candidate.properties
    cause = properties.get("fail.cause", "unknown")
    tell = inconclusive if cause in _OF_THE_BOARD else noted
    return tell(f"copy-failed-{cause}", text=properties["fail.text"])
