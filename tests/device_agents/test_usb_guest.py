"""Real USB: a Linux guest with micro:bits plugged into it, one of them real MicroPython behind its serial line.

What is proven here is what no fixture can stand for: that the kernel's names, sysfs, the mounts and pyserial together
lead to the right disk for each port.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device_agents.report import Report
from firmware_checks.verdicts import Verdict
from tests.device_agents.daplink import V1_ID, V2_ID, details, failure
from tests.emulators.linux_guest import ROOT, run_in_guest
from tests.emulators.programs import microbit

pytestmark = pytest.mark.emulator

GADGETS = ("dummy_hcd num=3", "libcomposite", "usb_f_acm", "usb_f_mass_storage")
DRIVERS = ("cdc_acm", "usb_storage", "sd_mod", "crct10dif_generic", "vfat", "nls_cp437", "nls_ascii")
V221_ID = "9906360200052820fc5547431ad27a91000000006e052820"
UPDATER_ID = "0000" + V2_ID[4:]


@dataclass(frozen=True)
class Seen:
    """What the guest left."""

    folder: Path
    console: str

    def document(self, name: str) -> dict[str, Any]:
        path = self.folder / f"{name}.json"
        assert path.exists(), self.console
        document: dict[str, Any] = json.loads(path.read_text())
        return document

    def report(self, name: str) -> Report:
        document = self.document(name)
        assert "Traceback" not in document["err"], document["err"]
        return Report.model_validate_json(document["out"])


def board(
    serial: str, folder: str, details_txt: bytes, *, fail_txt: bytes = b"", has_line: bool = True
) -> dict[str, Any]:
    files = {"DETAILS.TXT": details_txt.decode("ascii")}
    if fail_txt:
        files["FAIL.TXT"] = fail_txt.decode("ascii")
    name = folder.rpartition("/")[2].rstrip("1 ")
    return {"serial": serial, "disk": name, "folder": folder, "files": files, "has_line": has_line}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("guest")
    failed = failure("The transfer timed out.", "user")
    plan = [
        board(V1_ID, "/media/maria/MICROBIT", details(V1_ID, "0249")),
        board(V221_ID, "/media/maria/MICROBIT1", details(V221_ID, "0255"), fail_txt=failed),
        board(UPDATER_ID, "/media/maria/MAINTENANCE", details(UPDATER_ID, "0255", "Bootloader"), has_line=False),
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    with microbit() as emulator:
        console = run_in_guest(
            [str(ROOT / ".venv/bin/python"), str(ROOT / "tests/emulators/usb_microbits.py")],
            folder,
            modules=(*GADGETS, *DRIVERS),
            serial_ports=[emulator.port],
        )
    return Seen(folder, console)


def test_real_micropython_behind_a_real_usb_device(seen: Seen) -> None:
    """Board, disk, interface firmware and every part of the self-test, by the port's name alone."""
    report = seen.report("board0")
    assert report.verdict is Verdict.PASS, report
    assert report.identity["board_id"] == "9900" and report.identity["micropython"] == "1.0.1"
    assert report.identity["daplink"] == "0249"
    properties = report.evidence.properties
    assert properties["serial_number"] == properties["details.unique_id"] == V1_ID
    assert properties["usb_id"] == "0d28:0204" and properties["drive"] == "/media/maria/MICROBIT"


def test_a_silent_board_beside_it_gets_its_own_disk(seen: Seen) -> None:
    """Its interface firmware is too old for its revision, and the last copy to it is explained."""
    report = seen.report("board1")
    assert report.verdict is Verdict.OUTDATED and report.identity["board_id"] == "9906"
    properties = report.evidence.properties
    assert properties["drive"] == "/media/maria/MICROBIT1" and properties["fail.cause"] == "transfer"
    reasons = {step.name: step.reason.key for step in report.steps if step.reason}
    assert reasons["interface"] == "interface-outdated" and reasons["repl"] == "self-test-not-run"


def test_a_line_that_takes_nothing_holds_nobody(seen: Seen) -> None:
    """A board whose interface has stopped: Linux would wait half a minute to close its port. It ends, INCONCLUSIVE; its
    disk, which no desktop has mounted yet, is waited for and not guessed."""
    report = seen.report("stuck")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "port-vanished" in [step.reason.key for step in report.steps if step.reason]
    assert report.evidence.properties["drive.problem"] == "not-mounted"
    assert seen.document("stuck")["seconds"] < 30, "as every check's time is promised, on a busy machine too"


def test_all_that_is_plugged_in_is_found(seen: Seen) -> None:
    """Two ports, and the board that runs its updater and has no port, by its disk."""
    document = seen.document("discovered")
    ports = [[port, ""] for port in sorted(document["ports"][:2])]
    assert document["found"] == [*ports, ["", "/media/maria/MAINTENANCE"]]
