"""Stock and schools for the tests: made through the services, as people would."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from stem_logistics.db.engine import connection, execute, fetch, fetch_value
from stem_logistics.inventory import definitions, service
from stem_logistics.inventory.definitions import BomEntry, Definition
from stem_logistics.registry.folding import search_key


async def make_institution(
    code: str = "0501659", name: str = "7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ", *, region: str = "B", email: str | None = None
) -> int:
    """A school in a region; its official mailbox is made from its code."""
    region_id = await fetch_value(
        """INSERT INTO regional_directorate (code, name_el, name_en) VALUES ($1, 'Π.Δ.Ε. ' || $1, 'Region ' || $1)
           ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id""",
        region,
    )
    return int(
        await fetch_value(
            """INSERT INTO institution
                 (code, name, level, regional_directorate_id, email, address, postcode, search_key)
               VALUES ($1, $2, 'kindergarten', $3, $4, 'Εθνικής Αντίστασης 12', '60100', $5) RETURNING id""",
            code,
            name,
            region_id,
            f"mail@{code}.example" if email is None else email,
            search_key(name, code),
        )
    )


async def make_definition(slug: str = "microbit-set", devices: int = 2) -> Definition:
    """A kit with devices, cables and an optional spare."""
    await definitions.save_item("microbit", "Micro:bit V2", "Micro:bit V2", device_kind="microbit", serialised=True)
    await definitions.save_item("usb-cable", "Καλώδιο USB", "USB cable")
    await definitions.save_item("battery", "Μπαταρίες ΑΑΑ", "AAA batteries", consumable=True)
    return await definitions.save_definition(
        slug,
        "Σετ micro:bit",
        "micro:bit set",
        ["primary"],
        [BomEntry("microbit", devices), BomEntry("usb-cable", 3), BomEntry("battery", 4, optional=True)],
    )


async def receive(definition: Definition, count: int = 1, *, key: str | None = None) -> list[str]:
    """Kits from the supplier, with serial numbers of their own."""
    serials = [
        {
            part.item: [f"SN-{uuid.uuid4().hex[:8]}" for _ in range(part.quantity)]
            for part in definition.parts
            if part.serialised
        }
        for _ in range(count)
    ]
    return await service.receive_kits(
        definition, serials, key=key or uuid.uuid4().hex, batch="2026-Α", document="ΔΑ 41"
    )


async def kit_id(code: str) -> int:
    """The id behind a kit's code."""
    return int(await fetch_value("SELECT id FROM kit WHERE code = $1", code))


async def holdings() -> dict[tuple[int, int, int | None, int | None], int]:
    """Every balance that is not nothing."""
    rows = await fetch("SELECT place_id, item_id, kit_id, device_id, quantity FROM holding WHERE quantity <> 0")
    return {(r["place_id"], r["item_id"], r["kit_id"], r["device_id"]): r["quantity"] for r in rows}


Position = tuple[int | None, int, int, int]
NOWHERE: Position = (None, 0, 0, 0)


async def positions() -> dict[int, Position]:
    """Where the database says that each kit is: place, pieces lost, pieces scrapped, all pieces."""
    rows = await fetch("SELECT * FROM kit_position")
    return {r["kit_id"]: (r["place_id"], r["lost"], r["scrapped"], r["pieces"]) for r in rows}


async def reckoned(balances: Mapping[tuple[int, int, int | None, int | None], int]) -> dict[int, Position]:
    """Where each kit is by its balances, reckoned here and not by the database."""
    kinds = {row["id"]: row["kind"] for row in await fetch("SELECT id, kind FROM place")}
    held: dict[int, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for (place, _item, kit, _device), quantity in balances.items():
        if kit is not None and quantity:
            kind = kinds[place] if kinds[place] in ("repairer", "scrapped", "lost") else "there"
            held[kit][kind][place] += quantity
    found: dict[int, Position] = {}
    for kit, by_kind in held.items():
        nearest = next(by_kind[kind] for kind in ("there", "repairer", "scrapped", "lost") if by_kind[kind])
        split = len(by_kind["there"]) > 1
        pieces = {kind: sum(places.values()) for kind, places in by_kind.items()}
        found[kit] = (
            None if split else min(nearest),
            pieces.get("lost", 0),
            pieces.get("scrapped", 0),
            sum(pieces.values()),
        )
    return found


async def tamper(sql: str, *values: object) -> None:
    """Go round the triggers, as only the database's owner can."""
    async with connection() as conn, conn.transaction():
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(sql, *values)


async def stock_from_before(definition: Definition, kits: Sequence[Sequence[str]]) -> None:
    """Kits with these serial numbers in the store of a database whose schema is an older one: past the service, which
    knows today's only."""
    for number, serials in enumerate(kits, 1):
        kit = await fetch_value(
            "INSERT INTO kit (code, kit_definition_id) VALUES ($1, $2) RETURNING id", f"KOLD{number:04}", definition.id
        )
        parts: list[tuple[int, int | None, int]] = []
        for line in definition.lines:
            if not line["serialised"]:
                parts.append((line["item_id"], None, line["quantity"]))
                continue
            for serial in serials:
                sql = "INSERT INTO device (item_id, kit_id, serial_number) VALUES ($1, $2, $3) RETURNING id"
                parts.append((line["item_id"], await fetch_value(sql, line["item_id"], kit, serial), 1))
        for at, (item, device, quantity) in enumerate(parts):
            await execute(
                """INSERT INTO movement (reason, item_id, kit_id, device_id, quantity, from_place_id, to_place_id,
                     actor_kind, idempotency_key, line)
                   SELECT 'purchase', $1, $2, $3, $4, f.id, t.id, 'system', $5, $6
                   FROM place f, place t WHERE f.code = 'supplier' AND t.code = 'central-store'""",
                item,
                kit,
                device,
                quantity,
                f"before-{number}",
                at,
            )
