"""Applications out of a table: what is right comes in, what is wrong is named by row and column."""

from typing import Any

from stem_logistics.waves.application_file import ParsedApplications, parse_applications
from tests.waves.test_scoring import rules_with

HEADINGS = [
    "school_code",
    "preferences",
    "project_title",
    "undertaking",
    "assembly-act",
    "head-signature",
    "evidence_kind",
    "evidence_reference",
    "evidence_year",
    "evidence_rank",
    "evidence_stem",
    "evidence_awarded_on",
    "teacher_code",
    "teacher_service_school_code",
    "teacher_last_sign_in",
]
FIRST: dict[str, str] = {
    "school_code": "0501659",
    "preferences": "printer",
    "project_title": "Ρομπότ για τη θάλασσα",
    "undertaking": "ναι",
    "assembly-act": "Ναι",
    "head-signature": "yes",
    "evidence_kind": "Εθνικό βραβείο",
    "evidence_reference": "192837",
    "evidence_year": "2025.0",
    "evidence_rank": "1",
    "evidence_stem": "όχι",
    "evidence_awarded_on": "21/11/2025",
    "teacher_code": "T1",
    "teacher_last_sign_in": "2026-01-05",
}


def parse(*rows: dict[str, str], headings: list[str] = HEADINGS, **rules: Any) -> ParsedApplications:
    return parse_applications(headings, enumerate(rows, 2), rules_with(**rules))


def faults(*rows: dict[str, str]) -> set[tuple[int, str]]:
    return {(fault.row, fault.column) for fault in parse(*rows).faults}


def test_a_whole_application() -> None:
    """A school's lines become one application with its declarations, evidence and teachers."""
    more = {
        "school_code": "0501659",
        "evidence_kind": "completed-course",
        "evidence_reference": "scratch",
        "evidence_year": "2024",
        "teacher_code": "T2",
        "teacher_service_school_code": "0501660",
    }
    parsed = parse(FIRST, more)
    assert parsed.faults == []
    (application,) = parsed.applications
    assert application.school_code == "0501659" and application.preferences == ("printer",)
    assert application.declarations == {"undertaking": True, "assembly-act": True, "head-signature": True}
    prize, course = application.evidence
    assert (prize.kind, prize.reference, prize.year) == ("national-prize", "192837", 2025)
    assert (prize.rank, prize.stem) == (1, False)
    assert prize.awarded_on == "2025-11-21" and prize.school_code == "0501659"
    assert course.kind == "completed-course"
    assert [(t.code, t.service_school_code) for t in application.teachers] == [
        ("T1", ""),
        ("T2", "0501660"),
    ]


def test_greek_headings() -> None:
    """Greek headings mean the same, whatever their accents and case."""
    headings = ["ΚΩΔΙΚΟΣ ΣΧΟΛΙΚΗΣ ΜΟΝΑΔΑΣ", "προτιμησεις", "Δέσμευση υλοποίησης έργου STEM"]
    parsed = parse(dict(zip(headings, ["0501659", "Εκτυπωτής 3D", "ΝΑΙ"], strict=True)), headings=headings)
    assert parsed.faults == []
    assert parsed.applications[0].preferences == ("printer",)
    assert parsed.applications[0].declarations == {"undertaking": True}


def test_missing_columns_are_named() -> None:
    """Without the columns that every file needs nothing is read, and what the file has is told."""
    parsed = parse({"colour": "red"}, headings=["colour"])
    assert {fault.column for fault in parsed.faults} == {"school_code", "preferences"}
    assert "colour" in parsed.faults[0].message.english()


def test_faults_by_row_and_column() -> None:
    """Each wrong cell is one fault at its row and column; a right line beside it brings none."""
    wrong = {
        **FIRST,
        "school_code": "0501660",
        "preferences": "printer > drone",
        "undertaking": "ίσως",
        "evidence_year": "δύο",
        "evidence_rank": "0",
        "evidence_awarded_on": "31/02/2025",
    }
    assert faults(FIRST, wrong) == {
        (3, "preferences"),
        (3, "undertaking"),
        (3, "evidence_year"),
        (3, "evidence_rank"),
        (3, "evidence_awarded_on"),
    }


def test_formulas_are_refused() -> None:
    """A cell that begins as a formula never comes in."""
    assert faults({**FIRST, "project_title": '=HYPERLINK("http://example.org")'}) == {(2, "project_title")}
    assert faults({**FIRST, "school_code": "=A1"}) == {(2, "school_code")}


def test_lines_that_contradict_each_other() -> None:
    """A second line of a school may not change its application in silence, nor repeat its evidence."""
    again = {**FIRST, "undertaking": "όχι", "project_title": "Άλλο", "evidence_reference": "5"}
    assert faults(FIRST, again) == {(3, "undertaking"), (3, "project_title")}
    assert faults(FIRST, FIRST) == {(3, "evidence_reference")}


def test_evidence_says_what_it_needs() -> None:
    """A prize without its project, year or teacher is refused; a School Label needs its year only."""
    bare = {key: FIRST[key] for key in ("school_code", "preferences")}
    assert faults({**bare, "evidence_kind": "national-prize"}) == {
        (2, "evidence_reference"),
        (2, "evidence_year"),
        (2, "teacher_code"),
    }
    assert faults({**bare, "evidence_kind": "school-label", "evidence_year": "2024"}) == set()
    assert faults({**bare, "evidence_kind": "medal"}) == {(2, "evidence_kind")}
    assert faults({**bare, "evidence_year": "2024"}) == {(2, "evidence_kind")}


def test_a_teacher_serves_at_one_school() -> None:
    """Two rows that place one teacher at two schools contradict each other."""
    teacher = {"evidence_kind": "teacher", "teacher_code": "T9"}
    first = {**FIRST, **teacher, "teacher_service_school_code": "1"}
    second = {**FIRST, **teacher, "school_code": "0501660", "teacher_service_school_code": "2"}
    assert faults(first, second) == {(3, "teacher_service_school_code")}


def test_an_empty_file() -> None:
    """Headings alone, or empty lines under them, are no applications."""
    assert [fault.row for fault in parse({}).faults] == [0]
