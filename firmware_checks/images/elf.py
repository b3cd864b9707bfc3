"""ELF, what a compiler links: the parts that are loaded into flash, by their load addresses.

Of the whole format only the program headers are read (System V ABI, "Program Loading"). AVR's linker puts what is not
flash (EEPROM, fuses, lock bits, signature) at 0x810000 and above, where the flash of no AVR reaches.
"""

import struct
from typing import Final

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.images.image import Image

MAGIC: Final = b"\x7fELF"
AVR, ARM = 83, 40
MACHINES: Final = {AVR: "avr", ARM: "arm"}
LOAD: Final = 1
NOT_FLASH_OF_AVR: Final = 0x800000
_HEADER: Final = struct.Struct("<16sHHIIIIIHHHHHH")
_PART: Final = struct.Struct("<8I")
MAX_PARTS: Final = 64


def looks_like_it(data: bytes) -> bool:
    """Whether the file starts as an ELF does."""
    return data[:4] == MAGIC


def read(data: bytes) -> Image:
    """The flash that an ELF file holds.

    Raises:
        ImageUnreadable: an ELF for another sort of machine.
        ImageDamaged: the file is cut, or its headers contradict its length.
    """
    if not looks_like_it(data):
        raise ImageUnreadable("elf-other-machine", machine="—")
    if len(data) < _HEADER.size:
        raise ImageDamaged("elf-cut", bytes=len(data), place=0)
    ident, _, machine, _, _, parts_at, sections_at, _, _, part_size, parts, section_size, sections, _ = (
        _HEADER.unpack_from(data)
    )
    if ident[4:6] != b"\x01\x01" or machine not in MACHINES:
        raise ImageUnreadable("elf-other-machine", machine=machine)
    if part_size != _PART.size or not 0 < parts <= MAX_PARTS:
        raise ImageDamaged("elf-cut", bytes=len(data), place=_HEADER.size)
    if sections_at + sections * section_size > len(data):  # the linker writes this table last
        raise ImageDamaged("elf-cut", bytes=len(data), place=sections_at)
    pieces = []
    for number in range(parts):
        place = parts_at + number * part_size
        if place + part_size > len(data):
            raise ImageDamaged("elf-cut", bytes=len(data), place=place)
        kind, offset, _, address, size, *_ = _PART.unpack_from(data, place)
        if kind != LOAD or not size or (machine == AVR and address >= NOT_FLASH_OF_AVR):
            continue
        if offset + size > len(data):
            raise ImageDamaged("elf-cut", bytes=len(data), place=offset)
        pieces.append((address, data[offset : offset + size]))
    return Image.of(pieces, MACHINES[machine])
