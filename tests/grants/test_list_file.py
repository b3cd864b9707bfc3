"""A committee's file of winners: every heading in its own words, every wrong row named, nothing personal read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stem_logistics.grants.list_file import MOST_ROWS, column_of, read_list
from stem_logistics.registry.importing.sheets import Row

KITS = [
    {"slug": "tablet", "title_el": "Τάμπλετ", "title_en": "Tablet"},
    {"slug": "printer-3d", "title_el": "Εκτυπωτής 3D", "title_en": "3D printer"},
]
HEADINGS = ["Α/Α", "Κωδικός σχολείου", "Σχολείο", "Κατηγορία", "Βραβείο", "Έργο", "Έπαθλο", "Τεμάχια", "Σχόλια"]


def rows(*lines: list[Any]) -> list[Row]:
    return [Row(number, line) for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Κωδικός σχολείου", "code"),
        ("ΣΧΟΛΙΚΗ ΜΟΝΑΔΑ", "name"),
        ("Τίτλος έργου", "project"),
        ("Θέση", "rank"),
        ("Κατηγορία διαγωνισμού", "category"),
        ("Έπαθλο", "kit"),
        ("Τμήμα", "name"),
        ("Ποσότητα", "pieces"),
        ("Εκπαιδευτικός", ""),
        ("Ονοματεπώνυμο", ""),
        ("E-mail σχολείου", ""),
        ("Τηλέφωνο", ""),
        ("Α/Α", ""),
    ],
)
def test_headings_in_their_own_words(heading: str, column: str) -> None:
    """A heading is known by how it begins; what names a person means no column at all."""
    assert column_of(heading) == column


def test_rows_are_read_and_people_are_not() -> None:
    """Titles above, totals below, pieces with their unit; the teacher's column is named as unread, its cells gone."""
    found = read_list(
        rows(
            ["Βραβεία 20ού διαγωνισμού"],
            [*HEADINGS, "Εκπαιδευτικός"],
            [1, "0100001", "", "Γυμνάσια", "1ο βραβείο", "Σεισμός", "ταμπλετ", "8 τεμ.", "", "Μαρία Παππά"],
            [2, 100002, "", "", "", "", "3D printer", "", "", "Νίκος Δήμου"],
            ["", "", "ΣΥΝΟΛΟ", "", "", "", "", 9, ""],
        ),
        KITS,
    )
    assert found.faults == []
    assert found.unread == ["Εκπαιδευτικός"] or found.unread == ["Α/Α", "Εκπαιδευτικός"]
    first, second = found.lines
    assert (first.code, first.kit, first.pieces, first.category) == ("0100001", "tablet", 8, "Γυμνάσια")
    assert (first.rank, first.project) == ("1ο βραβείο", "Σεισμός")
    assert (second.row, second.code, second.kit, second.pieces) == (4, "100002", "printer-3d", 1)
    assert "Παππά" not in repr(found) and "Δήμου" not in repr(found)


def test_every_wrong_row_is_named() -> None:
    """Each wrong cell is a fault of its row and column."""
    found = read_list(
        rows(
            HEADINGS,
            [1, "", "", "", "", "", "Τάμπλετ", 1, ""],
            [2, "0100001", "", "", "", "", "Υποβρύχιο", 1, ""],
            [3, "0100002", "", "", "", "", "Τάμπλετ", "πολλά", ""],
            [4, "0100003", "", "", "", "x" * 300, "Τάμπλετ", 1, ""],
        ),
        KITS,
    )
    assert [(fault.row, fault.column) for fault in found.faults] == [
        (2, "name"),
        (3, "kit"),
        (4, "pieces"),
        (5, "project"),
    ]


def test_a_file_without_headings_or_beyond_the_limit_is_refused() -> None:
    """Neither reads half of the file as if it were all."""
    assert [fault.row for fault in read_list(rows(["α", "β"], [1, 2]), KITS).faults] == [0]
    many = read_list(rows(HEADINGS, *([["", "1", "", "", "", "", "tablet", 1]] * (MOST_ROWS + 5))), KITS)
    assert len(many.faults) == 1 and many.faults[0].row == MOST_ROWS + 2


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.booleans()), max_size=9), max_size=12
    )
)
def test_nothing_in_a_file_breaks_the_reading(lines: list[list[Any]]) -> None:
    """Whatever the cells hold, a row becomes a line or a fault."""
    found = read_list(rows(HEADINGS, *lines), KITS)
    assert all(line.kit in ("tablet", "printer-3d") and line.pieces > 0 for line in found.lines)
