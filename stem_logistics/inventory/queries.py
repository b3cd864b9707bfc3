"""Items, kit definitions, kits and devices as things; where they are, `kit_queries` and the ledger tell."""

from collections.abc import Callable, Sequence
from typing import Any

from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value


async def items() -> list[dict[str, Any]]:
    """Every item, by its Greek name."""
    return await fetch("SELECT * FROM item ORDER BY name_el, id")


async def item_by_slug(slug: str) -> dict[str, Any] | None:
    """One item."""
    return await fetch_one("SELECT * FROM item WHERE slug = $1", slug)


async def add_item(
    slug: str, name_el: str, name_en: str, device_kind: str | None, serialised: bool, consumable: bool
) -> int | None:
    """Add an item; returns its id, None where the slug is taken."""
    found: int | None = await fetch_value(
        """INSERT INTO item (slug, name_el, name_en, device_kind, serialised, consumable)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (slug) DO NOTHING RETURNING id""",
        slug,
        name_el,
        name_en,
        device_kind,
        serialised,
        consumable,
    )
    return found


async def definitions() -> list[dict[str, Any]]:
    """Every version of every kit definition, with how many kits were made by it."""
    return await fetch(
        """SELECT d.*, (SELECT count(*) FROM kit k WHERE k.kit_definition_id = d.id) AS kits,
             coalesce((SELECT json_agg(json_build_array(l.title, l.url) ORDER BY l.position) FROM kit_lesson l
               WHERE l.kit_definition_id = d.id), '[]')::text AS lessons
           FROM kit_definition d ORDER BY d.slug, d.version DESC"""
    )


async def definition(slug: str, version: int | None = None) -> dict[str, Any] | None:
    """A version of a kit definition; the newest without a number."""
    return await fetch_one(
        """SELECT * FROM kit_definition WHERE slug = $1 AND ($2::int IS NULL OR version = $2)
           ORDER BY version DESC LIMIT 1""",
        slug,
        version,
    )


async def definition_titles() -> list[dict[str, Any]]:
    """Slug and titles of every definition, by its newest version."""
    return await fetch(
        "SELECT DISTINCT ON (slug) slug, title_el, title_en FROM kit_definition ORDER BY slug, version DESC"
    )


