"""A region of a device's memory, told by digests: of the whole, and of each page of it.

The whole tells whether the region is a known one. The pages tell, where it is not, whether it is
a known one with a few pages spoilt (a damaged bootloader) or something else altogether.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Self

ERASED: Final = 0xFF  # what flash holds where nothing was written
PAGE_DIGEST_BYTES: Final = 6  # enough to tell pages apart; PASS always rests on the whole region


@dataclass(frozen=True)
class RegionDigest:
    """The digests of one region, as read from a device or from an image."""

    sha256: str
    size: int
    page_size: int
    pages: tuple[str, ...]
    erased: bool = False  # every byte is 0xFF: nothing was ever written, or all was wiped

    @classmethod
    def of(cls, data: bytes, page_size: int) -> Self:
        """Digest the bytes of a whole region.

        Args:
            data: the region from its first byte to its last, 0xFF where nothing is written.
            page_size: bytes a page, as the baseline's region says.

        Raises:
            ValueError: for a page size below one.
        """
        if page_size < 1:
            raise ValueError("page_size must be at least 1")
        pages = tuple(
            hashlib.sha256(data[start : start + page_size]).hexdigest()[: 2 * PAGE_DIGEST_BYTES]
            for start in range(0, len(data), page_size)
        )
        erased = bool(data) and data.count(ERASED) == len(data)
        return cls(hashlib.sha256(data).hexdigest(), len(data), page_size, pages, erased)

    def pages_that_differ(self, other: tuple[str, ...]) -> tuple[int, ...]:
        """The numbers of the pages that are not as in `other`, pages that only one of them has included."""
        longest = max(len(self.pages), len(other))
        mine = self.pages + ("",) * (longest - len(self.pages))
        theirs = other + ("",) * (longest - len(other))
        return tuple(number for number in range(longest) if mine[number] != theirs[number])
