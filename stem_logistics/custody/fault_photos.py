"""Photographs that come with the report of a fault, from the school's page or from staff's.

A form that is refused carries what was already kept along, signed for its kit: a browser does not send a file twice.
"""

from collections.abc import Sequence

from litestar.datastructures import UploadFile

from stem_logistics.custody import repairs
from stem_logistics.custody.page_tools import AnyRequest
from stem_logistics.deliveries.kept_photos import keep_photo, kept_photo
from stem_logistics.deliveries.photos import LARGEST_BYTES
from stem_logistics.errors import DomainError, Invalid

LARGEST_FORM_BYTES = repairs.MOST_PHOTOS * LARGEST_BYTES + 100_000


def _subject(kit_code: str) -> str:
    return f"fault:{kit_code}"


async def take(request: AnyRequest, kit_code: str, kept: list[str]) -> None:
    """Put what the form carries along, and the photographs that came with it, into `kept`.

    Whoever calls has asked before whether the kit is theirs: what is no report of theirs must store nothing.

    Raises:
        Invalid, TooLarge: for what is no photograph, after the others were kept; for more than `MOST_PHOTOS`.
    """
    data = await request.form()
    subject = _subject(kit_code)
    kept += [str(each) for each in data.getall("kept", []) if kept_photo(str(each), subject) is not None]
    refusal: DomainError | None = None
    for upload in data.getall("photos", []):
        if not isinstance(upload, UploadFile) or not upload.filename:
            continue
        if len(kept) >= repairs.MOST_PHOTOS:
            raise Invalid("fault-photos-too-many", most=repairs.MOST_PHOTOS)
        try:
            kept.append(await keep_photo(await upload.read(LARGEST_BYTES + 1), subject))
        except DomainError as refused:
            refusal = refused
    if refusal is not None:
        raise refusal


def digests(kept: Sequence[str], kit_code: str) -> list[bytes]:
    """The digests of what was kept for this kit; anything else is left out."""
    return [digest for each in kept if (digest := kept_photo(each, _subject(kit_code))) is not None]
