"""The university departments that take part in Initial Teacher Education: 23, for the demo and for tests.

Invented but for the universities' names and places; mailboxes lie under `.example`.
"""

import csv
from typing import TextIO

from stem_logistics.registry.generator import SCHOOL_NETWORK_COLUMNS

# university, its short name in Latin letters, region of the directorate, latitude, longitude, departments
_UNIVERSITIES: tuple[tuple[str, str, str, float, float, tuple[str, ...]], ...] = (
    (
        *("Εθνικό και Καποδιστριακό Πανεπιστήμιο Αθηνών", "uoa", "Αττικής", 37.9806, 23.7330),
        (
            "Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης",
            "Τμήμα Εκπαίδευσης και Αγωγής στην Προσχολική Ηλικία",
            "Παιδαγωγικό Τμήμα Δευτεροβάθμιας Εκπαίδευσης",
        ),
    ),
    (
        *("Αριστοτέλειο Πανεπιστήμιο Θεσσαλονίκης", "auth", "Κεντρικής Μακεδονίας", 40.6306, 22.9589),
        (
            "Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης",
            "Τμήμα Επιστημών Προσχολικής Αγωγής και Εκπαίδευσης",
            "Τμήμα Φιλοσοφίας και Παιδαγωγικής",
        ),
    ),
    (
        *("Πανεπιστήμιο Πατρών", "upatras", "Δυτικής Ελλάδας", 38.2886, 21.7853),
        (
            "Τμήμα Επιστημών της Εκπαίδευσης και Κοινωνικής Εργασίας",
            "Τμήμα Επιστήμης της Εκπαίδευσης και της Αγωγής στην Προσχολική Ηλικία",
        ),
    ),
    (
        *("Πανεπιστήμιο Ιωαννίνων", "uoi", "Ηπείρου", 39.6178, 20.8386),
        ("Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης", "Παιδαγωγικό Τμήμα Νηπιαγωγών"),
    ),
    (
        *("Πανεπιστήμιο Κρήτης", "uoc", "Κρήτης", 35.3510, 24.4530),
        ("Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης", "Παιδαγωγικό Τμήμα Προσχολικής Εκπαίδευσης"),
    ),
    (
        *("Πανεπιστήμιο Θεσσαλίας", "uth", "Θεσσαλίας", 39.3571, 22.9510),
        (
            "Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης",
            "Παιδαγωγικό Τμήμα Προσχολικής Εκπαίδευσης",
            "Παιδαγωγικό Τμήμα Ειδικής Αγωγής",
        ),
    ),
    (
        *("Πανεπιστήμιο Αιγαίου", "aegean", "Νοτίου Αιγαίου", 36.4420, 28.2180),
        (
            "Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης",
            "Τμήμα Επιστημών της Προσχολικής Αγωγής και του Εκπαιδευτικού Σχεδιασμού",
        ),
    ),
    (
        *("Δημοκρίτειο Πανεπιστήμιο Θράκης", "duth", "Ανατολικής Μακεδονίας και Θράκης", 40.8560, 25.8780),
        ("Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης", "Τμήμα Επιστημών της Εκπαίδευσης στην Προσχολική Ηλικία"),
    ),
    (
        *("Πανεπιστήμιο Δυτικής Μακεδονίας", "uowm", "Δυτικής Μακεδονίας", 40.7830, 21.4210),
        ("Παιδαγωγικό Τμήμα Δημοτικής Εκπαίδευσης", "Παιδαγωγικό Τμήμα Νηπιαγωγών"),
    ),
    (
        *("Πανεπιστήμιο Μακεδονίας", "uom", "Κεντρικής Μακεδονίας", 40.6250, 22.9600),
        ("Τμήμα Εκπαιδευτικής και Κοινωνικής Πολιτικής",),
    ),
    (
        *("Ανώτατη Σχολή Παιδαγωγικής και Τεχνολογικής Εκπαίδευσης", "aspete", "Αττικής", 38.0640, 23.7960),
        ("Παιδαγωγικό Τμήμα",),
    ),
)


def departments() -> list[dict[str, str]]:
    """The 23 departments, each as a row of the School Network's columns (codes of a form of their own: ITE-01)."""
    rows: list[dict[str, str]] = []
    for university, short, region, latitude, longitude, names in _UNIVERSITIES:
        for place, name in enumerate(names, start=1):
            rows.append(
                {
                    "registry_no": f"ITE-{len(rows) + 1:02d}",
                    "name": f"{name}, {university}",
                    "state": "ΕΝΕΡΓΗ",
                    "unit_type": "ΠΑΝΕΠΙΣΤΗΜΙΑΚΟ ΤΜΗΜΑ",
                    "education_level": "ΤΡΙΤΟΒΑΘΜΙΑ",
                    "region_edu_admin": f"Περιφερειακή Διεύθυνση Εκπαίδευσης {region}",
                    "legal_character": "ΔΗΜΟΣΙΟ",
                    "latitude": str(latitude),
                    "longitude": str(longitude),
                    "email": f"secretariat@dept{place}.{short}.example",
                }
            )
    return rows


def write_departments(out: TextIO) -> int:
    """Write the departments as CSV in the School Network's columns. Returns how many."""
    writer = csv.DictWriter(out, SCHOOL_NETWORK_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    rows = departments()
    writer.writerows(rows)
    return len(rows)
