"""Photographs of damage, as phones send them: judged by their bytes, made anew without what they tell of the person.

A photograph carries where and when it was taken, by which phone, sometimes by whom. Only its pixels are kept.
"""

import io
import warnings
from collections.abc import Callable

from PIL import Image, ImageOps

from stem_logistics.errors import Invalid, TooLarge

LARGEST_BYTES = 15_000_000
# Of one form: as many as are promised together, and what is typed beside them.
MOST_TOGETHER = 5
LARGEST_FORM_BYTES = MOST_TOGETHER * LARGEST_BYTES + 1_000_000
LARGEST_PIXELS = 60_000_000
LONGEST_SIDE = 2_000
QUALITY = 82
# The first bytes of the kinds that are taken. What a browser says of a file counts for nothing.
_MAGIC: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda head: head.startswith(b"\xff\xd8\xff"),
    "PNG": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "WEBP": lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
}
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


def kind_of(content: bytes) -> str | None:
    """JPEG, PNG or WEBP by the first bytes; None for anything else."""
    return next((kind for kind, matches in _MAGIC.items() if matches(content[:16])), None)


def is_heic(content: bytes) -> bool:
    """Whether it is what iPhones and some others write where nobody told them otherwise."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC


def cleaned(content: bytes) -> bytes:
    """The photograph as a fresh JPEG: upright, at most 2,000 pixels a side, without any metadata.

    Raises:
        TooLarge: more than 15 MB, or more pixels than a phone's camera makes.
        Invalid: not a photograph (JPEG, PNG, WebP), or a broken one.
    """
    if len(content) > LARGEST_BYTES:
        raise TooLarge("photo-too-large", limit=LARGEST_BYTES // 1_000_000)
    kind = kind_of(content)
    if kind is None:
        raise Invalid("photo-heic" if is_heic(content) else "photo-of-unknown-kind")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[kind]) as opened:
                # the size stands in the head: a bomb is refused before it is unpacked
                if opened.width * opened.height > LARGEST_PIXELS:
                    raise TooLarge("photo-has-too-many-pixels", megapixels=LARGEST_PIXELS // 1_000_000)
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                plain = Image.new("RGB", upright.size, "white")
                rgba = upright.convert("RGBA")
                plain.paste(rgba, mask=rgba.getchannel("A"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge("photo-has-too-many-pixels", megapixels=LARGEST_PIXELS // 1_000_000) from error
    except TooLarge:
        raise
    except Exception as error:
        # of a damaged file the decoders raise whatever their arithmetic ends in: struct.error, TypeError, SyntaxError
        raise Invalid("photo-broken") from error
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
