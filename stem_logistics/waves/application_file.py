"""Applications with their evidence from a table (CSV or XLSX): one line for each piece of evidence.

A school's first line carries its application; further lines with the same code add evidence and may leave the
application's columns empty. Pure: rows in, applications and every fault out. `docs/importing-applications.md`
tells the columns to the people who fill them in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stem_logistics.registry.importing.headings import folded
from stem_logistics.waves.application_cells import CellFault, Cells
from stem_logistics.waves.application_columns import COLUMNS, EVIDENCE_COLUMNS, EVIDENCE_WORDS, GREEK_KINDS
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.wording import N_, Message

MISSING_COLUMN = N_("The column %(column)s is missing. The file has: %(found)s.")
TWICE_COLUMN = N_("The column %(column)s stands twice: keep one.")
EMPTY_FILE = N_("The file has no applications: it needs a line under the headings.")
DIFFERS = N_("Row %(first)s of the same school says “%(before)s”, this one “%(after)s”: make them agree.")
SERVES_ELSEWHERE = N_("Row %(first)s says that this teacher serves at %(before)s, this one at %(after)s: keep one.")
ZEROS_LOST = N_(
    "“%(code)s” has fewer than seven digits: spreadsheets drop leading zeros. If it is %(whole)s, make the column text."
)
UNKNOWN_KIT = N_("The wave has no kit “%(kit)s”. It has: %(known)s.")
KIT_TWICE = N_("The kit %(kit)s stands twice among the preferences.")
NO_PREFERENCES = N_("Name at least one kit, the most wanted first.")
UNKNOWN_EVIDENCE = N_("There is no kind of evidence “%(kind)s”. There are: %(known)s.")
EVIDENCE_NEEDS = N_("Evidence of the kind %(kind)s needs this.")
REPEATED_EVIDENCE = N_("The same evidence stands in row %(first)s: keep one.")
SCHOOL_KINDS = ("school-label", "ite-label")
_WRITTEN = {True: "ναι", False: "όχι"}  # as files say it, whatever the reader's language


@dataclass(frozen=True)
class FileFault:
    """One thing wrong with a file: the row as the spreadsheet numbers it (0: the file), the column, what."""

    row: int
    column: str
    message: Message


@dataclass(frozen=True)
class EvidenceEntry:
    """A piece of evidence as a file or a form gives it; schools and teachers are still codes."""

    row: int
    kind: str
    school_code: str
    reference: str
    year: int
    title: str = ""
    category: str = ""
    rank: int | None = None
    stem: bool = False
    awarded_on: str = ""
    teacher_code: str = ""


@dataclass(frozen=True)
class TeacherEntry:
    """What a file says of a teacher: the school of service where it says so, the last sign-in (ISO date or empty).

    Without a word on service a teacher who was not known serves at the school that entered them.
    """

    row: int
    code: str
    school_code: str
    service_school_code: str = ""
    last_sign_in: str = ""


@dataclass(frozen=True)
class ApplicationEntry:
    """A school's application as a file or a form gives it."""

    row: int
    school_code: str
    preferences: tuple[str, ...]
    declarations: Mapping[str, bool]
    project_title: str = ""
    evidence: tuple[EvidenceEntry, ...] = ()
    teachers: tuple[TeacherEntry, ...] = ()


@dataclass
class ParsedApplications:
    """What a file holds: usable only when `faults` is empty."""

    applications: list[ApplicationEntry] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)


