"""An image: bytes at addresses, whatever file they came in."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from firmware_checks.errors import ImageDamaged, ImageUnreadable
from firmware_checks.regions import ERASED, RegionDigest

MAX_FILE: Final = 16 * 1024 * 1024
MAX_BYTES: Final = 4 * 1024 * 1024  # of data in one image: four times the flash of any device here
MAX_SEGMENTS: Final = 4096


@dataclass(frozen=True)
class Segment:
    """Consecutive bytes from an address."""

    start: int
    data: bytes

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.start + len(self.data)


@dataclass(frozen=True)
class Image:
    """What is to be written into one device; segments in order, none touching or overlapping another.

    `target` is what the file says of the device it is for: a micro:bit's board id, a UF2 family; None where a
    form has no such thing.
    """

    segments: tuple[Segment, ...]
    target: str | None = None

    @classmethod
    def of(cls, pieces: Iterable[tuple[int, bytes]], target: str | None = None) -> Self:
        """Join pieces, in any order, into segments.

        Raises:
            ImageUnreadable: where two pieces overlap, or there are more of them, or more bytes, than any device
                has.
        """
        ordered = sorted((start, data) for start, data in pieces if data)
        total = sum(len(data) for _, data in ordered)
        if total > MAX_BYTES:
            raise ImageUnreadable("image-too-big", bytes=total, limit=MAX_BYTES)
        runs: list[tuple[int, bytearray]] = []
        for start, data in ordered:
            if runs and start < runs[-1][0] + len(runs[-1][1]):
                raise ImageDamaged("image-overlap", address=f"0x{start:x}")
            if runs and start == runs[-1][0] + len(runs[-1][1]):
                runs[-1][1].extend(data)
            else:
                runs.append((start, bytearray(data)))
        if len(runs) > MAX_SEGMENTS:
            raise ImageUnreadable("image-too-many-segments", count=len(runs), limit=MAX_SEGMENTS)
        if not runs:
            raise ImageUnreadable("image-empty")
        return cls(tuple(Segment(start, bytes(data)) for start, data in runs), target)

    @property
    def size(self) -> int:
        """The bytes of all segments together."""
        return sum(len(segment.data) for segment in self.segments)

    @property
    def digest(self) -> str:
        """SHA-256 of the content: for each segment its address and length (8 bytes each, big-endian), its bytes.

        The form of the file, the order of its records and the target do not change it.
        """
        digest = hashlib.sha256()
        for segment in self.segments:
            digest.update(segment.start.to_bytes(8, "big") + len(segment.data).to_bytes(8, "big"))
            digest.update(segment.data)
        return digest.hexdigest()

    def touches(self, start: int, size: int) -> bool:
        """Whether any byte lies in the region."""
        return any(segment.start < start + size and segment.end > start for segment in self.segments)

    def region(self, start: int, size: int) -> bytes:
        """The bytes of a region as flash will hold them: 0xFF where the image says nothing."""
        content = bytearray([ERASED]) * size
        for segment in self.segments:
            low, high = max(start, segment.start), min(start + size, segment.end)
            if low < high:
                content[low - start : high - start] = segment.data[low - segment.start : high - segment.start]
        return bytes(content)

    def region_digest(self, start: int, size: int, page_size: int) -> RegionDigest:
        """The digests of a region, as a device that holds this image would give them."""
        return RegionDigest.of(self.region(start, size), page_size)


@dataclass(frozen=True)
class ImageFile:
    """A file: its form and the images in it (a universal hex and a UF2 may hold several)."""

    form: str
    images: tuple[Image, ...]

    @property
    def has_sums(self) -> bool:
        """Whether each record carries a sum: where all are right, its bytes were not spoilt on their way."""
        return self.form in ("intel-hex", "universal-hex")
