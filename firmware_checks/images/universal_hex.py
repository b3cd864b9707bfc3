"""The micro:bit's universal hex: Intel HEX with one block of records for each board.

The format is the Micro:bit Educational Foundation's (https://tech.microbit.org/software/spec-universal-hex/): a
block starts with an extended address record and a block start record (type 0A, data: board id, C0 DE), its
data records are of type 00, or 0D where the board's drive must not mistake them for an older board's, and it
ends with a record of type 0B. Types 0C and 0E are padding and data for nobody's flash.
"""

from typing import Final

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.images.image import Image
from firmware_checks.images.intel_hex import END, lines_of, read_records, record_type

BLOCK_START, BLOCK_END, PADDING, CUSTOM_DATA, OTHER_DATA = 0x0A, 0x0B, 0x0C, 0x0D, 0x0E
ADDRESS_RECORDS: Final = (0x02, 0x04)
MARK: Final = "C0DE"
MAX_BOARDS: Final = 16
END_RECORD: Final = ":00000001FF"


def looks_like_it(data: bytes) -> bool:
    """Whether a block start record stands among the first records."""
    head = data[:4096].split(b"\n")[:20]
    return any(line[:1] == b":" and line[7:9].upper() == b"0A" for line in head)


def read(data: bytes) -> tuple[Image, ...]:
    """The images of a universal hex, one a board, in the order of the file.

    Raises:
        ImageUnreadable: where the file is not whole and right.
    """
    boards: dict[str, list[str]] = {}
    board: str | None = None
    address: str | None = None  # the last address record, which a block repeats before its start record
    ended = False
    lines = lines_of(data)
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        if ended:
            raise ImageDamaged("hex-after-end", line=number)
        kind = record_type(line, number)
        _verify(line, number)  # here, where the line's number in the file is known
        if kind in ADDRESS_RECORDS:
            address = line
            if board is not None:
                boards[board].append(line)
        elif kind == BLOCK_START:
            board = _board_id(line, number)
            if len(boards) >= MAX_BOARDS and board not in boards:
                raise ImageUnreadable("universal-too-many-boards", limit=MAX_BOARDS)
            records = boards.setdefault(board, [])
            if address is not None:
                records.append(address)
        elif kind == END:
            ended = True
        elif kind not in (BLOCK_END, PADDING, OTHER_DATA):
            if board is None:
                raise ImageDamaged("universal-outside-block", line=number)
            boards[board].append(_as_data(line, number) if kind == CUSTOM_DATA else line)
    if not ended:
        raise ImageDamaged("hex-cut", line=len(lines))
    return tuple(read_records([*records, END_RECORD], target) for target, records in boards.items())


def _bytes(line: str, number: int) -> bytes:
    try:
        return bytes.fromhex(line[1:])
    except ValueError:
        raise ImageDamaged("hex-not-a-record", line=number) from None


def _verify(line: str, number: int) -> bytes:
    record = _bytes(line, number)
    if len(record) < 5 or len(record) != record[0] + 5:
        raise ImageDamaged("hex-not-a-record", line=number)
    if sum(record) & 0xFF:
        raise ImageDamaged("hex-checksum", line=number)
    return record


def _board_id(line: str, number: int) -> str:
    record = _verify(line, number)
    told = record[4:-1].hex().upper()
    if len(told) < 8 or told[4:8] != MARK:
        raise ImageDamaged("universal-block-wrong", line=number)
    return told[:4]


def _as_data(line: str, number: int) -> str:
    """The same bytes at the same address as a plain data record, which the library knows."""
    record = bytearray(_verify(line, number))
    record[3] = 0
    record[-1] = -sum(record[:-1]) & 0xFF
    return ":" + record.hex().upper()
