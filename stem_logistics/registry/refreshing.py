"""The registry's own source, read anew by itself: what is new waits for a person's confirmation, as an upload does."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from stem_logistics import files, runtime
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Invalid
from stem_logistics.registry import import_queries as queries
from stem_logistics.registry import import_service

REFRESH_JOB = "registry-refresh"
_SECONDS = 120.0
_WHOLE_SECONDS = 900.0  # a source that drips is no source


async def refresh() -> dict[str, Any]:
    """Read STEM_REGISTRY_SOURCE; where its content is new, keep it as an import that waits to be confirmed.

    Returns:
        `{"import": id}` of the new import, or `{"unchanged": id}` of the one that had this content.

    Raises:
        Invalid: `registry-source-unreadable`, with the source and the cause.
        FieldErrors: it is no registry's file.
    """
    source = runtime.settings().registry_source
    name = Path(urlsplit(source).path).name or "registry"
    content = await _content(source, runtime.settings().max_upload_bytes)
    digest = files.digest_of(await import_service.kept_part(content))
    known = await queries.newest_import_of(digest)
    if known is not None:
        return {"unchanged": known["id"]}
    async with unit_of_work():
        return {"import": await import_service.upload(runtime.actor().principal, name, content)}


async def _content(source: str, limit: int) -> bytes:
    try:
        if source.startswith("https://"):
            return await _download(source, limit)
        content = await asyncio.to_thread(_read, Path(source), limit)
    except (OSError, ValueError, httpx.HTTPError) as error:
        cause = str(error) or type(error).__name__
        raise _unreadable(source, cause[:200]) from error
    if len(content) > limit:
        raise _unreadable(source, f"> {limit} bytes")
    return content


def _read(path: Path, limit: int) -> bytes:
    """A file's content, or one byte more than the limit of it."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _unreadable(source: str, cause: str) -> Invalid:
    # an address may hold a password
    parts = urlsplit(source)
    shown = parts._replace(netloc=parts.hostname or "", query="").geturl() if parts.netloc else source
    return Invalid("registry-source-unreadable", source=shown, cause=cause.replace(source, shown))


async def _download(source: str, limit: int) -> bytes:
    """The body of an address, never more than `limit` bytes of it."""
    async with (
        asyncio.timeout(_WHOLE_SECONDS),
        httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client,
        client.stream("GET", source) as answer,
    ):
        answer.raise_for_status()
        received = bytearray()
        async for piece in answer.aiter_bytes():
            received += piece
            if len(received) > limit:
                raise _unreadable(source, f"> {limit} bytes")
        return bytes(received)
