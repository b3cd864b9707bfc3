"""The demo's prizes: three contests of record, and the 20th published, its tablets in the store to be sent."""

import random
from typing import Any

from stem_logistics.db.engine import fetch
from stem_logistics.demo import catalogue, facts
from stem_logistics.grants import service as grants
from stem_logistics.grants.list_file import Line

CATEGORIES = {
    "kindergarten": "Νηπιαγωγεία",
    "primary": "Δημοτικά",
    "lower_secondary": "Γυμνάσια",
    "upper_secondary": "Λύκεια",
    "vocational": "ΕΠΑΛ",
    "university": "Πανεπιστημιακά τμήματα",
}
RANKS = ("1ο βραβείο", "2ο βραβείο", "3ο βραβείο", "Έπαινος")
SECONDARY = ("lower_secondary", "upper_secondary", "vocational")


async def record_contests() -> None:
    """Every contest of which is published how many won; the last one goes the whole way."""
    chance = random.Random(20)
    winners = await fetch(
        """SELECT code, level FROM institution WHERE kind = 'school' AND state = 'active' AND legal_character
             NOT ILIKE 'ΙΔΙΩΤ%' AND level = ANY($1) ORDER BY md5('prize' || code) LIMIT 200""",
        ["kindergarten", "primary", *SECONDARY],
    )
    departments = await fetch(
        "SELECT code, level FROM institution WHERE kind = 'department' ORDER BY code DESC LIMIT 3"
    )
    for contest in facts.CONTESTS:
        won = [winners.pop() for _ in range(contest.schools)] + departments[: contest.departments]
        await _record(contest, won, chance, delivered=contest is not facts.CONTESTS[-1])


async def _record(contest: facts.Contest, won: list[dict[str, Any]], chance: random.Random, *, delivered: bool) -> None:
    found = await grants.create_list(
        f"Βραβεία {contest.number}ού Εθνικού Διαγωνισμού eTwinning",
        f"Prizes of the {contest.number}th national eTwinning contest",
        contest.year,
        reason="contest",
        ground=f"{contest.number}ος Εθνικός Διαγωνισμός eTwinning",
        protocol=f"ΕΟΥ/{contest.year}/{200 + contest.number}",
        delivered=delivered,
    )
    slug = found.wave.slug
    each, more = divmod(contest.tablets, len(won)) if contest.tablets else (facts.TABLETS_EACH, 0)
    for place, winner in enumerate(won):
        printer = contest.printers and winner["level"] in SECONDARY
        kit, pieces = ("printer-3d", 1) if printer else ("tablet", each + (place < more))
        # the 20th had a prize for STEM again
        category = "Βραβείο STEM" if contest.number == 20 and place % 6 == 5 else CATEGORIES[winner["level"]]
        line = Line(0, winner["code"], "", kit, pieces, category, chance.choice(RANKS))
        await grants.add_entry(slug, line)
    if not delivered:
        await catalogue.receive(
            "tablet", contest.tablets, batch=f"tablets-{contest.year}", document="ΔΑ-2025/0611", chance=chance
        )
        await grants.set_stock(slug, {"tablet": contest.tablets})
    await grants.publish(slug)
