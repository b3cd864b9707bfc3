"""Run as a process of its own: a little of everything the service can hold, so that hostile requests get past
'there is no such thing'. Tells as JSON what a path's parameters may be."""

import json
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.envelope import Place, seal
from stem_logistics import jobs
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Grant
from stem_logistics.accounts.service import create_account
from stem_logistics.checks import agents
from stem_logistics.checks import service as checks
from stem_logistics.commanding import with_service
from stem_logistics.db.engine import fetch, fetch_value, unit_of_work
from stem_logistics.registry.import_service import import_file
from stem_logistics.waves.invitations import application_link
from stem_logistics.worker import load_handlers
from tests.checks.seeding import enrolment
from tests.deliveries.parcels import dispatched_parcel
from tests.device_agents.reports import make_report
from tests.registry.test_import import generated
from tests.support import PASSWORD
from tests.waves.scene import PRIORITY, application, apply, decide, kit, make_school, open_wave, prize

ROLES = ("staff", "auditor", "technician")


async def furnish() -> dict[str, Any]:
    """Fill an empty database; what there is, by the name of the path's parameter."""
    load_handlers()
    for role in ROLES:
        await create_account(f"{role}@nso.example", role.title(), PASSWORD, [Grant(role, "country")])
    for number in range(1, 5):
        await make_school(f"010000{number}", categories=["special"] if number == 4 else [])
    await import_file("registry.csv", generated(40), dry_run=False)
    decided = await open_wave(kit(stock=2, reserves=[PRIORITY]), slug="stem-5")
    await apply(decided, *(application(f"010000{n}", evidence=(prize(f"010000{n}", f"P{n}"),)) for n in range(1, 4)))
    await decide(decided)
    await open_wave(kit("robot", 3), kit(), slug="stem-6")
    own = (await application_link("stem-6", "0100002")).rsplit("/", 1)[1]
    box = await dispatched_parcel("0100009", devices=2)
    waiting = await dispatched_parcel("0100008", devices=1)
    await box.confirm()
    async with unit_of_work():
        school = await fetch_value("SELECT id FROM institution WHERE code = '0100001'")
        result = await links.issue("result", school, wave_id=decided.id)
    await _a_report(box.kit)
    while await jobs.run_next():
        pass
    return {
        "token": {"/r/": [box.token, waiting.token], "/application/": [own], "/result/": [result.token]},
        "values": await _values(box.kit),
        "roles": {role: f"{role}@nso.example" for role in ROLES},
        "password": PASSWORD,
    }


async def _a_report(kit_code: str) -> None:
    code = (await agents.issue_code("fuzz")).shown
    key = Ed25519PrivateKey.generate()
    given = enrolment(code, key)
    public, proof = bytes.fromhex(given["public_key"]), bytes.fromhex(given["proof"])
    agent, _ = await agents.enrol(agents.Application(code, given["name"], given["version"], public, proof))
    await checks.file_report(seal(make_report(), Place(agent, 1, None, kit_code, "", "Μαρία"), key).to_bytes())


async def _values(kit_code: str) -> dict[str, list[str]]:
    async def column(sql: str) -> list[str]:
        return [str(row["v"]) for row in await fetch(sql)]

    return {
        "slug": ["stem-5", "stem-6", *await column("SELECT DISTINCT slug AS v FROM kit_definition")],
        "code": [
            *await column("SELECT code AS v FROM institution ORDER BY code LIMIT 6"),
            *await column("SELECT code AS v FROM consignment"),
            *await column("SELECT code AS v FROM receipt"),
            *await column("SELECT code AS v FROM discrepancy"),
            *await column("SELECT code AS v FROM agent"),
            kit_code,
        ],
        "report_id": await column("SELECT report_id AS v FROM check_report"),
        "application_id": await column("SELECT id AS v FROM application"),
        "evidence_id": await column("SELECT id AS v FROM evidence"),
        "import_id": await column("SELECT id AS v FROM registry_import"),
        "job_id": await column("SELECT id AS v FROM job"),
        "digest": await column("SELECT encode(digest, 'hex') AS v FROM stored_file LIMIT 3"),
        "verification": [uuid.uuid4().hex[:16]],
        "name": ["input.json", "outcome.json", "verify.py"],
        "language": ["el", "en"],
    }


if __name__ == "__main__":
    print(json.dumps(with_service(furnish)))
