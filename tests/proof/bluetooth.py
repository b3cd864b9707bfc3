"""Unmodified bleak on real BlueZ: `stem-check` in a Linux guest with a Bluetooth dongle, and micro:bits near it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from device_agents.discovery.ble import ble_candidate_for
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import CheckContext
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.ble import BleTransport
from tests.conftest import require_file
from tests.emulators.ble_guest import boards
from tests.emulators.ble_link import BleLink
from tests.emulators.linux_guest import ROOT, run_in_guest
from tests.proof.section import Scale, Section

MODULES = ("bluetooth", "hci_vhci", "cmac", "aes_generic", "ecb", "ecdh_generic", "algif_hash", "algif_skcipher")
EXPECTED = {
    "good": ("PASS", None),
    "closed": ("INCONCLUSIVE", "ble-not-paired"),
    "leaving": ("INCONCLUSIVE", "port-vanished"),
}


def run(scale: Scale) -> Section:
    """The show; at the smallest scale the same boards without guest and BlueZ."""
    section = Section(
        "Bluetooth through the system's own stack",
        "A micro:bit is found and checked over Bluetooth; one that asks for pairing, one that leaves and one that is "
        "not there are told as that.",
    )
    if scale == "tiny":
        section.ran = "bumble's virtual link under bleak, in one process."
        _judge(section, _on_the_link)
        return section
    section.ran = (
        "a Linux guest with BlueZ and D-Bus; bumble's virtual controller behind /dev/vhci is its dongle, GATT servers "
        "made after the micro:bit's profile are near it; `stem-check scan` and `probe` with bleak as it is."
    )
    require_file("/usr/libexec/bluetooth/bluetoothd", "bluez")
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder)
        console = run_in_guest(
            [str(ROOT / ".venv/bin/python"), "tests/emulators/ble_guest.py"], shared, modules=MODULES, limit_s=300
        )
        section.expect((shared / "done").exists(), console[-500:])
        said = {path.stem: json.loads(path.read_text()) for path in shared.glob("*.json")}
    if "nobody" not in said:
        return section
    found = [each["properties"].get("name") for each in json.loads(said["scan"]["out"])["found"]]
    section.expect({board.name for board in boards().values()} <= set(found), f"the scan found {found}")
    section.expect(said["nobody"]["code"] == 3, f"a device that is not there: exit {said['nobody']['code']}")
    _judge(section, lambda name: Report.model_validate_json(said[name]["out"]))
    section.figures |= {f"{name}, seconds": float(said[name]["seconds"]) for name in ("scan", *EXPECTED)}
    return section


def _on_the_link(name: str) -> Report:
    with BleLink() as link:
        board = link.add(boards()[name])
        candidate = ble_candidate_for(f"ble:{board.address}", link.radio)
        return run_check(
            kind_by_slug("microbit-ble"), CheckContext(candidate), BleTransport(candidate.port, link.radio)
        )


def _judge(section: Section, report_of: Callable[[str], Report]) -> None:
    for name, (verdict, reason) in EXPECTED.items():
        report = report_of(name)
        reasons = [step.reason.key for step in report.steps if step.reason]
        section.expect(report.verdict == verdict, f"{name}: {report.verdict} instead of {verdict} ({reasons})")
        section.expect(reason is None or reason in reasons, f"{name}: {reasons} without {reason}")
        section.figures[name] = f"{report.verdict}{f' ({reason})' if reason else ''}"
