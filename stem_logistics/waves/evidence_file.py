"""A file of evidence, row by row: what can be taken, and every fault at its row and column. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from stem_logistics.registry.importing.headings import folded
from stem_logistics.waves.application_cells import Cells
from stem_logistics.waves.application_columns import EVIDENCE_WORDS, GREEK_KINDS
from stem_logistics.waves.application_file import (
    EVIDENCE_NEEDS,
    REPEATED_EVIDENCE,
    SCHOOL_KINDS,
    UNKNOWN_EVIDENCE,
    ZEROS_LOST,
    EvidenceEntry,
    FileFault,
    TeacherEntry,
)
from stem_logistics.waves.wording import N_, Message

NOT_A_SCORE = N_("“%(value)s” is not a number: write it as 87,5.")
SCORE = re.compile(r"(?P<whole>[0-9]{1,3}(?:\.[0-9]{3})+(?=,|$)|[0-9]{1,9})(?:[,.](?P<part>[0-9]{1,6}))?")


@dataclass(frozen=True)
class EvidenceRow:
    """A row that can be taken as far as it can be told without the registry."""

    piece: EvidenceEntry
    teacher: TeacherEntry | None
    score: str = ""
    origin: str = ""


@dataclass
class ParsedEvidence:
    """What a file holds: rows in their order, and every fault."""

    rows: list[EvidenceRow] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    read: int = 0


def parse_evidence(rows: Iterable[tuple[int, Mapping[str, str]]], matching: Mapping[str, str]) -> ParsedEvidence:
    """Read a file's rows.

    Args:
        rows: number (as the spreadsheet counts) and cells by heading.
        matching: the field of each heading; other headings are passed over.

    Returns:
        the rows without fault, and the faults with the file's own headings as columns.
    """
    parsed = ParsedEvidence()
    heading_of = {name: heading for heading, name in matching.items()}
    seen: dict[tuple[object, ...], int] = {}
    for number, raw in rows:
        cells = Cells({matching[h]: value for h, value in raw.items() if h in matching})
        if cells.empty():
            continue
        parsed.read += 1
        row = _row(number, cells)
        if row is not None and not cells.faults:
            piece = row.piece
            key = (piece.kind, piece.reference, piece.year, piece.school_code, piece.teacher_code, piece.category)
            first = seen.setdefault(key, number)
            if first != number:
                cells.fault("reference" if piece.reference else "kind", Message(REPEATED_EVIDENCE, {"first": first}))
        if cells.faults or row is None:
            parsed.faults += [
                FileFault(number, heading_of.get(fault.column, fault.column), fault.message) for fault in cells.faults
            ]
        else:
            parsed.rows.append(row)
    return parsed


def _row(number: int, cells: Cells) -> EvidenceRow | None:
    code = cells.required("school_code")
    if code.isascii() and code.isdigit() and len(code) < 7:
        cells.fault("school_code", Message(ZEROS_LOST, {"code": code, "whole": code.zfill(7)}))
    word = cells.required("kind", 100)
    kind = EVIDENCE_WORDS.get(folded(word))
    if word and (kind is None or kind == "teacher"):
        cells.fault("kind", Message(UNKNOWN_EVIDENCE, {"kind": word[:60], "known": ", ".join(GREEK_KINDS)}))
    year = cells.whole("year", 2005, 2100)
    reference, teacher = cells.text("reference", 120), cells.text("teacher_code", 60)
    if kind is not None:
        needed = [("year", year)]
        needed += [] if kind in SCHOOL_KINDS else [("reference", reference), ("teacher_code", teacher)]  # type: ignore[list-item]
        for column, value in needed:
            if not value and not cells.has_fault(column):
                cells.fault(column, Message(EVIDENCE_NEEDS, {"kind": kind}))
    piece = EvidenceEntry(
        row=number,
        kind=kind or "",
        school_code=code,
        reference=reference or kind or "",
        year=year or 0,
        title=cells.text("title", 300),
        category=cells.text("category", 100),
        rank=cells.whole("rank", 1, 99),
        stem=bool(cells.yes_no("stem")),
        awarded_on=cells.day("awarded_on"),
        teacher_code="" if kind in SCHOOL_KINDS else teacher,
    )
    told = None
    service, seen = cells.text("service_code", 20), cells.day("last_sign_in")
    if piece.teacher_code:
        told = TeacherEntry(number, teacher, code, service, seen)
    return EvidenceRow(piece, told, _score(cells), cells.text("origin", 200))


def _score(cells: Cells) -> str:
    """A decimal as people write it, `87,5` or `1.234,50`, as plain text; empty for none."""
    value = cells.text("score", 40)
    if not value:
        return ""
    match = SCORE.fullmatch(value)
    if match is None:
        cells.fault("score", Message(NOT_A_SCORE, {"value": value}))
        return ""
    whole = match["whole"].replace(".", "")
    return format(Decimal(f"{whole}.{match['part'] or 0}").normalize(), "f")
