"""Every query of the checks: reports, and what they say of kits and devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from stem_logistics.accounts.policy import Scope
from stem_logistics.checks.rules import Link
from stem_logistics.db.engine import fetch, fetch_one, fetch_value
from stem_logistics.selecting import Listed, Where, typed_code


async def kit_by_code(code: str) -> dict[str, Any] | None:
    """A kit with its definition's titles."""
    return await fetch_one(
        """SELECT k.id, k.code, d.title_el, d.title_en
           FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id WHERE k.code = $1""",
        code,
    )


async def kit_lines(kit_id: int) -> list[dict[str, Any]]:
    """What of a kit can be checked, an item a row: how many are there still, and their serial numbers."""
    return await fetch(
        """SELECT i.slug, i.name_el, i.name_en, i.device_kind, sum(h.quantity)::int AS quantity,
             i.baseline AS board, EXISTS (SELECT FROM kit k JOIN bom_line b ON b.kit_definition_id = k.kit_definition_id
               WHERE k.id = $1 AND b.optional AND i.id IN (b.item_id, b.substitute_item_id)) AS optional,
             coalesce(array_agg(dv.serial_number ORDER BY dv.serial_number)
                      FILTER (WHERE dv.id IS NOT NULL), '{}') AS serials
           FROM holding h JOIN item i ON i.id = h.item_id JOIN place p ON p.id = h.place_id
           LEFT JOIN device dv ON dv.id = h.device_id
           WHERE h.kit_id = $1 AND h.quantity > 0 AND i.device_kind IS NOT NULL
             AND p.kind NOT IN ('lost', 'scrapped')
           GROUP BY i.id ORDER BY i.slug""",
        kit_id,
    )


async def school_of_kit(kit_id: int) -> str:
    """The name of the school that has the kit or to which it is on its way; empty while neither is so."""
    name: str | None = await fetch_value(
        """SELECT n.name FROM holding h JOIN place p ON p.id = h.place_id
             LEFT JOIN consignment c ON c.id = p.consignment_id
             JOIN institution n ON n.id = coalesce(p.institution_id, c.institution_id)
           WHERE h.kit_id = $1 AND h.quantity > 0
           GROUP BY n.id ORDER BY sum(h.quantity) DESC, n.id LIMIT 1""",
        kit_id,
    )
    return (name or "")[:256]


async def find_device(kind: str, folded: str, kit_id: int | None) -> int | None:
    """The device of a kind by its serial number, however it is written; the kit's own before others'."""
    found: int | None = await fetch_value(
        """SELECT dv.id FROM device dv JOIN item i ON i.id = dv.item_id
            WHERE i.device_kind = $1 AND dv.serial_key = serial_key($2)
            ORDER BY (dv.kit_id = $3) DESC NULLS LAST, dv.id LIMIT 1""",
        kind,
        folded,
        kit_id,
    )
    return found


async def verdicts_of_item(item_id: int, scope: Scope) -> list[dict[str, Any]]:
    """How many of an item's devices that are still there have which verdict by their newest report."""
    where = Where()
    where.add(f"h.item_id = {where.value(item_id)} AND h.quantity > 0 AND h.device_id IS NOT NULL")
    where.add("p.kind NOT IN ('lost', 'scrapped')")
    where.within(scope, region="n.regional_directorate_id", institution="n.id")
    return await fetch(
        f"""SELECT last.verdict, count(*)::int AS devices FROM holding h JOIN place p ON p.id = h.place_id
              LEFT JOIN consignment c ON c.id = p.consignment_id
              LEFT JOIN institution n ON n.id = coalesce(p.institution_id, c.institution_id)
              LEFT JOIN LATERAL (SELECT r.verdict FROM check_report r WHERE r.device_id = h.device_id
                ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) last ON true
            WHERE {where.sql} GROUP BY last.verdict ORDER BY 2 DESC, 1""",  # noqa: S608 - constants and $n
        *where.values,
    )


async def report_known(report_id: UUID) -> dict[str, Any] | None:
    """A report by its id: what tells whether the same came again."""
    return await fetch_one("SELECT agent_id, digest, chain FROM check_report WHERE report_id = $1", report_id)


async def links_near(agent_id: int, sequence: int) -> list[Link]:
    """The agent's reports with this number and its neighbours'."""
    rows = await fetch(
        """SELECT sequence, digest, previous_digest FROM check_report
           WHERE agent_id = $1 AND sequence BETWEEN $2 - 1 AND $2 + 1""",
        agent_id,
        sequence,
    )
    return [Link(row["sequence"], row["digest"], row["previous_digest"]) for row in rows]


async def add_report(values: dict[str, Any]) -> int:
    """Keep a report; returns its id."""
    columns = list(values)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    sql = f"INSERT INTO check_report ({', '.join(columns)}) VALUES ({places}) RETURNING id"  # noqa: S608 - our own names
    report: int = await fetch_value(sql, *values.values())
    return report


# Whether a report's kit is where the reader may look; the country's readers see kits that nobody has, too.
_IN_SCOPE = """EXISTS (
  SELECT 1 FROM holding h JOIN place p ON p.id = h.place_id
    LEFT JOIN consignment c ON c.id = p.consignment_id
    JOIN institution n ON n.id = coalesce(p.institution_id, c.institution_id)
  WHERE h.kit_id = r.kit_id AND h.quantity > 0
    AND (n.regional_directorate_id = ANY({regions}) OR n.id = ANY({institutions})))"""
