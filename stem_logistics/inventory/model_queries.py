"""Statements of device models: what is known of an item, where its pieces are, its spare parts and documents."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.selecting import Where


async def item(slug: str) -> dict[str, Any] | None:
    """One item."""
    return await fetch_one("SELECT * FROM item WHERE slug = $1", slug)


async def ids_of(slugs: Sequence[str]) -> list[int]:
    """The ids of items by their slugs; those that are not known are left out."""
    return [row["id"] for row in await fetch("SELECT id FROM item WHERE slug = ANY($1)", list(slugs))]


async def set_known(
    item_id: int,
    name_el: str,
    name_en: str,
    manufacturer: str,
    model_number: str,
    usb_ids: Sequence[str],
    baseline: str,
    warranty_months: int | None,
    battery: str,
) -> None:
    """Keep what is known of an item."""
    await execute(
        """UPDATE item SET name_el = $2, name_en = $3, manufacturer = $4, model_number = $5, usb_ids = $6,
             baseline = $7, warranty_months = $8, battery = $9 WHERE id = $1""",
        item_id,
        name_el,
        name_en,
        manufacturer,
        model_number,
        list(usb_ids),
        baseline,
        warranty_months,
        battery,
    )


async def set_spares(item_id: int, spare_ids: Sequence[int]) -> None:
    """These items are its spare parts, and no others."""
    await execute("DELETE FROM item_spare WHERE item_id = $1 AND spare_item_id <> ALL($2)", item_id, list(spare_ids))
    await execute(
        "INSERT INTO item_spare (item_id, spare_item_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
        item_id,
        list(spare_ids),
    )


async def spares(item_id: int) -> list[dict[str, Any]]:
    """Its spare parts, with how many pieces lie in a store."""
    return await fetch(
        """SELECT i.slug, i.name_el, i.name_en, coalesce((SELECT sum(h.quantity) FROM holding h
             JOIN place p ON p.id = h.place_id WHERE h.item_id = i.id AND p.kind = 'store'), 0)::int AS in_store
           FROM item_spare s JOIN item i ON i.id = s.spare_item_id WHERE s.item_id = $1 ORDER BY i.name_el""",
        item_id,
    )


async def spare_for(item_id: int) -> list[dict[str, Any]]:
    """The models that it is a spare part of."""
    return await fetch(
        """SELECT i.slug, i.name_el, i.name_en FROM item_spare s JOIN item i ON i.id = s.item_id
           WHERE s.spare_item_id = $1 ORDER BY i.name_el""",
        item_id,
    )


async def definitions_with(item_id: int) -> list[dict[str, Any]]:
    """The kit definitions in force that have it, as a part or in another's place."""
    return await fetch(
        """SELECT d.slug, d.version, d.title_el, d.title_en, b.quantity, b.optional,
             b.item_id <> $1 AS as_substitute
           FROM bom_line b JOIN kit_definition d ON d.id = b.kit_definition_id
           WHERE d.active AND (b.item_id = $1 OR b.substitute_item_id = $1) ORDER BY d.slug""",
        item_id,
    )


async def places(item_id: int, scope: Scope) -> dict[str, int]:
    """How many pieces are in each kind of place, of what a scope sees."""
    where = Where()
    where.add(f"h.item_id = {where.value(item_id)} AND h.quantity > 0")
    where.within(scope, region="i.regional_directorate_id", institution="i.id")
    rows = await fetch(
        f"""SELECT p.kind, sum(h.quantity)::int AS pieces FROM holding h JOIN place p ON p.id = h.place_id
              LEFT JOIN consignment c ON c.id = p.consignment_id
              LEFT JOIN institution i ON i.id = coalesce(p.institution_id, c.institution_id)
            WHERE {where.sql} GROUP BY p.kind""",  # noqa: S608 - constants and $n
        *where.values,
    )
    return {row["kind"]: row["pieces"] for row in rows}


async def documents(item_id: int) -> list[dict[str, Any]]:
    """Its documents that are shown, the newest first."""
    return await fetch(
        """SELECT id, title, url, digest IS NOT NULL AS is_file, added_at FROM item_document
           WHERE item_id = $1 AND removed_at IS NULL ORDER BY id DESC""",
        item_id,
    )


async def document(slug: str, document_id: int) -> dict[str, Any] | None:
    """One document of an item."""
    return await fetch_one(
        """SELECT d.* FROM item_document d JOIN item i ON i.id = d.item_id
           WHERE i.slug = $1 AND d.id = $2 AND d.removed_at IS NULL""",
        slug,
        document_id,
    )


async def add_document(item_id: int, title: str, digest: bytes | None, url: str) -> None:
    """Keep a document: a file or an address."""
    await execute(
        "INSERT INTO item_document (item_id, title, digest, url) VALUES ($1, $2, $3, $4)", item_id, title, digest, url
    )


async def remove_document(slug: str, document_id: int) -> bool:
    """Show a document no longer; False where there is none."""
    return bool(
        await fetch_value(
            """UPDATE item_document d SET removed_at = now() FROM item i
               WHERE i.id = d.item_id AND i.slug = $1 AND d.id = $2 AND d.removed_at IS NULL RETURNING d.id""",
            slug,
            document_id,
        )
    )


# When the organisation bought something: the day of its first movement from outside.
_BOUGHT = """(SELECT (m.occurred_at AT TIME ZONE 'Europe/Athens')::date FROM movement m
  WHERE m.item_id = i.id AND m.reason IN ('purchase', 'historic')
    AND (m.device_id = {device}::bigint OR ({device}::bigint IS NULL AND m.kit_id = {kit}))
  ORDER BY m.id LIMIT 1) AS bought_on"""


async def bought(item_id: int, kit_id: int, device_id: int | None) -> dict[str, Any] | None:
    """A part's months of warranty, and when it was bought."""
    return await fetch_one(
        f"SELECT i.warranty_months, {_BOUGHT.format(kit='$2', device='$3')} FROM item i WHERE i.id = $1",  # noqa: S608
        item_id,
        kit_id,
        device_id,
    )


async def bought_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The items of a kit that have a warranty, and when they were bought."""
    return await fetch(
        f"""SELECT * FROM (SELECT i.id AS item_id, i.warranty_months, {_BOUGHT.format(kit="$1", device="NULL")}
              FROM item i WHERE i.warranty_months IS NOT NULL
                AND EXISTS (SELECT FROM holding h WHERE h.kit_id = $1 AND h.item_id = i.id)) b
            WHERE bought_on IS NOT NULL""",  # noqa: S608 - constants of ours
        kit_id,
    )
