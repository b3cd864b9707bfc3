"""Queries about the versions of a wave's rules, and what the registry says of the schools that they name."""

import json
from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import fetch, fetch_value


async def versions(wave_id: int) -> list[dict[str, Any]]:
    """Every version of a wave's rules, the newest first, with who made it and why."""
    rows = await fetch(
        """SELECT r.id, r.version, r.document::text AS document, r.created_at, r.frozen_at, r.why, a.name AS author
           FROM wave_rules r LEFT JOIN account a ON a.id = r.created_by
           WHERE r.wave_id = $1 ORDER BY r.version DESC""",
        wave_id,
    )
    return [{**row, "document": json.loads(row["document"])} for row in rows]


async def fitting_schools(levels: Sequence[str], categories: Sequence[str] | None) -> int:
    """How many active schools are of one of the levels, and of one of the categories where these are given."""
    return int(
        await fetch_value(
            """SELECT count(*) FROM institution
               WHERE kind = 'school' AND state = 'active' AND root_id = id AND level = ANY($1::text[])
                 AND ($2::text[] IS NULL OR categories && $2::text[] OR (remote AND 'remote' = ANY($2::text[])))""",
            list(levels),
            None if categories is None else list(categories),
        )
    )
