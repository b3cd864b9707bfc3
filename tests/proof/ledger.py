"""Every operation that moves stock, in any order, thousands of times, against a model in plain Python."""

import asyncio
import os
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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
        hands = min(os.cpu_count() or 1, runs)
        databases = [asyncio.run(_database(server, folder, number)) for number in range(hands)]
        # each processor lives its own share; what a life does is drawn anew in each process
        with ProcessPoolExecutor(hands, mp_context=get_context("spawn")) as processes:
            shares = [processes.submit(_share, url, folder, -(-runs // hands)) for url in databases]
        done: Counter[str] = Counter()
        for share in shares:
            lived, failure = share.result()
            done += lived
            section.expect(not failure, failure)
    if not section.holds:
        return section
    refused = sum(count for what, count in done.items() if what.startswith("refused: "))
    section.ran = (
        f"{done['runs']:,} lives of a stock, each from an empty database on, each up to {STEPS} operations drawn "
        "by lot with what they are told: purchases by list and by scan, rejections, consignments packed, opened, "
        "sent, taken back and cancelled, sent again, signed for by stops on their way, receipts in parts with "
        "damaged, missing and surplus pieces, outcomes of cases, custody, loans, transfers, offers, repairs, "
        "replacements, disposal, stocktakes and what is decided of them, recalls, closed periods, reversals. A "
        "model of plain Python says beforehand what each has to do, or that it has to be refused. After each "
        "operation the database's balances, documents and states are compared with the model, every balance is "
        "recomputed from the movements, and each earlier movement's digest is compared."
    )
    section.figures |= {
        "lives": done.pop("runs"),
        "operations done": sum(done.values()) - refused,
        "operations refused, as the model said": refused,
        "done, by kind": {what: count for what, count in sorted(done.items()) if not what.startswith("refused: ")},
    }
    return section


def _share(url: str, folder: Path, runs: int) -> tuple[Counter[str], str]:
    """Some lives, in a process of their own: what they did, and what did not hold (its steps go to the output)."""
    try:
        return live(url, folder, runs=runs, steps=STEPS), ""
    except Exception as error:  # whatever it is, it is the show's finding
        return Counter(), f"{type(error).__name__}: {error}"


async def _database(server: str, folder: Path, number: int) -> str:
    await hurry(server)
    url = await create_database(server, f"life_{number}")
    await migrate_database(url, folder)
    return url
