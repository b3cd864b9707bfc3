"""The corrections of a published list, read."""

from stem_logistics.grants import queries
from stem_logistics.grants.model import Correction
from stem_logistics.grants.rules import Entry


async def corrections_of(wave_id: int) -> list[Correction]:
    """The corrections of a list, the first first."""
    rows = {row["id"]: Entry(**row) for row in await queries.entries_of_corrections(wave_id)}
    return [
        Correction(
            row["id"],
            rows.get(row["was_id"]),
            rows.get(row["is_id"]),
            row["why"],
            row["corrected_at"],
            row["who"],
            row["former_sha256"],
        )
        for row in await queries.corrections(wave_id)
    ]
