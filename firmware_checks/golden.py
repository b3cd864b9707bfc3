"""What an entry of a baseline can be made from, known to be good: an image, or the saved report of a golden device.

A report (`stem-check probe PORT --json > golden.json`) holds digests of the regions that were read, never their
bytes, so its entry knows a region as a whole and cannot tell which of its pages are spoilt; an image's can.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from firmware_checks.baseline import Baseline, Board
from firmware_checks.catalogue import Catalogue
from firmware_checks.errors import BaselineInvalid
from firmware_checks.images import Image

REPORT_SCHEMA: Final = "stem-check/1"
MAX_REPORT: Final = 1024 * 1024
# Not knowing the device, or finding it other than the known ones, is why somebody adds it. What could not be
# finished, or is proven faulty, is nobody's gold.
_GOLDEN: Final = ("PASS", "UNKNOWN", "MISMATCH", "OUTDATED")


@dataclass(frozen=True)
class Seen:
    """The content of a region: its digest, and those of its pages where the bytes were at hand."""

    region: str
    sha256: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Golden:
    """What a golden device or an image shows, for a board of a kind."""

    kind: str
    board: str
    regions: tuple[Seen, ...] = ()
    versions: tuple[str, ...] = ()  # as the device said them, product's name included
    detail: str = ""


def from_image(images: Sequence[Image], kind: str, board: Board, region: str | None, detail: str) -> Golden:
    """An image as gold for a board: each region of it that the image writes, or the one that is named.

    Raises:
        BaselineInvalid: the board has no such region, or the image writes none.
    """
    wanted = [each for each in board.regions if region in (None, each.name)]
    if not wanted:
        known = ", ".join(each.name for each in board.regions) or "—"
        raise BaselineInvalid("region-not-in-board", board=board.slug, region=region, known=known)
    seen = []
    for image in images:
        for each in wanted:
            digest = image.region_digest(each.start, each.size, each.page_size)
            if image.touches(each.start, each.size) and not digest.erased:
                seen.append(Seen(each.name, digest.sha256, digest.pages))
    if not seen:
        raise BaselineInvalid("image-covers-no-region", kind=kind)
    return Golden(kind, board.slug, tuple(seen), (), detail)


def is_report(data: bytes) -> bool:
    """Whether a file is meant as a report: JSON, not a firmware image."""
    return data.lstrip()[:1] == b"{"


def from_report(data: bytes, name: str, catalogue: Catalogue, board: str | None) -> Golden:
    """The saved report of a golden device.

    Raises:
        BaselineInvalid: it is no report, its check was not finished or proved a fault, or it tells nothing to keep.
    """
    report = _report(data, name)
    verdict, kind, identity = report.get("verdict"), report.get("kind"), report.get("identity")
    if not isinstance(kind, str) or not isinstance(identity, dict):
        raise BaselineInvalid("golden-without-kind", file=name)
    if verdict not in _GOLDEN:
        raise BaselineInvalid("golden-not-good", file=name, verdict=verdict)
    baseline = catalogue.baseline(kind)
    slug = board or _board_of(identity, baseline)
    found = baseline.board(slug)
    if found is None:
        known = ", ".join(each.slug for each in baseline.boards)
        raise BaselineInvalid("board-not-in-baseline", kind=kind, board=slug or "—", known=known)
    regions = {each.name: each for each in found.regions}
    evidence = report.get("evidence")
    read = evidence.get("regions", []) if isinstance(evidence, dict) else []
    seen = tuple(
        Seen(each["name"], each["sha256"])
        for each in read
        if each.get("name") in regions
        and (each.get("start"), each.get("length")) == (regions[each["name"]].start, regions[each["name"]].size)
    )
    versions = tuple(_versions(identity, found))
    if not seen and not versions:
        raise BaselineInvalid("golden-tells-nothing", file=name, board=found.slug)
    return Golden(kind, found.slug, seen, versions, f"golden device; report of {_moment(evidence)}")


def _report(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data[: MAX_REPORT + 1].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BaselineInvalid("golden-not-a-report", file=name, reason=str(error)[:200]) from None
    if not isinstance(value, dict) or value.get("schema") != REPORT_SCHEMA:
        told = value.get("schema") if isinstance(value, dict) else type(value).__name__
        raise BaselineInvalid("golden-not-a-report", file=name, reason=f"schema {told!r}, not {REPORT_SCHEMA!r}")
    return value


def _board_of(identity: dict[str, Any], baseline: Baseline) -> str | None:
    """The board's slug, whether the report holds it whole or as its last part ("V1" of "microbit-v1")."""
    told = str(identity.get("board") or "").lower()
    slugs = [board.slug for board in baseline.boards]
    near = [slug for slug in slugs if told and (slug == told or slug == f"{baseline.kind}-{told}")]
    return near[0] if near else (slugs[0] if len(slugs) == 1 else None)


def _versions(identity: dict[str, Any], board: Board) -> list[str]:
    """The products whose versions a device tells, each as the version rules name it."""
    told = []
    for key, product in (("daplink", "DAPLink"), ("micropython", "MicroPython"), ("firmware", "")):
        value = identity.get(key)
        if isinstance(value, str) and value.strip():
            text = value.strip()
            named = text if not product or text.casefold().startswith(product.casefold()) else f"{product} {text}"
            told.append(named[:100])
    return told


def _moment(evidence: Any) -> str:
    moment = evidence.get("started_at") if isinstance(evidence, dict) else None
    return moment[:10] if isinstance(moment, str) else "—"
