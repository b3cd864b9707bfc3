"""Files by content: the digest is the name, PostgreSQL the store, so that every machine and one backup see the same."""

import hashlib
from dataclasses import dataclass

from stem_logistics.db.engine import execute, fetch_one
from stem_logistics.errors import NotFound, TooLarge
from stem_logistics.runtime import settings


@dataclass(frozen=True)
class StoredFile:
    digest: bytes
    media_type: str
    content: bytes


def digest_of(content: bytes) -> bytes:
    """The name under which these bytes are, or would be, kept (32 bytes)."""
    return hashlib.sha256(content).digest()


async def store(content: bytes, media_type: str) -> bytes:
    """Keep the bytes; returns their SHA-256 (32 bytes). Storing the same bytes again changes nothing.

    Raises:
        TooLarge: beyond STEM_MAX_UPLOAD_BYTES, whoever made them (a generated file is bounded too).
    """
    limit = max(settings().max_upload_bytes, 64_000_000)
    if len(content) > limit:
        raise TooLarge("file-too-large", size=len(content), limit=limit)
    digest = digest_of(content)
    await execute(
        "INSERT INTO stored_file (digest, media_type, size, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        digest,
        media_type,
        len(content),
        content,
    )
    return digest


async def load(digest: bytes) -> StoredFile:
    """The file of that digest. Raises NotFound."""
    row = await fetch_one("SELECT digest, media_type, content FROM stored_file WHERE digest = $1", digest)
    if row is None:
        raise NotFound("file-not-found", digest=digest.hex())
    return StoredFile(**row)
