"""The demo's deliveries: STEM 5's kits packed and sent, most received, some with something missing or broken."""

import random
import re
from datetime import timedelta
from typing import Any

from stem_logistics import runtime
from stem_logistics.accounts import links
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.deliveries import from_wave, receipts, reminder_queries, reminding, service
from stem_logistics.deliveries.expected import expected_lines
from stem_logistics.deliveries.rules import DamageReason, LineAnswer, MissingReason
from stem_logistics.demo import catalogue, purchases
from stem_logistics.demo.checks import Laptop

NAMES = ("Ελένη Παππά", "Γιώργος Νικολάου", "Μαρία Δημητρίου", "Κώστας Αντωνίου", "Σοφία Βλάχου", "Νίκος Καρράς")
STOCK = (
    ("microbit-kit", 104, "microbits-2025", "ΔΑ-2025/0533"),
    ("robotics-kit", 50, "robotics-2025", "ΔΑ-2025/0534"),
    ("arduino-kit", 32, "arduinos-2026", "ΔΑ-2026/0102"),
    ("bee-bot-kit", 42, "bee-bots-2026", "ΔΑ-2026/0103"),
)


async def fill_store(laptop: Laptop) -> None:
    """Buy what the waves give out."""
    chance = random.Random(77)
    await purchases.buy(laptop, chance)
    for definition, kits, batch, document in STOCK:
        await catalogue.receive(definition, kits, batch=batch, document=document, chance=chance)


async def set_contacts() -> None:
    """Who is written to when a school does not answer: an office in each directorate, an ambassador in each region."""
    chance = random.Random(33)
    for number, office in enumerate(await reminder_queries.offices(), 1):
        kind = "dieuthynsi" if office["step"] == "directorate" else "presvis"
        domain = "directorates" if office["step"] == "directorate" else "ambassadors"
        await reminding.save_contact(
            office["step"], office["code"], chance.choice(NAMES), f"{kind}{number:03d}@{domain}.example"
        )


async def _token(consignment_id: int) -> str:
    body = await fetch_value(
        "SELECT body FROM mail_message WHERE about_kind = 'consignment' AND about_id = $1 ORDER BY id DESC LIMIT 1",
        consignment_id,
    )
    found = re.search(r"/r/([A-Za-z0-9_-]{20,})", body)
    assert found is not None, body
    return found[1]


async def ship_stem_5() -> str:
    """Pack and send STEM 5's kits; returns the path of a receipt that still waits for its school."""
    await from_wave.make_consignments("stem-5")
    consignments = await fetch("SELECT id, code FROM consignment ORDER BY id")
    chance = random.Random(55)
    waiting = ""
    for number, consignment in enumerate(consignments):
        if number % 15 == 14:
            continue  # still to be packed
        await service.pack(consignment["code"])
        if number % 15 == 13:
            continue  # waits for the courier
        tracking = f"EX{chance.randrange(10**9):09d}GR"
        await service.dispatch(
            consignment["code"],
            courier="Ταχυμεταφορές Ελλάδας",
            tracking_number=tracking,
            document=f"ΣΔ-2025/{number + 1:04d}",
            expected_on=service.today() + timedelta(days=3),
        )
        token = await _token(consignment["id"])
        if number % 9 == 4:
            waiting = waiting or f"/r/{token}"
            continue  # on its way
        await _receive(consignment["id"], token, number, chance)
    return waiting


async def _receive(consignment_id: int, token: str, number: int, chance: random.Random) -> None:
    principal = await links.principal_of_link(token)
    answers: dict[str, LineAnswer] = {}
    lines = await expected_lines(consignment_id)
    for position, line in enumerate(lines):
        whole: dict[str, Any] = {"received": line.outstanding}
        if number % 11 == 3 and position == len(lines) - 1:
            whole = {"received": line.outstanding - 1, "missing": 1, "missing_reason": MissingReason.NOT_IN_PARCEL}
        elif number % 17 == 5 and position == 0:
            whole = {"received": line.outstanding - 1, "damaged": 1, "damage_reason": DamageReason.DEFECTIVE}
        elif number % 23 == 7 and position == len(lines) - 1:
            continue  # its parcel has not come yet
        answers[line.key] = LineAnswer(**whole)
    with runtime.acting(runtime.Actor(principal, "web", request_id="demo")):
        await receipts.confirm(
            consignment_id,
            receipts.Confirmation(
                answers=answers,
                receiver_name=chance.choice(NAMES),
                receiver_role=chance.choice(("Διευθυντής/Διευθύντρια", "Εκπαιδευτικός")),
                key=f"demo-{consignment_id}",
                seen_parts=0,
            ),
        )
