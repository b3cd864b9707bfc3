"""Documents that come from outside: a PDF or a picture, and nothing that acts. Judged by their bytes. Pure.

A picture is made anew from its pixels: what a telephone wrote beside them (place, owner) is not kept. A PDF is kept as
it came, so that it stays the document that was signed; one that would run, start or carry something is refused.
"""

import re
import zlib
from typing import Final

from stem_logistics.deliveries.photos import cleaned, kind_of
from stem_logistics.errors import Invalid, TooLarge

LARGEST_BYTES: Final = 10_000_000
MOST_INFLATED: Final = 60_000_000
# Names in a PDF by which it acts by itself, or carries other files.
# All are long: bytes of a picture that happen to read as one do not happen.
_ACTIVE: Final = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/SubmitForm", b"/ImportData")
_ACTIVE_NAME = re.compile(b"(?:" + b"|".join(re.escape(name) for name in _ACTIVE) + rb")(?![A-Za-z0-9])")
_STREAM = re.compile(rb"stream\r?\n")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")


def checked_document(content: bytes) -> tuple[bytes, str]:
    """What is kept of a document from outside, and its media type.

    Raises:
        TooLarge: more than 10 MB, or a picture of too many pixels.
        Invalid: neither PDF, JPEG nor PNG; damaged; a PDF that acts, carries files or is locked.
    """
    if len(content) > LARGEST_BYTES:
        raise TooLarge("document-too-large", size=round(len(content) / 1e6, 1), limit=LARGEST_BYTES // 1_000_000)
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return content, "application/pdf"
    if kind_of(content) in ("JPEG", "PNG"):
        return cleaned(content), "image/jpeg"
    raise Invalid("document-kind")


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:] or b"startxref" not in content[-4096:]:
        raise Invalid("document-broken")
    # names may be spelled with #xx, and lie in compressed streams
    for part in (content, *_inflated(content)):
        plain = _plain(part)
        if re.search(rb"/Encrypt(?![A-Za-z0-9])", plain) and part is content:
            raise Invalid("document-locked")
        if _ACTIVE_NAME.search(plain):
            raise Invalid("document-acts")


def _plain(part: bytes) -> bytes:
    return _HEX.sub(lambda match: bytes([int(match[1], 16)]), part)


def _inflated(content: bytes) -> list[bytes]:
    """The document's compressed object streams, unpacked; contents of pages and fonts hold no names that act."""
    found: list[bytes] = []
    room = MOST_INFLATED
    for match in _STREAM.finditer(content):
        head = content[max(0, match.start() - 400) : match.start()]
        if b"/ObjStm" not in _plain(head[head.rfind(b"obj") + 3 :]):
            continue
        try:
            part = zlib.decompressobj().decompress(content[match.end() :], room)
        except zlib.error as error:
            raise Invalid("document-broken") from error
        room -= len(part)
        if room <= 0:
            raise TooLarge("document-too-large", size=MOST_INFLATED // 1_000_000, limit=LARGEST_BYTES // 1_000_000)
        found.append(part)
    return found
