"""The registry's own source, read anew by itself: what is new waits for a person's confirmation, as an upload does."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from stem_logistics import files, outside, runtime
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
        Invalid: `registry-source-unreadable`, with the source and the cause; `registry-source-inside`, where an address
            of it, or of one it goes on to, lies inside the network and its host is not in STEM_REGISTRY_SOURCE_HOSTS.
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
            allowed = {name.strip().rstrip(".").lower() for name in runtime.settings().registry_source_hosts.split(",")}
            async with asyncio.timeout(_WHOLE_SECONDS):
                return await outside.download(source, limit=limit, seconds=_SECONDS, allowed=allowed)
        content = await asyncio.to_thread(_read, Path(source), limit)
    except outside.LeadsInside as error:
        raise Invalid("registry-source-inside", **error.params) from error
    except outside.TooMuch as error:
        raise _unreadable(source, f"> {limit} bytes") from error
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
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
