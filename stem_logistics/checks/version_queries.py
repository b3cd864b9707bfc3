"""What firmware devices run, by their newest reports."""

import json
from typing import Any

from stem_logistics.db.engine import fetch


async def newest_identities(kind: str) -> list[dict[str, Any]]:
    """The newest report of each device of a kind: the device, its kit, and what it said of itself (`identity`)."""
    rows = await fetch(
        """SELECT DISTINCT ON (r.device_id) r.device_id, dv.kit_id, dv.item_id, r.observed_at, r.report_id,
             convert_from(r.envelope, 'UTF8')::json #>> '{report,identity}' AS identity
           FROM check_report r JOIN device dv ON dv.id = r.device_id
           WHERE r.device_kind = $1 ORDER BY r.device_id, r.observed_at DESC, r.id DESC""",
        kind,
    )
    return [{**row, "identity": json.loads(row["identity"] or "{}")} for row in rows]
