"""Tell a firmware file's form by its content, and read it."""

from pathlib import PurePath
from typing import Final

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.images import elf, intel_hex, uf2, universal_hex
from firmware_checks.images.image import MAX_FILE, Image, ImageFile

FORMS: Final = ("intel-hex", "universal-hex", "uf2", "elf", "raw")
_BY_NAME: Final = {".hex": "intel-hex", ".uf2": "uf2", ".elf": "elf", ".bin": "raw"}


def read(data: bytes, form: str | None = None, base: int = 0, name: str = "") -> ImageFile:
    """Read a firmware file.

    Args:
        data: the file's content.
        form: one of `FORMS`; None tells it by the content. Raw bytes say nothing of themselves, so `raw` (the
            flash of an AVR as `avrdude` or a check reads it back) must be asked for, or be named so (`.bin`).
        base: the address of the first byte of a raw file.
        name: the file's name, whose ending counts where the content tells no form.

    Raises:
        ImageUnreadable: for an oversized file, or one of no known form.
        ImageDamaged: for one that is empty, cut or altered, as its own form shows.
    """
    if not data:
        raise ImageDamaged("file-empty")
    if len(data) > MAX_FILE:
        raise ImageUnreadable("file-too-big", bytes=len(data), limit=MAX_FILE)
    form = form or _told_by_content(data) or _BY_NAME.get(PurePath(name).suffix.lower())
    if form == "uf2":
        return ImageFile(form, uf2.read(data))
    if form == "universal-hex":
        return ImageFile(form, universal_hex.read(data))
    if form == "intel-hex":
        return ImageFile(form, (intel_hex.read(data),))
    if form == "elf":
        return ImageFile(form, (elf.read(data),))
    if form == "raw":
        return ImageFile(form, (Image.of([(base, data)]),))
    raise ImageUnreadable("form-unknown", forms=", ".join(FORMS))


def _told_by_content(data: bytes) -> str | None:
    if uf2.looks_like_it(data):
        return "uf2"
    if elf.looks_like_it(data):
        return "elf"
    if data.lstrip(b" \t\r\n")[:1] == b":":
        return "universal-hex" if universal_hex.looks_like_it(data) else "intel-hex"
    return None
