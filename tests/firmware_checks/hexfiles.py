"""Make firmware files for the tests, byte by byte after the formats' own descriptions."""

import struct
from collections.abc import Iterable


def record(kind: int, address: int, data: bytes) -> str:
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()


def data_records(start: int, data: bytes, kind: int = 0) -> list[str]:
    lines: list[str] = []
    page = None
    for offset in range(0, len(data), 16):
        address = start + offset
        if address >> 16 != page:
            page = address >> 16
            lines.append(record(4, 0, page.to_bytes(2, "big")))
        lines.append(record(kind, address & 0xFFFF, data[offset : offset + 16]))
    return lines


END = record(1, 0, b"")


def intel_hex(pieces: Iterable[tuple[int, bytes]]) -> bytes:
    lines = [line for start, data in pieces for line in data_records(start, data)]
    return ("\n".join([*lines, END]) + "\n").encode()


def universal_hex(boards: dict[str, list[tuple[int, bytes]]]) -> bytes:
    """One block a 1 KB of data, each with its address, start and end records, as the specification draws it."""
    lines: list[str] = []
    for board, pieces in boards.items():
        kind = 0x00 if board in ("9900", "9901") else 0x0D
        for start, data in pieces:
            for offset in range(0, len(data), 0x100):
                chunk = data_records(start + offset, data[offset : offset + 0x100], kind)
                lines.append(chunk[0])
                lines.append(record(0x0A, 0, bytes.fromhex(board) + b"\xc0\xde"))
                lines.extend(chunk[1:])
                lines.append(record(0x0C, 0, b"\xff" * 4))
                lines.append(record(0x0B, 0, b"\xff" * 4))
    return ("\n".join([*lines, END]) + "\n").encode()


def uf2(start: int, data: bytes, family: int | None = 0x1B57745F) -> bytes:
    blocks = [data[offset : offset + 256] for offset in range(0, len(data), 256)]
    flags = 0x2000 if family is not None else 0
    heads = (
        (0x0A324655, 0x9E5D5157, flags, start + 256 * number, len(block), number, len(blocks), family or 0)
        for number, block in enumerate(blocks)
    )
    end = struct.pack("<I", 0x0AB16F30)
    return b"".join(
        struct.pack("<8I", *head) + block.ljust(476, b"\0") + end for head, block in zip(heads, blocks, strict=True)
    )
