"""The columns of an application file and the words that may stand for them, in Greek and English."""

from collections.abc import Mapping
from types import MappingProxyType

from stem_logistics.registry.importing.headings import folded

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "school_code": ("Κωδικός Σχολικής Μονάδας", "Κωδικός σχολείου", "Κωδικός ΥΠΑΙΘΑ", "Ministry code"),
        "preferences": ("Προτιμήσεις", "Σετ κατά σειρά προτίμησης"),
        "project_title": ("Τίτλος έργου STEM", "Τίτλος έργου"),
        "evidence_kind": ("Δικαιολογητικό", "Είδος δικαιολογητικού"),
        "evidence_reference": ("Αριθμός έργου ή μαθήματος", "Αριθμός"),
        "evidence_title": ("Τίτλος δικαιολογητικού", "Περιγραφή"),
        "evidence_year": ("Έτος",),
        "evidence_category": ("Κατηγορία βραβείου",),
        "evidence_rank": ("Θέση", "Σειρά βραβείου"),
        "evidence_stem": ("Θέμα STEM", "STEM"),
        "evidence_awarded_on": ("Ημερομηνία απονομής", "Ημερομηνία"),
        "evidence_school_code": ("Κωδικός σχολείου του έργου",),
        "teacher_code": ("Κωδικός εκπαιδευτικού",),
        "teacher_service_school_code": ("Κωδικός σχολείου υπηρέτησης",),
        "teacher_last_sign_in": ("Τελευταία σύνδεση στο eTwinning", "Τελευταία σύνδεση"),
    }
)
# Columns that mean nothing without a kind of evidence beside them.
EVIDENCE_COLUMNS = (
    "evidence_reference",
    "evidence_year",
    "evidence_category",
    "evidence_rank",
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "national-prize": (
        *("Εθνικό βραβείο", "Βραβείο εθνικού διαγωνισμού", "Βραβείο σε εθνικό διαγωνισμό"),
        "Prize in a national contest",
    ),
    "european-prize": (
        *("Ευρωπαϊκό βραβείο", "Βραβείο ευρωπαϊκού διαγωνισμού", "Βραβείο σε ευρωπαϊκό διαγωνισμό"),
        "Prize in a European contest",
    ),
    "national-quality-label": ("Εθνική Ετικέτα Ποιότητας",),
    "european-quality-label": ("Ευρωπαϊκή Ετικέτα Ποιότητας",),
    "school-label": ("Ετικέτα Σχολείου eTwinning", "Σχολείο eTwinning", "eTwinning School Label"),
    "ite-label": ("Ετικέτα ITE", "Ετικέτα ITE τμήματος πανεπιστημίου", "ITE label of a university department"),
    "national-project": ("Εθνικό έργο",),
    "european-project": ("Ευρωπαϊκό έργο",),
    "completed-course": ("Μάθημα", "Ολοκληρωμένο μάθημα", "Επιμόρφωση"),
    # no evidence of its own: a line that tells of a teacher who serves at the school
    "teacher": ("Εκπαιδευτικός",),
}


# How people write the kinds: what a fault offers them.
GREEK_KINDS = tuple(words[0] for words in _WORDS.values())


EVIDENCE_WORDS: Mapping[str, str] = MappingProxyType(
    {folded(word): kind for kind, words in _WORDS.items() for word in (kind, *words)}
)
