"""What a merge of two registrations means for applications of waves that are still being decided.

A school applies once. Where only the duplicate applied, or later than the kept school, its application is the
school's; where the kept school applied later, the duplicate's is set aside. Results that were published stay as they
were, under the code that they were published for. Prizes, labels and grants are not moved: they are read by the
school that a code stands for.
"""

from typing import Any

from stem_logistics import audit
from stem_logistics.waves import draft_queries
from stem_logistics.waves import merged_queries as queries


async def institution_merged(duplicate_id: int, kept_id: int) -> dict[str, Any]:
    """Take the duplicate's applications along, in the caller's unit of work. Returns what was moved or set aside."""
    moved: list[dict[str, int]] = []
    aside: list[int] = []
    theirs = await queries.undecided_submissions(duplicate_id)
    for wave_id in dict.fromkeys(row["wave_id"] for row in theirs):
        rows = [row for row in theirs if row["wave_id"] == wave_id]
        mine = await queries.undecided_submissions(kept_id, wave_id)
        if mine and mine[-1]["submitted_at"] >= rows[-1]["submitted_at"]:
            aside += [row["id"] for row in rows]
            continue
        following = await queries.next_submission(wave_id, kept_id)
        for number, row in enumerate(rows, following):
            await queries.move(row["id"], kept_id, number)
            moved.append({"id": row["id"], "submission": row["submission"]})
    await queries.set_states(aside, "withdrawn")
    for number in [each["id"] for each in moved] + aside:
        await audit.record("application-followed-merge", "application", number)
    # what was being filled in goes on under the kept school, unless that one is filling in its own
    drafts = await draft_queries.move_draft(duplicate_id, kept_id)
    if not (moved or aside or drafts):
        return {}
    return {"applications": moved, "applications-set-aside": aside, "drafts": drafts}


async def institution_unmerged(duplicate_id: int, kept_id: int, moved: dict[str, Any]) -> None:
    """Put back what `institution_merged` moved, where its wave is still being decided."""
    undecided = await queries.still_undecided(
        [each["id"] for each in moved.get("applications", [])] + moved.get("applications-set-aside", [])
    )
    for each in moved.get("applications", []):
        if each["id"] in undecided:
            await queries.move(each["id"], duplicate_id, each["submission"])
            await audit.record("application-followed-merge", "application", each["id"])
    for wave_id in moved.get("drafts", []):
        await draft_queries.move_draft(kept_id, duplicate_id, wave_id)
    back = [number for number in moved.get("applications-set-aside", []) if number in undecided]
    await queries.set_states(back, "submitted")
