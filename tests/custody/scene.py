"""Kits at schools for custody's tests, made through the services."""

from stem_logistics.db.engine import fetch, fetch_one, fetch_value
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from tests.deliveries.parcels import Parcel, parcel_of
from tests.inventory.stock import kit_id, make_definition, make_institution, receive

SCHOOL, OTHER = "0501659", "0501660"


async def kit_at_school(code: str = SCHOOL, *, spares: int = 0) -> str:
    """A kit of two devices, three cables and four batteries at a school, and whole kits in the store beside it."""
    definition = await make_definition()
    (kit,) = await receive(definition)
    place = await ledger.institution_place(await make_institution(code))
    parts = await stock.contents_of([await kit_id(kit)])
    moves = [Move(p["item_id"], p["quantity"], p["place_id"], place, p["kit_id"], p["device_id"]) for p in parts]
    await ledger.post(moves, reason="transfer", key=f"to-school:{kit}")
    if spares:
        await receive(definition, spares)
    return kit


async def serials(kit: str) -> list[str]:
    """The serial numbers of a kit's devices."""
    rows = await fetch("SELECT serial_number FROM device WHERE kit_id = $1 ORDER BY id", await kit_id(kit))
    return [row["serial_number"] for row in rows]


async def places(kit: str) -> dict[str, int]:
    """Pieces of a kit by kind of place."""
    rows = await fetch(
        """SELECT p.kind, sum(h.quantity)::int AS n FROM holding h JOIN place p ON p.id = h.place_id
           WHERE h.kit_id = $1 AND h.quantity > 0 GROUP BY p.kind""",
        await kit_id(kit),
    )
    return {row["kind"]: row["n"] for row in rows}


async def place_of(serial: str) -> str:
    """The code of the place where a device is."""
    return str(
        await fetch_value(
            """SELECT p.code FROM holding h JOIN place p ON p.id = h.place_id JOIN device d ON d.id = h.device_id
               WHERE d.serial_number = $1 AND h.quantity > 0""",
            serial,
        )
    )


async def arrived(school: str) -> Parcel:
    """The school confirms, by the link of its newest mail, all of what is on its way to it."""
    row = await fetch_one(
        """SELECT c.id, c.code, c.institution_id FROM consignment c JOIN institution i ON i.id = c.institution_id
           WHERE i.code = $1 AND c.state = 'dispatched' ORDER BY c.id DESC LIMIT 1""",
        school,
    )
    assert row is not None, f"nothing is on its way to {school}"
    parcel = await parcel_of(row["code"], row["institution_id"], "", f"mail@{school}.example")
    await parcel.confirm(key=f"arrived-{row['code']}")
    return parcel
