"""`stem-check scan`: what is plugged in and what announces itself over Bluetooth, without opening anything.

Exit codes: 0 looked; 3 there is no Bluetooth to look with (what is plugged in is printed even so).
"""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

from device_agents.candidates import Candidate
from device_agents.cli import message_of
from device_agents.discovery.serial_ports import serial_candidates
from device_agents.errors import PortError
from device_agents.kinds import kinds_matching
from device_agents.messages import text

SCHEMA = "stem-check-scan/1"
LONGEST_S = 60.0


@dataclass(frozen=True)
class _Seen:
    candidate: Candidate
    may_be: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        found = self.candidate
        return {
            "port": found.port,
            "hardware_id": found.hardware_id,
            "usb_id": found.usb_id,
            "properties": dict(found.properties),
            "kinds": list(self.may_be),
        }


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=5.0,
        metavar="N",
        help=text(language, "scan.seconds", {"most": round(LONGEST_S)}),
    )
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))


def _seconds(given: str) -> float:
    seconds = float(given)
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"0 < {given} <= {LONGEST_S:.0f}")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Look, and print."""
    # Bluetooth's libraries load only here: the other commands do not wait for them.
    from device_agents.discovery.ble import ble_candidates

    candidates = serial_candidates()
    fault: PortError | None = None
    try:
        candidates += ble_candidates(arguments.seconds)
    except PortError as unusable:
        fault = unusable
    seen = [_Seen(candidate, tuple(kind.slug for kind, _ in kinds_matching(candidate))) for candidate in candidates]
    if arguments.json:
        print(json.dumps({"schema": SCHEMA, "found": [each.document() for each in seen]}, ensure_ascii=False))
    else:
        _say(seen, arguments.lang)
    if fault is not None:
        print(message_of(fault, arguments.lang), file=sys.stderr)
        return fault.exit_code
    return 0


def _say(seen: list[_Seen], language: str) -> None:
    for each in seen:
        found = each.candidate
        known = (found.properties.get(key, "") for key in ("name", "product", "serial_number"))
        words = [found.port, found.usb_id, *known]
        if rssi := found.properties.get("rssi"):
            words.append(f"{rssi} dBm")
        line = "  ".join(word for word in words if word)
        print(f"{line}  ({', '.join(each.may_be) or text(language, 'ui.unknown-device')})")
    if not seen:
        print(text(language, "scan.nothing"))
