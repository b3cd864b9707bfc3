"""Which part of which kit the next scan is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """What is to be scanned next.

    Args:
        kit_no: of which kit.
        line: which part of it (a line of the bill of materials).
        piece: the how manieth piece of the kit.
        pieces: how many the kit has.
    """

    kit_no: int
    line: Line
    piece: int
    pieces: int


def begun_kits(scans: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """The scans of each kit, in the kits' order."""
    kits: dict[int, list[Mapping[str, Any]]] = {}
    for scan in sorted(scans, key=lambda each: (each["kit_no"], each["id"])):
        kits.setdefault(scan["kit_no"], []).append(scan)
    return kits


def wanted(lines: Sequence[Line], also: Iterable[int]) -> list[Line]:
    """The parts with serial numbers that a kit has: all that it must have, and the optional ones that it has too."""
    has = set(also)
    return [line for line in lines if line["serialised"] and (not line["optional"] or line["item_id"] in has)]


def lacking(lines: Sequence[Line], scans: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The parts that are not all scanned; what stands in a part's place counts as the part."""
    items = [scan["item_id"] for scan in scans]
    return [
        line
        for line in lines
        if sum(item in (line["item_id"], line["substitute_id"]) for item in items) < line["quantity"]
    ]


def is_whole(lines: Sequence[Line], scans: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of a kit is scanned, by what the person said of its optional parts at its last scan."""
    parts = wanted(lines, max(scans, key=lambda scan: scan["id"])["also"])
    return bool(parts) and not lacking(parts, scans)


def next_slot(lines: Sequence[Line], scans: Sequence[Mapping[str, Any]], also: Iterable[int]) -> Slot | None:
    """What the next scan is; None where nothing has a serial number.

    Args:
        also: the optional parts that the kit at hand has, by their items.
    """
    kits = begun_kits(scans)
    parts = wanted(lines, also)
    pieces = sum(line["quantity"] for line in parts)
    for kit_no, mine in kits.items():
        if not is_whole(lines, mine) and (open_ := lacking(parts, mine)):
            return Slot(kit_no, open_[0], len(mine) + 1, pieces)
    return Slot(max(kits, default=0) + 1, parts[0], 1, pieces) if parts else None
