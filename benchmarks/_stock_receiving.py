"""Ten thousand serial numbers come in at once, against COPY of the same rows into the same tables.

What is compared is the whole use case (codes made, serial numbers looked up, the ledger's trigger, the record of
changes, commit) with five bare COPYs in one transaction: every constraint, index and foreign key of the tables is in
force for both; for the COPY the ledger's trigger is off, and those that let nobody else write balances and positions:
they are copied too.
"""

import time
import uuid
from dataclasses import dataclass
from statistics import median

import asyncpg

from stem_logistics.codes import new_code
from stem_logistics.inventory import definitions, queries, service
from stem_logistics.inventory.definitions import BomEntry, Definition

KITS, EACH = 1_000, 10
ROUNDS = 9


@dataclass(frozen=True)
class Times:
    """Medians: seconds of both, and how many times as long the use case took as the COPYs beside it."""

    received: float
    copied: float
    ratio: float


async def receiving(url: str) -> Times:
    """Both, some rounds in turn; the first round only warms them."""
    definition = await definitions.save_definition("bench", "Σετ", "Set", ["primary"], [BomEntry("microbit", EACH)])
    pairs = [(await _received(definition), await _copied(url, definition)) for _ in range(ROUNDS + 1)][1:]
    received, copied = (median(pair[n] for pair in pairs) for n in (0, 1))
    return Times(received, copied, median(received / copied for received, copied in pairs))


def _serials() -> list[list[str]]:
    batch = uuid.uuid4().hex[:8]
    return [[f"{batch}-{kit:04d}-{n}" for n in range(EACH)] for kit in range(KITS)]


async def _received(definition: Definition) -> float:
    serials = [{"microbit": numbers} for numbers in _serials()]
    begun = time.perf_counter()
    codes = await service.receive_kits(definition, serials, key=uuid.uuid4().hex, batch="2026-Β", document="ΔΑ 1")
    took = time.perf_counter() - begun
    assert len(codes) == KITS
    return took


async def _copied(url: str, definition: Definition) -> float:
    connection = await asyncpg.connect(url)
    try:
        item = definition.lines[0]["item_id"]
        supplier, store = [
            await connection.fetchval("SELECT id FROM place WHERE code = $1", code)
            for code in ("supplier", "central-store")
        ]
        kit = await connection.fetchval("SELECT max(id) + 1000000 FROM kit")
        device = await connection.fetchval("SELECT max(id) + 1000000 FROM device")
        codes = await queries.free_codes(KITS, lambda: new_code("K"))
        kits = [(code, definition.id, "2026-Γ") for code in codes]
        numbers = [(k, serial) for k, mine in enumerate(_serials()) for serial in mine]
        key = uuid.uuid4().hex
        begun = time.perf_counter()
        async with connection.transaction():
            await connection.execute("ALTER TABLE movement DISABLE TRIGGER movement_applied")
            await connection.execute("ALTER TABLE holding DISABLE TRIGGER holding_by_movements")
            await connection.execute("ALTER TABLE kit_position DISABLE TRIGGER kit_position_by_movements")
            await connection.execute(f"ALTER SEQUENCE kit_id_seq RESTART WITH {kit}")
            await connection.execute(f"ALTER SEQUENCE device_id_seq RESTART WITH {device}")
            await connection.copy_records_to_table("kit", records=kits, columns=["code", "kit_definition_id", "batch"])
            await connection.copy_records_to_table(
                "device",
                records=[(item, kit + k, serial) for k, serial in numbers],
                columns=["item_id", "kit_id", "serial_number"],
            )
            await connection.copy_records_to_table(
                "movement",
                records=[
                    ("purchase", item, kit + k, device + n, 1, supplier, store, "ΔΑ 2", "system", key, n)
                    for n, (k, _) in enumerate(numbers)
                ],
                columns=[
                    "reason",
                    "item_id",
                    "kit_id",
                    "device_id",
                    "quantity",
                    "from_place_id",
                    "to_place_id",
                    "document",
                    "actor_kind",
                    "idempotency_key",
                    "line",
                ],
            )
            await connection.copy_records_to_table(
                "holding",
                records=[(store, item, kit + k, device + n, 1) for n, (k, _) in enumerate(numbers)],
                columns=["place_id", "item_id", "kit_id", "device_id", "quantity"],
            )
            await connection.copy_records_to_table(
                "kit_position",
                records=[(kit + k, store, EACH) for k in range(KITS)],
                columns=["kit_id", "place_id", "pieces"],
            )
            await connection.execute("ALTER TABLE kit_position ENABLE TRIGGER kit_position_by_movements")
            await connection.execute("ALTER TABLE holding ENABLE TRIGGER holding_by_movements")
            await connection.execute("ALTER TABLE movement ENABLE TRIGGER movement_applied")
        return time.perf_counter() - begun
    finally:
        await connection.close()
