"""Small random inputs that crowd the rule's corners: ties, overlapping lines, caps of 0, no stock, blocks."""

import random
from typing import Any

SUBMISSIONS: list[list[int | None]] = [[None], [None], [None], [None], [1, 2], [7, 3, 5]]
LEVELS = ["primary", "upper_secondary", "university"]
REGIONS = ["attica", "crete", ""]
CATEGORIES = ["special", "minority", "remote", "κλειστό"]


def random_document(rng: random.Random, most: int = 14) -> dict[str, Any]:
    """One input. Stock is about what is asked for, so that every line has winners and losers."""
    block = rng.choice([1, 2, 3])
    kits = []
    for k in range(rng.randint(1, 4)):
        reserves: list[dict[str, Any]] = [
            {
                "id": f"line{c}",
                "any_of": rng.sample(CATEGORIES, rng.randint(1, 3)),
                "places": rng.choice([0, 1, 1, 1, 2, 3]),
            }
            for c in range(rng.choice([0, 1, 2, 3, 4]))
        ]
        blocks = rng.choice([0, 0, 1, 2])
        held = sum(line["places"] for line in reserves) + blocks * block
        kit: dict[str, Any] = {
            "id": f"kit{k}",
            "stock": held + rng.choice([0, 0, 1, 2, 4]),
            "levels": rng.sample(LEVELS[:2], rng.choice([1, 2, 2, 2])),
            "reserves": reserves,
        }
        if blocks or rng.random() < 0.3:
            kit["university_blocks"] = blocks
        if rng.random() < 0.6:
            kit["open_region_cap"] = {r: rng.choice([0, 1, 1, 2]) for r in rng.sample(REGIONS, rng.randint(0, 3))}
        kits.append(kit)
    names = [k["id"] for k in kits]
    applicants = []
    for n in rng.sample(range(1000), rng.randint(0, most)):
        for submission in rng.choice(SUBMISSIONS):
            row: dict[str, Any] = {
                "id": f"{n:03d}",
                "level": rng.choices(LEVELS, [4, 4, 1])[0],
                "region": rng.choice(REGIONS),
                "categories": rng.sample(CATEGORIES, rng.choice([0, 0, 1, 1, 2, 3])),
                "score": rng.choice(["5", "5.0", "5.50", "5.5", "10", "9.75", "007", "0", "0.000001", "47.5", "47.50"]),
                "preferences": rng.sample(names, rng.randint(0 if rng.random() < 0.2 else 1, len(names))),
            }
            if submission is not None:
                row["submission"] = submission
            applicants.append(row)
    rng.shuffle(applicants)
    wave: dict[str, Any] = {"seed": f"seed-{rng.randrange(10**6)}", "kits": kits, "block_size": block}
    return {"wave": wave, "applicants": applicants}
