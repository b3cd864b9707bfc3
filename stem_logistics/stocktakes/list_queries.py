"""Queries over many stocktakes: a year by region and school, who has not signed, the register of assets."""

from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import fetch
from stem_logistics.selecting import Listed, Where
from stem_logistics.stocktakes.queries import COUNTED, FROM, LISTED, SHOWN

_SCHOOLS = Listed(
    SHOWN,
    f"{FROM} JOIN regional_directorate r ON r.id = i.regional_directorate_id",
    "s.id",
    {"urgency": "(s.signed_at IS NOT NULL, s.due_on, i.name)"},
)


async def regions() -> list[dict[str, Any]]:
    """The regional directorates, for the choice."""
    return await fetch("SELECT code, name_el, name_en FROM regional_directorate ORDER BY name_el")


async def years() -> list[int]:
    """The years with stocktakes, the newest first."""
    return [row["year"] for row in await fetch("SELECT DISTINCT year FROM stocktake ORDER BY year DESC")]


async def unsigned() -> list[dict[str, Any]]:
    """The stocktakes that no school has signed yet."""
    return await fetch(f"SELECT {SHOWN} {FROM} WHERE s.signed_at IS NULL ORDER BY s.id")


async def progress(scope: Scope, year: int) -> list[dict[str, Any]]:
    """By region: how many schools, how many have begun, signed, are late; and what they found."""
    where = Where()
    placeholder = where.value(year)
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    return await fetch(
        f"""SELECT r.code, r.name_el, r.name_en, count(*)::int AS schools,
              count(*) FILTER (WHERE s.signed_at IS NOT NULL)::int AS signed,
              count(*) FILTER (WHERE s.signed_at IS NULL AND c.answered > 0)::int AS begun,
              count(*) FILTER (WHERE s.signed_at IS NULL AND s.due_on < current_date)::int AS late,
              coalesce(sum(c.missing), 0)::int AS missing, coalesce(sum(c.broken), 0)::int AS broken
            FROM stocktake s JOIN institution i ON i.id = s.institution_id
            JOIN regional_directorate r ON r.id = i.regional_directorate_id
            CROSS JOIN LATERAL (
              SELECT count(a.id) AS answered, sum(a.missing) AS missing, sum(a.broken) AS broken
              FROM stocktake_line l {COUNTED} WHERE l.stocktake_id = s.id) c
            WHERE s.year = {placeholder} AND {where.sql} GROUP BY r.id ORDER BY r.name_el""",  # noqa: S608 - numbered parameters
        *where.values,
    )


async def stocktakes(
    scope: Scope, year: int, region: str, state: str, *, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of a year's stocktakes, the late ones first, and how many there are."""
    where = Where()
    where.equal("s.year", year)
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.equal("r.code", region)
    if state == "signed":
        where.add("s.signed_at IS NOT NULL")
    elif state == "open":
        where.add("s.signed_at IS NULL")
    elif state == "late":
        where.add("s.signed_at IS NULL AND s.due_on < current_date")
    elif state == "to-decide":
        where.add(
            f"""s.signed_at IS NOT NULL AND (EXISTS (SELECT FROM stocktake_line l {COUNTED}
                  WHERE l.stocktake_id = s.id AND EXISTS (
                    SELECT FROM (VALUES ('missing', a.missing), ('broken', a.broken)) q (about, pieces)
                    WHERE q.pieces > 0 AND NOT EXISTS (
                      SELECT FROM stocktake_decision d WHERE d.line_id = l.id AND d.about = q.about)))
                OR EXISTS (SELECT FROM stocktake_stranger x WHERE x.stocktake_id = s.id AND x.decision = ''
                  AND x.taken_off_at IS NULL AND NOT EXISTS (
                    SELECT FROM stocktake_line l WHERE l.stocktake_id = s.id AND {LISTED})))"""  # noqa: S608 - of constants
        )
    rows = await _SCHOOLS.page(where, sort="urgency", descending=False, limit=limit, offset=offset)
    return rows, await _SCHOOLS.count(where)


async def register(scope: Scope, year: int, region: str, code: str) -> list[dict[str, Any]]:
    """Every line of a year's stocktakes (or of one) as a register of assets has it: what, which, since when, from
    which money, where, how it is; and whatever was found besides, whose `typed` says as what.
    """
    where = Where()
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    where.equal("s.year", year or None)
    where.equal("r.code", region)
    where.equal("s.code", code)
    return await fetch(
        f"""WITH chosen AS (SELECT s.id, s.institution_id, i.code AS institution_code, i.name AS institution_name
              {FROM} JOIN regional_directorate r ON r.id = i.regional_directorate_id WHERE {where.sql}),
            counted AS (
              SELECT s.*, 0 AS besides, l.id AS row_id, l.kit_id, l.item_id, l.device_id, l.expected, NULL AS typed,
                NULL AS problem, a.found, a.broken, a.missing, a.note
              FROM chosen s JOIN stocktake_line l ON l.stocktake_id = s.id AND l.expected > 0 {COUNTED}
              UNION ALL
              SELECT s.*, 1, x.id, x.kit_id, dv.item_id, x.device_id, 1, x.typed, x.problem, 1, 0, 0, ''
              FROM chosen s JOIN stocktake_stranger x ON x.stocktake_id = s.id AND x.taken_off_at IS NULL
              LEFT JOIN device dv ON dv.id = x.device_id
              WHERE NOT EXISTS (SELECT FROM stocktake_line l WHERE l.stocktake_id = s.id AND {LISTED}))
            SELECT c.*, k.code AS kit_code, d.title_el, d.title_en, it.name_el, it.name_en, it.manufacturer,
              it.model_number, dv.serial_number, cu.room, cu.holder_name, got.since, o.title, f.number AS contract,
              fs.kind AS funding, fs.reference AS funding_reference,
              -- the price is the whole kit's: it stands once, beside the first of its pieces
              CASE WHEN c.besides = 0
                AND row_number() OVER (PARTITION BY c.id, c.kit_id ORDER BY c.besides, c.row_id) = 1
                THEN o.unit_cents END AS kit_cents
            FROM counted c LEFT JOIN kit k ON k.id = c.kit_id LEFT JOIN kit_definition d ON d.id = k.kit_definition_id
            LEFT JOIN item it ON it.id = c.item_id LEFT JOIN device dv ON dv.id = c.device_id
            LEFT JOIN custody cu ON cu.kit_id = k.id AND cu.institution_id = c.institution_id AND cu.until IS NULL
            LEFT JOIN purchase_batch b ON b.name = k.batch AND k.batch <> ''
            LEFT JOIN purchase_order o ON o.id = b.purchase_order_id LEFT JOIN contract f ON f.id = o.contract_id
            LEFT JOIN funding_source fs ON fs.id = o.funding_source_id
            LEFT JOIN LATERAL (SELECT min(m.occurred_at) AS since FROM movement m JOIN place p ON p.id = m.to_place_id
              WHERE m.kit_id = k.id AND p.institution_id = c.institution_id) got ON true
            ORDER BY c.institution_code, c.besides, c.row_id""",  # noqa: S608 - numbered parameters
        *where.values,
    )
