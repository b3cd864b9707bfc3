"""A kit in the store with devices in it, and a laptop that is enrolled: what tests of the checks begin with."""

from dataclasses import dataclass
from datetime import datetime

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.envelope import Envelope, Place, enrolment_text, seal
from device_agents.home import public_bytes
from device_agents.report import Report
from stem_logistics.checks import agents
from stem_logistics.codes import new_code
from stem_logistics.db.engine import execute, fetch_value, unit_of_work
from tests.device_agents.reports import make_report
from tests.support import OPERATOR, acting_as


async def make_item(slug: str, kind: str | None, *, serialised: bool = True) -> int:
    item: int = await fetch_value(
        """INSERT INTO item (slug, name_el, name_en, device_kind, serialised) VALUES ($1, $1, $1, $2, $3)
           ON CONFLICT (slug) DO UPDATE SET device_kind = excluded.device_kind RETURNING id""",
        slug,
        kind,
        serialised,
    )
    return item


async def make_kit(contents: dict[str, tuple[str | None, list[str] | int]]) -> str:
    """A kit in the central store: item → its kind of device, and serial numbers or a bare quantity."""
    code = new_code("K")
    async with unit_of_work():
        definition = await fetch_value(
            """INSERT INTO kit_definition (slug, version, title_el, title_en)
               VALUES ('test-kit', (SELECT count(*) + 1 FROM kit_definition), 'Σετ δοκιμής', 'Test kit') RETURNING id"""
        )
        kit = await fetch_value(
            "INSERT INTO kit (code, kit_definition_id) VALUES ($1, $2) RETURNING id", code, definition
        )
        line = 0
        for slug, (kind, pieces) in contents.items():
            item = await make_item(slug, kind, serialised=isinstance(pieces, list))
            for serial in pieces if isinstance(pieces, list) else [None]:
                line += 1
                device = None
                if serial is not None:
                    sql = "INSERT INTO device (item_id, kit_id, serial_number) VALUES ($1, $2, $3) RETURNING id"
                    device = await fetch_value(sql, item, kit, serial)
                await execute(
                    """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                         actor_kind, idempotency_key, line)
                       VALUES ('purchase', $1, $2, $3, $4, (SELECT id FROM place WHERE code = 'supplier'),
                         (SELECT id FROM place WHERE code = 'central-store'), 'system', $5, $6)""",
                    item,
                    kit,
                    device,
                    1 if isinstance(pieces, list) else pieces,
                    f"kit-{code}",
                    line,
                )
    return code


async def issue_code() -> str:
    with acting_as(OPERATOR):
        return (await agents.issue_code("test")).shown


def enrolment(code: str, key: Ed25519PrivateKey, name: str = "test laptop") -> dict[str, str]:
    """What stem-check sends to enrol."""
    public = public_bytes(key)
    proof = key.sign(enrolment_text(code, public))
    return {"code": code, "name": name, "version": "0", "public_key": public.hex(), "proof": proof.hex()}


@dataclass
class Laptop:
    """An enrolled laptop without a disk: it seals reports one after the other."""

    client: httpx.AsyncClient
    agent: str
    key: Ed25519PrivateKey
    sequence: int = 0
    previous: str | None = None

    def seal(
        self,
        kit: str | None = None,
        serial: str = "",
        report: Report | None = None,
        observed_at: datetime | None = None,
    ) -> Envelope:
        """The next report of the chain."""
        self.sequence += 1
        place = Place(self.agent, self.sequence, self.previous, kit, serial, "Μαρία")
        envelope = seal(report or make_report(), place, self.key, observed_at)
        self.previous = envelope.digest()
        return envelope

    async def send(self, envelope: Envelope | bytes) -> httpx.Response:
        """File a report, as it is."""
        body = envelope if isinstance(envelope, bytes) else envelope.to_bytes()
        return await self.client.post("/api/v1/check-reports", content=body, headers={"accept": "application/json"})


async def enrolled(client: httpx.AsyncClient) -> Laptop:
    """A laptop that was enrolled over the API."""
    key = Ed25519PrivateKey.generate()
    answer = await client.post("/api/v1/agents/enrol", json=enrolment(await issue_code(), key))
    assert answer.status_code == 201, answer.text
    return Laptop(client, answer.json()["agent"], key)
