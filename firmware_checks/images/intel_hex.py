"""Intel HEX, read by the intelhex library behind a check of the file's size and shape.

The library keeps a dictionary entry a byte, so what a file may hold is counted before it is given to it.
"""

import io
from typing import Final

from intelhex import AddressOverlapError, HexReaderError, IntelHex, RecordChecksumError

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.images.image import Image

MAX_HEX_BYTES: Final = 1024 * 1024  # twice the flash of a micro:bit V2; the library holds about 100 bytes for each
MAX_LINE: Final = 1 + 2 * (5 + 255)  # a colon, then a record of 255 bytes
END: Final = 0x01


def lines_of(data: bytes) -> list[str]:
    """The records of a hex file, one a line, blank lines dropped but counted.

    Raises:
        ImageUnreadable: for other than ASCII, lines that are no records or longer than a record can be.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ImageDamaged("hex-not-text", offset=error.start) from None
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    while lines and lines[-1] in ("", "\x1a"):  # DOS closed its text files with a Ctrl-Z
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line and (not line.startswith(":") or len(line) < 11 or len(line) > MAX_LINE):
            raise ImageDamaged("hex-not-a-record", line=number)
    return lines


def record_type(line: str, number: int) -> int:
    """The type of a record.

    Raises:
        ImageUnreadable: where it is not hexadecimal.
    """
    try:
        return int(line[7:9], 16)
    except ValueError:
        raise ImageDamaged("hex-not-a-record", line=number) from None


def read_records(lines: list[str], target: str | None = None) -> Image:
    """An image from records that were looked at by `lines_of`.

    Raises:
        ImageUnreadable: for a record that is wrong, an overlap, a file that stops before its end record.
    """
    bytes_told = sum(max(0, len(line) - 11) for line in lines) // 2
    if bytes_told > MAX_HEX_BYTES:
        raise ImageUnreadable("image-too-big", bytes=bytes_told, limit=MAX_HEX_BYTES)
    ends = [number for number, line in enumerate(lines, 1) if line and record_type(line, number) == END]
    if not ends:
        raise ImageDamaged("hex-cut", line=len(lines))
    if ends[0] != len(lines):
        raise ImageDamaged("hex-after-end", line=ends[0] + 1)
    reader = IntelHex()
    try:
        reader.loadhex(io.StringIO("\n".join(lines)))
    except AddressOverlapError as error:
        raise ImageDamaged("image-overlap", address=f"0x{error.address:x}") from None
    except RecordChecksumError as error:
        raise ImageDamaged("hex-checksum", line=error.line) from None
    except HexReaderError as error:
        raise ImageDamaged("hex-not-a-record", line=getattr(error, "line", 0)) from None
    pieces = [(start, bytes(reader.tobinarray(start=start, end=end - 1))) for start, end in reader.segments()]
    return Image.of(pieces, target)


def read(data: bytes) -> Image:
    """The image of an Intel HEX file.

    Raises:
        ImageUnreadable: where the file is not whole and right.
    """
    return read_records(lines_of(data))
