"""The demo's device checks: a laptop files signed reports of a batch's sample and of devices that schools received.

The reports are real ones, kept in `reports/`: `stem-check probe … --json` against MicroPython in an emulator and a
virtual printer, and two recorded faults. Only the serial numbers are the demo's own.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from device_agents.envelope import Place, enrolment_text, seal
from device_agents.report import Report
from stem_logistics import runtime
from stem_logistics.checks import agents, service
from stem_logistics.db.engine import fetch

OPERATOR = "Πέτρος Ιωάννου"
# every so many devices of a kind something is wrong
PRINTER_FAULTS = {9: "printer-fail", 17: "printer-inconclusive"}


def _report(name: str) -> Report:
    text = (files("stem_logistics.demo") / "reports" / f"{name}.json").read_text(encoding="utf-8")
    return Report.model_validate(json.loads(text))


async def _enrol(key: Ed25519PrivateKey) -> str:
    issued = await agents.issue_code("Φορητός υπολογιστής επίδειξης")
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    proof = key.sign(enrolment_text(issued.shown, public))
    wish = agents.Application(issued.shown, "Φορητός υπολογιστής επίδειξης", "0.1.0", public, proof)
    with runtime.acting(runtime.actor()):
        agent, _name = await agents.enrol(wish)
    return agent


@dataclass
class Laptop:
    """A technician's laptop: its key, and how far its chain of reports has come."""

    key: Ed25519PrivateKey
    agent: str
    filed: int = 0
    previous: str | None = None

    async def file(self, name: str, kit: str, serial: str) -> None:
        """File one of the kept reports for a device."""
        self.filed += 1
        place = Place(self.agent, self.filed, self.previous, kit, serial, OPERATOR)
        envelope = seal(_report(name), place, self.key)
        self.previous = envelope.digest()
        # the intake goes on as the laptop whose signature it proved
        with runtime.acting(runtime.actor()):
            await service.file_report(envelope.to_bytes())


async def enrol() -> Laptop:
    """The demo's laptop."""
    key = Ed25519PrivateKey.generate()
    return Laptop(key, await _enrol(key))


async def file_reports(laptop: Laptop) -> None:
    """Check what the schools have received: all printers, the boards of the micro:bit kits."""
    devices = await fetch(
        """SELECT d.serial_number, k.code, i.device_kind FROM device d
           JOIN item i ON i.id = d.item_id JOIN kit k ON k.id = d.kit_id
           JOIN holding h ON h.device_id = d.id AND h.quantity > 0
           JOIN place p ON p.id = h.place_id AND p.kind = 'institution'
           WHERE i.device_kind IN ('printer-marlin', 'microbit') ORDER BY k.id, d.id"""
    )
    counts = {"printer-marlin": 0, "microbit": 0}
    for device in devices:
        kind = device["device_kind"]
        counts[kind] += 1
        name = PRINTER_FAULTS.get(counts[kind], "printer-pass") if kind == "printer-marlin" else "microbit-pass"
        await laptop.file(name, device["code"], device["serial_number"])
