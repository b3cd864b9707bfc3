"""The versions of a wave's rules: who made which, when and why, and what changed from one to the next."""

from dataclasses import dataclass
from datetime import datetime

from stem_logistics.errors import NotFound
from stem_logistics.waves import rules_queries
from stem_logistics.waves.call_document import region_words
from stem_logistics.waves.rules_diff import Difference, differences
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.rules_reading import read_stored_rules
from stem_logistics.waves.service import get_wave


@dataclass(frozen=True)
class Version:
    """One version of a wave's rules, and how it differs from the one before it."""

    number: int
    rules: WaveRules
    created_at: datetime
    frozen_at: datetime | None
    why: str
    author: str | None
    changes: list[Difference]


async def versions_of(slug: str) -> list[Version]:
    """Every version of a wave's rules, the newest first, each with its differences from the one before it.

    Raises:
        NotFound: no such wave.
    """
    wave = await get_wave(slug)
    rows = await rules_queries.versions(wave.id)
    regions = await region_words()
    read = [read_stored_rules(row["document"]) for row in rows]
    return [
        Version(
            row["version"],
            rules,
            row["created_at"],
            row["frozen_at"],
            row["why"],
            row["author"],
            differences(read[place + 1], rules, regions) if place + 1 < len(read) else [],
        )
        for place, (row, rules) in enumerate(zip(rows, read, strict=True))
    ]


async def compare_versions(slug: str, first: int, second: int) -> list[Difference]:
    """What differs between two versions of a wave's rules, in words.

    Raises:
        NotFound: no such wave or version.
    """
    known = {version.number: version.rules for version in await versions_of(slug)}
    for number in (first, second):
        if number not in known:
            raise NotFound("rules-version-not-found", version=number)
    return differences(known[first], known[second], await region_words())
