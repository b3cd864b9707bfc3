"""Queries of files of evidence and of how their columns were matched."""

import json
from typing import Any

from stem_logistics.db.engine import execute, fetch_one, fetch_value


async def add_import(digest: bytes, file_name: str, account_id: int | None) -> int:
    """A file that waits for its columns to be matched; returns its id."""
    return int(
        await fetch_value(
            "INSERT INTO evidence_import (file_digest, file_name, created_by) VALUES ($1, $2, $3) RETURNING id",
            digest,
            file_name,
            account_id,
        )
    )


async def evidence_import(import_id: int) -> dict[str, Any] | None:
    """One file."""
    return await fetch_one("SELECT id, file_digest, file_name, job_id FROM evidence_import WHERE id = $1", import_id)


async def set_job(import_id: int, job_id: int) -> int:
    """Note the work that takes a file; 0 where it has some already."""
    return await execute("UPDATE evidence_import SET job_id = $2 WHERE id = $1 AND job_id IS NULL", import_id, job_id)


async def matching(signature: str) -> dict[str, str] | None:
    """How files with these headings are read, where somebody decided it."""
    found = await fetch_value("SELECT matching::text FROM column_matching WHERE signature = $1", signature)
    return None if found is None else {str(key): str(value) for key, value in json.loads(found).items()}


async def remember(signature: str, matching: dict[str, str], account_id: int | None) -> None:
    """Read files with these headings so from now on."""
    await execute(
        """INSERT INTO column_matching (signature, matching, decided_by) VALUES ($1, $2::jsonb, $3)
           ON CONFLICT (signature) DO UPDATE SET matching = excluded.matching, decided_by = excluded.decided_by,
             decided_at = now()""",
        signature,
        json.dumps(matching, ensure_ascii=False),
        account_id,
    )
