"""Photographs that a form carries along while its other faults are corrected: a file cannot be filled in again."""

import asyncio
import hmac

from stem_logistics import files, runtime
from stem_logistics.deliveries.photos import cleaned


async def keep_photo(content: bytes, subject: int | str) -> str:
    """Keep a photograph; returns what the form may carry along: its digest, signed for its subject.

    Args:
        subject: what the form is about: the id of a consignment, or words that name something else.

    Raises:
        Invalid, TooLarge: not a photograph, or too large.
    """
    digest = await files.store(await asyncio.to_thread(cleaned, content), "image/jpeg")
    return carried_digest(digest, subject)


def carried_digest(digest: bytes, subject: int | str) -> str:
    """A kept file as a form may carry it along: its digest, signed for its subject."""
    return f"{digest.hex()}.{_signature(digest, subject)}"


def kept_photo(carried: str, subject: int | str) -> bytes | None:
    """The digest that `keep_photo` signed; None for anything else, so that no other file can be named."""
    digest_hex, _, signature = carried.partition(".")
    try:
        digest = bytes.fromhex(digest_hex)
    except ValueError:
        return None
    return digest if hmac.compare_digest(signature.encode(), _signature(digest, subject).encode()) else None


def _signature(digest: bytes, subject: int | str) -> str:
    return runtime.keys().digest("receipt-photo", f"{subject}:{digest.hex()}").hex()[:32]
