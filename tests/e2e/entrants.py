"""The file that the applications come in: made from the registry's own schools, with evidence of every kind."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

BEE_BOT, ARDUINO = "Ρομποτική νηπιαγωγείου", "Εργαστήριο Arduino"
# How many schools of each type apply, and for what; together 30.
WHO_APPLIES: Mapping[str, tuple[int, str]] = {
    "ΝΗΠΙΑΓΩΓΕΙΟ": (9, BEE_BOT),
    "ΕΙΔΙΚΟ ΝΗΠΙΑΓΩΓΕΙΟ": (1, BEE_BOT),
    "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ": (5, f"{BEE_BOT} > {ARDUINO}"),
    "ΕΙΔΙΚΟ ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ": (1, BEE_BOT),
    "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ": (7, ARDUINO),
    "ΗΜΕΡΗΣΙΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ": (4, ARDUINO),
    "ΗΜΕΡΗΣΙΟ ΕΠΑΛ": (3, ARDUINO),
}
COLUMNS = (
    "Κωδικός Σχολικής Μονάδας",
    "Προτιμήσεις",
    "Τίτλος έργου STEM",
    "Δέσμευση υλοποίησης έργου STEM",
    "Πράξη του Συλλόγου Διδασκόντων",
    "Υπογραφή του διευθυντή ή της διευθύντριας",
    "Δικαιολογητικό",
    "Αριθμός",
    "Τίτλος δικαιολογητικού",
    "Έτος",
    "Θέση",
    "Θέμα STEM",
    "Κωδικός εκπαιδευτικού",
)
PROJECTS = ("Ένας κήπος που μετρά", "Ρομπότ στο αλφάβητο", "Ο καιρός του σχολείου μας", "Το σπίτι που σκέφτεται")
WITHOUT_ACT = 17  # this one has no act of the Teachers' Assembly, so it is not admitted


def _evidence(number: int, year: int) -> Iterator[tuple[str, str, str, int, str, str]]:
    """Kind, reference, title, year, rank, STEM: more or less of each kind, and the same for some schools."""
    if number % 6 == 0:
        yield "Ετικέτα Σχολείου eTwinning", "", "", year - 1, "", ""
    if number % 5 == 1:
        yield "Εθνικό βραβείο", f"P-{number}", PROJECTS[number % 4], year - 1, str(1 + number % 3), "ναι"
    for at in range(number % 4):
        kind = "Εθνική Ετικέτα Ποιότητας" if at % 2 else "Ευρωπαϊκή Ετικέτα Ποιότητας"
        yield kind, f"L-{number}-{at}", PROJECTS[at], year - 1 - at % 2, "", "ναι" if at == 1 else "όχι"
    for at in range(number % 3):
        yield "Ευρωπαϊκό έργο", f"E-{number}-{at}", PROJECTS[at + 1], year, "", "όχι"
    if number % 7 == 3:
        yield "Ολοκληρωμένο μάθημα", f"M-{number}", "Ρομποτική στην τάξη", year - 1, "", ""


def applications_csv(registry: Path, year: int) -> tuple[bytes, int]:
    """The file and how many schools apply in it.

    Args:
        registry: the CSV that the registry was imported from.
        year: the year of the call.
    """
    out = io.StringIO()
    table = csv.writer(out, delimiter=";")
    table.writerow(COLUMNS)
    left = {unit_type: count for unit_type, (count, _wish) in WHO_APPLIES.items()}
    number = 0
    with registry.open(encoding="utf-8", newline="") as source:
        for school in csv.DictReader(source):
            unit_type = school["unit_type"]
            if school["state"] != "ΕΝΕΡΓΗ" or not left.get(unit_type):
                continue
            left[unit_type] -= 1
            number += 1
            act = "όχι" if number == WITHOUT_ACT else "ναι"
            head = [WHO_APPLIES[unit_type][1], PROJECTS[number % 4], "ναι", act, "ναι"]
            lines = list(_evidence(number, year)) or [("Εκπαιδευτικός", "", "", year, "", "")]
            for at, (kind, reference, title, of_year, rank, stem) in enumerate(lines):
                about = head if at == 0 else [""] * len(head)
                teacher = "" if kind.startswith("Ετικέτα Σχ") else f"T-{number}-{at % 2}"
                table.writerow([school["registry_no"], *about, kind, reference, title, of_year, rank, stem, teacher])
    assert not any(left.values()), f"the registry has too few schools: {left}"
    return out.getvalue().encode("utf-8-sig"), number