def parse_applications(
    headings: Iterable[str], rows: Iterable[tuple[int, Mapping[str, str]]], rules: WaveRules
) -> ParsedApplications:
    """Read applications from a table.

    Args:
        headings: the file's headings as they stand.
        rows: number (as the spreadsheet counts) and cells by heading; empty lines may be left out.
        rules: the wave's rules: its kits and conditions are what the cells may name.

    Returns:
        the applications in the order of their first rows, and every fault found.
    """
    parsed = ParsedApplications()
    names = _columns(list(headings), rules, parsed.faults)
    if parsed.faults:
        return parsed
    by_school: dict[str, ApplicationEntry] = {}
    seen: dict[tuple[object, ...], int] = {}
    serves: dict[str, TeacherEntry] = {}
    for number, raw in rows:
        cells = Cells({names[h]: value for h, value in raw.items() if h in names})
        if cells.empty():
            continue
        found = _row(number, cells, rules, by_school)
        parsed.faults += [FileFault(number, f.column, f.message) for f in cells.faults]
        if found is None:
            continue
        before = by_school.get(found.school_code)
        for teacher in found.teachers:
            told = serves.setdefault(teacher.code, teacher) if teacher.service_school_code else teacher
            if told.service_school_code != teacher.service_school_code:
                params = {"first": told.row, "before": told.service_school_code, "after": teacher.service_school_code}
                message = Message(SERVES_ELSEWHERE, params)
                parsed.faults.append(FileFault(number, "teacher_service_school_code", message))
        for piece in found.evidence:
            key = (piece.kind, piece.reference, piece.year, piece.school_code, piece.teacher_code)
            first = seen.setdefault(key, number)
            if first != number:
                parsed.faults.append(
                    FileFault(number, "evidence_reference", Message(REPEATED_EVIDENCE, {"first": first}))
                )
        if before is None:
            by_school[found.school_code] = found
        else:
            parsed.faults += _differences(number, before, found, cells)
            by_school[found.school_code] = replace(
                before, evidence=before.evidence + found.evidence, teachers=before.teachers + found.teachers
            )
    if not by_school and not parsed.faults:
        parsed.faults.append(FileFault(0, "", Message(EMPTY_FILE)))
    parsed.applications = list(by_school.values())
    return parsed


def _columns(headings: list[str], rules: WaveRules, faults: list[FileFault]) -> dict[str, str]:
    """Each heading's column; headings that mean nothing here are passed over."""
    aliases = {folded(alias): column for column, words in COLUMNS.items() for alias in (column, *words)}
    for condition in rules.conditions:
        if condition.source == "declared":
            for alias in (condition.slug, condition.title.el, condition.title.en):
                aliases.setdefault(folded(alias), f"condition:{condition.slug}")
    names: dict[str, str] = {}
    for heading in headings:
        column = aliases.get(folded(heading)) if heading.strip() else None
        if column is None:
            continue
        if column in names.values():
            faults.append(FileFault(1, column, Message(TWICE_COLUMN, {"column": heading})))
        names[heading] = column
    for column in ("school_code", "preferences"):
        if column not in names.values():
            found = ", ".join(h for h in headings if h.strip()) or "-"
            faults.append(FileFault(1, column, Message(MISSING_COLUMN, {"column": column, "found": found[:300]})))
    return names


def _row(number: int, cells: Cells, rules: WaveRules, known: Mapping[str, ApplicationEntry]) -> ApplicationEntry | None:
    code = cells.required("school_code")
    if not code:
        return None
    if code.isascii() and code.isdigit() and len(code) < 7:
        cells.fault("school_code", Message(ZEROS_LOST, {"code": code, "whole": code.zfill(7)}))
    before = known.get(code)
    preferences = _preferences(cells, rules, needed=before is None)
    declarations: dict[str, bool] = {}
    for condition in rules.conditions:
        if condition.source == "declared":
            answer = cells.yes_no(f"condition:{condition.slug}")
            if answer is not None:
                declarations[condition.slug] = answer
    evidence = _evidence(number, cells, code)
    teachers = _teacher(number, cells, code)
    return ApplicationEntry(
        number, code, preferences, declarations, cells.text("project_title", 300), evidence, teachers
    )


