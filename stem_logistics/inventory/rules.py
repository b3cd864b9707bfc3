"""Decisions of the stock without a database: serial numbers as they are typed, what may be reversed."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stem_logistics.inventory.serial_rules import SEPARATORS, serial_key, without_look_alikes
from stem_logistics.registry.folding import fold, matches, search_key

LONGEST_SERIAL = 80
MOST_KITS = 20_000
# A posting that a later step of a delivery stands on is undone by that step (a consignment is cancelled, a
# discrepancy closed), so that the ledger and the delivery never disagree.
REVERSIBLE = frozenset({"purchase", "historic", "found", "return", "transfer", "scrap", "reject"})
# What repairs and loans post is undone by their own steps (back from the repairer, given back).
HEADER = ("kit", "item", "serial")


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a kit's bill of materials.

    Args:
        item: the item's slug.
        quantity: pieces in one kit.
        serialised: whether each piece has a serial number.
        optional: whether a kit is complete without it.
        substitute: the slug of the item that may stand in its place.
    """

    item: str
    quantity: int
    serialised: bool = False
    optional: bool = False
    substitute: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        """What may stand in this line."""
        return (self.item, self.substitute) if self.substitute else (self.item,)


@dataclass(frozen=True, slots=True)
class SerialFault:
    """What is wrong with a list of serial numbers.

    Args:
        row: from 1; 0 for the list as a whole.
        slug: of the sentence in `sentences.py`.
        figures: what the sentence is filled with.
    """

    row: int
    slug: str
    figures: Mapping[str, object] = field(default_factory=dict)


# The slugs of what can be wrong; their sentences stand in `sentences.py`.
WRONG_COUNT = "serials-wrong-count"
REPEATED = "serial-repeated"
TOO_LONG = "serial-too-long"
UNPRINTABLE = "serial-unprintable"
LOOK_ALIKE = "serial-row-look-alike"
DIVIDED = "serial-divided"
UNKNOWN_ITEM = "serial-item-unknown"
NEEDS_HEADER = "serials-need-header"
ROW_TOO_SHORT = "serials-row-too-short"
WRONG_COUNT_IN_KIT = "serials-wrong-count-in-kit"
WRONG_KITS = "serials-wrong-kits"
NONE_NEEDED = "serials-not-needed"

# For each kit: item slug → serial numbers.
Serials = list[dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class _Entry:
    row: int
    kit: str
    item: str
    serial: str


# What no text holds, whatever its alphabet.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def is_text(content: bytes) -> bool:
    """Whether an uploaded list can be a text at all: a picture or a PDF is none."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not content.startswith(b"%PDF") and content.translate(None, _CONTROLS) == content


def decode(content: bytes) -> str:
    """The text of an uploaded list: UTF-8 with or without BOM, UTF-16 with BOM, else windows-1253."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1253", errors="replace")


def read_serials(text: str, parts: Sequence[Part], kits: int) -> tuple[Serials, list[SerialFault]]:
    """Serial numbers for `kits` kits, as pasted or uploaded.

    Two forms are read: one serial number a line, dealt to the kits in order (where one item of the kit has serial
    numbers), or a table with the head kit;item;serial (cells divided by semicolon, comma or tab).

    Returns:
        For each kit its serial numbers by item, and what is wrong. The first is of use only without faults.
    """
    wanted = [part for part in parts if part.serialised]
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not wanted:
        faults = [SerialFault(0, NONE_NEEDED)] if rows else []
        return [{} for _ in range(kits)], faults
    cells = _cells(rows)
    if cells and tuple(cell.strip().lower() for cell in cells[0][1][:3]) == HEADER:
        entries, faults = _table(cells[1:], wanted)
        kit_names = list(dict.fromkeys(entry.kit for entry in entries))
        if not faults and len(kit_names) != kits:
            faults = [SerialFault(0, WRONG_KITS, {"given": len(kit_names), "expected": kits})]
    elif len(wanted) > 1:
        known = ", ".join(part.item for part in wanted)
        return [], [SerialFault(0, NEEDS_HEADER, {"known": known})]
    else:
        part = wanted[0]
        entries, faults = _list(rows, part)
        kit_names = [str(number) for number in range(1, kits + 1)]
        if len(entries) != part.quantity * kits:
            figures = {"item": part.item, "expected": part.quantity * kits, "kits": kits, "given": len(entries)}
            faults.append(SerialFault(0, WRONG_COUNT, figures))
    faults += _each(entries)
    if faults:
        return [], sorted(faults, key=lambda fault: fault.row)
    return _dealt(entries, kit_names, wanted)