async def bill_of_materials(definition_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The lines of definitions, in their order."""
    return await fetch(
        """SELECT b.kit_definition_id, b.position, b.quantity, b.optional, i.id AS item_id, i.slug, i.name_el,
             i.name_en, i.serialised, i.consumable, i.device_kind,
             s.id AS substitute_id, s.slug AS substitute, s.name_el AS substitute_el, s.name_en AS substitute_en
           FROM bom_line b JOIN item i ON i.id = b.item_id LEFT JOIN item s ON s.id = b.substitute_item_id
           WHERE b.kit_definition_id = ANY($1) ORDER BY b.kit_definition_id, b.position""",
        list(definition_ids),
    )


async def add_definition(
    slug: str, title_el: str, title_en: str, levels: Sequence[str], purpose_el: str = "", purpose_en: str = ""
) -> dict[str, Any]:
    """Add the next version of a definition; returns its id and version. The older ones become inactive."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"definition:{slug}")
    await execute("UPDATE kit_definition SET active = false WHERE slug = $1", slug)
    row = await fetch_one(
        """INSERT INTO kit_definition (slug, version, title_el, title_en, levels, purpose_el, purpose_en)
           SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 FROM kit_definition WHERE slug = $1
           RETURNING id, version""",
        slug,
        title_el,
        title_en,
        list(levels),
        purpose_el,
        purpose_en,
    )
    assert row is not None
    return row


async def add_bom_lines(definition_id: int, lines: Sequence[tuple[int, int, bool, int | None]]) -> None:
    """Add (item, quantity, optional, substitute) lines in their order."""
    await execute_many(
        """INSERT INTO bom_line (kit_definition_id, position, item_id, quantity, optional, substitute_item_id)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        [(definition_id, at, *line) for at, line in enumerate(lines, 1)],
    )


async def add_looks(definition_id: int, photo: bytes | None, lessons: Sequence[tuple[str, str]]) -> None:
    """Give a version its photograph and its lessons: (title, address)."""
    if photo is not None:
        await execute("UPDATE kit_definition SET photo_digest = $2 WHERE id = $1", definition_id, photo)
    await execute_many(
        "INSERT INTO kit_lesson (kit_definition_id, position, title, url) VALUES ($1, $2, $3, $4)",
        [(definition_id, at, *lesson) for at, lesson in enumerate(lessons, 1)],
    )


async def photo_of_definition(definition_id: int) -> bytes | None:
    """The digest of a version's photograph."""
    found: bytes | None = await fetch_value("SELECT photo_digest FROM kit_definition WHERE id = $1", definition_id)
    return found


async def is_kit_photo(digest: bytes) -> bool:
    """Whether a file is the photograph of a kit, which anybody may see."""
    return bool(await fetch_value("SELECT EXISTS (SELECT FROM kit_definition WHERE photo_digest = $1)", digest))


async def kit_looks(slugs: Sequence[str]) -> list[dict[str, Any]]:
    """What the newest versions of definitions are for, and the kind of device that is their first."""
    return await fetch(
        """SELECT DISTINCT ON (d.slug) d.slug, d.purpose_el, d.purpose_en, k.device_kind, d.photo_digest,
             coalesce(p.parts_el, '{}') AS parts_el, coalesce(p.parts_en, '{}') AS parts_en
           FROM kit_definition d
           LEFT JOIN LATERAL (SELECT i.device_kind FROM bom_line b JOIN item i ON i.id = b.item_id
             WHERE b.kit_definition_id = d.id AND i.device_kind IS NOT NULL ORDER BY b.position LIMIT 1) k ON true
           LEFT JOIN LATERAL (SELECT array_agg(b.quantity || ' × ' || i.name_el ORDER BY b.position) AS parts_el,
               array_agg(b.quantity || ' × ' || i.name_en ORDER BY b.position) AS parts_en
             FROM bom_line b JOIN item i ON i.id = b.item_id WHERE b.kit_definition_id = d.id) p ON true
           WHERE d.slug = ANY($1::text[]) ORDER BY d.slug, d.version DESC""",
        list(slugs),
    )


async def set_active(definition_id: int, active: bool) -> None:
    """Offer a definition for new stock, or no more."""
    await execute("UPDATE kit_definition SET active = $2 WHERE id = $1", definition_id, active)


async def free_codes(count: int, make: Callable[[], str]) -> list[str]:
    """So many codes that no kit has. Six random characters are not many among hundreds of thousands of kits: of a
    thousand new codes one is taken, every fifth time.
    """
    found: dict[str, None] = {}
    while len(found) < count:
        asked = [make() for _ in range(count - len(found))]
        taken = await fetch("SELECT code FROM kit WHERE code = ANY($1)", asked)
        found |= dict.fromkeys(code for code in asked if code not in {row["code"] for row in taken})
    return list(found)


async def add_kits(definition_id: int, codes: Sequence[str], batch: str) -> list[int]:
    """Add kits; returns their ids in the codes' order."""
    rows = await fetch(
        """INSERT INTO kit (code, kit_definition_id, batch) SELECT code, $2, $3 FROM unnest($1::text[]) AS code
           RETURNING id, code""",
        list(codes),
        definition_id,
        batch,
    )
    by_code = {row["code"]: row["id"] for row in rows}
    return [by_code[code] for code in codes]


async def add_devices(devices: Sequence[tuple[int, int | None, str]]) -> dict[tuple[int, str], int]:
    """Add (item, kit, serial number); returns ids by item and serial number's key."""
    if not devices:
        return {}
    items_, kits, serials = zip(*devices, strict=True)
    rows = await fetch(
        """INSERT INTO device (item_id, kit_id, serial_number)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) RETURNING id, item_id, serial_key""",
        list(items_),
        list(kits),
        list(serials),
    )
    return {(row["item_id"], row["serial_key"]): row["id"] for row in rows}


async def known_devices(item_ids: Sequence[int], keys: Sequence[str]) -> list[dict[str, Any]]:
    """The devices that have serial numbers of these keys, the kit of each, and whether it is `outside`: what was sent
    back to its supplier, or taken in by mistake and reversed, lies nowhere."""
    return await fetch(
        """SELECT d.id, d.item_id, d.serial_key, i.slug AS item, d.serial_number AS serial, coalesce(k.code, '') AS kit,
             NOT EXISTS (SELECT FROM holding h WHERE h.device_id = d.id AND h.quantity > 0) AS outside,
             (SELECT max(m.occurred_at) FROM movement m WHERE m.device_id = d.id) AS moved_at
           FROM unnest($1::bigint[], $2::text[]) AS asked (item_id, key)
           JOIN device d ON d.item_id = asked.item_id AND d.serial_key = asked.key
           JOIN item i ON i.id = d.item_id LEFT JOIN kit k ON k.id = d.kit_id
           ORDER BY i.slug, d.twin DESC, d.serial_number""",
        list(item_ids),
        list(keys),
    )


async def take_in_again(devices: Sequence[tuple[int, int | None, str]]) -> None:
    """Let devices that lie nowhere, (device, kit, serial number as it is written now), belong to the kits with which
    they come again. Their movements keep the kits with which they were made."""
    await execute(
        """UPDATE device d SET kit_id = again.kit_id, serial_number = again.serial
           FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS again (id, kit_id, serial) WHERE d.id = again.id""",
        [device for device, _, _ in devices],
        [kit for _, kit, _ in devices],
        [serial for _, _, serial in devices],
    )


async def device_gone_on(key: str, kit_id: int) -> dict[str, Any] | None:
    """One of the devices that a posting moved with a kit and that belongs to another one now (or to none)."""
    return await fetch_one(
        """SELECT d.serial_number AS serial, coalesce(k.code, '') AS kit FROM movement m
             JOIN device d ON d.id = m.device_id LEFT JOIN kit k ON k.id = d.kit_id
           WHERE m.idempotency_key = $1 AND m.kit_id = $2 AND d.kit_id IS DISTINCT FROM m.kit_id
           ORDER BY d.serial_number LIMIT 1""",
        key,
        kit_id,
    )


async def take_free_kits(definition_slug: str, count: int, store_id: int) -> list[dict[str, Any]]:
    """Whole kits in the store that no consignment has, oldest first, locked for this unit of work."""
    return await fetch(
        """SELECT k.id, k.code FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id
           WHERE d.slug = $1
             AND EXISTS (SELECT 1 FROM holding h WHERE h.kit_id = k.id AND h.place_id = $3 AND h.quantity > 0)
             AND NOT EXISTS (SELECT 1 FROM consignment_kit ck WHERE ck.kit_id = k.id AND ck.released_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM purchase_batch pb WHERE pb.name = k.batch AND pb.to_check > 0
               AND pb.decision IS DISTINCT FROM 'accepted')
             AND NOT EXISTS (
               SELECT 1 FROM bom_line b WHERE b.kit_definition_id = d.id AND NOT b.optional
                 AND b.quantity > (SELECT coalesce(sum(h.quantity), 0) FROM holding h
                                   WHERE h.kit_id = k.id AND h.item_id IN (b.item_id, b.substitute_item_id)
                                     AND h.place_id = $3))
           ORDER BY k.id LIMIT $2 FOR UPDATE OF k SKIP LOCKED""",
        definition_slug,
        count,
        store_id,
    )


async def free_counts(store_id: int) -> dict[str, int]:
    """How many kits of each definition the store holds that no consignment has."""
    rows = await fetch(
        """SELECT d.slug, count(DISTINCT k.id) AS free FROM holding h JOIN kit k ON k.id = h.kit_id
           JOIN kit_definition d ON d.id = k.kit_definition_id
           WHERE h.place_id = $1 AND h.quantity > 0
             AND NOT EXISTS (SELECT 1 FROM consignment_kit ck WHERE ck.kit_id = k.id AND ck.released_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM purchase_batch pb WHERE pb.name = k.batch AND pb.to_check > 0
               AND pb.decision IS DISTINCT FROM 'accepted')
           GROUP BY d.slug""",
        store_id,
    )
    return {row["slug"]: row["free"] for row in rows}
