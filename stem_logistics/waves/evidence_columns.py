"""Which column of a file of evidence means what: by its words in Greek and English, forgivingly. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from stem_logistics.registry.importing import headings as headings_rules
from stem_logistics.registry.importing.headings import folded

# The field, and the headings that people write for it.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "school_code": (
            "Κωδικός Σχολικής Μονάδας",
            "Κωδικός σχολείου",
            "Κωδ. σχολείου",
            "Κωδικός ΥΠΑΙΘΑ",
            "Κωδικός ΥΠΑΙΘ",
            "Κωδικός μονάδας",
            "Ministry code",
            "School id",
            "School",
        ),
        "kind": (
            "Δικαιολογητικό",
            "Είδος δικαιολογητικού",
            "Είδος",
            "Είδος διάκρισης",
            "Διάκριση",
            "Kind",
            "Type",
            "Award",
            "evidence_kind",
        ),
        "reference": (
            "Αριθμός έργου ή μαθήματος",
            "Αριθμός έργου",
            "Αριθμός",
            "Κωδικός έργου",
            "Μάθημα",
            "Project id",
            "Project number",
            "Course",
            "evidence_reference",
        ),
        "title": (
            "Τίτλος δικαιολογητικού",
            "Τίτλος",
            "Τίτλος έργου",
            "Περιγραφή",
            "Project title",
            "Title",
            "evidence_title",
        ),
        "year": ("Έτος", "Χρονιά", "Έτος απονομής", "Year", "evidence_year"),
        "category": ("Κατηγορία βραβείου", "Κατηγορία", "Category", "Prize category", "evidence_category"),
        "rank": ("Θέση", "Σειρά βραβείου", "Σειρά", "Κατάταξη", "Rank", "Place", "evidence_rank"),
        "stem": ("Θέμα STEM", "STEM", "evidence_stem"),
        "awarded_on": (
            "Ημερομηνία απονομής",
            "Ημερομηνία",
            "Ημ/νία",
            "Date",
            "Awarded on",
            "evidence_awarded_on",
        ),
        "score": ("Βαθμολογία", "Βαθμός", "Μόρια αξιολόγησης", "Score", "Grade", "Mark"),
        "teacher_code": (
            "Κωδικός εκπαιδευτικού",
            "Εκπαιδευτικός",
            "Κωδ. εκπαιδευτικού",
            "Teacher code",
            "Teacher",
        ),
        "service_code": (
            "Κωδικός σχολείου υπηρέτησης",
            "Σχολείο υπηρέτησης",
            "Υπηρετεί",
            "School of service",
            "teacher_service_school_code",
        ),
        "last_sign_in": ("Τελευταία σύνδεση στο eTwinning", "Τελευταία σύνδεση", "Last sign-in", "Last login"),
        "origin": ("Πηγή", "Προέλευση", "Source", "Origin"),
    }
)
REQUIRED = ("school_code", "kind", "year")


def signature_of(headings: Sequence[str]) -> str:
    """What files with these headings have in common, whatever the order and the way of writing."""
    return hashlib.sha256("\n".join(sorted({folded(h) for h in headings if h.strip()})).encode()).hexdigest()


def propose(headings: Sequence[str]) -> dict[str, str]:
    """The field of each heading that is understood; see `headings.propose`."""
    return headings_rules.propose(headings, FIELDS)
