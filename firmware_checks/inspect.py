"""What an image is: which known firmware it holds, what it says of itself, and its verdict for a kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firmware_checks.baseline import Baseline, Board, KnownImage, Region
from firmware_checks.catalogue import Catalogue
from firmware_checks.errors import BaselineInvalid
from firmware_checks.images import Image
from firmware_checks.regions import RegionDigest
from firmware_checks.verdicts import Finding, Observation, Verdict, compare

MAX_TEXTS: Final = 5
# What the products that schools have print of themselves; an image carries the same text.
_TEXTS: Final = (
    re.compile(rb"MicroPython v?\d[ -~]{0,80}"),
    re.compile(rb"micro:bit v\d[ -~]{0,60}"),
    re.compile(rb"Marlin (?:bugfix-)?\d[ -~]{0,60}"),
    re.compile(rb"StandardFirmata[ -~]{0,30}"),
)


@dataclass(frozen=True)
class Match:
    """A known image found in a region."""

    kind: str
    board: Board
    region: Region
    known: KnownImage


def identify(image: Image, catalogue: Catalogue) -> Iterator[Match]:
    """Every known image whose region this image holds byte for byte."""
    for kind in catalogue.kinds:
        baseline = catalogue.baseline(kind)
        for board, region in _regions(image, baseline):
            digest = image.region_digest(region.start, region.size, region.page_size)
            for known in baseline.images_of(board.slug, region.name):
                if known.sha256 == digest.sha256:
                    yield Match(kind, board, region, known)


def texts(image: Image) -> tuple[str, ...]:
    """What the image says of itself, where it is of a make that does."""
    found: list[str] = []
    for segment in image.segments:
        for pattern in _TEXTS:
            found.extend(match[0].decode("ascii").rstrip() for match in pattern.finditer(segment.data))
    return tuple(dict.fromkeys(found))[:MAX_TEXTS]


def judge(image: Image, baseline: Baseline, board: str | None = None, form: str = "") -> tuple[Board, Finding]:
    """The verdict of an image for a kind.

    Args:
        image: what would be, or was, in the device.
        baseline: of the kind.
        form: the file's form. Where each record has a sum (Intel HEX), pages that differ from a known image were
            edited, not spoilt: MISMATCH. A raw file may end within a region: INCONCLUSIVE.
        board: its slug; None tries every board whose region the image writes and keeps the best verdict.

    Raises:
        BaselineInvalid: for a board that the baseline does not know, or an image that writes none of its regions.
    """
    boards = [b for b in baseline.boards if board is None or b.slug == board]
    if not boards:
        known = ", ".join(b.slug for b in baseline.boards)
        raise BaselineInvalid("board-not-in-baseline", kind=baseline.kind, board=board, known=known)
    candidates = dict.fromkeys(b.slug for b, _ in _regions(image, baseline) if b in boards)
    if not candidates:
        raise BaselineInvalid("image-covers-no-region", kind=baseline.kind)
    judged = [(b, _judge_for(image, baseline, b, form)) for b in boards if b.slug in candidates]
    return min(judged, key=lambda pair: closeness(pair[1]))


KNOWN: Final = ("region-current", "region-outdated", "region-below-minimum")
NEAR: Final = ("region-damaged", "region-altered")
_CLOSENESS: Final = (*KNOWN, *NEAR, "region-differs")


def closeness(finding: Finding) -> int:
    """How near a finding is to a known image: 0 is one, the greatest number says nothing of any."""
    return _CLOSENESS.index(finding.reason) if finding.reason in _CLOSENESS else len(_CLOSENESS)


def _judge_for(image: Image, baseline: Baseline, board: Board, form: str) -> Finding:
    regions = {
        region.name: _digest(image, region, baseline.images_of(board.slug, region.name), form)
        for region in board.regions
        if image.touches(region.start, region.size)
    }
    finding = compare(Observation(baseline.kind, board.slug, regions=regions), _images_only(baseline))
    if finding.reason == "region-damaged" and "pages" in finding.params and form in ("intel-hex", "universal-hex"):
        return Finding(Verdict.MISMATCH, "region-altered", finding.params)
    return finding


def _digest(image: Image, region: Region, known: tuple[KnownImage, ...], form: str) -> RegionDigest:
    """The region's digest; of a raw file that ends within the region only what is there, unless what is missing
    are the erased bytes at its end, which avrdude does not write."""
    whole = image.region_digest(region.start, region.size, region.page_size)
    end = image.segments[-1].end
    if form != "raw" or end >= region.start + region.size or whole.sha256 in {each.sha256 for each in known}:
        return whole
    return image.region_digest(region.start, end - region.start, region.page_size)


def _images_only(baseline: Baseline) -> Baseline:
    """The baseline without what only a living device can answer for."""
    boards = tuple(b.model_copy(update={"version_required": False}) for b in baseline.boards)
    return baseline.model_copy(update={"boards": boards})


def _regions(image: Image, baseline: Baseline) -> Iterator[tuple[Board, Region]]:
    for board in baseline.boards:
        for region in board.regions:
            if image.touches(region.start, region.size):
                yield board, region