def _preferences(cells: Cells, rules: WaveRules, *, needed: bool) -> tuple[str, ...]:
    wanted = cells.several("preferences")
    if not wanted and needed:
        cells.fault("preferences", Message(NO_PREFERENCES))
    titles = {folded(alias): kit.slug for kit in rules.kits for alias in (kit.title.el, kit.title.en, kit.slug)}
    chosen: list[str] = []
    for word in wanted:
        slug = titles.get(folded(word))
        if slug is None:
            known = ", ".join(kit.slug for kit in rules.kits)
            cells.fault("preferences", Message(UNKNOWN_KIT, {"kit": word[:60], "known": known}))
        elif slug in chosen:
            cells.fault("preferences", Message(KIT_TWICE, {"kit": slug}))
        else:
            chosen.append(slug)
    return tuple(chosen)


def _evidence(number: int, cells: Cells, code: str) -> tuple[EvidenceEntry, ...]:
    word = cells.text("evidence_kind", 100)
    if not word:
        for column in EVIDENCE_COLUMNS:
            if cells.text(column, 1000):
                cells.fault("evidence_kind", Message(EVIDENCE_NEEDS, {"kind": "-"}))
                break
        return ()
    kind = EVIDENCE_WORDS.get(folded(word))
    if kind is None:
        known = ", ".join(GREEK_KINDS)
        cells.fault("evidence_kind", Message(UNKNOWN_EVIDENCE, {"kind": word[:60], "known": known}))
        return ()
    if kind == "teacher":
        if not cells.text("teacher_code", 60):
            cells.fault("teacher_code", Message(EVIDENCE_NEEDS, {"kind": kind}))
        return ()
    year = cells.whole("evidence_year", 2005, 2100)
    reference = cells.text("evidence_reference", 120)
    teacher = cells.text("teacher_code", 60)
    for column, value in (
        ("evidence_year", year),
        ("evidence_reference", reference),
        ("teacher_code", teacher),
    ):
        if not value and not (kind in SCHOOL_KINDS and column != "evidence_year") and not cells.has_fault(column):
            cells.fault(column, Message(EVIDENCE_NEEDS, {"kind": kind}))
    rank = cells.whole("evidence_rank", 1, 99)
    entry = EvidenceEntry(
        row=number,
        kind=kind,
        school_code=cells.text("evidence_school_code", 20) or code,
        reference=reference or kind,
        year=year or 0,
        title=cells.text("evidence_title", 300),
        category=cells.text("evidence_category", 100),
        rank=rank,
        stem=bool(cells.yes_no("evidence_stem")),
        awarded_on=cells.day("evidence_awarded_on"),
        teacher_code="" if kind in SCHOOL_KINDS else teacher,
    )
    return (entry,)


def _teacher(number: int, cells: Cells, code: str) -> tuple[TeacherEntry, ...]:
    teacher = cells.text("teacher_code", 60)
    if not teacher:
        return ()
    service = cells.text("teacher_service_school_code", 20)
    return (TeacherEntry(number, teacher, code, service, cells.day("teacher_last_sign_in")),)


def _differences(number: int, before: ApplicationEntry, after: ApplicationEntry, cells: Cells) -> Iterable[FileFault]:
    def fault(column: str, first: object, second: object) -> FileFault:
        params = {"first": before.row, "before": first, "after": second}
        return FileFault(number, column, Message(DIFFERS, params))

    if after.preferences and after.preferences != before.preferences and not cells.has_fault("preferences"):
        yield fault("preferences", ", ".join(before.preferences), ", ".join(after.preferences))
    if after.project_title and after.project_title != before.project_title:
        yield fault("project_title", before.project_title, after.project_title)
    for slug, answer in after.declarations.items():
        if before.declarations.get(slug, answer) != answer:
            yield fault(slug, _WRITTEN[before.declarations[slug]], _WRITTEN[answer])


__all__ = ["ApplicationEntry", "CellFault", "FileFault", "ParsedApplications", "parse_applications"]
