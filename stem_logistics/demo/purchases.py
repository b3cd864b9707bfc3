"""The demo's purchases: STEM 5's printers from contract to acceptance by their sample, and an order that is awaited."""

import random
from datetime import timedelta

from stem_logistics.demo import catalogue
from stem_logistics.demo.checks import Laptop
from stem_logistics.inventory import acceptance, contracts, purchasing
from stem_logistics.web.formats import today

CONTRACT, SUPPLIER = "2025/018", "Εκπαιδευτικά Συστήματα Α.Ε."
BUDGET_LINE = "2025ΣΕ0470"
BATCH, DOCUMENT = "printers-2025", "ΔΑ-2025/0417"
PRINTERS, SAMPLE = 78, 5


async def buy(laptop: Laptop, chance: random.Random) -> None:
    """Order the printers, take them in, draw the sample and check it, accept; order micro:bit kits that are to come."""
    order = await purchasing.place_order(
        contract=CONTRACT,
        supplier=SUPPLIER,
        funding="wave",
        funding_reference="stem-5",
        definition="printer-3d",
        kits=PRINTERS,
        unit_cents=42_900,
        title="ownership",
    )
    contract_id = (await purchasing.get_order(order))["contract_id"]
    await contracts.set_share(contract_id, "wave", "stem-5", 3_500_000)
    await contracts.set_share(contract_id, "budget-line", BUDGET_LINE, 1_000_000)
    batch = await purchasing.open_batch(order, name=BATCH, document=DOCUMENT, to_check=SAMPLE, most_faulty=0)
    await catalogue.receive("printer-3d", PRINTERS, batch=BATCH, document=DOCUMENT, chance=chance)
    await acceptance.draw_sample(batch)
    for device in (await purchasing.get_batch(batch))["sample"]:
        await laptop.file("printer-pass", device["kit"], device["serial_number"])
    await acceptance.decide(batch, accept=True)
    await purchasing.place_order(
        contract=CONTRACT,
        supplier=SUPPLIER,
        funding="budget-line",
        funding_reference=BUDGET_LINE,
        definition="microbit-kit",
        kits=60,
        unit_cents=14_500,
        title="ownership",
        due_on=today() + timedelta(days=45),
    )
