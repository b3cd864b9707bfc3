"""Every operation that moves stock, in any order, thousands of times, against a model in plain Python."""

import asyncio
import tempfile
from pathlib import Path

from stem_logistics.db import embedded
from tests.inventory.life.machine import live
from tests.proof.section import Scale, Section, by_scale
from tests.support import create_database, hurry, migrate_database

STEPS = 30


def run(scale: Scale) -> Section:
    """The show."""
    runs = by_scale(scale, 2, 100, 3000)
    section = Section(
        "All that moves stock, in any order",
        "Nothing is created or lost, no device is in two places, what is refused changes nothing, history is never "
        "altered, and the balances are what the movements say: whatever is done, and in whatever order.",
    )
    # A short path: a Unix socket's name is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="stem-") as name:
        folder = Path(name)
        server = embedded.start(folder)
        asyncio.run(_template(server, folder))
        try:
            done = live(server, "life", folder, runs=runs, steps=STEPS)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            section.expect(False, f"{type(error).__name__}: {error}")
            return section
    refused = sum(count for what, count in done.items() if what.startswith("refused: "))
    section.ran = (
        f"{done['runs']:,} lives of a stock, each from an empty database on, each up to {STEPS} operations drawn by "
        "lot with what they are told: purchases by list and by scan, rejections, consignments packed, opened, sent, "
        "taken back and cancelled, receipts in parts with damaged, missing and surplus pieces, outcomes of cases, "
        "custody, loans, transfers, offers, repairs, replacements, disposal, stocktakes and what is decided of them, "
        "recalls, closed periods, reversals. A model of plain Python says beforehand what each has to do, or that it "
        "has to be refused. After each operation the database's balances, documents and states are compared with the "
        "model, every balance is recomputed from the movements, and each earlier movement's digest is compared."
    )
    section.figures |= {
        "lives": done.pop("runs"),
        "operations done": sum(done.values()) - refused,
        "operations refused, as the model said": refused,
        "done, by kind": {what: count for what, count in sorted(done.items()) if not what.startswith("refused: ")},
    }
    return section


async def _template(server: str, folder: Path) -> None:
    await hurry(server)
    await migrate_database(await create_database(server, "life"), folder)
