"""Files of applications as an NSO has them: a spreadsheet with one line for each piece of evidence."""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = (
    "Κωδικός Σχολικής Μονάδας",
    "Προτιμήσεις",
    "Τίτλος έργου STEM",
    "undertaking",
    "assembly",
    "Δικαιολογητικό",
    "Αριθμός",
    "Τίτλος δικαιολογητικού",
    "Έτος",
    "Κατηγορία βραβείου",
    "Θέση",
    "STEM",
    "Κωδικός εκπαιδευτικού",
    "Κωδικός σχολείου υπηρέτησης",
    "Τελευταία σύνδεση",
)
PROJECTS = (
    "Μετεωρολογικός σταθμός στην αυλή",
    "Το έξυπνο θερμοκήπιο",
    "Ρομπότ που αφηγούνται μύθους",
    "Μετράμε την ποιότητα του αέρα",
    "Γεωμετρία που τυπώνεται",
    "Ταξίδι στο ηλιακό σύστημα",
    "Ανακύκλωση με αισθητήρες",
    "Τα μνημεία μας σε τρεις διαστάσεις",
    "Κώδικας και μουσική",
    "Η πόλη του μέλλοντος",
)
COURSES = (
    ("arduino-basic", "Arduino βασικό"),
    ("arduino-intermediate", "Arduino μεσαίο"),
    ("microbit", "micro:bit"),
    ("bee-bot", "Bee-Bot στο νηπιαγωγείο"),
    ("scratch-robotics", "Scratch και ρομποτική"),
    ("stor23", "StoR23+"),
)


@dataclass(frozen=True)
class Applicant:
    """A school that applies, and the kits it may ask for, the most wanted first."""

    code: str
    preferences: tuple[str, ...]


class Numbers:
    """Running numbers of projects and teachers, so that each thing stands in one file only."""

    def __init__(self, start: int) -> None:
        self.project = start
        self.teacher = start

    def next_project(self) -> str:
        self.project += 1
        return str(self.project)

    def next_teacher(self) -> str:
        self.teacher += 1
        return f"T{self.teacher}"


def write_applications(applicants: Sequence[Applicant], *, year: int, seed: int, first_number: int) -> bytes:
    """A CSV file of applications with believable evidence.

    Args:
        year: the year of the call: evidence lies in the five years before it.
        seed: the same one gives the same file.
        first_number: where project and teacher numbers begin.
    """
    chance = random.Random(seed)
    numbers = Numbers(first_number)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for applicant in applicants:
        # most promise and hold the Assembly's act; a few forgot one of them
        undertaking = "ΝΑΙ" if chance.random() < 0.97 else "ΟΧΙ"
        assembly = "ΝΑΙ" if chance.random() < 0.98 else "ΟΧΙ"
        head = [applicant.code, ", ".join(applicant.preferences), chance.choice(PROJECTS), undertaking, assembly]
        pieces = _evidence(applicant.code, year, chance, numbers)
        writer.writerow([*head, *(pieces[0] if pieces else [""] * 10)])
        for piece in pieces[1:]:
            writer.writerow([applicant.code, "", "", "", "", *piece])
    return out.getvalue().encode("utf-8-sig")


def _evidence(code: str, year: int, chance: random.Random, numbers: Numbers) -> list[list[str]]:
    found: list[list[str]] = []
    for _ in range(chance.choices((0, 1, 2, 3), (15, 45, 30, 10))[0]):
        teacher = numbers.next_teacher()
        signed_in = (
            f"{year - chance.choices((0, 1, 4), (70, 22, 8))[0]}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
        )
        person = [teacher, code, signed_in]
        for _ in range(chance.choices((1, 2, 3), (60, 30, 10))[0]):
            found += _project(year, person, chance, numbers)
        for slug, title in chance.sample(COURSES, chance.choices((0, 1, 2, 3), (30, 35, 25, 10))[0]):
            found.append(["completed-course", slug, title, str(year - chance.randint(0, 3)), "", "", "", *person])
    if chance.random() < 0.18:
        awarded = year - chance.randint(0, 1)
        found.append(["school-label", f"label-{code}-{awarded}", "", str(awarded), "", "", "", "", "", ""])
    return found


def _project(year: int, person: list[str], chance: random.Random, numbers: Numbers) -> list[list[str]]:
    number, title = numbers.next_project(), chance.choice(PROJECTS)
    when, stem = str(year - chance.randint(0, 3)), "ΝΑΙ" if chance.random() < 0.55 else "ΟΧΙ"
    kind = chance.choice(("national-project", "european-project"))
    found = [[kind, number, title, when, "", "", stem, *person]]
    if chance.random() < 0.35:
        found.append(["national-quality-label", number, title, when, "", "", stem, *person])
        if chance.random() < 0.4:
            found.append(["european-quality-label", number, title, when, "", "", stem, *person])
        if chance.random() < 0.15:
            rank = str(chance.randint(1, 3))
            found.append(["national-prize", number, title, when, "STEM" if stem == "ΝΑΙ" else "", rank, stem, *person])
    return found
