"""UF2, the format of copy-to-a-drive bootloaders: blocks of 512 bytes, each with its address.

After Microsoft's specification (https://github.com/microsoft/uf2).
"""

import struct
from typing import Final

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.images.image import Image

BLOCK: Final = 512
MAGIC: Final = (0x0A324655, 0x9E5D5157)
MAGIC_END: Final = 0x0AB16F30
MAX_PAYLOAD: Final = 476
NOT_MAIN_FLASH: Final = 0x00000001
FILE_CONTAINER: Final = 0x00001000
HAS_FAMILY: Final = 0x00002000


def looks_like_it(data: bytes) -> bool:
    """Whether the first block's first word is UF2's."""
    return data[:8] == struct.pack("<2I", *MAGIC)


def read(data: bytes) -> tuple[Image, ...]:
    """The images of a UF2 file, one a family (blocks without a family are an image without a target).

    Raises:
        ImageUnreadable: where a block is cut, wrong, missing or said twice.
    """
    if len(data) % BLOCK:
        raise ImageDamaged("uf2-cut", bytes=len(data), block=BLOCK)
    pieces: dict[str | None, list[tuple[int, bytes]]] = {}
    numbers: dict[str | None, list[tuple[int, int]]] = {}
    for number, offset in enumerate(range(0, len(data), BLOCK)):
        block = data[offset : offset + BLOCK]
        first, second, flags, address, size, index, count, family = struct.unpack_from("<8I", block)
        (last,) = struct.unpack_from("<I", block, BLOCK - 4)
        if (first, second) != MAGIC or last != MAGIC_END:
            raise ImageDamaged("uf2-block-wrong", block=number)
        if size > MAX_PAYLOAD:
            raise ImageDamaged("uf2-payload-too-big", block=number, bytes=size, limit=MAX_PAYLOAD)
        target = f"0x{family:08x}" if flags & HAS_FAMILY else None
        numbers.setdefault(target, []).append((index, count))
        if not flags & (NOT_MAIN_FLASH | FILE_CONTAINER):
            pieces.setdefault(target, []).append((address, block[32 : 32 + size]))
    for told in numbers.values():
        if any(count != len(told) for _, count in told) or len({index for index, _ in told}) != len(told):
            raise ImageDamaged("uf2-blocks-missing", seen=len(told), told=told[0][1])
    if not pieces:
        raise ImageUnreadable("image-empty")
    return tuple(Image.of(parts, target) for target, parts in pieces.items())