_COLUMNS = """r.id, r.report_id, r.device_kind, r.serial_number, r.verdict, r.chain, r.sequence, r.operator,
  r.observed_at, r.received_at, r.clock_skew_s, r.device_id, r.kit_id, k.code AS kit_code,
  a.code AS agent_code, a.name AS agent_name"""
_FROM = "FROM check_report r JOIN agent a ON a.id = r.agent_id LEFT JOIN kit k ON k.id = r.kit_id"
SORTS = {"observed": "r.observed_at", "kit": "k.code", "kind": "r.device_kind", "verdict": "r.verdict"}
LISTED = Listed(_COLUMNS, _FROM, "r.id", SORTS)
FAULTS = ("FAIL", "DAMAGED", "MISMATCH", "OUTDATED")


def _narrowed(scope: Scope, q: str, filters: dict[str, str]) -> Where:
    where = Where()
    if not scope.country:
        regions, institutions = where.value(list(scope.regions)), where.value(list(scope.institutions))
        where.add(_IN_SCOPE.format(regions=regions, institutions=institutions))
    if q:
        code, serial = where.value(typed_code(q)), where.value("".join(q.split()).casefold())
        where.any_of(
            f"k.code LIKE {code} || '%'",
            f"a.code = {code}",
            f"lower(regexp_replace(r.serial_number, '\\s', '', 'g')) = {serial}",
        )
    for name, column in (("kind", "r.device_kind"), ("agent", "a.code"), ("chain", "r.chain")):
        where.equal(column, filters.get(name))
    if filters.get("verdict") == "fault":
        where.add(f"r.verdict = ANY({where.value(list(FAULTS))})")
    else:
        where.equal("r.verdict", filters.get("verdict"))
    if filters.get("latest") == "yes":
        # the device's newest report only: what is the matter now, not what once was
        where.add(
            """(r.device_id IS NULL OR NOT EXISTS (SELECT 1 FROM check_report l WHERE l.device_id = r.device_id
               AND (l.observed_at, l.id) > (r.observed_at, r.id)))"""
        )
    return where


async def reports(
    scope: Scope, q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> list[dict[str, Any]]:
    """A page of the reports that a scope sees."""
    where = _narrowed(scope, q, filters)
    return await LISTED.page(where, sort=sort, descending=descending, limit=limit, offset=offset)


async def count_reports(scope: Scope, q: str, filters: dict[str, str]) -> int:
    """How many reports a list has."""
    return await LISTED.count(_narrowed(scope, q, filters))


async def report(scope: Scope, report_id: UUID) -> dict[str, Any] | None:
    """One report with its envelope, if the scope sees it."""
    where = _narrowed(scope, "", {})
    where.equal("r.report_id", report_id)
    return await fetch_one(
        f"""SELECT {_COLUMNS}, r.schema_name, r.digest, r.previous_digest, r.envelope, a.public_key,
              a.revoked_at AS agent_revoked_at, i.name_el AS item_el, i.name_en AS item_en, dk.code AS device_kit_code
            {_FROM} LEFT JOIN device dv ON dv.id = r.device_id LEFT JOIN item i ON i.id = dv.item_id
              LEFT JOIN kit dk ON dk.id = dv.kit_id
            WHERE {where.sql}""",
        *where.values,
    )


async def kit_devices(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The devices of kits that can be checked, each with its newest report."""
    return await fetch(
        """SELECT dv.kit_id, dv.id AS device_id, i.device_kind AS kind, i.name_el, i.name_en, dv.serial_number,
             l.verdict, l.observed_at, l.report_id
           FROM device dv JOIN item i ON i.id = dv.item_id
           LEFT JOIN LATERAL (
             SELECT verdict, observed_at, report_id FROM check_report r WHERE r.device_id = dv.id
             ORDER BY observed_at DESC, id DESC LIMIT 1) l ON true
           WHERE dv.kit_id = ANY($1) AND i.device_kind IS NOT NULL
           ORDER BY dv.kit_id, i.slug, dv.serial_number""",
        list(kit_ids),
    )


async def kit_unlisted(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The newest report, by kind and serial number, of what was checked with a kit and is not its device."""
    return await fetch(
        """SELECT DISTINCT ON (r.kit_id, r.device_kind, r.serial_number)
             r.kit_id, r.device_id, r.device_kind AS kind, r.serial_number, r.verdict, r.observed_at, r.report_id
           FROM check_report r LEFT JOIN device dv ON dv.id = r.device_id
           WHERE r.kit_id = ANY($1) AND (dv.id IS NULL OR dv.kit_id <> r.kit_id)
           ORDER BY r.kit_id, r.device_kind, r.serial_number, r.observed_at DESC, r.id DESC""",
        list(kit_ids),
    )


async def faulty_devices(scope: Scope) -> int:
    """How many devices' newest report proves a fault."""
    return await count_reports(scope, "", {"verdict": "fault", "latest": "yes"})


async def latest_fork(scope: Scope) -> datetime | None:
    """When a report last contradicted its agent's chain, for a reader of the whole country."""
    if not scope.country:
        return None
    found: datetime | None = await fetch_value("SELECT max(received_at) FROM check_report WHERE chain = 'fork'")
    return found


async def envelopes_after(last: int, limit: int) -> list[dict[str, Any]]:
    """Reports in the order in which they came, with what their signature needs: for `stem checks verify`."""
    return await fetch(
        """SELECT r.id, r.report_id, r.digest, r.envelope, r.verdict, r.sequence, a.public_key, a.code AS agent_code
           FROM check_report r JOIN agent a ON a.id = r.agent_id WHERE r.id > $1 ORDER BY r.id LIMIT $2""",
        last,
        limit,
    )
