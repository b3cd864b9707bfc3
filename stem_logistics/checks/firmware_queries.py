"""Every query of the checks: the service's key, what it sends to laptops, what is expected of kits."""

from collections.abc import Sequence
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def keys() -> list[dict[str, Any]]:
    """The service's keys, oldest first."""
    return await fetch("SELECT id, public_key, sealed_key, succession, made_at FROM service_key ORDER BY id")


async def lock_keys() -> None:
    """Nobody else makes a key until the unit of work ends."""
    await execute("LOCK TABLE service_key IN SHARE ROW EXCLUSIVE MODE")


async def add_key(public: bytes, sealed: bytes, succession: bytes | None, by: int | None) -> None:
    """Keep a new key, which is in force from then on."""
    await execute(
        "INSERT INTO service_key (public_key, sealed_key, succession, made_by) VALUES ($1, $2, $3, $4)",
        public,
        sealed,
        succession,
        by,
    )


async def lock_documents() -> None:
    """Nobody else adds a document until the unit of work ends, so that versions grow in the order of commits."""
    await execute("LOCK TABLE check_document IN SHARE ROW EXCLUSIVE MODE")


async def version() -> int:
    """The newest bundle's version; 0 where nothing was ever added."""
    newest: int = await fetch_value("SELECT coalesce(max(bundle_version), 0) FROM check_document")
    return newest


async def newest(sort: str, slug: str) -> dict[str, Any] | None:
    """The newest edition of a document, retired or not."""
    return await fetch_one(
        "SELECT edition, content FROM check_document WHERE sort = $1 AND slug = $2 ORDER BY edition DESC LIMIT 1",
        sort,
        slug,
    )


async def in_force() -> list[dict[str, Any]]:
    """The newest edition of each document that was not retired."""
    return await fetch(
        """SELECT * FROM (
             SELECT DISTINCT ON (sort, slug) sort, slug, edition, content, bundle_version, added_at
             FROM check_document ORDER BY sort, slug, edition DESC) d
           WHERE content IS NOT NULL ORDER BY sort, slug"""
    )


async def latest_change() -> dict[str, Any] | None:
    """The row that made the newest bundle."""
    return await fetch_one("SELECT bundle_version, added_at FROM check_document ORDER BY bundle_version DESC LIMIT 1")


async def history(limit: int = 200) -> list[dict[str, Any]]:
    """Every change of the documents, newest first."""
    return await fetch(
        """SELECT d.id, d.bundle_version, d.sort, d.slug, d.edition, d.content IS NULL AS retired,
             d.why, d.added_at, coalesce(a.name, '') AS added_by
           FROM check_document d LEFT JOIN account a ON a.id = d.added_by
           ORDER BY d.bundle_version DESC LIMIT $1""",
        limit,
    )


async def document(sort: str, slug: str, edition: int) -> str | None:
    """The content of one edition; None where there is none or it says that the document was retired."""
    found: str | None = await fetch_value(
        "SELECT content FROM check_document WHERE sort = $1 AND slug = $2 AND edition = $3", sort, slug, edition
    )
    return found


async def add_document(values: Sequence[Any]) -> None:
    """Add an edition: bundle_version, sort, slug, edition, content, why, added_by."""
    await execute(
        """INSERT INTO check_document (bundle_version, sort, slug, edition, content, why, added_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        *values,
    )


async def took_bundle(agent_id: int, bundle_version: int) -> None:
    """Note which bundle a laptop was given."""
    await execute(
        "UPDATE agent SET bundle_version = $2 WHERE id = $1 AND bundle_version IS DISTINCT FROM $2",
        agent_id,
        bundle_version,
    )


_EXPECTED = """SELECT DISTINCT ON (kit_definition_slug, wave_id, device_kind, product) *
  FROM firmware_expectation ORDER BY kit_definition_slug, wave_id, device_kind, product, id DESC"""


async def expectations() -> list[dict[str, Any]]:
    """What is expected now, with the wave's name."""
    return await fetch(
        f"""SELECT e.*, w.slug AS wave_slug, w.title_el AS wave_el, w.title_en AS wave_en,
              coalesce(a.name, '') AS added_by_name
            FROM ({_EXPECTED}) e LEFT JOIN wave w ON w.id = e.wave_id LEFT JOIN account a ON a.id = e.added_by
            WHERE e.minimum IS NOT NULL ORDER BY e.device_kind, e.product, e.id"""  # noqa: S608 - our own constant
    )


async def expected_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """What is expected of a kit: of all kits, of its definition, of the wave that it goes out with."""
    return await fetch(
        f"""SELECT e.device_kind, e.product, e.minimum, e.reason
            FROM ({_EXPECTED}) e
            WHERE e.minimum IS NOT NULL
              AND (e.kit_definition_slug IS NULL OR e.kit_definition_slug = (
                SELECT d.slug FROM kit k JOIN kit_definition d ON d.id = k.kit_definition_id WHERE k.id = $1))
              AND (e.wave_id IS NULL OR e.wave_id IN (
                SELECT c.wave_id FROM consignment_kit ck JOIN consignment c ON c.id = ck.consignment_id
                WHERE ck.kit_id = $1 AND ck.released_at IS NULL))
            ORDER BY e.device_kind, e.product, e.id""",  # noqa: S608 - our own constant
        kit_id,
    )


async def add_expectation(values: Sequence[Any]) -> None:
    """Add one: kit_definition_slug, wave_id, device_kind, product, minimum, reason, added_by."""
    await execute(
        """INSERT INTO firmware_expectation
             (kit_definition_slug, wave_id, device_kind, product, minimum, reason, added_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        *values,
    )


async def places() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The definitions of kits and the waves that something may be expected of."""
    definitions = await fetch(
        """SELECT DISTINCT ON (slug) slug, title_el, title_en FROM kit_definition WHERE active
           ORDER BY slug, version DESC"""
    )
    waves = await fetch("SELECT id, slug, title_el, title_en FROM wave ORDER BY id DESC LIMIT 100")
    return definitions, waves