def _cells(rows: Sequence[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    if not rows:
        return []
    head = rows[0][1]
    delimiter = max(";\t,", key=head.count)
    return [(number, next(csv.reader(io.StringIO(line), delimiter=delimiter), [])) for number, line in rows]


def _table(cells: Sequence[tuple[int, list[str]]], wanted: Sequence[Part]) -> tuple[list[_Entry], list[SerialFault]]:
    entries, faults = [], []
    known = {item for part in wanted for item in part.items}
    for row, values in cells:
        if len(values) < len(HEADER):
            faults.append(SerialFault(row, ROW_TOO_SHORT, {"row": row, "cells": len(values)}))
            continue
        kit, item, serial = (value.strip() for value in values[:3])
        if item not in known:
            figures = {"row": row, "item": item[:40], "known": ", ".join(sorted(known))}
            faults.append(SerialFault(row, UNKNOWN_ITEM, figures))
            continue
        entries.append(_Entry(row, kit, item, serial))
    return entries, faults


def _list(rows: Sequence[tuple[int, str]], part: Part) -> tuple[list[_Entry], list[SerialFault]]:
    return [
        _Entry(row, str(position // part.quantity + 1), part.item, line.strip())
        for position, (row, line) in enumerate(rows)
    ], []


def _each(entries: Sequence[_Entry]) -> list[SerialFault]:
    faults = []
    first: dict[tuple[str, str], int] = {}
    for entry in entries:
        if len(entry.serial) > LONGEST_SERIAL:
            figures: dict[str, object] = {"row": entry.row, "length": len(entry.serial), "limit": LONGEST_SERIAL}
            faults.append(SerialFault(entry.row, TOO_LONG, figures))
        elif any(sign in entry.serial for sign in SEPARATORS):
            faults.append(SerialFault(entry.row, DIVIDED, {"row": entry.row, "serial": entry.serial}))
        elif not entry.serial or not entry.serial.isprintable():
            faults.append(SerialFault(entry.row, UNPRINTABLE, {"row": entry.row}))
        elif folded := without_look_alikes(entry.serial):
            figures = {"row": entry.row, "given": entry.serial, "suggestion": folded}
            faults.append(SerialFault(entry.row, LOOK_ALIKE, figures))
        elif (seen := first.setdefault((entry.item, serial_key(entry.serial)), entry.row)) != entry.row:
            figures = {"row": entry.row, "serial": entry.serial, "item": entry.item, "first": seen}
            faults.append(SerialFault(entry.row, REPEATED, figures))
    return faults


def _dealt(
    entries: Sequence[_Entry], kit_names: Sequence[str], wanted: Sequence[Part]
) -> tuple[Serials, list[SerialFault]]:
    dealt: Serials = []
    faults = []
    of_kit: dict[str, list[_Entry]] = {kit: [] for kit in kit_names}
    for entry in entries:
        of_kit[entry.kit].append(entry)
    for kit, mine in of_kit.items():
        by_item: dict[str, list[str]] = {}
        for part in wanted:
            serials = [entry.serial for entry in mine if entry.item in part.items]
            if len(serials) != part.quantity and not (part.optional and not serials):
                row = mine[0].row if mine else 0
                figures = {"row": row, "kit": kit[:40], "given": len(serials)}
                faults.append(
                    SerialFault(row, WRONG_COUNT_IN_KIT, {**figures, "item": part.item, "expected": part.quantity})
                )
            for item in part.items:
                by_item[item] = [entry.serial for entry in mine if entry.item == item]
        dealt.append(by_item)
    return dealt, faults


def definitions_named(text: str, titles: Sequence[Mapping[str, str]]) -> list[str]:
    """The slugs of the kit definitions that a text may mean, by slug or title, however it writes them."""
    wanted = fold(text)
    if not wanted:
        return []
    if (slug := text.strip().casefold()) in {t["slug"] for t in titles}:
        return [slug]  # two kits may bear one title, never one short name
    exact = {t["slug"] for t in titles if wanted in (fold(t["slug"]), fold(t["title_el"]), fold(t["title_en"]))}
    if exact:
        return sorted(exact)
    keys = {t["slug"]: search_key(t["slug"].replace("-", " "), t["title_el"], t["title_en"]) for t in titles}
    return sorted(slug for slug, key in keys.items() if matches(text, key))
